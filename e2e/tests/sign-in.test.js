// Signing in: an app's authorisation ends at the app with a code that gives tokens; both languages have every word.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { launch, openPage } from "../lib/browser.js";
import { ADMIN, Server, freePort } from "../lib/server.js";

const server = new Server({ demo: true });
let browser, api, appServer, arrived;

before(async () => {
  const ms = await server.start();
  console.log(`# first start with the sample company: ${ms} ms`);
  api = await server.signIn();
  browser = await launch();
  const port = await freePort();
  arrived = new Promise((ok) => {
    appServer = http.createServer((request, response) => {
      if (request.url.startsWith("/callback")) ok(new URL(request.url, "http://app").searchParams);
      response.end("thank you");
    });
  });
  await new Promise((ok) => appServer.listen(port, "127.0.0.1", ok));
  appServer.url = `http://127.0.0.1:${port}/callback`;
});
after(async () => {
  await browser?.close();
  appServer?.close();
  await server.stop();
});

test("a person who is not signed in is asked to, and the app gets its code", async () => {
  const app = await api.post("/apps", { name: "OAuth", scopes: ["bizproc"], handlerUrl: appServer.url });
  const page = await openPage(browser);
  await page.goto(`${server.url}/oauth/authorize/?client_id=${app.clientId}&state=abc`);
  await page.getByTestId("login").fill(ADMIN.login);
  await page.getByTestId("password").fill(ADMIN.password);
  await page.keyboard.press("Enter");
  const answer = await arrived;
  assert.equal(answer.get("state"), "abc");
  for (const key of ["code", "domain", "member_id", "scope", "server_domain"]) assert.ok(answer.get(key), key);
  const query = new URLSearchParams({ grant_type: "authorization_code", client_id: app.clientId, client_secret: app.clientSecret, code: answer.get("code") });
  const tokens = await (await fetch(`${server.url}/oauth/token/?${query}`)).json();
  assert.equal(tokens.expires_in, 3600);
  assert.equal((await server.rest("app.info", {}, tokens.access_token)).body.result.STATUS, "L");
  const again = await fetch(`${server.url}/oauth/token/?${query}`);
  assert.deepEqual([again.status, (await again.json()).error], [400, "invalid_grant"]);
});

test("the whole interface speaks Russian when the person does, without a word left over", async () => {
  const page = await openPage(browser, { locale: "ru-RU" });
  await page.goto(server.url);
  await page.getByTestId("login").fill("anna");
  await page.getByTestId("password").fill("ruslo-demo");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  const anna = await server.signIn("anna", "ruslo-demo");
  await anna.call("PATCH", "/me", { language: "ru" });
  for (const address of ["/inbox", "/processes", "/catalogs", "/settings"]) {
    await page.goto(server.url + address);
    await page.getByRole("main").waitFor();
    await page.getByRole("link", { name: "Задания" }).first().waitFor();
    const text = await page.getByRole("navigation").first().innerText();
    assert.doesNotMatch(text, /\b(Inbox|Processes|Catalogs|Designer|Settings|Search)\b/, address);
  }
  assert.deepEqual(page.errors, []);
});

test("an existing database is ready in under a second", async () => {
  await server.kill();
  const ms = await server.start();
  console.log(`# start on an existing database: ${ms} ms`);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});

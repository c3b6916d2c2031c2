// What an administrator sees and sets: the system page with its node and figures, how long things are kept, and a server
// that is busy. In a browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, shot, signIn, violations } from "../lib/browser.js";
import { Server, until } from "../lib/server.js";

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">';
const SHORT =
  `${HEAD}<bpmn:process id="short" name="Short one" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f" sourceRef="s" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:process></bpmn:definitions>`;
const BUSY = { status: 429, headers: { "retry-after": "2" }, json: { code: "RUN-0007", message: "Too many commands wait", details: null } };
const server = new Server();
let browser, page, api, definition;

before(async () => {
  await server.start();
  api = await server.signIn();
  const form = new FormData();
  form.append("file", new Blob([SHORT]), "short.bpmn");
  const answer = await fetch(`${server.url}/api/v1/definitions`, { method: "POST", headers: api.headers, body: form });
  assert.equal(answer.status, 201, await answer.clone().text());
  definition = (await answer.json()).definitions[0];
  for (let i = 0; i < 3; i++) await api.post("/instances", { definitionId: definition.id });
  browser = await launch();
  page = await openPage(browser);
  await signIn(page, server.url);
});
after(async () => {
  if (page) await shot(page, "settings-last");
  await browser?.close();
  await server.stop();
});

/** The number in a row of labelled facts. */
const fact = (root, label) => root.locator("dt", { hasText: new RegExp(`^${label}$`) }).locator("xpath=following-sibling::dd[1]");

test("the system page shows the node, the load and the storage, and refreshes by itself", async () => {
  await page.goto(`${server.url}/settings?tab=system`);
  const node = page.getByTestId("node");
  await node.getByText("this node").waitFor();
  await node.getByText("Serving").waitFor();
  assert.match(await node.textContent(), /(\d+) of \1/);
  assert.match(await page.getByTestId("database-size").textContent(), /\d.* [kM]B/);
  await page.getByRole("row", { name: /Time of a commit up to/ }).waitFor();
  await page.getByTestId("circuits").getByText("All targets answer").waitFor();
  const taken = fact(page.getByTestId("system"), "Commands taken");
  const before = Number((await taken.textContent()).replace(/\D/g, ""));
  await api.post("/instances", { definitionId: definition.id });
  await until("the figures to move", async () => Number((await taken.textContent()).replace(/\D/g, "")) > before, { timeoutMs: 10_000 });
  await shot(page, "settings-system");
});

test("a wrong rule is told in words and can not be saved", async () => {
  await page.getByRole("tab", { name: "Retention" }).click();
  const rule = page.getByTestId("rule-instancesDays");
  await rule.getByRole("combobox", { name: "Ended processes" }).click();
  await page.getByRole("option", { name: "Remove after" }).click();
  await rule.getByRole("textbox").fill("0");
  await rule.getByText("A whole number from 1 to 36,500").waitFor();
  assert.ok(await page.getByTestId("retention-save").isDisabled());
});

test("a shorter rule is asked about, saved and shown", async () => {
  await page.getByTestId("rule-instancesDays").getByRole("textbox").fill("30");
  await page.getByTestId("retention-save").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("No ended process is over its time").waitFor();
  await dialog.getByRole("button", { name: "Shorten the time" }).click();
  await page.getByText("Rules saved").waitFor();
  assert.equal((await api.get("/settings/retention")).instancesDays, 30);
  const row = page.getByTestId("process-rule").filter({ hasText: "Short one" });
  await row.getByText("30 days").waitFor();
  await row.getByText("4", { exact: true }).waitFor();
});

test("a process has its own rule, set by keyboard, and its page shows it", async () => {
  await page.getByTestId("process-rule").getByRole("button", { name: "Short one" }).focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: /Short one/ });
  await drawer.getByRole("radio", { name: "As all: 30 days" }).focus();
  await page.keyboard.press("ArrowDown");
  await drawer.getByTestId("own-rule-save").focus();
  await page.keyboard.press("Enter");
  await drawer.waitFor({ state: "detached" });
  const row = page.getByTestId("process-rule").filter({ hasText: "Short one" });
  await row.getByText("Own").waitFor();
  await row.getByText("for ever").waitFor();
  await page.goto(`${server.url}/definitions/${definition.id}`);
  await page.getByTestId("definition-kept").getByText("for ever").waitFor();
  await page.getByTestId("definition-kept").getByRole("link", { name: "own rule" }).click();
  await page.getByRole("dialog", { name: /Short one/ }).waitFor();
  await page.keyboard.press("Escape");
});

test("a busy server is told calmly: what is read comes by itself, an action is offered again", async () => {
  let reads = 0;
  await page.route("**/api/v1/system", (route) => (++reads <= 1 ? route.fulfill(BUSY) : route.continue()));
  await page.goto(`${server.url}/settings?tab=system`);
  await page.getByTestId("busy").getByText(/refreshes by itself in \d s/).waitFor();
  await page.getByTestId("node").waitFor();
  await page.getByTestId("busy").waitFor({ state: "detached" });
  assert.ok(reads >= 2);

  let refused = 0;
  await page.route("**/api/v1/me", (route) => (route.request().method() === "PATCH" && ++refused <= 1 ? route.fulfill(BUSY) : route.continue()));
  await page.goto(`${server.url}/settings?tab=profile`);
  await page.getByRole("textbox", { name: "First name" }).fill("Ada");
  await page.keyboard.press("Enter");
  await page.getByText("What you entered is kept").waitFor();
  await until("the question to have the focus", () => page.getByTestId("busy-again").evaluate((e) => e === document.activeElement));
  assert.deepEqual(await violations(page), []);
  await shot(page, "settings-busy");
  await page.keyboard.press("Enter");
  await page.getByText("Profile saved").waitFor();
  assert.equal((await api.get("/me")).name, "Ada");
  assert.deepEqual(page.errors, []);
});

test("the menu of the person is walked by keyboard, holds no foreign parts, and changes theme and language", async () => {
  await page.goto(`${server.url}/settings?tab=profile`);
  const open = page.getByTestId("user-menu");
  await open.focus();
  await page.keyboard.press("Enter");
  const menu = page.getByRole("menu");
  await menu.waitFor();
  await until("the first item to have the focus", () => menu.getByRole("menuitem", { name: "My profile" }).evaluate((e) => e === document.activeElement));
  assert.deepEqual(await violations(page), [], "the open menu");
  assert.ok(await menu.getByRole("menuitemradio", { name: "Like the system" }).isChecked());
  for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowDown");
  const saved = (what) => page.waitForResponse(async (answer) => {
    const request = answer.request();
    return request.method() === "PATCH" && Object.entries(what).every(([key, value]) => request.postDataJSON()[key] === value);
  });
  let asked = saved({ theme: "dark" });
  await page.keyboard.press("Enter");
  await asked;
  await page.locator('[data-mantine-color-scheme="dark"]').first().waitFor();
  await until("the dark theme to be chosen", () => menu.getByRole("menuitemradio", { name: "Dark" }).isChecked());
  assert.deepEqual(await violations(page), [], "the open menu in the dark");
  asked = saved({ theme: "auto" });
  await menu.getByRole("menuitemradio", { name: "Like the system" }).click();
  await asked;
  asked = saved({ language: "ru" });
  await menu.getByRole("group", { name: "Language" }).getByRole("menuitemradio", { name: "Русский" }).click();
  await asked;
  asked = saved({ language: "en" });
  await menu.getByRole("group", { name: "Язык" }).getByRole("menuitemradio", { name: "English" }).click();
  await asked;
  await menu.getByRole("menuitem", { name: "Sign out" }).waitFor();
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await until("the focus to be back", () => open.evaluate((e) => e === document.activeElement));
});

test("the pages have no serious accessibility finding, wide and narrow, light and dark", async () => {
  const found = {};
  for (const [width, dark] of [[1440, false], [390, true]]) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    for (const address of ["/settings?tab=system", "/settings?tab=retention", "/settings?tab=retention&process=short", `/definitions/${definition.id}`]) {
      await page.goto(server.url + address);
      await page.getByRole("main").waitFor();
      await until("the page to settle", async () => (await page.locator(".mantine-Skeleton-root").count()) === 0);
      const serious = await violations(page);
      if (serious.length > 0) found[`${width} ${address}`] = serious;
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.ok(!wider, `${address} does not fit ${width}`);
    }
  }
  assert.deepEqual(found, {});
  assert.deepEqual(page.errors, []);
});

// Screenshots of every page kind against the sample company, to be looked at by a person, and what axe finds on each
// and what is too small for a finger:
// `LOOKS=dark-en,light-ru node tour.js [PAGE...]`. With UI_URL the pages
// come from there: a proxy that reads the server's address from the file UI_TARGET.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { launch, openPage, shot, smallTargets, violations } from "./lib/browser.js";
import { ADMIN, Server, until } from "./lib/server.js";

const server = new Server({ demo: true });
await server.start();
const api = await server.signIn();
const purchases = (await api.get("/catalogs")).items.find((c) => c.key === "purchases");
const records = (await api.get(`/catalogs/${purchases.id}/records`)).items;
const definition = (await api.get("/definitions")).items[0];
for (const record of records) await api.post("/instances", { definitionId: definition.id, recordId: record.id });
const instances = (await api.get("/instances")).items;
const waiting = instances.find((i) => i.state === "active");
const models = (await api.get("/models")).items;
const model = models.find((m) => m.kind === "bpmn");
const decision = models.find((m) => m.kind === "dmn") ?? await api.post("/models", { name: "Discounts", source: readFileSync(path.resolve(import.meta.dirname, "../examples/decisions/discount.dmn"), "utf8"), kind: "dmn" });
const app = await api.post("/apps", { name: "Checksums", scopes: ["bizproc"] }).catch(async () => (await api.get("/apps")).items[0]);
const people = (await api.get("/users")).items;
const anna = await server.signIn("anna", "ruslo-demo");
const task = (await anna.get("/tasks?view=mine")).items[0];

const PAGES = [
  ["inbox", "/inbox", "anna"],
  ["task", `/inbox/${task.id}`, "anna"],
  ["start", "/processes?tab=start"],
  ["messages", "/processes?tab=messages"],
  ["instances", "/processes?tab=instances"],
  ["definitions", "/processes?tab=definitions"],
  ["instance", `/instances/${waiting.id}`],
  ["instance-now", `/instances/${waiting.id}?tab=now`],
  ["send", "/processes?send=1"],
  ["decisions", "/processes?tab=decisions"],
  ["compare", `/compare?before=definition:${definition.id}&after=model:${model.id}`],
  ["definition", `/definitions/${definition.id}`],
  ["models", "/designer"],
  ["designer", `/designer/${model.id}`],
  ["decision", `/designer/${decision.id}`],
  ["catalogs", "/catalogs"],
  ["catalog", `/catalogs/${purchases.id}`],
  ["record", `/records/${records[0].id}`],
  ["apps", "/apps"],
  ["app", `/apps/${app.id}`],
  ["webhooks", "/apps?tab=webhooks"],
  ["tokens", "/apps?tab=tokens"],
  ["settings", "/settings"],
  ["profile", "/settings?tab=profile"],
  ["person", `/settings?user=${people[1].id}`],
  ["new-model", "/designer?new=1"],
  ["new-catalog", "/catalogs?new=1"],
  ["lost", "/nowhere"],
  ["retention", "/settings?tab=retention"],
  ["system", "/settings?tab=system"],
];

const only = process.argv.slice(2);
const looks = (process.env.LOOKS ?? "light-en,dark-en,light-ru,dark-ru").split(",").map((look) => look.split("-"));
const ui = process.env.UI_URL ?? server.url;
if (process.env.UI_TARGET) writeFileSync(process.env.UI_TARGET, server.url);
const browser = await launch();
try {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    for (const [theme, language] of looks) {
      const name = `${width}-${theme}-${language}`;
      for (const login of ["admin", "anna"]) {
        const page = await openPage(browser, { width, height, dark: theme === "dark", locale: language === "ru" ? "ru-RU" : "en-US" });
        await page.goto(`${ui}/sign-in`);
        await page.getByTestId("login").fill(login === "admin" ? ADMIN.login : login);
        await page.getByTestId("password").fill(login === "admin" ? ADMIN.password : "ruslo-demo");
        if (login === "admin") await shot(page, `${name}-sign-in`);
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
        const who = login === "admin" ? api : anna;
        await who.call("PATCH", "/me", { language });
        for (const [key, address, as = "admin"] of PAGES) {
          if (as !== login || (only.length > 0 && !only.includes(key))) continue;
          await page.goto(ui + address);
          await page.waitForLoadState("load");
          // Between what is loaded one after another nothing may show for a moment: three looks agree.
          let calm = 0;
          const still = () => page.evaluate(() => document.querySelector("main")?.textContent && !document.querySelector("[data-skeleton], .mantine-Skeleton-root"));
          await until(`${key} to settle`, async () => (calm = (await still()) ? calm + 1 : 0) >= 3, { timeoutMs: 12_000, everyMs: 150 }).catch((e) => console.log(name, key, e.message));
          if (key === "decision") await page.locator("[data-testid=dmn] :is(table, .djs-shape, .textarea)").first().waitFor().catch((e) => console.log(name, key, e.message));
          if (key === "designer") await page.waitForSelector(".djs-shape").catch((e) => console.log(name, key, e.message));
          await page.waitForTimeout(700);
          await shot(page, `${name}-${key}`);
          if (width < 500) for (const found of await smallTargets(page)) console.log(name, key, "small:", found);
          for (const found of await violations(page)) console.log(name, key, found);
          if (page.errors.length > 0) console.log(name, key, page.errors.splice(0));
        }
        await page.context().close();
      }
    }
  }
} finally {
  await browser.close();
  await server.stop();
}

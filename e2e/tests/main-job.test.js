// The main job from end to end, in a browser, as its people do it: an administrator makes an app and draws a process
// with the app's activity, a record starts it, the app answers, a person decides, and the diagram shows it all live.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, shot, signIn, violations } from "../lib/browser.js";
import { Designer } from "../lib/designer.js";
import { ADMIN, Server, until } from "../lib/server.js";
import { makeRecord, md5, rootVariables, startApp, untilElement, untilState } from "../lib/story.js";

const NAME = "Договор № 7";
const server = new Server();
let browser, admin, anna, api, app, keys, instanceId, ids;

before(async () => {
  await server.start();
  api = await server.signIn();
  await api.post("/users", { login: "anna", password: "anna's password", name: "Anna", lastName: "Smith", role: "employee", language: "en" });
  await makeRecord(api, NAME);
  browser = await launch();
});
after(async () => {
  for (const [name, page] of [["admin", admin], ["anna", anna]]) if (page) await shot(page, `story-last-${name}`);
  await browser?.close();
  app?.stop();
  await server.stop();
});

async function signedIn(login, password) {
  const page = await openPage(browser);
  await signIn(page, server.url, { login, password });
  return page;
}

/** The text of a field that is shown with a copy button. */
async function copied(page, id) {
  const field = page.getByTestId(id);
  return (await field.evaluate((e) => e.value ?? e.querySelector("input")?.value ?? e.textContent)).trim();
}

test("an administrator signs in, creates a local app and gets its keys once", async () => {
  admin = await signedIn(ADMIN.login, ADMIN.password);
  await admin.getByRole("link", { name: "Apps" }).click();
  await admin.getByTestId("create-app").first().click();
  await admin.getByRole("textbox", { name: "Name" }).fill("Hashing");
  await admin.getByTestId("create-app-submit").click();
  await admin.getByTestId("app-client-id").waitFor();
  keys = {
    clientId: await copied(admin, "app-client-id"),
    secret: await copied(admin, "app-client-secret"),
    token: await copied(admin, "app-access-token"),
  };
  assert.match(keys.clientId, /^local\.[0-9a-f]{14}\.\d{8}$/);
  assert.ok(keys.secret.length >= 32 && keys.token.length >= 32);
  await shot(admin, "story-1-app");
  await admin.getByTestId("app-keys-done").click();
});

test("the app registers its activity, which appears in the open designer by itself", async () => {
  await admin.goto(`${server.url}/designer?new=1`);
  await admin.getByTestId("starter-blank").click();
  await admin.getByRole("textbox", { name: "Name" }).fill("Story");
  await admin.keyboard.press("Enter");
  await admin.waitForURL(/\/designer\/model_/);
  await admin.locator('[data-element-id="StartEvent_1"]').first().waitFor();
  assert.equal(await admin.locator(".ruslo-app-entry").count(), 0);
  app = await startApp(server, "python", { token: keys.token, env: { HANDLER_MODE: "hold", LOG_LINE: "thinking about it" } });
  await admin.locator(".ruslo-app-entry").waitFor();
});

test("she draws start, md5, a gateway on the result, a task with a form, a script, end; and sees findings as she draws", async () => {
  const designer = new Designer(admin);
  await designer.select("EndEvent_1");
  await admin.keyboard.press("Delete");
  await designer.select("StartEvent_1");
  ids = {};
  ids.md5 = await designer.append("md5", "MD5");
  await designer.open("Inputs");
  assert.equal(await admin.locator('[data-entry-id*="inputs"] input, [data-entry-id*="inputs"] .cm-content').first().evaluate((e) => e.value ?? e.textContent), "{=Document:NAME}");
  ids.gateway = await designer.append("exclusive gateway", "Got it?");
  ids.task = await designer.append("user task", "Approve");
  await designer.field("ruslo-assignee").selectOption("anna");
  await drawForm(admin);
  await designer.select(ids.task);
  ids.script = await designer.append("script task", "Sum up");
  await admin.getByTestId("problems").getByText(/error/).waitFor();
  await designer.open("Script");
  await designer.field("resultVariable").fill("summary");
  await designer.expression("scriptExpression", 'remark + ": " + md5.outputString');
  ids.end = await designer.append("end event", "End");
  await designer.select(ids.gateway);
  ids.nothing = await designer.append("end event", "Nothing came");
  await conditions(designer);
  await admin.getByTestId("problems").getByText("No problems").waitFor();
  await admin.getByRole("textbox", { name: "Catalog" }).or(admin.getByPlaceholder("No record")).first().click();
  await admin.getByRole("option", { name: "Requests" }).click();
  await until("the model to be saved", async () => (await admin.getByTestId("model-save-state").getAttribute("data-state")) === "saved");
  await shot(admin, "story-2-designer");
});

/** A text field `remark` that must be filled in. */
async function drawForm(page) {
  await page.getByRole("button", { name: "Create form" }).click();
  const field = page.locator('.fjs-palette-field[data-field-type="textfield"]');
  await field.waitFor();
  const panel = page.locator(".fjs-properties-container");
  const isSelected = async () => /text field/i.test(await panel.locator(".bio-properties-panel-header-type").textContent());
  // The editor takes keys a moment after it is seen, and lets a new field slide into its place.
  const select = () => until("a text field to be drawn and selected", async () => {
    if (await isSelected()) return true;
    const drawn = page.locator(".fjs-children .fjs-form-field-textfield").first();
    if ((await drawn.count()) === 0) {
      await field.focus();
      await page.keyboard.press("Enter");
      await drawn.waitFor({ timeout: 700 });
    }
    const box = await drawn.boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height - 12);
    return isSelected();
  }, { everyMs: 300 });
  await select();
  const open = async (title) => {
    const header = panel.locator(".bio-properties-panel-group-header").filter({ hasText: title }).first();
    await header.waitFor();
    if (!(await header.getAttribute("class")).includes("open")) await header.click();
  };
  const entry = (id) => panel.locator(`[data-entry-id="${id}"] input`).first();
  await open("General");
  await entry("key").fill("remark");
  await entry("key").blur();
  // A key that changed is a field drawn anew: the editor lets go of it now and then.
  await until("the field to be required", async () => {
    await select();
    await open("Validation");
    await panel.locator('[data-entry-id="required"] label').first().click({ timeout: 1000 });
    return entry("required").isChecked({ timeout: 1000 });
  }, { everyMs: 300 });
  await page.getByTestId("form-save").click();
  await page.getByTestId("form-save").waitFor({ state: "detached" });
}

/** The way to the task needs a result; the other way is the default. */
async function conditions(designer) {
  const ends = await designer.page.evaluate(() => [...document.querySelectorAll("g.djs-connection[data-element-id]")].map((g) => {
    const box = g.querySelector(":scope > .djs-visual > path").getBoundingClientRect();
    return { id: g.dataset.elementId, left: box.left, height: box.height };
  }));
  const down = ends.reduce((a, b) => (b.height > a.height ? b : a));
  const right = ends.filter((e) => e.id !== down.id && e.height < 2).sort((a, b) => Math.abs(a.left - down.left) - Math.abs(b.left - down.left))[0];
  await designer.selectFlow(right.id);
  await designer.open("Condition");
  await designer.expression("conditionExpression", "string length(md5.outputString) = 32");
  await designer.selectFlow(down.id);
  await designer.page.locator('.djs-context-pad .entry[data-action="replace"]').click();
  await designer.page.locator(".djs-popup").getByText("Default flow").click();
}

test("she deploys it; a record is created and the process started from it", async () => {
  await admin.getByTestId("deploy").click();
  await until("the definition", async () => (await api.get("/definitions")).items.some((d) => d.name === "Story"));
  await admin.goto(`${server.url}/catalogs`);
  await admin.getByRole("link", { name: "Requests" }).first().click();
  await admin.getByTestId("record-create").first().click();
  await admin.getByRole("textbox", { name: "Name" }).fill(NAME);
  await admin.getByTestId("record-save").click();
  await until("the record", async () => (await api.get("/catalogs")).items.find((c) => c.key === "requests").recordCount === 2);
  const { items } = await api.get(`/catalogs/${(await api.get("/catalogs")).items.find((c) => c.key === "requests").id}/records`);
  await admin.goto(`${server.url}/records/${items[0].id}`);
  await admin.getByTestId("record-start-process").click();
  const confirm = admin.getByTestId("start-confirm");
  await confirm.waitFor();
  await confirm.click();
  await admin.waitForURL(/\/instances\/pi_/);
  instanceId = new URL(admin.url()).pathname.split("/").pop();
});

test("the diagram shows the token at the app's activity; the server is killed meanwhile and goes on", async () => {
  await admin.locator(`[data-element-id="${ids.md5}"].ruslo-active`).first().waitFor();
  await until("the call to be held", () => app.held().length === 1);
  await shot(admin, "story-3-waiting");
  await server.kill();
  await server.start();
  api = await server.signIn();
  anna = await signedIn("anna", "anna's password");
  await anna.goto(`${server.url}/inbox`);
  assert.equal(await anna.getByTestId("task-row").count(), 0);
  await fetch(`${app.url}/release`);
});

test("the task appears in the inbox without reload; she fills in the form and completes it", async () => {
  await anna.getByTestId("task-row").first().waitFor();
  await anna.getByTestId("task-row").first().click();
  await shot(anna, "story-4-task");
  const remark = anna.getByTestId("task").locator("input.fjs-input, .fjs-form-field-textfield input").first();
  await remark.fill("fine with me");
  await anna.getByTestId("task-complete").first().click();
  await anna.getByTestId("task-done").waitFor();
  const finished = await untilState(api, instanceId, "completed");
  assert.equal(rootVariables(finished).summary, `fine with me: ${md5(NAME)}`);
});

test("the administrator's page followed without reload: tokens, history, variables, the call", async () => {
  await admin.getByTestId("instance-state").getByText("Completed").waitFor();
  await admin.locator(`[data-element-id="${ids.end}"].ruslo-completed`).first().waitFor();
  await admin.getByRole("tab", { name: /History/ }).click();
  await admin.getByTestId("history").getByText("thinking about it").waitFor();
  await admin.getByRole("tab", { name: /Calls/ }).click();
  await admin.getByTestId("calls").getByText("200").first().waitFor();
  await admin.getByRole("tab", { name: /Variables/ }).click();
  await admin.getByText("summary").first().waitFor();
  await shot(admin, "story-5-finished");
  assert.deepEqual(admin.errors, []);
  assert.deepEqual(anna.errors, []);
});

test("the pages have no serious accessibility finding", async () => {
  const found = {};
  for (const address of ["/inbox", "/processes", `/instances/${instanceId}`, "/designer", "/catalogs", "/apps", "/settings"]) {
    await admin.goto(server.url + address);
    await admin.getByRole("main").waitFor();
    await until("the page to settle", async () => (await admin.locator(".mantine-Skeleton-root").count()) === 0);
    const serious = await violations(admin);
    if (serious.length > 0) found[address] = serious;
  }
  assert.deepEqual(found, {});
});

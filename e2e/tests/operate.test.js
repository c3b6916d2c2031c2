// What an operator does with processes that run, and an analyst with versions and decisions: in a browser, against the
// real server. Suspend, move a token, go on with another version, skip what broke, send a message, try a decision out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, shot, signIn, violations } from "../lib/browser.js";
import { Server, until } from "../lib/server.js";

const server = new Server();
let browser, page, api;

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="t">';
const shape = (id, x, width, height) => `<bpmndi:BPMNShape id="${id}_di" bpmnElement="${id}"><dc:Bounds x="${x}" y="${120 - height / 2}" width="${width}" height="${height}"/></bpmndi:BPMNShape>`;
const edge = (id, from, to) => `<bpmndi:BPMNEdge id="${id}_di" bpmnElement="${id}"><di:waypoint x="${from}" y="120"/><di:waypoint x="${to}" y="120"/></bpmndi:BPMNEdge>`;
const task = (id, name) => `<bpmn:userTask id="${id}" name="${name}"><bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition assignee="user_1"/></bpmn:extensionElements></bpmn:userTask>`;

/** Start, two tasks one after another, end. */
const STEPS = (first, second = "Check") =>
  `${HEAD}<bpmn:process id="steps" name="Steps" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="a"/>${task("a", first)}` +
  `<bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="b"/>${task("b", second)}<bpmn:sequenceFlow id="f3" sourceRef="b" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:process>` +
  `<bpmndi:BPMNDiagram id="dg"><bpmndi:BPMNPlane id="pl" bpmnElement="steps">${shape("s", 100, 36, 36)}${shape("a", 190, 110, 80)}${shape("b", 360, 110, 80)}${shape("e", 530, 36, 36)}` +
  `${edge("f1", 136, 190)}${edge("f2", 300, 360)}${edge("f3", 470, 530)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>`;

/** Waits for the message `paid` with the key in `order`. */
const WAITING =
  `${HEAD}<bpmn:message id="m" name="paid"><bpmn:extensionElements><zeebe:subscription correlationKey="=order"/></bpmn:extensionElements></bpmn:message>` +
  '<bpmn:process id="waiting" name="Waiting" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="w"/>' +
  '<bpmn:receiveTask id="w" name="Wait for payment" messageRef="m"/><bpmn:sequenceFlow id="f2" sourceRef="w" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:process>' +
  `<bpmndi:BPMNDiagram id="dg"><bpmndi:BPMNPlane id="pl" bpmnElement="waiting">${shape("s", 100, 36, 36)}${shape("w", 190, 110, 80)}${shape("e", 360, 36, 36)}${edge("f1", 136, 190)}${edge("f2", 300, 360)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>`;

/** A script that breaks. */
const BREAKING =
  `${HEAD}<bpmn:process id="breaking" name="Breaking" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="x"/>` +
  '<bpmn:scriptTask id="x" name="Divide" scriptFormat="javascript"><bpmn:script>throw new Error("no");</bpmn:script></bpmn:scriptTask><bpmn:sequenceFlow id="f2" sourceRef="x" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:process>' +
  `<bpmndi:BPMNDiagram id="dg"><bpmndi:BPMNPlane id="pl" bpmnElement="breaking">${shape("s", 100, 36, 36)}${shape("x", 190, 110, 80)}${shape("e", 360, 36, 36)}${edge("f1", 136, 190)}${edge("f2", 300, 360)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>`;

async function deploy(xml, name) {
  const form = new FormData();
  form.append("file", new Blob([xml]), `${name}.bpmn`);
  const answer = await fetch(`${server.url}/api/v1/definitions`, { method: "POST", headers: api.headers, body: form });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).definitions[0];
}

const start = async (definition, variables = {}) => (await api.post("/instances", { definitionId: definition.id, variables })).id;
const elementState = async (id, element) => (await api.get(`/instances/${id}`)).elements.find((e) => e.elementId === element)?.state;

/** What axe finds on the screen as it stands: serious and critical. */
const accessible = async (what) => assert.deepEqual(await violations(page), [], what);

async function menu(item) {
  await page.getByTestId("instance-menu").click();
  await page.getByRole("menuitem", { name: item }).click();
}

before(async () => {
  await server.start();
  api = await server.signIn();
  browser = await launch();
  page = await openPage(browser);
  await signIn(page, server.url);
});
after(async () => {
  if (page) await shot(page, "operate-last");
  await browser?.close();
  await server.stop();
});

test("a process is suspended and resumed, and says so", async () => {
  const id = await start(await deploy(STEPS("Ask"), "steps"));
  await page.goto(`${server.url}/instances/${id}?tab=now`);
  await page.getByTestId("run-a").waitFor();
  await menu("Suspend process");
  await page.getByRole("dialog").getByRole("button", { name: "Suspend process" }).click();
  await page.getByText("The process is suspended").waitFor();
  assert.equal((await api.get(`/instances/${id}`)).suspended, true);
  await accessible("a suspended process");
  await until("the badge to say it", async () => /Suspended/.test(await page.getByTestId("instance-state").textContent()));
  await page.goto(`${server.url}/processes?suspended=1`);
  await page.getByTestId("instance-row").getByText("Suspended").waitFor();
  // Processes of one definition are told apart by ear too.
  await page.getByTestId("instance-row").getByRole("link", { name: `Steps ${id}`, exact: true }).waitFor();
  assert.deepEqual((await api.get("/instances?suspended=true")).items.map((one) => one.id), [id]);
  await accessible("the list of suspended processes");
  await page.goto(`${server.url}/instances/${id}?tab=now`);
  await page.getByRole("button", { name: "Resume process" }).click();
  await until("it to be resumed", async () => (await api.get(`/instances/${id}`)).suspended === false);
  await page.getByText("The process is suspended").waitFor({ state: "detached" });
});

test("a token is moved by clicking the diagram, and the history tells of it", async () => {
  const id = await start(await deploy(STEPS("Ask"), "steps"));
  await page.goto(`${server.url}/instances/${id}?tab=now`);
  await page.getByTestId("run-a").waitFor();
  await menu("Change where it stands");
  await page.locator('g.djs-shape[data-element-id="a"]').click();
  await page.getByTestId("modify-move").click();
  await page.locator('g.djs-shape[data-element-id="b"]').click();
  await page.getByTestId("plan").getByText("Check").waitFor();
  await accessible("a process that is modified");
  await shot(page, "operate-modify");
  await page.getByTestId("modify-apply").click();
  await until("the second task to be open", async () => (await elementState(id, "b")) === "active");
  assert.equal(await elementState(id, "a"), "terminated");
  await page.getByTestId("run-b").waitFor();
});

test("a process goes on with another version, which is checked first", async () => {
  const id = await start(await deploy(STEPS("Ask"), "steps"));
  const next = await deploy(STEPS("Ask again", "Check again"), "steps");
  await page.goto(`${server.url}/instances/${id}?tab=now`);
  await page.getByTestId("run-a").waitFor();
  await menu("Move to another version");
  await page.getByTestId("migrate").waitFor();
  await page.getByRole("combobox", { name: "Version" }).or(page.getByRole("textbox", { name: "Version" })).first().click();
  await page.getByRole("option", { name: `Version ${next.version}`, exact: true }).click();
  await page.getByTestId("migrate-check").click();
  await page.getByText("Nothing stands in the way.").waitFor();
  await accessible("a migration");
  await page.getByTestId("migrate-do").click();
  await until("it to run the version", async () => (await api.get(`/instances/${id}`)).definition.id === next.id);
});

test("what broke is skipped with an output given by hand", async () => {
  const id = await start(await deploy(BREAKING, "breaking"));
  await until("the incident", async () => (await api.get(`/instances/${id}`)).incidents.length === 1);
  await page.goto(`${server.url}/instances/${id}`);
  await page.getByTestId("skip-incident").waitFor();
  await accessible("a process with an incident");
  await page.getByTestId("skip-incident").click();
  await page.getByRole("dialog").getByRole("button", { name: "Skip activity" }).click();
  await until("it to be completed", async () => (await api.get(`/instances/${id}`)).state === "completed");
});

test("what a process waits for is told, and a message sent from the page reaches it", async () => {
  const id = await start(await deploy(WAITING, "waiting"), { order: "order-7" });
  await page.goto(`${server.url}/instances/${id}?tab=now`);
  await page.getByTestId("run-w").getByText("message “paid”, key order-7").waitFor();
  await page.goto(`${server.url}/processes`);
  await page.getByTestId("send-open").click();
  const form = page.getByTestId("send");
  await form.getByRole("textbox", { name: "Name" }).fill("paid");
  await form.getByRole("textbox", { name: "Key" }).fill("order-8");
  // More than can be kept is refused in words, not forgotten.
  await form.getByRole("textbox", { name: "Keep for" }).fill("999999999999999");
  await form.getByText("36,500 days at most").waitFor();
  assert.ok(await page.getByTestId("send-submit").isDisabled());
  await form.getByRole("textbox", { name: "Keep for" }).fill("");
  // A lone minus is not a length of time: the message goes out and is not kept.
  await form.getByRole("textbox", { name: "Keep for" }).pressSequentially("-");
  const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/messages"));
  await page.keyboard.press("Enter");
  assert.equal((await sent).postDataJSON().ttlMs, 0);
  await form.getByText("Nobody waited for it").waitFor();
  await accessible("sending");
  await form.getByRole("textbox", { name: "Key" }).fill("order-7");
  await page.getByTestId("send-submit").click();
  await form.getByRole("link", { name: id }).waitFor();
  await until("it to be completed", async () => (await api.get(`/instances/${id}`)).state === "completed");
});

test("all running processes of a version are moved at once, and what can not be is told", async () => {
  const first = await deploy(STEPS("Bulk"), "steps");
  const ids = [await start(first), await start(first)];
  const next = await deploy(STEPS("Bulk again"), "steps");
  await page.goto(`${server.url}/definitions/${first.id}?bulk=1`);
  const dialog = page.getByTestId("bulk");
  await dialog.getByText("2 processes fit").waitFor();
  await dialog.getByText("has every element").waitFor();
  await accessible("many processes at once");
  await page.getByTestId("bulk-check").click();
  await dialog.getByText("can be moved: 2").waitFor();
  await page.getByTestId("bulk-start").click();
  await dialog.getByText("done: 2").waitFor();
  for (const id of ids) assert.equal((await api.get(`/instances/${id}`)).definition.id, next.id);
});

test("a kept message is listed and deleted, and who waits is told", async () => {
  const id = await start(await deploy(WAITING, "waiting"), { order: "order-20" });
  await until("it to wait", async () => (await api.get(`/subscriptions?instanceId=${id}`)).total === 1);
  await page.goto(`${server.url}/processes?tab=messages`);
  await page.getByTestId("waiting-row").getByText("order-20").waitFor();
  await accessible("who waits");
  await api.post("/messages", { name: "later", correlationKey: "k", ttlMs: 3_600_000 });
  await page.goto(`${server.url}/processes?tab=messages&list=kept`);
  await page.getByTestId("kept-row").getByText("later").waitFor();
  await accessible("kept messages");
  await page.getByTestId("message-remove").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete message" }).click();
  await until("it to be gone", async () => (await api.get("/messages")).total === 0);
});

test("two versions are compared", async () => {
  const versions = (await api.get("/definitions")).items.filter((d) => d.processId === "steps");
  const newest = Math.max(...versions.map((d) => d.version));
  const last = versions.find((d) => d.version === newest);
  const all = (await api.get(`/definitions/${last.id}/versions`)).items;
  const first = all.find((d) => d.version === 1);
  await page.goto(`${server.url}/compare?before=definition:${first.id}&after=definition:${last.id}`);
  await page.getByTestId("changes").getByText("Changed").first().waitFor();
  await page.getByTestId("changes").getByText("Bulk again").click();
  await page.locator(".ruslo-diff-changed").first().waitFor();
  await accessible("a comparison");
  await shot(page, "operate-compare");
});

test("a comparison that loads again does not answer with what it found last time", async () => {
  const xml = STEPS("Looked at twice");
  const version = await deploy(xml, "steps");
  const model = await api.post("/models", { name: "Looked at twice", source: xml });
  await page.goto(`${server.url}/compare?before=definition:${version.id}&after=model:${model.id}`);
  const same = page.getByTestId("changes").getByText("No differences");
  await same.waitFor();
  // Within the page, as people go: what it remembers is not lost.
  await page.getByRole("link", { name: "Inbox" }).first().click();
  // The address is the new one before its page is there, and until then the comparison stands.
  await page.getByTestId("changes").waitFor({ state: "detached" });
  await api.call("PUT", `/models/${model.id}`, { version: model.version, name: model.name, source: STEPS("Drawn since") });
  let answer;
  const held = new Promise((ok) => (answer = ok));
  await page.route(/\/api\/v1\/models\//, async (route) => (await held, route.continue()));
  try {
    const asked = page.waitForRequest(/\/models\//);
    await page.goBack();
    await asked;
    assert.equal(await same.count(), 0, "no verdict on a drawing that is not there yet");
    answer();
    await page.getByTestId("changes").getByText("Drawn since").waitFor();
  } finally {
    answer();
    await page.unroute(/\/api\/v1\/models\//);
  }
});

test("a comparison follows the drawing that somebody else saves", async () => {
  const xml = STEPS("Drawn by two");
  const version = await deploy(xml, "steps");
  const model = await api.post("/models", { name: "Drawn by two", source: xml });
  await page.goto(`${server.url}/compare?before=definition:${version.id}&after=model:${model.id}`);
  const changes = page.getByTestId("changes");
  await changes.getByText("No differences").waitFor();
  const { version: next } = await api.call("PUT", `/models/${model.id}`, { version: model.version, name: model.name, source: STEPS("Saved meanwhile") });
  await changes.getByText("Saved meanwhile").waitFor();
  await page.locator('[data-testid="compare-after"] .ruslo-diff-changed').first().waitFor();
  await api.call("PUT", `/models/${model.id}`, { version: next, name: model.name, source: xml });
  await changes.getByText("No differences").waitFor();
  assert.deepEqual(page.errors, []);
});

test("on a small screen the panel of properties does not hide what is selected", async () => {
  const model = await api.post("/models", { name: "Seen", source: STEPS("Ask") });
  const small = await openPage(browser, { width: 390, height: 844 });
  try {
    await signIn(small, server.url);
    await small.goto(`${server.url}/designer/${model.id}`);
    const one = small.locator('g.djs-shape[data-element-id="b"]');
    await one.waitFor();
    await until("the drawing to be there to be touched", async () => (await small.getByTestId("canvas").getAttribute("inert")) === null);
    const free = async () => {
      const [element, panel, canvas] = await Promise.all([one, small.getByRole("complementary", { name: "Properties" }), small.getByTestId("canvas")].map((at) => at.boundingBox()));
      return element.y >= canvas.y && element.x >= canvas.x && element.x + element.width <= canvas.x + canvas.width && element.y + element.height <= panel.y;
    };
    await one.click();
    await small.getByRole("button", { name: "Open properties" }).click();
    await until("the element to be above the panel", free);
    await shot(small, "operate-selected");
    assert.deepEqual(small.errors, []);
  } finally {
    await small.context().close();
  }
});

test("a drawing is played by token, found in, and its problem's rule is explained", async () => {
  const model = await api.post("/models", { name: "Broken", source: STEPS("Ask").replace('targetRef="e"/>', 'targetRef="nowhere"/>') });
  const good = await api.post("/models", { name: "Good", source: STEPS("Ask") });
  await page.goto(`${server.url}/designer/${model.id}`);
  const problems = page.getByTestId("problems");
  await until("a problem to be found", async () => Number(await problems.getAttribute("data-count")) > 0);
  await problems.getByRole("button").first().click();
  await problems.locator('[title="What the rule means and how to mend it"]').or(problems.locator("li button:last-child")).first().click();
  await page.getByRole("dialog").getByText(/Rule /).first().waitFor();
  await page.keyboard.press("Escape");
  await page.goto(`${server.url}/designer/${good.id}`);
  await page.locator('g.djs-shape[data-element-id="a"]').waitFor();
  await page.getByRole("button", { name: /Find in diagram/ }).click();
  await page.locator(".djs-search-container input").pressSequentially("Check");
  await page.locator(".djs-search-result").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("simulate").click();
  await page.locator(".bts-palette").waitFor();
  await page.getByTestId("simulate").click();
});

test("a decision is drawn, tried out and deployed", async () => {
  await page.goto(`${server.url}/designer?new=1`);
  await page.getByTestId("starter-decision").click();
  await page.getByRole("textbox", { name: "Name" }).fill("Discount");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/designer\/model_/);
  await page.locator(".tjs-container, .dmn-decision-table-container").first().waitFor();
  const form = page.getByTestId("try-out");
  await form.getByTestId("input-amount").fill("20000");
  await form.getByRole("button", { name: "Evaluate decision" }).click();
  await page.getByTestId("outcome").getByText("15").first().waitFor();
  await form.getByTestId("input-amount").fill("5");
  await form.getByTestId("input-regular").fill("true");
  await form.getByRole("button", { name: "Evaluate decision" }).click();
  await page.getByTestId("outcome").getByText("10").first().waitFor();
  // In the dark the table is dark too, and what is written on it is read.
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  const brightness = () => page.locator(".ruslo-dmn tbody td.input-cell").first().evaluate((cell) => {
    let at = cell;
    while (at && /rgba\(.*, 0\)|transparent/.test(getComputedStyle(at).backgroundColor)) at = at.parentElement;
    return Math.max(...getComputedStyle(at ?? document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
  });
  await until("the table to be dark", async () => (await brightness()) < 90);
  await accessible("a table of decisions in the dark");
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await until("the table to be light again", async () => (await brightness()) > 200);
  await page.getByTestId("deploy").click();
  await until("the decision to be deployed", async () => (await api.get("/decisions")).items.length === 1);
  assert.deepEqual(page.errors, []);
});

// What can be drawn can be configured: for each kind of element the entries that the panel must have, the menus that
// make one kind of another, and what a few of the settings write into the file.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, shot, violations } from "../lib/browser.js";
import { Designer } from "../lib/designer.js";
import { ADMIN, Server, until } from "../lib/server.js";

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" ' +
  'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t" id="defs">';
const node = (tag, inner = "", attributes = "") => (id) => `<bpmn:${tag} id="${id}" ${attributes}>${inner}</bpmn:${tag}>`;
const event = (tag, kind) => (id) => `<bpmn:${tag} id="${id}"><bpmn:${kind}EventDefinition id="${id}_d" /></bpmn:${tag}>`;
const boundary = (kind) => (id) =>
  `<bpmn:userTask id="${id}_host" /><bpmn:boundaryEvent id="${id}" attachedToRef="${id}_host"><bpmn:${kind}EventDefinition id="${id}_d" /></bpmn:boundaryEvent>`;
const zeebe = (inner) => `<bpmn:extensionElements>${inner}</bpmn:extensionElements>`;
const turns = (behavior) =>
  `<bpmn:multiInstanceLoopCharacteristics behavior="${behavior}">${zeebe('<zeebe:loopCharacteristics inputCollection="=items" />')}</bpmn:multiInstanceLoopCharacteristics>`;
const flow = (source) => (id) => `<bpmn:${source} id="${id}_a" /><bpmn:task id="${id}_b" /><bpmn:sequenceFlow id="${id}" sourceRef="${id}_a" targetRef="${id}_b" />`;

const ANY = ["name", "id", "documentation"];
const ACTIVITY = [...ANY, ...["skipExpression", "mutex", "asyncBefore", "asyncAfter", "startQuantity", "completionQuantity"].map((key) => `ruslo-ext-${key}`)];
const JOB = ["taskDefinitionType", "taskDefinitionRetries", "ruslo-ext-jobPriority"];
const THROWN_MESSAGE = ["messageName", "messageRef", "publishKey", "publishId", "publishTtl"].map((key) => `ruslo-ext-${key}`);
const TIMER = ["timerEventDefinitionType", "ruslo-ext-timerZone", "ruslo-ext-calendar", "ruslo-ext-endDate"];
const CONDITION = ["condition", "condition-language", "variableNames"];
const TURNS = [
  "multiInstance-inputCollection", "multiInstance-inputElement", "multiInstance-outputCollection", "multiInstance-outputElement", "multiInstance-completionCondition",
  "multiInstance-completionCondition-language", "ruslo-ext-loopCardinality", "ruslo-ext-loopCardinality-language", "ruslo-ext-behavior", "ruslo-ext-indexVariable", "ruslo-ext-zeroBased",
];
const LISTENERS = "group-Zeebe__ExecutionListeners";

/** Kind: how it stands in the file, and the entries and groups that its panel must have. */
const KINDS = {
  task: [node("task"), [...ACTIVITY, LISTENERS]],
  userTask: [node("userTask", zeebe("<zeebe:userTask />")), [...ACTIVITY, "ruslo-kind", "ruslo-assignee", "ruslo-form", "ruslo-outcome", "assignmentDefinitionAssignee", "assignmentDefinitionCandidateGroups", "assignmentDefinitionCandidateUsers", "taskScheduleDueDate", "taskScheduleFollowUpDate", "priorityDefinitionPriority", "ruslo-ext-title", "ruslo-ext-description", "group-Zeebe__TaskListeners", LISTENERS]],
  serviceTask: [node("serviceTask"), [...ACTIVITY, ...JOB, "group-inputs", "group-outputs", "group-headers", "group-ruslo-list-resources"]],
  sendTask: [node("sendTask"), [...ACTIVITY, ...JOB, ...THROWN_MESSAGE]],
  receiveTask: [node("receiveTask"), [...ACTIVITY, "messageRef", "ruslo-ext-messageName", "ruslo-ext-instantiate"]],
  scriptTask: [node("scriptTask", zeebe('<zeebe:script expression="=1" resultVariable="r" />')), [...ACTIVITY, "scriptImplementation", "scriptExpression", "scriptExpression-language", "resultVariable"]],
  script: [node("scriptTask", "<bpmn:script>1</bpmn:script>", 'scriptFormat="javascript"'), ["ruslo-ext-scriptFormat", "ruslo-ext-script", "ruslo-ext-resultVariable"]],
  manualTask: [node("manualTask"), [...ACTIVITY, "ruslo-ext-confirm"]],
  ruleTask: [node("businessRuleTask", zeebe('<zeebe:calledDecision decisionId="d" resultVariable="r" bindingType="version" />')), [...ACTIVITY, "decisionId", "bindingType", "ruslo-version", "resultVariable", "ruslo-ext-decisionResult"]],
  callActivity: [node("callActivity", zeebe('<zeebe:calledElement processId="p" bindingType="version" />')), [...ACTIVITY, "targetProcessId", "bindingType", "ruslo-version", "propagateAllParentVariables", "propagateAllChildVariables", "ruslo-ext-wait", "ruslo-ext-localVariables", "ruslo-ext-businessId"]],
  subProcess: [node("subProcess"), [...ACTIVITY, "group-inputs", "group-outputs", LISTENERS]],
  transaction: [node("transaction"), [...ACTIVITY, "group-inputs", "group-outputs", LISTENERS]],
  adHoc: [node("adHocSubProcess"), [...ACTIVITY, "activeElements-activeElementsCollection", "adHocOutputCollection", "adHocOutputElement", "completionCondition", "completionCondition-language", "cancelRemainingInstances", "ruslo-ext-ordering", "ruslo-ext-manual"]],
  turns: [node("serviceTask", turns("All")), [...ACTIVITY, ...TURNS]],
  turnsNone: [node("serviceTask", turns("None")), [...TURNS, "ruslo-ext-behaviorEvent"]],
  turnsOne: [node("serviceTask", turns("One")), [...TURNS, "ruslo-ext-behaviorEvent"]],
  turnsComplex: [node("serviceTask", turns("Complex")), [...TURNS, "group-ruslo-list-behaviors"]],
  standardLoop: [node("task", "<bpmn:standardLoopCharacteristics />"), [...ACTIVITY, "ruslo-ext-loopCondition", "ruslo-ext-loopCondition-language", "ruslo-ext-loopMaximum", "ruslo-ext-testBefore"]],
  exclusive: [node("exclusiveGateway"), [...ANY, LISTENERS, "ruslo-ext-asyncBefore"]],
  parallel: [node("parallelGateway"), [...ANY, LISTENERS, "ruslo-ext-asyncAfter"]],
  inclusive: [node("inclusiveGateway"), [...ANY, LISTENERS]],
  complex: [node("complexGateway"), [...ANY, LISTENERS, "ruslo-ext-activationCondition", "ruslo-ext-activationCondition-language"]],
  eventBased: [node("eventBasedGateway"), [...ANY, LISTENERS, "ruslo-ext-instantiate", "ruslo-ext-eventGatewayType"]],
  startNone: [node("startEvent"), [...ANY, "ruslo-form", "ruslo-ext-defaultStart", LISTENERS]],
  startMessage: [event("startEvent", "message"), [...ANY, "messageRef", "ruslo-ext-messageName", "ruslo-triggers"]],
  startTimer: [event("startEvent", "timer"), [...ANY, ...TIMER, "ruslo-triggers"]],
  startSignal: [event("startEvent", "signal"), [...ANY, "signalRef", "ruslo-ext-signalName", "ruslo-triggers"]],
  startCondition: [event("startEvent", "conditional"), [...ANY, ...CONDITION, "ruslo-triggers"]],
  catchMessage: [event("intermediateCatchEvent", "message"), [...ANY, "messageRef", "ruslo-ext-messageName", "group-outputs"]],
  catchTimer: [event("intermediateCatchEvent", "timer"), [...ANY, ...TIMER]],
  catchSignal: [event("intermediateCatchEvent", "signal"), [...ANY, "signalRef", "ruslo-ext-signalName"]],
  catchCondition: [event("intermediateCatchEvent", "conditional"), [...ANY, ...CONDITION, "variableEvents"]],
  catchLink: [event("intermediateCatchEvent", "link"), [...ANY, "linkName"]],
  throwNone: [node("intermediateThrowEvent"), [...ANY, LISTENERS]],
  throwMessage: [event("intermediateThrowEvent", "message"), [...ANY, ...JOB.slice(0, 2), ...THROWN_MESSAGE]],
  throwSignal: [event("intermediateThrowEvent", "signal"), [...ANY, "signalRef", "ruslo-ext-signalName", "ruslo-ext-signalScope", "ruslo-ext-allVariables", "group-inputs"]],
  throwEscalation: [event("intermediateThrowEvent", "escalation"), [...ANY, "escalationRef", "ruslo-ext-code"]],
  throwCompensation: [event("intermediateThrowEvent", "compensate"), [...ANY, "waitForCompletion", "activityRef"]],
  throwLink: [event("intermediateThrowEvent", "link"), [...ANY, "linkName"]],
  endMessage: [event("endEvent", "message"), [...ANY, ...JOB.slice(0, 2), ...THROWN_MESSAGE]],
  endError: [event("endEvent", "error"), [...ANY, "errorRef", "ruslo-ext-code"]],
  endEscalation: [event("endEvent", "escalation"), [...ANY, "escalationRef", "ruslo-ext-code"]],
  endSignal: [event("endEvent", "signal"), [...ANY, "signalRef", "ruslo-ext-signalName", "ruslo-ext-signalScope"]],
  endTerminate: [event("endEvent", "terminate"), [...ANY, "ruslo-ext-terminate"]],
  endCompensation: [event("endEvent", "compensate"), [...ANY, "waitForCompletion", "activityRef"]],
  endCancel: [event("endEvent", "cancel"), ANY],
  boundaryMessage: [boundary("message"), [...ANY, "messageRef", "ruslo-ext-messageName", "ruslo-triggers"]],
  boundaryTimer: [boundary("timer"), [...ANY, ...TIMER]],
  boundaryError: [boundary("error"), [...ANY, "errorRef", "ruslo-ext-code", "ruslo-ext-errorCodeVariable", "ruslo-ext-errorMessageVariable"]],
  boundarySignal: [boundary("signal"), [...ANY, "signalRef", "ruslo-ext-signalName"]],
  boundaryEscalation: [boundary("escalation"), [...ANY, "escalationRef", "ruslo-ext-code", "ruslo-ext-escalationCodeVariable"]],
  boundaryCondition: [boundary("conditional"), [...ANY, ...CONDITION, "variableEvents"]],
  boundaryCompensation: [boundary("compensate"), ANY],
  boundaryCancel: [boundary("cancel"), ANY],
  multiple: [
    node("intermediateCatchEvent", '<bpmn:messageEventDefinition id="m1" /><bpmn:messageEventDefinition id="m2" /><bpmn:timerEventDefinition id="t1" /><bpmn:timerEventDefinition id="t2" />'),
    [...ANY, "messageRef", ...TIMER, "ruslo-ext-parallelMultiple", "ruslo-extra-0-messageName", "ruslo-extra-0-messageRef", "ruslo-extra-1-timeDate", "ruslo-extra-1-timeDuration", "ruslo-extra-1-timeDuration-language", "ruslo-extra-1-timeCycle"],
  ],
  flowExclusive: [flow("exclusiveGateway"), [...ANY, "conditionExpression", "conditionExpression-language"]],
  flowComplex: [flow("complexGateway"), [...ANY, "ruslo-ext-flowCondition", "ruslo-ext-flowCondition-language"]],
  flowEvent: [flow("startEvent"), [...ANY, "ruslo-ext-flowCondition"]],
  dataObject: [(id) => `<bpmn:dataObject id="${id}_o" /><bpmn:dataObjectReference id="${id}" dataObjectRef="${id}_o" />`, [...ANY, "ruslo-ext-value", "ruslo-ext-dataState"]],
  dataStore: [node("dataStoreReference"), [...ANY, "ruslo-ext-storeCatalog", "group-ruslo-list-storeKeys"]],
  dataFlow: [
    (id) => `<bpmn:dataObject id="${id}_o" /><bpmn:dataObjectReference id="${id}_r" dataObjectRef="${id}_o" /><bpmn:task id="${id}_t"><bpmn:property id="${id}_p" name="__targetRef_placeholder" />` +
      `<bpmn:dataInputAssociation id="${id}"><bpmn:sourceRef>${id}_r</bpmn:sourceRef><bpmn:targetRef>${id}_p</bpmn:targetRef></bpmn:dataInputAssociation></bpmn:task>`,
    ["id", "ruslo-ext-transformation", "ruslo-ext-transformation-language", "group-ruslo-list-assignments"],
  ],
  annotation: [node("textAnnotation"), ["id"]],
};

/** Where a menu is opened, and what of an element it must offer to become. */
const MENUS = {
  startNone: ["message-start", "timer-start", "conditional-start", "signal-start", "none-intermediate-throwing", "none-end"],
  throwNone: ["message-intermediate-catch", "message-intermediate-throw", "timer-intermediate-catch", "escalation-intermediate-throw", "conditional-intermediate-catch", "link-intermediate-catch", "link-intermediate-throw", "compensation-intermediate-throw", "signal-intermediate-catch", "signal-intermediate-throw"],
  endTerminate: ["none-end", "message-end", "escalation-end", "error-end", "compensation-end", "signal-end"],
  boundaryTimer: ["message-boundary", "escalation-boundary", "conditional-boundary", "error-boundary", "signal-boundary", "compensation-boundary", "non-interrupting-message-boundary", "non-interrupting-timer-boundary", "non-interrupting-escalation-boundary", "non-interrupting-conditional-boundary", "non-interrupting-signal-boundary"],
  task: ["user-task", "service-task", "send-task", "receive-task", "manual-task", "rule-task", "script-task", "call-activity", "collapsed-subprocess", "expanded-subprocess", "ad-hoc-subprocess"],
  subProcess: ["transaction", "event-subprocess", "ad-hoc-subprocess", "collapsed-subprocess"],
  exclusive: ["parallel-gateway", "inclusive-gateway", "complex-gateway", "event-based-gateway"],
};

const server = new Server();
let browser, page, api, designer, model;

before(async () => {
  await server.start();
  api = await server.signIn();
  await api.call("PATCH", "/me", { language: "en" });
  browser = await launch();
  page = await openPage(browser);
  page.setDefaultTimeout(60_000);
  await page.goto(server.url);
  await page.getByTestId("login").fill(ADMIN.login);
  await page.getByTestId("password").fill(ADMIN.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  designer = new Designer(page);
  const content = Object.entries(KINDS).map(([kind, [xml]]) => xml(kind)).join("");
  model = await imported("Everything", `<bpmn:process id="everything" isExecutable="true">${content}</bpmn:process>`);
  await open(model, "task");
});
after(async () => {
  if (page) await shot(page, "designer-last");
  await browser?.close();
  await server.stop();
});

/** Reads a file in: it gets a drawing. */
async function imported(name, process) {
  const form = new FormData();
  form.append("file", new File([`${HEAD}${process}</bpmn:definitions>`], `${name}.bpmn`));
  const { cookie, "x-csrf-token": token } = api.headers;
  const answer = await fetch(`${server.url}/api/v1/import`, { method: "POST", headers: { cookie, "x-csrf-token": token }, body: form });
  const body = await answer.json();
  assert.ok(answer.ok, JSON.stringify(body));
  return (body.model ?? body).id;
}

async function open(id, first) {
  await page.goto(`${server.url}/designer/${id}`);
  await page.locator(`g.djs-element[data-element-id="${first}"]`).waitFor({ state: "attached" });
}

/** Selects by the search: it scrolls to what is far away. The results are drawn anew at each key, so a click may miss. */
async function pick(id) {
  const selected = () => page.evaluate((wanted) => document.querySelector('[data-entry-id="id"] input')?.value === wanted, id);
  await until(`${id} to be selected`, async () => {
    if (await selected()) return true;
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /Find in diagram/ }).click();
    const input = page.locator(".djs-search-container input");
    await input.fill("");
    // The pad listens to keys, not to what stands in its field.
    await input.pressSequentially(id);
    const texts = page.locator(".djs-search-result-secondary, .djs-search-result-primary").getByText(id, { exact: true });
    await page.locator(".djs-search-result").filter({ has: texts }).first().click({ timeout: 5_000 });
    await until("the panel to follow", selected, { timeoutMs: 5_000 });
    return true;
  }, { timeoutMs: 60_000 });
}

/** Opens a group of the panel by its id: titles begin alike. */
async function group(id) {
  const header = page.locator(`[data-group-id="group-${id}"] .bio-properties-panel-group-header`).first();
  await header.waitFor();
  if (!(await header.getAttribute("class")).includes("open")) await header.click();
}

const shown = () => page.evaluate(() => ["entry-id", "group-id"].flatMap((key) => [...document.querySelectorAll(`.bio-properties-panel [data-${key}]`)].map((e) => e.getAttribute(`data-${key}`))));

test("the panel of each kind of element asks for all that is read of it", async () => {
  const missing = [];
  for (const [kind, [, wanted]] of Object.entries(KINDS)) {
    await pick(kind);
    // What is drawn beside the id comes with it, in one rendering.
    const there = new Set(await shown());
    const absent = wanted.filter((entry) => !there.has(entry));
    if (absent.length > 0) missing.push(`${kind}: ${absent.join(" ")}`);
  }
  assert.deepEqual(missing, []);
  assert.deepEqual(page.errors, []);
});

test("the panel of the process asks for its own words", async () => {
  await page.keyboard.press("Escape");
  await designer.deselect();
  await page.waitForFunction(() => document.querySelector('[data-entry-id="id"] input')?.value === "everything");
  const there = new Set(await shown());
  const wanted = ["versionTag", "isExecutable", ...["zone", "missedStarts", "expressionLanguage", "jobPriority", "lintInclusive", "lintComplex", "lintSplit", "lintEvents"].map((key) => `ruslo-ext-${key}`), "group-ruslo-list-declarations", LISTENERS];
  assert.deepEqual(wanted.filter((entry) => !there.has(entry)), []);
});

test("what is drawn can become any other kind of its place", async () => {
  for (const [kind, wanted] of Object.entries(MENUS)) {
    await pick(kind);
    await page.locator('.djs-context-pad .entry[data-action="replace"]').click();
    const menu = page.locator(".djs-popup");
    await menu.waitFor();
    const offered = await menu.locator("[data-id]").evaluateAll((entries) => entries.map((e) => e.dataset.id));
    assert.deepEqual(wanted.map((name) => `replace-with-${name}`).filter((id) => !offered.includes(id)), [], `${kind}: ${offered.join(" ")}`);
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
  }
});

test("every template of the server is offered where elements are made", async () => {
  const templates = await api.get("/element-templates");
  assert.ok(templates.length >= 8);
  await page.locator('.djs-palette .entry[data-action="create"]').click();
  const menu = page.locator(".djs-popup");
  await menu.waitFor();
  const offered = async () => (await menu.locator("[data-id]").evaluateAll((entries) => entries.map((e) => e.dataset.id))).join(" ");
  const absent = async () => { const all = await offered(); return templates.map((t) => t.id).filter((id) => !all.includes(id)); };
  await until("all templates to be offered", async () => (await absent()).length === 0, { timeoutMs: 60_000 });
  await page.keyboard.press("Escape");
});

const SETTINGS =
  '<bpmn:process id="settings" isExecutable="true"><bpmn:exclusiveGateway id="gate" /><bpmn:task id="after" /><bpmn:sequenceFlow id="road" sourceRef="gate" targetRef="after" />' +
  `<bpmn:callActivity id="calling">${zeebe('<zeebe:calledElement processId="other" />')}</bpmn:callActivity><bpmn:intermediateThrowEvent id="telling"><bpmn:messageEventDefinition id="telling_d" /></bpmn:intermediateThrowEvent>` +
  `<bpmn:serviceTask id="turning">${turns("None")}</bpmn:serviceTask><bpmn:boundaryEvent id="hearing" attachedToRef="turning"><bpmn:escalationEventDefinition id="hearing_d" /></bpmn:boundaryEvent></bpmn:process>`;

test("what is chosen in the panel is written into the file", async () => {
  const id = await imported("Settings", SETTINGS);
  await open(id, "gate");
  const set = async (field, value) => {
    const control = designer.field(field);
    await control.waitFor({ state: "attached" });
    if ((await control.evaluate((e) => e.tagName)) === "SELECT") await control.selectOption(value);
    else {
      await control.fill(value);
      await control.blur();
    }
  };
  await pick("road");
  await group("condition");
  await set("conditionExpression-language", "javascript");
  await set("conditionExpression", "amount > 1");
  await pick("calling");
  await group("calledElement");
  await set("bindingType", "version");
  await set("ruslo-version", "3");
  await pick("telling");
  await group("ruslo-more");
  await set("ruslo-ext-messageRef", "create-new");
  await set("ruslo-ext-messageRefName", "Paid");
  await set("ruslo-ext-messageRefKey", "=order");
  await pick("turning");
  await group("ruslo-more");
  await set("ruslo-ext-behaviorEvent", "hearing_d");
  await page.keyboard.press("Escape");
  await designer.deselect();
  await group("ruslo-rare");
  await designer.field("ruslo-ext-lintComplex").check();
  await page.locator('[data-group-id="group-ruslo-list-declarations"] .bio-properties-panel-add-entry').click();
  const written = [
    /<bpmn:conditionExpression [^>]*language="javascript"[^>]*>amount &gt; 1</,
    /<zeebe:calledElement [^>]*bindingType="version"[^>]*ruslo:version="3"|<zeebe:calledElement [^>]*ruslo:version="3"[^>]*bindingType="version"/,
    /<bpmn:message id="(\w+)" name="Paid">[\s\S]*correlationKey="=order"/,
    /<bpmn:messageEventDefinition id="telling_d" messageRef=/,
    /noneBehaviorEventRef="hearing_d"/,
    /ruslo:lint="no-complex-gateway"/,
    /<ruslo:declaration as="parameter" key="parameter" type="string"/,
  ];
  let source;
  const lacking = async () => {
    ({ source } = await api.get(`/models/${id}`));
    return written.filter((pattern) => !pattern.test(source));
  };
  await until("all settings to be saved", async () => (await lacking()).length === 0, { timeoutMs: 60_000 })
    .catch(async () => assert.fail(`not written: ${(await lacking()).join(" ")}\n${source}`));
  assert.deepEqual(page.errors, []);
});

test("the designer with all its groups open is accessible", async () => {
  await page.evaluate(() => document.querySelectorAll(".bio-properties-panel-group-header:not(.open)").forEach((header) => header.click()));
  assert.deepEqual(await violations(page), []);
});

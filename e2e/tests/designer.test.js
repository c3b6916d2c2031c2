// What can be drawn can be configured: for each kind of element the entries that the panel must have, the menus that
// make one kind of another, and what a few of the settings write into the file.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, shot, signIn, violations } from "../lib/browser.js";
import { Designer } from "../lib/designer.js";
import { Server, until } from "../lib/server.js";

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
const part = (...keys) => keys.map((key) => `group-ruslo-part-${key}`);
const ACTIVITY = [...ANY, ...part("properties", "dataInputs", "dataOutputs"), ...["skipExpression", "mutex", "asyncBefore", "asyncAfter", "startQuantity", "completionQuantity"].map((key) => `ruslo-ext-${key}`)];
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
  userTask: [node("userTask", zeebe("<zeebe:userTask />")), [...ACTIVITY, "ruslo-kind", "ruslo-assignee", "ruslo-form", "ruslo-outcome", "assignmentDefinitionAssignee", "assignmentDefinitionCandidateGroups", "assignmentDefinitionCandidateUsers", "taskScheduleDueDate", "taskScheduleFollowUpDate", "priorityDefinitionPriority", "ruslo-ext-title", "ruslo-ext-description", "group-Zeebe__TaskListeners", LISTENERS, ...part("roles")]],
  serviceTask: [node("serviceTask"), [...ACTIVITY, ...JOB, "group-inputs", "group-outputs", "group-headers", "group-ruslo-list-resources"]],
  sendTask: [node("sendTask"), [...ACTIVITY, ...JOB, ...THROWN_MESSAGE]],
  receiveTask: [node("receiveTask"), [...ACTIVITY, "messageRef", "ruslo-ext-messageName", "ruslo-ext-instantiate"]],
  scriptTask: [node("scriptTask", zeebe('<zeebe:script expression="=1" resultVariable="r" />')), [...ACTIVITY, "scriptImplementation", "scriptExpression", "scriptExpression-language", "resultVariable"]],
  script: [node("scriptTask", "<bpmn:script>1</bpmn:script>", 'scriptFormat="javascript"'), ["ruslo-ext-scriptFormat", "ruslo-ext-script", "ruslo-ext-resultVariable"]],
  manualTask: [node("manualTask"), [...ACTIVITY, "ruslo-ext-confirm"]],
  ruleTask: [node("businessRuleTask", zeebe('<zeebe:calledDecision decisionId="d" resultVariable="r" bindingType="version" />')), [...ACTIVITY, "decisionId", "bindingType", "ruslo-version", "resultVariable", "ruslo-ext-decisionResult"]],
  callActivity: [node("callActivity", zeebe('<zeebe:calledElement processId="p" bindingType="version" />')), [...ACTIVITY, "ruslo-callee", "targetProcessId", "bindingType", "ruslo-version", "propagateAllParentVariables", "propagateAllChildVariables", "ruslo-ext-wait", "ruslo-ext-localVariables", "ruslo-ext-businessId"]],
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
  startNone: [node("startEvent"), [...ANY, ...part("properties", "dataOutputs"), "ruslo-form", "ruslo-ext-defaultStart", LISTENERS]],
  startMessage: [event("startEvent", "message"), [...ANY, "messageRef", "ruslo-ext-messageName", "ruslo-triggers"]],
  startTimer: [event("startEvent", "timer"), [...ANY, ...TIMER, "ruslo-triggers"]],
  startSignal: [event("startEvent", "signal"), [...ANY, "signalRef", "ruslo-ext-signalName", "ruslo-triggers"]],
  startCondition: [event("startEvent", "conditional"), [...ANY, ...CONDITION, "ruslo-triggers"]],
  catchMessage: [event("intermediateCatchEvent", "message"), [...ANY, ...part("properties", "dataOutputs"), "messageRef", "ruslo-ext-messageName", "group-outputs"]],
  catchTimer: [event("intermediateCatchEvent", "timer"), [...ANY, ...TIMER]],
  catchSignal: [event("intermediateCatchEvent", "signal"), [...ANY, "signalRef", "ruslo-ext-signalName"]],
  catchCondition: [event("intermediateCatchEvent", "conditional"), [...ANY, ...CONDITION, "variableEvents"]],
  catchLink: [event("intermediateCatchEvent", "link"), [...ANY, "linkName"]],
  throwNone: [node("intermediateThrowEvent"), [...ANY, ...part("properties", "dataInputs"), LISTENERS]],
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
  await signIn(page, server.url);
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
    const input = page.locator(".djs-search-container input");
    // The button shuts the pad where Escape went elsewhere and left it open.
    if (!(await input.isVisible())) await page.getByRole("button", { name: /Find in diagram/ }).click();
    await input.fill("", { timeout: 5_000 });
    // The pad listens to keys, not to what stands in its field.
    await input.pressSequentially(id, { timeout: 5_000 });
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
  const wanted = ["versionTag", "isExecutable", ...["zone", "missedStarts", "expressionLanguage", "jobPriority", "lintInclusive", "lintComplex", "lintSplit", "lintEvents"].map((key) => `ruslo-ext-${key}`), "group-ruslo-list-declarations", LISTENERS, ...part("properties", "globalTasks", "correlationProperties", "correlationKeys", "correlationBindings")];
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

async function set(field, value) {
  const control = designer.field(field);
  await control.waitFor({ state: "attached" });
  if ((await control.evaluate((e) => e.tagName)) === "SELECT") await control.selectOption(value);
  else {
    await control.fill(value);
    await control.blur();
  }
}

/** Adds a part to a list of the panel; it opens. */
async function add(list) {
  await page.locator(`[data-group-id="group-${list}"] .bio-properties-panel-group-header .bio-properties-panel-add-entry`).click();
}

/** Adds to a list inside a part. */
async function addInside(entry) {
  await page.locator(`[data-entry-id="${entry}"] .bio-properties-panel-add-entry`).first().click();
}

/** Waits until the saved file says all of this; gives it. */
async function saved(id, patterns) {
  let source;
  const lacking = async () => {
    ({ source } = await api.get(`/models/${id}`));
    return patterns.filter((pattern) => !pattern.test(source));
  };
  await until("all settings to be saved", async () => (await lacking()).length === 0, { timeoutMs: 60_000 })
    .catch(async () => assert.fail(`not written: ${(await lacking()).join(" ")}\n${source}`));
  return source;
}

const SETTINGS =
  '<bpmn:process id="settings" isExecutable="true"><bpmn:exclusiveGateway id="gate" /><bpmn:task id="after" /><bpmn:sequenceFlow id="road" sourceRef="gate" targetRef="after" />' +
  `<bpmn:callActivity id="calling">${zeebe('<zeebe:calledElement processId="other" />')}</bpmn:callActivity><bpmn:intermediateThrowEvent id="telling"><bpmn:messageEventDefinition id="telling_d" /></bpmn:intermediateThrowEvent>` +
  `<bpmn:serviceTask id="turning">${turns("None")}</bpmn:serviceTask><bpmn:boundaryEvent id="hearing" attachedToRef="turning"><bpmn:escalationEventDefinition id="hearing_d" /></bpmn:boundaryEvent></bpmn:process>`;

test("what is chosen in the panel is written into the file", async () => {
  const id = await imported("Settings", SETTINGS);
  await open(id, "gate");
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
  await saved(id, written);
  assert.deepEqual(page.errors, []);
});

const PARTS =
  '<bpmn:message id="m_order" name="Order" /><bpmn:process id="parts" isExecutable="true"><bpmn:startEvent id="begin" />' +
  '<bpmn:dataObject id="o" /><bpmn:dataObjectReference id="order" name="order" dataObjectRef="o" /><bpmn:dataObject id="o2" /><bpmn:dataObjectReference id="total" name="total" dataObjectRef="o2" />' +
  `<bpmn:userTask id="deciding">${zeebe('<zeebe:userTask /><zeebe:taskListeners><zeebe:taskListener eventType="creating" type="told" /></zeebe:taskListeners>')}</bpmn:userTask>` +
  `<bpmn:intermediateCatchEvent id="watching"><bpmn:conditionalEventDefinition id="watching_d"><bpmn:condition>=x &gt; 1</bpmn:condition></bpmn:conditionalEventDefinition></bpmn:intermediateCatchEvent></bpmn:process>`;

test("data, roles, correlation and headers are set in the panel, and undone", async () => {
  const id = await imported("Parts", PARTS);
  await open(id, "deciding");
  await pick("deciding");
  await add("ruslo-part-properties");
  await set("deciding-properties-0-partName", "notes");
  await set("deciding-properties-0-dataType", "date");
  await add("ruslo-part-dataInputs");
  await set("deciding-dataInputs-0-partName", "amount");
  await set("deciding-dataInputs-0-dataFrom", "order");
  await set("deciding-dataInputs-0-transformation", "=order.amount");
  await set("deciding-dataInputs-0-inputMode", "optional");
  await addInside("deciding-dataInputs-0-dataAssignments");
  await set("deciding-dataInputs-0-dataAssignments-0-assignFrom", "=1");
  await set("deciding-dataInputs-0-dataAssignments-0-assignTo", "amount.count");
  await add("ruslo-part-dataOutputs");
  await set("deciding-dataOutputs-0-dataTo", "total");
  await add("ruslo-part-roles");
  await set("deciding-roles-0-roleExpression", "group(sales)");
  await add("ruslo-part-roles");
  await set("deciding-roles-1-role", "bpmn:HumanPerformer");
  await set("deciding-roles-1-resource", "create-new");
  await set("deciding-roles-1-resourceName", "anna");
  await group("Zeebe__TaskListeners");
  const listener = page.locator('[data-entry-id^="deciding-taskListener-0"], [data-group-id="group-Zeebe__TaskListeners"] .bio-properties-panel-collapsible-entry-header').first();
  await listener.click();
  await addInside("deciding-taskListener-0-headers");
  await set("deciding-taskListener-0-headers-0-headerKey", "url");
  await set("deciding-taskListener-0-headers-0-headerValue", "a=1");
  await pick("watching");
  await group("event-condition");
  await page.locator('[data-entry-id="variableEvents"] input').last().check();
  await page.keyboard.press("Escape");
  await designer.deselect();
  await add("ruslo-part-correlationProperties");
  await set("parts-correlationProperties-0-partName", "number");
  await addInside("parts-correlationProperties-0-retrievals");
  await set("parts-correlationProperties-0-retrievals-0-messagePath", "=order.number");
  await add("ruslo-part-correlationKeys");
  await add("ruslo-part-correlationBindings");
  await set("parts-correlationBindings-0-dataPath", "=number");
  const source = await saved(id, [
    /<bpmn:property id="\w+" itemSubjectRef="\w+" name="notes" \/>/,
    /<bpmn:itemDefinition id="\w+" structureRef="date" \/>/,
    /<bpmn:dataInput id="(\w+)" name="amount" \/>[\s\S]*<bpmn:dataInputRefs>\1<\/bpmn:dataInputRefs>\s*<bpmn:optionalInputRefs>\1</,
    /<bpmn:dataInputAssociation id="(\w+)">\s*<bpmn:sourceRef>order<\/bpmn:sourceRef>\s*<bpmn:targetRef>DataInput_\w+<\/bpmn:targetRef>\s*<bpmn:transformation>=order.amount<\/bpmn:transformation>\s*<bpmn:assignment>/,
    /<bpmn:to [^>]*>amount.count<\/bpmn:to>/,
    /<bpmn:dataOutputAssociation id="\w+">\s*<bpmn:sourceRef>DataOutput_\w+<\/bpmn:sourceRef>\s*<bpmn:targetRef>total</,
    /<bpmn:potentialOwner id="\w+">\s*<bpmn:resourceAssignmentExpression id="\w+">\s*<bpmn:expression [^>]*>group\(sales\)</,
    /<bpmn:humanPerformer id="\w+">\s*<bpmn:resourceRef>(Resource_\w+)<[\s\S]*<bpmn:resource id="\1" name="anna" \/>/,
    /<zeebe:taskListener eventType="creating" type="told">\s*<zeebe:taskHeaders>\s*<zeebe:header key="url" value="a=1" \/>/,
    /<zeebe:conditionalFilter variableEvents="delete" \/>/,
    /<bpmn:correlationProperty id="(\w+)" name="number">\s*<bpmn:correlationPropertyRetrievalExpression id="\w+" messageRef="m_order">\s*<bpmn:messagePath>=order.number<[\s\S]*<bpmn:correlationPropertyRef>\1</,
    /<bpmn:correlationSubscription id="\w+" correlationKeyRef="CorrelationKey_\w+">\s*<bpmn:correlationPropertyBinding id="\w+" correlationPropertyRef="CorrelationProperty_\w+">\s*<bpmn:dataPath>=number</,
  ]);
  assert.doesNotMatch(source, /__targetRef_placeholder/);
  // The line of the input is drawn, and what was read in again looks the same.
  const [, line] = /<bpmn:dataInputAssociation id="(\w+)">/.exec(source);
  assert.equal(await page.locator(`g.djs-element[data-element-id="${line}"]`).count(), 1);
  await open(id, "deciding");
  await pick("deciding");
  for (const [field, value] of [["dataInputs-0-dataFrom", "order"], ["dataInputs-0-inputMode", "optional"], ["dataOutputs-0-dataTo", "total"], ["roles-0-roleExpression", "group(sales)"], ["roles-1-role", "bpmn:HumanPerformer"]])
    assert.equal(await designer.field(`deciding-${field}`).inputValue(), value, field);
  // A part that only the panel shows is found in the drawing.
  await page.keyboard.press("Escape");
  await designer.deselect();
  await page.getByRole("button", { name: /Find in diagram/ }).click();
  await page.locator(".djs-search-container input").pressSequentially("notes");
  await page.locator(".djs-search-result").filter({ hasText: "deciding" }).first().click();
  await page.locator('[data-group-id="group-ruslo-part-properties"]').waitFor();
  // One step each, however many parts it made.
  await add("ruslo-part-dataOutputs");
  const outputs = page.locator('[data-entry-id^="deciding-dataOutputs-"][data-entry-id$="-partName"]');
  await until("two outputs", async () => (await outputs.count()) === 2);
  await page.getByRole("button", { name: /^Undo/ }).click();
  await until("one output", async () => (await outputs.count()) === 1);
  assert.deepEqual(page.errors, []);
});

const CALLS =
  `<bpmn:process id="caller" isExecutable="true"><bpmn:startEvent id="begin" /><bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="calling" /><bpmn:callActivity id="calling" />` +
  '<bpmn:sequenceFlow id="f2" sourceRef="calling" targetRef="done" /><bpmn:endEvent id="done" /></bpmn:process>';

test("a global task is made, configured, called, deployed and run", async () => {
  const id = await imported("Calls", CALLS);
  await open(id, "calling");
  await designer.deselect();
  await add("ruslo-part-globalTasks");
  await set("caller-globalTasks-0-globalKind", "bpmn:GlobalScriptTask");
  await set("caller-globalTasks-0-partName", "Sum");
  await set("caller-globalTasks-0-globalId", "sum_up");
  await page.locator('[data-entry-id="caller-globalTasks-0-open"] button').click();
  await page.locator('[data-group-id="group-ruslo-global"]').waitFor();
  await group("script");
  await designer.expression("scriptExpression", "20 + 22");
  await set("resultVariable", "answer");
  await page.locator('[data-entry-id="ruslo-global-back"] button').click();
  await pick("calling");
  await group("calledElement");
  await set("ruslo-callee", "sum_up");
  await saved(id, [
    /<bpmn:globalScriptTask id="sum_up" name="Sum">\s*<bpmn:extensionElements>\s*<zeebe:script [^>]*expression="=20 \+ 22"/,
    /<zeebe:script [^>]*resultVariable="answer"/,
    /<bpmn:callActivity id="calling">\s*<bpmn:extensionElements>\s*<zeebe:calledElement [^>]*processId="sum_up"/,
  ]);
  await page.getByTestId("deploy").click();
  const definition = await until("the definition", async () => (await api.get("/definitions")).items.find((d) => d.processId === "caller"), { timeoutMs: 60_000 });
  const { id: instance } = await api.post("/instances", { definitionId: definition.id, variables: {} });
  await until("the instance to end", async () => (await api.get(`/instances/${instance}`)).state === "completed", { timeoutMs: 60_000 });
  const { variables } = await api.get(`/instances/${instance}`);
  assert.equal(variables.find((scope) => scope.elementId === "caller")?.values.answer, 42, JSON.stringify(variables));
  assert.deepEqual(page.errors, []);
});

test("a drag is told by the picture's attribute, not by classes that reach into the whole drawing", async () => {
  await pick("calling");
  const box = await page.locator('g[data-element-id="calling"] > .djs-visual').first().boundingBox();
  const root = () => page.evaluate(() => {
    const svg = document.querySelector(".ruslo-modeler .djs-container > svg");
    const layer = document.querySelector("g.djs-dragging, g[data-element-id='calling']").closest("g[class*='layer-root']");
    return { said: svg.dataset.markers ?? "", classes: `${svg.getAttribute("class") ?? ""} ${layer.getAttribute("class")}` };
  });
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 40, box.y + 60, { steps: 4 });
  await until("the drag to be told", async () => /djs-drag-active/.test((await root()).said));
  assert.doesNotMatch((await root()).classes, /djs-drag-active|new-parent|drop-|connect-/);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  await until("nothing to be told", async () => (await root()).said === "");
});

test("a setting is found by its name", async () => {
  await pick("calling");
  await page.getByRole("searchbox", { name: "Find a setting" }).fill("transformation of nothing");
  await page.getByText("No setting has such a name").waitFor();
  await page.getByRole("searchbox", { name: "Find a setting" }).fill("data inp");
  const visible = () => page.locator(".bio-properties-panel-group[data-group-id]:visible").evaluateAll((all) => all.map((e) => e.dataset.groupId));
  await until("one group", async () => (await visible()).join(" ") === "group-ruslo-part-dataInputs");
  await page.getByRole("searchbox", { name: "Find a setting" }).fill("");
  await until("all groups", async () => (await visible()).length > 3);
});

test("the designer with all its groups open is accessible", async () => {
  await page.evaluate(() => document.querySelectorAll(".bio-properties-panel-group-header:not(.open)").forEach((header) => header.click()));
  assert.deepEqual(await violations(page), []);
});

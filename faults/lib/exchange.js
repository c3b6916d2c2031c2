// Load and checker of what instances exchange: parents call children, messages with keys wait for whoever comes.
//
// A client sends a message under an id until the server says that it has it (201, or RUN-0017: it was there already), so
// every message is published once whatever died in between; its effects must be there once as well.
import { eachHistory, listed } from "./check.js";
import { Load, call, deploy, flow } from "./load.js";

const FAMILY = ["parent", "child", "told", "order"];
const HOUR = 3_600_000;
/** How many numbers were sent a message before their parent is started, at most. */
const AHEAD = 8;

const process = (id, body) => `<bpmn:process id="${id}" name="${id}" isExecutable="true">${body}</bpmn:process>`;
const flows = (id, ...steps) => steps.slice(1).map((to, at) => flow(`f_${id}${at}`, steps[at], to)).join("");
const message = (name) => `<bpmn:message id="m_${name}" name="${name}"><bpmn:extensionElements>
<zeebe:subscription correlationKey="=n"/></bpmn:extensionElements></bpmn:message>`;
const on = (name) => `<bpmn:messageEventDefinition messageRef="m_${name}"/>`;

/**
 * `parent` calls `child`, waits for the message `paid` of its number and marks its record; `child` rests and throws
 * `told`, which starts `told`; `paid` starts `order` besides.
 */
const MODEL = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:ruslo="http://ruslo.dev/schema/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">
${message("paid")}${message("told")}
${process("parent", `<bpmn:startEvent id="p1"/>
<bpmn:callActivity id="p2"><bpmn:extensionElements><zeebe:calledElement processId="child" propagateAllChildVariables="false"/>
</bpmn:extensionElements></bpmn:callActivity>
<bpmn:receiveTask id="p3" messageRef="m_paid"/>
<bpmn:serviceTask id="p4" name="Mark"><bpmn:extensionElements><zeebe:taskDefinition type="ruslo:record.update"/>
<zeebe:ioMapping><zeebe:input source="={MARKS: document.MARKS + n + &quot;,&quot;}" target="fields"/></zeebe:ioMapping>
</bpmn:extensionElements></bpmn:serviceTask><bpmn:endEvent id="p5"/>${flows("p", "p1", "p2", "p3", "p4", "p5")}`)}
${process("child", `<bpmn:startEvent id="c1"/>
<bpmn:intermediateCatchEvent id="c2"><bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT0.5S</bpmn:timeDuration>
</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:intermediateThrowEvent id="c3"><bpmn:extensionElements><ruslo:publishMessage correlationKey="=n" timeToLive="PT1H"/>
<zeebe:ioMapping><zeebe:input source="=n" target="n"/></zeebe:ioMapping></bpmn:extensionElements>${on("told")}</bpmn:intermediateThrowEvent>
<bpmn:endEvent id="c4"/>${flows("c", "c1", "c2", "c3", "c4")}`)}
${process("told", `<bpmn:startEvent id="t1">${on("told")}</bpmn:startEvent><bpmn:endEvent id="t2"/>${flows("t", "t1", "t2")}`)}
${process("order", `<bpmn:startEvent id="o1">${on("paid")}</bpmn:startEvent><bpmn:endEvent id="o2"/>${flows("o", "o1", "o2")}`)}
</bpmn:definitions>`;

export class Exchange extends Load {
  processes = FAMILY;
  /** The invented start, and the invented message's order. */
  blindMin = 2;

  constructor(targets, dir) {
    super(targets, dir);
    /** Numbers whose message the server has. */
    this.published = new Set();
    this.named = 0;
    /** Starts on their way. */
    this.flying = 0;
  }

  async deploy(base) {
    await deploy(base, this.token, MODEL);
  }

  run({ starters = 3, senders = 3, paceMs = 15 } = {}) {
    this.running = true;
    this.starting = true;
    this.spawn(starters, (base) => this.startParent(base), paceMs);
    this.spawn(senders, (base) => this.send(base), paceMs);
  }

  /** Parents start under every number in turn; what was not acknowledged may be there and is not repeated. */
  async startParent(base) {
    if (!this.starting) return false;
    const n = ++this.asked;
    const body = { processId: "parent", businessKey: String(n), recordId: this.recordOf(n), variables: { n: String(n) } };
    this.flying++;
    try {
      const { id } = await call(base, this.token, "POST", "/instances", body);
      this.started.set(n, id);
      this.acknowledged({ start: n, id });
    } finally {
      this.flying--;
    }
    return true;
  }

  /** Sends a message that is not known to be there: of a number that was asked for, or will be soon. */
  async send(base) {
    const most = this.starting ? this.asked + AHEAD : Math.max(this.asked, this.named);
    const missing = [];
    for (let n = 1; n <= most && missing.length < 20; n++) if (!this.published.has(n)) missing.push(n);
    const n = missing[Math.floor(Math.random() * missing.length)];
    if (n === undefined) return false;
    this.named = Math.max(this.named, n);
    const body = { name: "paid", correlationKey: String(n), id: `paid ${n}`, ttlMs: HOUR, variables: { n: String(n) } };
    try {
      await call(base, this.token, "POST", "/messages", body);
    } catch (error) {
      if (error.code !== "RUN-0017") throw error;
    }
    if (!this.published.has(n)) this.acknowledged({ message: n });
    this.published.add(n);
    return true;
  }

  /** Whether every message that has to come has been taken by the server. */
  get complete() {
    for (let n = 1; n <= Math.max(this.asked, this.named); n++) if (!this.published.has(n)) return false;
    return this.flying === 0;
  }

  /** Everything that is wrong; nothing when nothing is. */
  async verify() {
    const wrong = [];
    const [base, token] = [this.targets()[0], this.token];
    const found = {};
    for (const process of FAMILY) found[process] = await listed(base, token, `/instances?processId=${process}`);
    for (const instance of Object.values(found).flat()) {
      if (instance.state !== "completed") wrong.push(`${instance.id} is ${instance.state}`);
      if (instance.incidentCount > 0) wrong.push(`${instance.id} has an incident`);
    }
    const parents = new Map(found.parent.map((instance) => [instance.id, Number(instance.businessKey)]));
    const numbers = new Set(parents.values());
    if (numbers.size !== parents.size) wrong.push(`${parents.size - numbers.size} starts are there twice`);
    for (const [n, id] of this.started) if (parents.get(id) !== n) wrong.push(`the acknowledged start ${n} (${id}) is lost`);
    const called = new Map([...parents.keys()].map((id) => [id, 0]));
    for (const child of found.child) {
      if (!called.has(child.parentId)) wrong.push(`${child.id} was called by nobody (${child.parentId})`);
      called.set(child.parentId, (called.get(child.parentId) ?? 0) + 1);
    }
    for (const [id, times] of called) if (times !== 1) wrong.push(`${id} called ${times} instances`);
    await this.histories(found, wrong);
    const effects = { told: numbers, order: this.published };
    for (const [process, expected] of Object.entries(effects)) {
      wrong.push(...once(process, expected, await this.numbersOf(found[process])));
    }
    wrong.push(...(await this.marks(base, numbers)));
    return { wrong, instances: Object.values(found).flat().length };
  }

  /** Each parent was called back and took its message once, each child threw once. */
  async histories(found, wrong) {
    const expect = (instances, facts) =>
      eachHistory(this.targets()[0], this.token, instances, (id, events) => {
        for (const [type, times] of Object.entries(facts)) {
          const count = events.filter((event) => event.type === type).length;
          if (count !== times) wrong.push(`${id}: ${type} happened ${count} times`);
        }
      });
    await expect(found.parent, { triggered: 1, jobCompleted: 1, instanceCompleted: 1 });
    await expect(found.child, { messageThrown: 1, timerFired: 1, instanceCompleted: 1 });
  }

  /** The numbers that instances were started with by a message. */
  async numbersOf(instances) {
    const numbers = [];
    await eachHistory(this.targets()[0], this.token, instances, (id, events) => {
      const n = JSON.stringify(events).match(/"n":\s*"(\d+)"/);
      numbers.push(n ? Number(n[1]) : `none of ${id}`);
    });
    return numbers;
  }

  async marks(base, numbers) {
    const marks = [];
    for (const id of this.records) {
      const record = await call(base, this.token, "GET", `/records/${id}`);
      marks.push(...record.fields.MARKS.split(",").filter(Boolean).map(Number));
    }
    return once("a mark", numbers, marks);
  }

  /** The same book with things in it that never were. */
  invented() {
    const other = new Exchange(this.targets, this.dir);
    const published = new Set(this.published).add(0);
    return Object.assign(other, this, { started: new Map(this.started).set(0, "pi_0"), published });
  }

  get counts() {
    return { asked: this.asked, started: this.started.size, messages: this.published.size };
  }
}

/** What of `found` is missing, too many, or was never expected. */
function once(what, expected, found) {
  const times = new Map();
  for (const n of found) times.set(n, (times.get(n) ?? 0) + 1);
  const wrong = [...times].filter(([n, count]) => count !== 1 || !expected.has(n)).map(([n, count]) => `${what} of ${n}: ${count} times`);
  for (const n of expected) if (!times.has(n)) wrong.push(`${what} of ${n} is lost`);
  return wrong;
}

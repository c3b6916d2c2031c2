// The load, and the book of what it was told: starts under an outside number, answers to tasks, completions of jobs.
// Only what a server acknowledged is in the book; what failed or was never answered may have happened all the same.
import { appendFileSync } from "node:fs";
import path from "node:path";
import { verify } from "./check.js";

export const PROCESS = "faults";
const JOB = "faults.work";
const RECORDS = 16;
/** Instances under way at most: what is started quicker than people answer would take minutes to end afterwards. */
const UNDER_WAY = 500;

export const flow = (id, from, to) => `<bpmn:sequenceFlow id="${id}" sourceRef="${from}" targetRef="${to}"/>`;

/** A person, a worker, a timer, and a mark in a record that tells if it was made twice. */
const model = (admin) => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">
<bpmn:process id="${PROCESS}" name="Faults" isExecutable="true">
<bpmn:startEvent id="s"/>
<bpmn:userTask id="ask" name="Ask"><bpmn:extensionElements><zeebe:userTask/>
<zeebe:assignmentDefinition assignee="${admin}"/></bpmn:extensionElements></bpmn:userTask>
<bpmn:serviceTask id="work" name="Work"><bpmn:extensionElements><zeebe:taskDefinition type="${JOB}" retries="50"/>
<zeebe:ioMapping><zeebe:input source="=n" target="n"/></zeebe:ioMapping></bpmn:extensionElements></bpmn:serviceTask>
<bpmn:intermediateCatchEvent id="rest" name="Rest"><bpmn:timerEventDefinition>
<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT1S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:serviceTask id="mark" name="Mark"><bpmn:extensionElements><zeebe:taskDefinition type="ruslo:record.update"/>
<zeebe:ioMapping><zeebe:input source="={MARKS: document.MARKS + n + &quot;,&quot;}" target="fields"/></zeebe:ioMapping>
</bpmn:extensionElements></bpmn:serviceTask>
<bpmn:endEvent id="e"/>
${flow("f1", "s", "ask")}${flow("f2", "ask", "work")}${flow("f3", "work", "rest")}${flow("f4", "rest", "mark")}${flow("f5", "mark", "e")}
</bpmn:process></bpmn:definitions>`;

/** Sends one request with a token; throws with `status` and `code` unless it was acknowledged. */
export async function call(base, token, method, address, body, timeoutMs = 15_000) {
  const json = body !== undefined && !(body instanceof FormData);
  const answer = await fetch(`${base}/api/v1${address}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(json ? { "content-type": "application/json" } : {}) },
    body: json ? JSON.stringify(body) : body,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  let code = String(answer.status);
  try {
    code = JSON.parse(text).error?.code ?? JSON.parse(text).code ?? code;
  } catch {
    // Not an answer of the server's own; the status says enough.
  }
  throw Object.assign(new Error(`${method} ${address}: ${answer.status} ${text.slice(0, 300)}`), { status: answer.status, code });
}

const sleep = (ms) => new Promise((ok) => setTimeout(ok, ms));
const any = (list) => list[Math.floor(Math.random() * list.length)];

/** Deploys a file, for the records of a catalog if one is given. */
export async function deploy(base, token, text, catalog) {
  const form = new FormData();
  form.set("file", new Blob([text], { type: "application/xml" }), "faults.bpmn");
  if (catalog) form.set("catalogId", catalog.id);
  await call(base, token, "POST", "/definitions", form);
}

export class Load {
  /** What it starts. */
  processes = [PROCESS];

  /** `targets()` gives the addresses that clients may try now. */
  constructor(targets, dir) {
    this.targets = targets;
    this.dir = dir;
    this.log = path.join(dir, "acknowledged.ndjson");
    this.started = new Map();
    this.answered = new Set();
    this.done = new Set();
    this.asked = 0;
    this.doubled = [];
    this.failures = new Map();
    /** When each acknowledgement came, to find gaps. */
    this.times = [];
    this.running = false;
    this.clients = [];
  }

  /** Deploys the process and makes the records it marks. */
  async prepare(server) {
    const api = await server.signIn();
    this.token = (await api.post("/tokens", { title: "faults" })).token;
    const base = server.url;
    const fields = [{ key: "MARKS", name: "Marks", type: "text", required: false, multiple: false }];
    const catalog = await call(base, this.token, "POST", "/catalogs", { name: "Marks", key: "marks", fields });
    this.records = [];
    for (let n = 0; n < RECORDS; n++) {
      const record = await call(base, this.token, "POST", `/catalogs/${catalog.id}/records`, { fields: { MARKS: "," } });
      this.records.push(record.id);
    }
    await this.deploy(base, catalog);
  }

  async deploy(base, catalog) {
    await deploy(base, this.token, model("admin"), catalog);
  }

  recordOf(n) {
    return this.records[n % RECORDS];
  }

  /** Begins with so many clients of each kind. `starts` bounds the instances that are asked for. */
  run({ starters = 4, people = 4, workers = 3, starts = Infinity, paceMs = 5 } = {}) {
    this.running = true;
    this.starting = true;
    this.most = this.asked + starts;
    this.spawn(starters, (base) => this.start(base), paceMs);
    this.spawn(people, (base) => this.answer(base), paceMs);
    this.spawn(workers, (base) => this.work(base), paceMs);
  }

  spawn(n, step, paceMs) {
    for (let i = 0; i < n; i++) this.clients.push(this.client(step, paceMs));
  }

  /** Stops asking for new instances; those there are go on. */
  stopStarts() {
    this.starting = false;
  }

  async stop() {
    this.running = false;
    await Promise.all(this.clients);
    this.clients = [];
  }

  async client(step, paceMs) {
    while (this.running) {
      const base = any(this.targets());
      let busy = false;
      try {
        busy = base ? await step(base) : false;
      } catch (error) {
        const kind = error.code ?? error.cause?.code ?? error.name;
        this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
        await sleep(50);
      }
      await sleep(busy ? paceMs : 50);
    }
  }

  acknowledged(what) {
    this.times.push(Date.now());
    appendFileSync(this.log, `${JSON.stringify(what)}\n`);
  }

  once(set, id, what) {
    if (set.has(id)) this.doubled.push(`${what} ${id}`);
    set.add(id);
    this.acknowledged({ [what]: id });
  }

  async start(base) {
    if (!this.starting || this.asked >= this.most) return false;
    if (this.started.size - this.done.size >= UNDER_WAY) return false;
    const n = ++this.asked;
    const body = { processId: PROCESS, businessKey: String(n), recordId: this.recordOf(n), variables: { n: String(n) } };
    const { id } = await call(base, this.token, "POST", "/instances", body);
    this.started.set(n, id);
    this.acknowledged({ start: n, id });
    return true;
  }

  async answer(base) {
    const offset = Math.floor(Math.random() * 4) * 5;
    const { items } = await call(base, this.token, "GET", `/tasks?view=mine&limit=20&offset=${offset}`);
    for (const task of items.slice(0, 5)) {
      await call(base, this.token, "POST", `/tasks/${task.id}/complete`, { outcome: task.outcomes[0] ?? "" });
      this.once(this.answered, task.id, "task");
    }
    return items.length > 0;
  }

  async work(base) {
    const ask = { type: JOB, max: 10, leaseMs: 5_000, waitMs: 500, worker: "faults" };
    const { jobs: items } = await call(base, this.token, "POST", "/jobs/activate", ask);
    for (const job of items ?? []) {
      await call(base, this.token, "POST", `/jobs/${job.id}/complete`, { result: {} });
      this.once(this.done, job.id, "job");
    }
    return items.length > 0;
  }

  /** Whether nothing is left for clients to send. */
  get complete() {
    return true;
  }

  verify() {
    return verify(this);
  }

  /** The same book with things in it that never were. */
  invented() {
    const [started, answered, done] = [new Map(this.started).set(0, "pi_0"), new Set(this.answered).add("task_0"), new Set(this.done).add("job_0")];
    return Object.assign(new Load(this.targets, this.dir), this, { started, answered, done });
  }

  get counts() {
    return { asked: this.asked, started: this.started.size, tasks: this.answered.size, jobs: this.done.size };
  }

  /** The longest time between two acknowledgements since `from`. */
  longestGap(from) {
    let [longest, last] = [0, from];
    for (const at of this.times.filter((t) => t >= from)) {
      longest = Math.max(longest, at - last);
      last = at;
    }
    return longest;
  }

  failed() {
    return [...this.failures.entries()].sort((a, b) => b[1] - a[1]).map(([kind, n]) => `${kind} ${n}`).join(", ");
  }
}

// The DBOS peer: workflows and closed loop of clients in one process, on PostgreSQL. Argument: the database's URL.
// A request is one line "JOB CLIENTS SECONDS", an answer one JSON object.
import { DBOS } from "@dbos-inc/dbos-sdk";
import readline from "node:readline";

const url = process.argv[2];
DBOS.setConfig({
  name: "bench", systemDatabaseUrl: url, logLevel: "error", systemDatabasePoolSize: 20, applicationVersion: "1",
  runAdminServer: false,
});

const double = (x) => ({ ...x, total: x.amount * 2 });
const route = (x) => ({ ...x, route: x.total > 100 ? "big" : "small" });
const done = (x) => ({ ...x, done: true });
const step = (name, f) => DBOS.runStep(async () => f(), { name });

async function checkpointed(x) {
  let v = await step("s1", () => double(x));
  v = v.total > 100 ? await step("s2a", () => route(v)) : await step("s2b", () => route(v));
  return step("s3", () => done(v));
}

const queue = [];
const idle = [];
function put(id) {
  queue.push(id);
  idle.shift()?.();
}

async function service(x) {
  const id = DBOS.workflowID;
  await step("dispatch", () => put(id));
  const result = await DBOS.recv("done", 60);
  if (result === null) throw new Error("nobody completed the job");
  return { ...x, ...result };
}

async function worker() {
  for (;;) {
    while (queue.length === 0) await new Promise((wake) => idle.push(wake));
    await DBOS.send(queue.shift(), { ok: true }, "done");
  }
}

const jobs = {
  A: DBOS.registerWorkflow(checkpointed, { name: "A" }),
  A0: DBOS.registerWorkflow(async (x) => done(route(double(x))), { name: "A0" }),
  B: DBOS.registerWorkflow(service, { name: "B" }),
};

const note = "x".repeat(200);
let next = 0;

async function measure(name, clients, seconds) {
  const times = [];
  let errors = 0;
  let first = "";
  const job = jobs[name];
  const began = performance.now();
  const until = began + seconds * 1000;
  async function client() {
    for (let now = performance.now(); now < until; now = performance.now()) {
      const n = next++;
      try {
        await job({ amount: n % 100, customer: `c${n}`, note });
        times.push(performance.now() - now);
      } catch (e) {
        errors += 1;
        first ||= String(e);
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, client));
  const took = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.floor((times.length - 1) * q)] ?? 0;
  return {
    job: name, clients, ok: times.length, errors, seconds: took, per_second: times.length / took,
    p50_ms: at(0.5), p99_ms: at(0.99), first_error: first,
  };
}

await DBOS.launch();
for (let i = 0; i < 8; i++) worker();
console.log(JSON.stringify({ ready: true, runtime: `Node ${process.version}` }));
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, clients, seconds] = line.split(" ");
  const answer = jobs[name] ? await measure(name, Number(clients), Number(seconds)) : { error: `no job ${name}` };
  console.log(JSON.stringify(answer));
}
process.exit(0);

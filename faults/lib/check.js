// The checker: reads everything back through the API and compares it with what was acknowledged.
import { until } from "../../e2e/lib/server.js";
import { call, PROCESS } from "./load.js";

const PAGE = 200;

/** All pages of a list. */
export async function listed(base, token, address) {
  const found = [];
  for (;;) {
    const glue = address.includes("?") ? "&" : "?";
    const page = await call(base, token, "GET", `${address}${glue}limit=${PAGE}&offset=${found.length}`, undefined, 60_000);
    found.push(...page.items);
    if (page.items.length < PAGE) return found;
  }
}

/** Waits until every instance has come to its end, with people and workers still at it. */
export async function settle(load, timeoutMs = 90_000) {
  load.stopStarts();
  let left;
  try {
    await until("all instances to end", async () => {
      const base = load.targets()[0];
      for (const process of load.processes) {
        left = await call(base, load.token, "GET", `/instances?processId=${process}&state=active&limit=3`);
        if (left.items.length > 0) return false;
      }
      return load.complete;
    }, { timeoutMs, everyMs: 250 });
  } catch (error) {
    throw new Error(`${error.message}; clients met ${load.failed()}; left ${left?.total}: ${JSON.stringify(left?.items)}`);
  }
  await load.stop();
}

/** Everything that is wrong; nothing when nothing is. */
export async function verify(load) {
  const wrong = [...load.doubled.map((what) => `acknowledged twice: ${what}`)];
  const [base, token] = [load.targets()[0], load.token];
  const instances = await listed(base, token, `/instances?processId=${PROCESS}`);
  const byNumber = new Map();
  for (const instance of instances) {
    const n = Number(instance.businessKey);
    if (byNumber.has(n)) wrong.push(`start ${n} is there twice: ${byNumber.get(n)} and ${instance.id}`);
    byNumber.set(n, instance.id);
    if (instance.state !== "completed") wrong.push(`${instance.id} is ${instance.state}`);
    if (instance.incidentCount > 0) wrong.push(`${instance.id} has an incident`);
  }
  for (const [n, id] of load.started) {
    if (byNumber.get(n) !== id) wrong.push(`the acknowledged start ${n} (${id}) is lost`);
  }
  const facts = { tasks: new Set(), jobs: new Set() };
  await eachHistory(base, token, instances, (id, events) => wrong.push(...history(id, events, facts)));
  for (const task of load.answered) if (!facts.tasks.has(task)) wrong.push(`the acknowledged answer to ${task} is lost`);
  for (const job of load.done) if (!facts.jobs.has(job)) wrong.push(`the acknowledged completion of ${job} is lost`);
  wrong.push(...(await marks(load, base, token, byNumber)));
  return { wrong, instances: instances.length };
}

export async function eachHistory(base, token, instances, look) {
  const queue = [...instances];
  const reader = async () => {
    for (let instance = queue.pop(); instance; instance = queue.pop()) {
      look(instance.id, await listed(base, token, `/instances/${instance.id}/history`));
    }
  };
  await Promise.all(Array.from({ length: 8 }, reader));
}

/** Every step of one instance, once. */
function history(id, events, facts) {
  const wrong = [];
  const count = (type) => events.filter((e) => e.type === type).length;
  for (const [type, times] of [["userTaskCompleted", 1], ["jobCompleted", 2], ["timerFired", 1], ["instanceCompleted", 1]]) {
    if (count(type) !== times) wrong.push(`${id}: ${type} happened ${count(type)} times`);
  }
  for (const event of events) {
    const data = event.event ?? event.data ?? event;
    if (event.type === "userTaskCompleted" || event.type === "userTaskAnswered") facts.tasks.add(named("task", data.task));
    if (event.type === "jobCompleted") facts.jobs.add(named("job", data.job));
  }
  return wrong;
}

const named = (kind, id) => (String(id).startsWith(kind) ? String(id) : `${kind}_${id}`);

/** Each instance wrote its number into its record once. */
async function marks(load, base, token, byNumber) {
  const wrong = [];
  const seen = new Map();
  for (const id of load.records) {
    const record = await call(base, token, "GET", `/records/${id}`);
    for (const n of record.fields.MARKS.split(",").filter(Boolean)) seen.set(Number(n), (seen.get(Number(n)) ?? 0) + 1);
  }
  for (const n of byNumber.keys()) if (seen.get(n) !== 1) wrong.push(`${n} marked its record ${seen.get(n) ?? 0} times`);
  for (const n of seen.keys()) if (!byNumber.has(n)) wrong.push(`${n} marked its record, but there is no such instance`);
  return wrong;
}

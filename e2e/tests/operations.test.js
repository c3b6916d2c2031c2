// What an administrator does: watch, trace, back up beside the running server, restore, move between databases, ask the
// doctor. On the embedded database, and from there to PostgreSQL and back.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Server, until } from "../lib/server.js";

const POSTGRES = path.resolve(import.meta.dirname, "../../tools/postgres");
const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">';
const CALLING = (url) =>
  `${HEAD}<bpmn:process id="calling" name="Calling" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="call"/>` +
  `<bpmn:serviceTask id="call" name="Call"><bpmn:extensionElements><zeebe:taskDefinition type="ruslo:http"/><zeebe:ioMapping><zeebe:input source="${url}" target="url"/><zeebe:input source="POST" target="method"/></zeebe:ioMapping></bpmn:extensionElements></bpmn:serviceTask>` +
  '<bpmn:sequenceFlow id="f2" sourceRef="call" targetRef="ask"/><bpmn:userTask id="ask" name="Ask"><bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition assignee="user_1"/></bpmn:extensionElements></bpmn:userTask>' +
  '<bpmn:sequenceFlow id="f3" sourceRef="ask" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:process></bpmn:definitions>';

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const server = new Server();
const requests = [];
const spans = [];
let api, handler, collector, dir;

/** A server of ours that keeps what it is sent. */
async function listen(kept) {
  const made = http.createServer((request, response) => {
    const body = [];
    request.on("data", (part) => body.push(part));
    request.on("end", () => {
      kept.push({ url: request.url, headers: request.headers, body: Buffer.concat(body) });
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  });
  made.listen(0, "127.0.0.1");
  await new Promise((ok) => made.once("listening", ok));
  return made;
}

before(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), "ruslo-ops-"));
  [handler, collector] = [await listen(requests), await listen(spans)];
  server.extra = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}`,
    OTEL_BSP_SCHEDULE_DELAY: "200",
    RUSLO_LOG_FORMAT: "json",
  };
  await server.start();
  api = await server.signIn();
});
after(async () => {
  handler.close();
  collector.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function deploy(xml) {
  const form = new FormData();
  form.append("file", new Blob([xml]), "calling.bpmn");
  const answer = await fetch(`${server.url}/api/v1/definitions`, { method: "POST", headers: api.headers, body: form });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).definitions[0];
}

test("a request, its command and the call to the handler are one trace", async () => {
  const definition = await deploy(CALLING(`http://127.0.0.1:${handler.address().port}/hook`));
  api.headers.traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
  const started = await api.post("/instances", { definitionId: definition.id });
  delete api.headers.traceparent;
  const call = await until("the handler to be called", () => requests[0]);
  assert.match(call.headers.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  assert.ok(call.headers["idempotency-key"], "the call carries its key");
  await until("the spans to arrive", () => {
    const all = Buffer.concat(spans.map((s) => s.body));
    const names = ["POST /api/v1/instances", "start instance", "call handler", started.id];
    return all.includes(Buffer.from(TRACE, "hex")) && names.every((name) => all.includes(name));
  });
  assert.ok(!Buffer.concat(spans.map((s) => s.body)).includes("/hook"), "no address stands in a span");
});

test("metrics tell what a graph needs, and the log is one JSON object a line", async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  for (const name of ["ruslo_commands_total", "ruslo_commands_queued", "ruslo_store_commits_total", "ruslo_partitions_owned"]) {
    assert.match(text, new RegExp(`^${name}[ {]`, "m"), name);
  }
  const samples = text.split("\n").filter((line) => line && !line.startsWith("#"));
  for (const line of samples) assert.match(line, /^[a-z_]+(\{[^}]*\})? [-+0-9.eEInfNa]+$/);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  const lines = server.output().split("\n").filter((line) => line.startsWith("{"));
  for (const line of lines) assert.ok(JSON.parse(line).level, line);
});

test("a backup beside the running server restores into an empty database, and a cut one is refused", async () => {
  const archive = path.join(dir, "all.archive");
  const told = JSON.parse(await server.cli("backup", archive, "--json"));
  assert.ok(told.rows > 5 && told.tables.instances.rows === 1);
  assert.equal(statSync(archive).mode & 0o777, 0o600);
  await assert.rejects(server.cli("backup", archive), /--force/);
  await assert.rejects(server.cli("restore", archive, "--data-dir", path.join(server.dir, "data")), /another process runs|has rows/);

  const restored = new Server({ database: null });
  try {
    await restored.cli("restore", archive);
    await assert.rejects(restored.cli("restore", archive), /has rows/);
    await restored.start();
    const there = await restored.signIn();
    assert.equal((await there.get("/instances")).total, 1);
    assert.equal((await there.get("/tasks")).items[0].title, "Ask");
  } finally {
    await restored.stop();
  }
  truncateSync(archive, told.bytes - 20);
  const refused = path.join(dir, "empty");
  await assert.rejects(server.cli("restore", archive, "--data-dir", refused), /cut/);
});

test("the doctor finds nothing wrong, and says what is", async () => {
  const findings = (await server.cli("doctor", "--json")).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(findings.filter((f) => f.level === "error"), []);
  for (const check of ["commit", "timers", "outbox", "incidents", "definitions", "journals"]) {
    assert.ok(findings.some((f) => f.check === check && f.level === "ok"), check);
  }
  await assert.rejects(server.cli("doctor", "--data-dir", path.join(dir, "nowhere")), (error) => error.code === 1);
});

test("everything moves to PostgreSQL and back, and goes on there", async () => {
  await assert.rejects(server.cli("migrate", "--to", path.join(dir, "x")), /another process runs|stop the nodes/);
  const before = await api.get("/instances");
  await server.kill();
  const name = `e2e_move_${process.pid}`;
  const url = execFileSync(POSTGRES, ["create", name], { encoding: "utf8" }).trim();
  try {
    assert.match(await server.cli("migrate", "--to", url), /rows moved and compared/);
    const moved = new Server({ database: url });
    try {
      await moved.start();
      const there = await moved.signIn();
      assert.deepEqual((await there.get("/instances")).items.map((i) => i.id), before.items.map((i) => i.id));
      const task = (await there.get("/tasks")).items[0];
      await until("the partitions to be served", () => there.post(`/tasks/${task.id}/complete`, {}).then(() => true));
      assert.equal((await there.get(`/instances/${before.items[0].id}`)).state, "completed");
      await assert.rejects(moved.cli("migrate", "--to", path.join(dir, "y")), /stop the nodes/);
      const archive = path.join(dir, "pg.archive");
      await moved.cli("backup", archive);
      assert.ok(existsSync(archive) && readFileSync(archive).subarray(0, 5).toString() === "RUSLO");
      const back = new Server({ database: null });
      try {
        await back.cli("restore", archive);
        await back.start();
        assert.equal((await (await back.signIn()).get(`/instances/${before.items[0].id}`)).state, "completed");
      } finally {
        await back.stop();
      }
    } finally {
      await moved.stop();
    }
  } finally {
    execFileSync(POSTGRES, ["drop", name]);
  }
});

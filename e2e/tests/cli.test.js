// The command line, as an author or an administrator uses it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { BIN, Server } from "../lib/server.js";

const run = promisify(execFile);
let dir;
before(() => (dir = mkdtempSync(path.join(os.tmpdir(), "ruslo-cli-"))));
after(() => rmSync(dir, { recursive: true, force: true }));

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">';
const process = (body, attributes = 'isExecutable="true"') =>
  `${HEAD}<bpmn:process id="p" name="P" ${attributes}>${body}</bpmn:process></bpmn:definitions>`;
const WAITING = process(
  '<bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="work"/>' +
    '<bpmn:serviceTask id="work" name="Work"><bpmn:extensionElements><zeebe:taskDefinition type="worker"/></bpmn:extensionElements></bpmn:serviceTask>' +
    '<bpmn:sequenceFlow id="f2" sourceRef="work" targetRef="wait"/>' +
    '<bpmn:intermediateCatchEvent id="wait" name="Wait"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>' +
    '<bpmn:sequenceFlow id="f3" sourceRef="wait" targetRef="ask"/>' +
    '<bpmn:userTask id="ask" name="Ask"><bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition assignee="user_1"/></bpmn:extensionElements></bpmn:userTask>' +
    '<bpmn:sequenceFlow id="f4" sourceRef="ask" targetRef="e"/><bpmn:endEvent id="e"/>',
);

function file(name, content) {
  const full = path.join(dir, name);
  writeFileSync(full, content);
  return full;
}

async function ruslo(...args) {
  try {
    return { code: 0, ...(await run(BIN, args)) };
  } catch (error) {
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

test("check says ok, or what is wrong and where, and how bad it is by its exit code", async () => {
  const good = file("good.bpmn", WAITING);
  const notYet = file("not-yet.bpmn", process('<bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f" sourceRef="s" targetRef="g"/><bpmn:serviceTask id="g"/>'));
  const bomb = file("bomb.bpmn", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>');
  const broken = file("broken.bpmn", `${HEAD}<bpmn:process`);

  assert.deepEqual(await ruslo("check", good), { code: 0, stdout: `${good}: ok\n`, stderr: "" });
  const stored = await ruslo("check", notYet);
  assert.equal(stored.code, 0, "a model that only can not be deployed can be stored");
  assert.match(stored.stdout, /error LN-24 at g: /);
  assert.equal((await ruslo("check", "--deployable", notYet)).code, 1);
  for (const refused of [bomb, broken]) {
    const answer = await ruslo("check", refused);
    assert.equal(answer.code, 1);
    assert.match(answer.stdout, /error LN-01 at line \d+, column \d+: /);
  }
  const json = (await ruslo("check", "--json", notYet, bomb)).stdout.trim().split("\n").map((l) => JSON.parse(l));
  assert.deepEqual(json.map((o) => [o.stored, o.deployable]), [[true, false], [false, false]]);
  assert.ok(json[0].diagnostics.some((d) => d.code === "LN-24" && d.severity === "error" && d.element === "g" && d.message));
});

test("check --export gives an unchanged model back, with a diagram where there was none", async () => {
  const good = file("export.bpmn", WAITING);
  const out = path.join(dir, "out");
  assert.equal((await ruslo("check", "--export", out, good)).code, 0);
  const exported = readFileSync(path.join(out, "export.bpmn"), "utf8");
  assert.ok(exported.includes("BPMNDiagram"), "shapes were laid out");
  const again = file("again.bpmn", exported);
  await ruslo("check", "--export", out, again);
  assert.equal(readFileSync(path.join(out, "again.bpmn"), "utf8"), exported, "a complete file comes back byte by byte");
});

test("check takes the public .bpt sample and exports a .bpt that it takes again", async () => {
  const sample = path.resolve(import.meta.dirname, "../../crates/formats/tests/data/bp-379.bpt");
  const out = path.join(dir, "bpt");
  assert.equal((await ruslo("check", "--deployable", "--export", out, sample)).stdout, `${sample}: ok\n`);
  assert.equal((await ruslo("check", "--deployable", path.join(out, "bp-379.bpt"))).code, 0);
});

test("run feeds the steps in order and prints the journal, one event a line", async () => {
  const model = file("run.bpmn", WAITING);
  const all = await ruslo("run", model, "--var", "n=1", "--complete", "work=done=true", "--advance", "PT1H", "--complete", "ask");
  assert.equal(all.code, 0, all.stderr);
  const events = all.stdout.trim().split("\n").map((l) => JSON.parse(l));
  assert.equal(events[0].event, "instanceCreated");
  assert.equal(events.at(-1).event, "instanceCompleted");
  const activated = events.filter((e) => e.event === "elementActivated").map((e) => e.element);
  assert.deepEqual(activated, ["s", "work", "wait", "ask", "e"]);
  const early = await ruslo("run", model, "--advance", "PT2H");
  assert.ok(!early.stdout.includes("timerArmed"), "the timer is not armed while the job waits");
  assert.match((await ruslo("run", model, "--complete", "nothing")).stderr, /nothing waits at `nothing`/);
});

test("admin works on the database directly, and through the server that owns it", async () => {
  const server = new Server();
  try {
    await server.start();
    await server.kill();
    const offline = JSON.parse(await server.cli("admin", "create-webhook", "--user", "admin", "--scope", "bizproc,user"));
    assert.deepEqual(Object.keys(offline), ["url"]);
    await server.start();
    const hook = (await (await fetch(`${offline.url}user.current.json`)).json()).result;
    assert.equal(hook.ID, "1");
    const app = JSON.parse(await server.cli("admin", "create-app", "--name", "Demo", "--scope", "bizproc"));
    assert.deepEqual(Object.keys(app).sort(), ["access_token", "client_id", "client_secret", "member_id", "refresh_token"]);
    assert.match(app.client_id, /^local\.[0-9a-f]{14}\.[0-9]{8}$/);
    assert.equal((await server.rest("app.info", {}, app.access_token)).body.result.STATUS, "L");
    const { id } = JSON.parse(await server.cli("admin", "create-user", "--login", "petr", "--password", "a long password"));
    assert.match(id, /^user_\d+$/);
    await server.signIn("petr", "a long password");
    const { token } = JSON.parse(await server.cli("admin", "create-token"));
    const model = file("deploy.bpmn", WAITING);
    const deployed = await run(BIN, ["deploy", model, "--name", "From the command line"], {
      env: { ...server.env, RUSLO_URL: server.url, RUSLO_TOKEN: token },
    });
    assert.match(deployed.stdout, /"def_\d+"/);
    await assert.rejects(server.cli("serve"), /another process runs on|can not listen/);
  } finally {
    await server.stop();
  }
});

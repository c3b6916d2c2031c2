// The main job over the wire: the md5 app in Python and in PHP, three ways to start, and everything that goes wrong.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Server, until } from "../lib/server.js";
import { deploy, makeRecord, md5, rootVariables, startApp, storyModel, untilElement, untilState } from "../lib/story.js";

const NAME = "Договор № 7";
const server = new Server();
let api, oauth, place;

before(async () => {
  await server.start();
  api = await server.signIn();
  oauth = JSON.parse(await server.cli("admin", "create-app", "--name", "Wire", "--scope", "bizproc,user"));
  place = await makeRecord(api, NAME);
});
after(() => server.stop());

const token = () => oauth.access_token;
const documentId = () => ["lists", "BizprocDocument", place.record.id.replace("rec_", "")];

async function startByHand(definitionId) {
  return (await api.post("/instances", { definitionId, recordId: place.record.id })).id;
}

for (const language of ["python", "php"]) {
  describe(`the md5 app in ${language}`, () => {
    let app, definition;
    before(async () => {
      await server.rest("bizproc.activity.delete", { CODE: "md5" }, token());
      app = await startApp(server, language, { token: token(), env: { LOG_LINE: "thinking about it" } });
      definition = await deploy(api, storyModel(oauth.client_id, { id: `story-${language}` }), { catalogId: place.catalog.id });
    });
    after(() => app.stop());

    test("a process calls it, asks a person, and finishes; started three ways", async () => {
      const viaRest = await startByHand(definition);
      const started = await server.rest("bizproc.workflow.start", { TEMPLATE_ID: Number(definition.replace("def_", "")), DOCUMENT_ID: documentId() }, token());
      assert.match(started.body.result, /^[0-9a-f]{14}\.\d{8}$/);
      const listed = await server.rest("bizproc.workflow.instances", { SELECT: ["ID", "TEMPLATE_ID", "DOCUMENT_ID"] }, token());
      assert.ok(listed.body.result.some((row) => row.ID === started.body.result), "the id is usable at once");

      const waiting = await untilElement(api, viaRest, "approve", "active");
      assert.equal(rootVariables(waiting).md5.outputString, md5(NAME));
      const history = (await api.get(`/instances/${viaRest}/history`)).items;
      assert.ok(history.some((h) => JSON.stringify(h).includes("thinking about it")), "bizproc.activity.log shows in the history");
      const [call] = (await api.get(`/instances/${viaRest}/calls`)).items;
      assert.equal(call.status, 200);
      assert.ok(call.durationMs >= 0 && call.request.includes("inputString") && !call.request.includes(token()));

      // One of the two is completed natively, the other over bizproc.task.complete.
      const tasks = (await server.rest("bizproc.task.list", { SELECT: ["ID", "WORKFLOW_ID", "ACTIVITY", "PARAMETERS"], FILTER: { USER_STATUS: 0 } }, token())).body;
      const row = await until("the second task", async () => {
        const list = (await server.rest("bizproc.task.list", { SELECT: ["ID", "WORKFLOW_ID", "ACTIVITY", "PARAMETERS"] }, token())).body.result;
        return list.find((t) => t.WORKFLOW_ID === started.body.result);
      });
      assert.ok(tasks.total >= 1);
      assert.equal(row.ACTIVITY, "RequestInformationActivity");
      assert.ok(row.PARAMETERS.Fields.some((f) => f.Id === "remark" && f.Required === true));
      const missing = await server.rest("bizproc.task.complete", { TASK_ID: row.ID, STATUS: "ok", FIELDS: {} }, token());
      assert.deepEqual([missing.status, missing.body.error], [400, "ERROR_TASK_EXECUTION"]);
      const done = await server.rest("bizproc.task.complete", { TASK_ID: row.ID, STATUS: "ok", FIELDS: { remark: "over REST" } }, token());
      assert.equal(done.body.result, true);
      const again = await server.rest("bizproc.task.complete", { TASK_ID: row.ID, STATUS: "ok", FIELDS: { remark: "x" } }, token());
      assert.equal(again.body.error, "ERROR_TASK_COMPLETED");

      const task = waiting.tasks.find((t) => t.state === "open");
      await api.post(`/tasks/${task.id}/complete`, { outcome: "ok", values: { remark: "natively" } });
      const finished = await untilState(api, viaRest, "completed");
      assert.equal(rootVariables(finished).summary, `natively: ${md5(NAME)}`);
      await assert.rejects(api.post(`/tasks/${task.id}/complete`, { outcome: "ok", values: { remark: "x" } }), (e) => e.status === 409 && e.body.code === "RUN-0003");
    });
  });
}

describe("a handler that is slow, wrong or gone", () => {
  let definition;
  const apps = [];
  async function withMode(mode, env = {}) {
    await server.rest("bizproc.activity.delete", { CODE: "md5" }, token());
    const app = await startApp(server, "python", { token: token(), env: { HANDLER_MODE: mode, ...env } });
    apps.push(app);
    return app;
  }
  before(async () => {
    await withMode("hold");
    definition = await deploy(api, storyModel(oauth.client_id, { id: "story-bad" }), { catalogId: place.catalog.id });
  });
  after(() => apps.forEach((app) => app.stop()));

  test("killed with SIGKILL while the answer is outstanding: the answer is accepted, nothing happens twice", async () => {
    const app = await withMode("hold");
    const id = await startByHand(definition);
    await until("the call to be held", () => app.held().length === 1);
    const [held] = app.held();
    await server.kill();
    assert.ok((await server.start()) < 5_000);
    api = await server.signIn();
    const before = await api.get(`/instances/${id}`);
    assert.equal(before.elements.find((e) => e.elementId === "md5").state, "active");
    const fields = Object.fromEntries(Object.entries(held.fields ?? held).map(([k, v]) => [k, v]));
    const eventToken = fields.event_token ?? JSON.stringify(held).match(/"event_token":\s*"([^"]+)"/)[1];
    const send = () => server.rest("bizproc.event.send", { event_token: eventToken, return_values: { outputString: md5(NAME) } }, token());
    assert.equal((await send()).body.result, true);
    assert.equal((await send()).body.result, true, "a second answer is accepted and has no effect");
    const waiting = await untilElement(api, id, "approve", "active");
    assert.equal(waiting.elements.find((e) => e.elementId === "md5").count, 1);
    assert.equal(waiting.tasks.length, 1);
    await api.post(`/tasks/${waiting.tasks[0].id}/complete`, { outcome: "ok", values: { remark: "after the kill" } });
    await untilState(api, id, "completed");
    const late = await send();
    assert.deepEqual([late.status, late.body.error], [400, "404"], "an answer after the end is told apart");
    const forged = await server.rest("bizproc.event.send", { event_token: `${eventToken.slice(0, -1)}0`, return_values: {} }, token());
    assert.equal(forged.status, eventToken.endsWith("0") ? 400 : 403);
  });

  for (const [mode, shown] of [["fail500", (c) => c.status === 500], ["redirect", (c) => c.status >= 300 && c.status < 400], ["flood", (c) => c.status === 200 && c.response.length <= 70_000], ["hang", (c) => c.status === null && /time|answer/i.test(c.error)]]) {
    test(`${mode}: the step keeps waiting, the call is shown, and nothing is lost`, async () => {
      await withMode(mode);
      const id = await startByHand(definition);
      // A handler that hangs is given up after half a minute, and a call that failed in another way is tried again.
      await until("the call to be logged", async () => (await api.get(`/instances/${id}/calls`)).items.some(shown), { timeoutMs: 120_000 });
      const instance = await api.get(`/instances/${id}`);
      assert.equal(instance.state, "active");
      assert.ok(["active", "incident"].includes(instance.elements.find((e) => e.elementId === "md5").state));
      await api.post(`/instances/${id}/cancel`, { reason: "test" });
      assert.equal((await api.get(`/instances/${id}`)).state, "canceled");
    });
  }
});

describe("bad input, said plainly", () => {
  const cases = [
    ["a wrong token", () => server.rest("bizproc.activity.list", {}, "nonsense"), 401, "invalid_token"],
    ["no token", () => server.rest("bizproc.activity.list", {}), 401, "NO_AUTH_FOUND"],
    ["a missing scope", () => server.rest("lists.get", {}, token()), [403, 404], ["insufficient_scope", "ERROR_METHOD_NOT_FOUND"]],
    ["an unknown method", () => server.rest("bizproc.no.such", {}, token()), 404, "ERROR_METHOD_NOT_FOUND"],
    ["an unknown template", () => server.rest("bizproc.workflow.start", { TEMPLATE_ID: 99999, DOCUMENT_ID: documentId() }, token()), 400, "ERROR_WRONG_WORKFLOW_ID"],
    ["a wrong document", () => server.rest("bizproc.workflow.start", { TEMPLATE_ID: 1, DOCUMENT_ID: ["lists", "BizprocDocument", "99999"] }, token()), 400, ""],
    ["an activity without a name", () => server.rest("bizproc.activity.add", { CODE: "x", HANDLER: "http://example.org/x" }, token()), 400, "ERROR_ACTIVITY_VALIDATION_FAILURE"],
  ];
  for (const [what, call, status, error] of cases) {
    test(what, async () => {
      const answer = await call();
      assert.ok([status].flat().includes(answer.status), `${answer.status} ${JSON.stringify(answer.body)}`);
      assert.ok([error].flat().includes(answer.body.error), JSON.stringify(answer.body));
      assert.ok(!("result" in answer.body));
    });
  }

  const scripted = (id, script) => `<?xml version="1.0"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><bpmn:process id="${id}" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f" sourceRef="s" targetRef="x"/><bpmn:scriptTask id="x" scriptFormat="javascript"><bpmn:script>${script}</bpmn:script></bpmn:scriptTask><bpmn:sequenceFlow id="g" sourceRef="x" targetRef="e"/><bpmn:endEvent id="e"/></bpmn:process></bpmn:definitions>`;
  for (const [what, script, code, takesItsTime] of [
    ["loops", "while (true) {}", /EXP-0004/, true],
    ["eats memory", "const a = []; while (true) a.push(new Array(100000).fill(1));", /EXP-0005|more memory than allowed/],
    ["throws", "throw new Error('no luck')", /no luck/],
  ]) {
    test(`a script that ${what} becomes an incident and delays nobody`, async () => {
      const definition = await deploy(api, scripted(`bad-${what.split(" ")[0]}`, script), { name: what });
      const healthy = await deploy(api, scripted(`good-${what.split(" ")[0]}`, "return { n: 1 }"), { name: `good ${what}` });
      const { id } = await api.post("/instances", { definitionId: definition });
      const other = await api.post("/instances", { definitionId: healthy, waitMs: 30_000 });
      assert.equal(other.state, "completed");
      const instance = await until("the incident", async () => {
        const view = await api.get(`/instances/${id}`);
        // Both parts of the page are read one after the other.
        const shown = view.elements.find((e) => e.elementId === "x")?.state === "incident" && view.incidents.length > 0;
        return shown ? view : null;
      });
      assert.match(JSON.stringify(instance.incidents), code);
      const { finishedAt } = await api.get(`/instances/${other.id}`);
      if (takesItsTime) assert.ok(finishedAt < instance.incidents[0].createdAt, "others go on meanwhile");
      await api.post(`/instances/${id}/cancel`, { reason: "test" });
    });
  }

  test("a variable over its limit is refused at the door or held as an incident, never a crash", async () => {
    const definition = await deploy(api, scripted("big", "return { big: 'x'.repeat(2 * 1024 * 1024) }"), { name: "big" });
    const { id } = await api.post("/instances", { definitionId: definition });
    const view = await until("the incident", async () => {
      const instance = await api.get(`/instances/${id}`);
      return instance.incidents.length > 0 ? instance : null;
    });
    assert.match(JSON.stringify(view.incidents), /ENG-0009/);
    await assert.rejects(
      api.post("/instances", { definitionId: definition, variables: { big: "x".repeat(2 * 1024 * 1024) } }),
      (e) => e.status === 413 && e.body.code === "ENG-0009",
    );
  });

  test("broken form encoding and broken JSON are answered as JSON", async () => {
    for (const [type, body] of [["application/x-www-form-urlencoded", "a[[[=%zz&%%%"], ["application/json", "{broken"]]) {
      const answer = await fetch(`${server.url}/rest/server.time.json?auth=${token()}`, { method: "POST", headers: { "content-type": type }, body });
      assert.equal(answer.status, 200);
      assert.ok((await answer.json()).result);
    }
  });
});

test("the public .bpt sample is added, runs, tells its author, and is shown as a diagram", async () => {
  const sample = readFileSync(path.resolve(import.meta.dirname, "../../crates/formats/tests/data/bp-379.bpt")).toString("base64");
  const type = ["lists", "BizprocDocument", `iblock_${place.catalog.id.replace("cat_", "")}`];
  const added = await server.rest("bizproc.workflow.template.add", { DOCUMENT_TYPE: type, NAME: "bp-379", TEMPLATE_DATA: ["bp-379.bpt", sample], AUTO_EXECUTE: 0 }, token());
  assert.equal(typeof added.body.result, "number", JSON.stringify(added.body));
  const started = await server.rest("bizproc.workflow.start", { TEMPLATE_ID: added.body.result, DOCUMENT_ID: documentId() }, token());
  assert.match(started.body.result, /^[0-9a-f]{14}\.\d{8}$/);
  const note = await until("the notification", async () => {
    const { items } = await api.get("/notifications");
    return items.find((n) => n.text.includes("Время сервера"));
  });
  assert.match(note.text, /Текущая дата: \d{2}\.\d{2}\.\d{4}/);
  const definition = await api.get(`/definitions/def_${added.body.result}`);
  assert.equal(definition.origin, "bpt");
  assert.ok(definition.bpmn.includes("BPMNShape") && definition.bpmn.includes("A50060_89629_69262_59252"));
});

// What is acknowledged stands in every list at once: each client looks with its very next request.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server } from "../lib/server.js";
import { deploy } from "../lib/story.js";

const CLIENTS = 12;
const TURNS = 8;
const MODEL = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="http://ruslo.dev/e2e">
  <bpmn:process id="lag" name="Look at once" isExecutable="true">
    <bpmn:startEvent id="start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="ask" />
    <bpmn:userTask id="ask" name="Look">
      <bpmn:extensionElements><zeebe:userTask /><zeebe:assignmentDefinition assignee="admin" /></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f2" sourceRef="ask" targetRef="end" /><bpmn:endEvent id="end" />
  </bpmn:process>
</bpmn:definitions>`;

const server = new Server();
let api, definition;

before(async () => {
  await server.start();
  api = await server.signIn();
  definition = await deploy(api, MODEL);
});
after(() => server.stop());

const holds = (page, id) => page.items.some((item) => item.id === id);
const PAGE = `limit=${CLIENTS * TURNS}`;

async function turn() {
  const { id } = await api.post("/instances", { definitionId: definition });
  const running = await api.get(`/instances?state=active&definitionId=${definition}&${PAGE}`);
  assert.ok(holds(running, id), "a started instance is in the list of those that run");
  const instance = await api.get(`/instances/${id}`);
  const [task] = instance.tasks;
  const open = await api.get(`/tasks?view=mine&${PAGE}`);
  assert.ok(holds(open, task.id), "its task is in the list of its assignee");
  await api.post(`/tasks/${task.id}/complete`, { outcome: "ok", values: {} });
  assert.ok(!holds(await api.get(`/tasks?view=mine&${PAGE}`), task.id), "a completed task is no longer in it");
  const ended = await api.get(`/instances?state=completed&definitionId=${definition}&${PAGE}`);
  assert.ok(holds(ended, id), "its instance is in the list of those that ended");
}

test("what is acknowledged stands in every list at once", async () => {
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let n = 0; n < TURNS; n++) await turn();
  }));
  assert.deepEqual((await api.get("/tasks?view=mine")).items, []);
});

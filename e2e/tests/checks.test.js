// The rules run in the browser: a fault is seen where it was drawn though the server does not check, and what only the
// server knows is added when it does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, shot, signIn } from "../lib/browser.js";
import { Designer } from "../lib/designer.js";
import { Server } from "../lib/server.js";

const CALLS = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
  <bpmn:process id="calls" name="Calls" isExecutable="true">
    <bpmn:startEvent id="s"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:callActivity id="call" name="Ask"><bpmn:extensionElements><zeebe:calledElement processId="nowhere" /></bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:callActivity>
    <bpmn:endEvent id="e"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="call" /><bpmn:sequenceFlow id="f2" sourceRef="call" targetRef="e" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="g"><bpmndi:BPMNPlane id="pl" bpmnElement="calls">
    <bpmndi:BPMNShape id="s_di" bpmnElement="s"><dc:Bounds x="160" y="120" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="call_di" bpmnElement="call"><dc:Bounds x="260" y="98" width="100" height="80" /></bpmndi:BPMNShape>
    <bpmndi:BPMNShape id="e_di" bpmnElement="e"><dc:Bounds x="420" y="120" width="36" height="36" /></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="f1_di" bpmnElement="f1"><di:waypoint x="196" y="138" /><di:waypoint x="260" y="138" /></bpmndi:BPMNEdge>
    <bpmndi:BPMNEdge id="f2_di" bpmnElement="f2"><di:waypoint x="360" y="138" /><di:waypoint x="420" y="138" /></bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>`;

const server = new Server();
let browser, page, model;

before(async () => {
  await server.start();
  const api = await server.signIn();
  model = (await api.post("/models", { name: "Calls", source: CALLS })).id;
  browser = await launch();
  page = await openPage(browser);
  page.setDefaultTimeout(45_000);
  await signIn(page, server.url);
});
after(async () => {
  if (page) await shot(page, "checks-last");
  await browser?.close();
  await server.stop();
});

test("a fault is seen on its element though the server does not check", async () => {
  await page.route("**/api/v1/diagnostics", (route) => route.abort());
  await page.goto(`${server.url}/designer/${model}`);
  await page.locator('[data-element-id="call"]').first().waitFor();
  await page.getByTestId("problems-partial").waitFor();
  const designer = new Designer(page);
  await designer.select("call");
  const id = await designer.append("script task");
  await page.locator(`[data-element-id="${id}"].ruslo-error`).first().waitFor();
  await page.locator(`.djs-overlays[data-container-id="${id}"] .ruslo-finding`).waitFor();
  assert.ok(Number(await page.getByTestId("problems").getAttribute("data-count")) > 0);
  // Mended as drawn: the mark goes with the element.
  await page.locator('.djs-context-pad .entry[data-action="delete"]').click();
  await page.getByTestId("problems").getByText(/error/).waitFor({ state: "detached" });
});

test("what only the server knows is added when it answers again", async () => {
  const called = page.locator('[data-element-id="call"].ruslo-warning').first();
  assert.equal(await called.count(), 0);
  await page.unroute("**/api/v1/diagnostics");
  const designer = new Designer(page);
  await designer.select("call");
  await designer.name("Ask somebody");
  await called.waitFor();
  await page.getByTestId("problems-partial").waitFor({ state: "detached" });
  assert.deepEqual(page.errors, []);
});

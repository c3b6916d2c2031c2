// The pieces of the main job: the md5 app in two languages, the process that calls it, the catalog it runs for.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { App, freePort, until } from "./server.js";

const EXAMPLES = path.resolve(import.meta.dirname, "../../examples/md5-app");

export const md5 = (text) => createHash("md5").update(text, "utf8").digest("hex");

/** The type of the jobs that an app's activity gets. */
export const jobType = (clientId, code) => `rest_${md5(`${clientId}@${code}`)}`;

/** The md5 app in a language, serving and registered at the server. */
export async function startApp(server, language, { token, env = {} }) {
  const port = await freePort();
  const common = {
    PORTAL: server.url,
    ACCESS_TOKEN: token,
    LISTEN: `127.0.0.1:${port}`,
    HANDLER_URL: language === "php" ? `http://127.0.0.1:${port}/` : `http://127.0.0.1:${port}/handler`,
    HOLD_FILE: path.join(server.dir, `held-${language}-${port}.jsonl`),
    ...env,
  };
  const app =
    language === "php"
      ? new App("php", ["-S", `127.0.0.1:${port}`, path.join(EXAMPLES, "md5_app.php")], common)
      : new App("python3", [path.join(EXAMPLES, "md5_app.py"), "serve"], common);
  app.url = `http://127.0.0.1:${port}`;
  await until(`the ${language} app to listen`, () => fetch(app.url).then(() => true));
  const registering =
    language === "php"
      ? new App("php", [path.join(EXAMPLES, "md5_register.php")], common)
      : new App("python3", [path.join(EXAMPLES, "md5_app.py"), "register"], common);
  const code = await new Promise((ok) => registering.child.once("exit", ok));
  if (code !== 0) throw new Error(`registering failed: ${registering.text}`);
  app.held = () =>
    existsSync(common.HOLD_FILE) ? readFileSync(common.HOLD_FILE, "utf8").trim().split("\n").map((l) => JSON.parse(l)) : [];
  return app;
}

/** A catalog `Requests` with a text field NAME and one record. */
export async function makeRecord(api, name = "Договор № 7") {
  const catalogs = (await api.get("/catalogs")).items;
  const catalog =
    catalogs.find((c) => c.key === "requests") ??
    (await api.post("/catalogs", {
      name: "Requests",
      key: "requests",
      titleField: "NAME",
      fields: [
        { key: "NAME", name: "Name", type: "text", required: true },
        { key: "AMOUNT", name: "Amount", type: "number" },
      ],
    }));
  const record = await api.post(`/catalogs/${catalog.id}/records`, { fields: { NAME: name, AMOUNT: 120 } });
  return { catalog, record };
}

/** Start, md5, gateway on the result, user task "Approve" with a form, script, end. */
export function storyModel(clientId, { assignee = "user_1", id = "story" } = {}) {
  const form = JSON.stringify({
    type: "default", schemaVersion: 18,
    components: [
      { type: "textfield", key: "hash", label: "Hash", readonly: true },
      { type: "textfield", key: "remark", label: "Remark", validate: { required: true } },
    ],
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="http://ruslo.dev/e2e">
  <bpmn:process id="${id}" name="Story" isExecutable="true">
    <bpmn:extensionElements><zeebe:userTaskForm id="approve-form">${form}</zeebe:userTaskForm></bpmn:extensionElements>
    <bpmn:startEvent id="start" name="Start" /><bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="md5" />
    <bpmn:serviceTask id="md5" name="MD5">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="${jobType(clientId, "md5")}" />
        <zeebe:ioMapping><zeebe:input source="{=Document:NAME}" target="inputString" /></zeebe:ioMapping>
        <zeebe:taskHeaders><zeebe:header key="resultVariable" value="md5" /></zeebe:taskHeaders>
      </bpmn:extensionElements>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="f2" sourceRef="md5" targetRef="got" />
    <bpmn:exclusiveGateway id="got" name="Got it?" default="f4" />
    <bpmn:sequenceFlow id="f3" name="yes" sourceRef="got" targetRef="approve"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=string length(md5.outputString) = 32</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f4" name="no" sourceRef="got" targetRef="nothing" />
    <bpmn:endEvent id="nothing" name="Nothing came" />
    <bpmn:userTask id="approve" name="Approve">
      <bpmn:extensionElements>
        <zeebe:userTask /><zeebe:assignmentDefinition assignee="${assignee}" />
        <zeebe:formDefinition formKey="camunda-forms:bpmn:approve-form" />
        <zeebe:ioMapping><zeebe:input source="=md5.outputString" target="hash" /><zeebe:output source="=remark" target="remark" /></zeebe:ioMapping>
      </bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="f5" sourceRef="approve" targetRef="script" />
    <bpmn:scriptTask id="script" name="Sum up" scriptFormat="javascript"><bpmn:script>return { summary: remark + ": " + md5.outputString };</bpmn:script></bpmn:scriptTask>
    <bpmn:sequenceFlow id="f6" sourceRef="script" targetRef="end" />
    <bpmn:endEvent id="end" name="End" />
  </bpmn:process>
</bpmn:definitions>`;
}

/** Deploys a model for a catalog; gives the definition's id. */
export async function deploy(api, source, { name = "Story", catalogId } = {}) {
  const model = await api.post("/models", { name, source, catalogId });
  return (await api.post(`/models/${model.id}/deploy`)).definitions[0].id;
}

/** Variables of the process itself. */
export const rootVariables = (instance) => instance.variables.find((v) => v.scope === 0)?.values ?? {};

/** Waits until the instance is in the state. */
export function untilState(api, id, state) {
  return until(`${id} to be ${state}`, async () => {
    const instance = await api.get(`/instances/${id}`);
    if (instance.state === state) return instance;
    if (instance.incidents.length > 0) throw new Error(`incident: ${JSON.stringify(instance.incidents)}`);
    return null;
  });
}

/** Waits until the element is in the state. */
export function untilElement(api, id, elementId, state) {
  return until(`${elementId} of ${id} to be ${state}`, async () => {
    const instance = await api.get(`/instances/${id}`);
    return instance.elements.find((e) => e.elementId === elementId)?.state === state ? instance : null;
  });
}

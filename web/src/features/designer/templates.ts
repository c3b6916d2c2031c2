/** What a new model begins with: drawings that can be deployed as they are. */
export type StarterKind = 'blank' | 'approval' | 'appCall'

interface Words {
  start: string
  end: string
  approve: string
  decision: string
  yes: string
  no: string
  approved: string
  declined: string
  call: string
  check: string
  found: string
  empty: string
}

const WORDS: Record<'ru' | 'en', Words> = {
  ru: { start: 'Начало', end: 'Конец', approve: 'Согласовать', decision: 'Решение', yes: 'Согласовано', no: 'Отклонено', approved: 'Согласовано', declined: 'Отклонено', call: 'Вызвать приложение', check: 'Есть результат?', found: 'Есть', empty: 'Нет' },
  en: { start: 'Start', end: 'End', approve: 'Approve', decision: 'Decision', yes: 'Approved', no: 'Declined', approved: 'Approved', declined: 'Declined', call: 'Call the app', check: 'Is there a result?', found: 'Yes', empty: 'No' },
}

interface Shape {
  id: string
  xml: string
  box: [x: number, y: number, width: number, height: number]
}
interface Flow {
  id: string
  from: string
  to: string
  name?: string
  condition?: string
  points: [number, number][]
  label?: [number, number]
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Six letters or digits: process ids must differ between models. */
const shortId = (): string => crypto.randomUUID().slice(0, 7).replaceAll('-', '0')

function document(name: string, shapes: Shape[], flows: Flow[]): string {
  const process = `Process_${shortId()}`
  const flowXml = flows.map((f) => {
    const open = `    <bpmn:sequenceFlow id="${f.id}"${f.name ? ` name="${escape(f.name)}"` : ''} sourceRef="${f.from}" targetRef="${f.to}"`
    return f.condition ? `${open}>\n      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${escape(f.condition)}</bpmn:conditionExpression>\n    </bpmn:sequenceFlow>` : `${open} />`
  })
  const shapeDi = shapes.map((s) => {
    const [x, y, w, h] = s.box
    const label = w < 60 ? `\n        <bpmndi:BPMNLabel><dc:Bounds x="${x + w / 2 - 45}" y="${s.id.startsWith('Gateway') ? y - 20 : y + h + 6}" width="90" height="14" /></bpmndi:BPMNLabel>` : ''
    return `      <bpmndi:BPMNShape id="${s.id}_di" bpmnElement="${s.id}"${s.id.startsWith('Gateway') ? ' isMarkerVisible="true"' : ''}>\n        <dc:Bounds x="${x}" y="${y}" width="${w}" height="${h}" />${label}\n      </bpmndi:BPMNShape>`
  })
  const flowDi = flows.map((f) => {
    const label = f.label ? `\n        <bpmndi:BPMNLabel><dc:Bounds x="${f.label[0]}" y="${f.label[1]}" width="70" height="14" /></bpmndi:BPMNLabel>` : ''
    return `      <bpmndi:BPMNEdge id="${f.id}_di" bpmnElement="${f.id}">\n${f.points.map(([x, y]) => `        <di:waypoint x="${x}" y="${y}" />`).join('\n')}${label}\n      </bpmndi:BPMNEdge>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0" id="Definitions_${shortId()}" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="${process}" name="${escape(name)}" isExecutable="true">
${shapes.map((s) => s.xml).join('\n')}
${flowXml.join('\n')}
  </bpmn:process>
  <bpmndi:BPMNDiagram id="BPMNDiagram_1">
    <bpmndi:BPMNPlane id="BPMNPlane_1" bpmnElement="${process}">
${shapeDi.join('\n')}
${flowDi.join('\n')}
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
`
}

const start = (w: Words, out: string): Shape => ({ id: 'StartEvent_1', xml: `    <bpmn:startEvent id="StartEvent_1" name="${escape(w.start)}"><bpmn:outgoing>${out}</bpmn:outgoing></bpmn:startEvent>`, box: [160, 182, 36, 36] })
const end = (id: string, name: string, incoming: string, x: number, y: number): Shape => ({ id, xml: `    <bpmn:endEvent id="${id}" name="${escape(name)}"><bpmn:incoming>${incoming}</bpmn:incoming></bpmn:endEvent>`, box: [x, y, 36, 36] })
const gateway = (name: string, otherwise: string): Shape => ({ id: 'Gateway_1', xml: `    <bpmn:exclusiveGateway id="Gateway_1" name="${escape(name)}" default="${otherwise}"><bpmn:incoming>Flow_2</bpmn:incoming><bpmn:outgoing>Flow_3</bpmn:outgoing><bpmn:outgoing>Flow_4</bpmn:outgoing></bpmn:exclusiveGateway>`, box: [425, 175, 50, 50] })

const branching = (yes: string, no: string, condition: string): Flow[] => [
  { id: 'Flow_1', from: 'StartEvent_1', to: 'Activity_1', points: [[196, 200], [260, 200]] },
  { id: 'Flow_2', from: 'Activity_1', to: 'Gateway_1', points: [[360, 200], [425, 200]] },
  { id: 'Flow_3', from: 'Gateway_1', to: 'EndEvent_1', name: yes, condition, points: [[475, 200], [582, 200]], label: [490, 182] },
  { id: 'Flow_4', from: 'Gateway_1', to: 'EndEvent_2', name: no, points: [[450, 225], [450, 310], [582, 310]], label: [460, 262] },
]

export function starterSource(kind: StarterKind, name: string, language: 'ru' | 'en'): string {
  const w = WORDS[language]
  if (kind === 'blank') {
    return document(name, [start(w, 'Flow_1'), end('EndEvent_1', w.end, 'Flow_1', 322, 182)], [{ id: 'Flow_1', from: 'StartEvent_1', to: 'EndEvent_1', points: [[196, 200], [322, 200]] }])
  }
  const around = (task: Shape, question: string, yesEnd: string, noEnd: string): Shape[] => [
    start(w, 'Flow_1'), task, gateway(question, 'Flow_4'), end('EndEvent_1', yesEnd, 'Flow_3', 582, 182), end('EndEvent_2', noEnd, 'Flow_4', 582, 292),
  ]
  if (kind === 'approval') {
    const task: Shape = {
      id: 'Activity_1',
      xml: `    <bpmn:userTask id="Activity_1" name="${escape(w.approve)}" ruslo:taskKind="approve" ruslo:outcomeVariable="decision">
      <bpmn:extensionElements><zeebe:assignmentDefinition assignee="admin" /></bpmn:extensionElements>
      <bpmn:incoming>Flow_1</bpmn:incoming><bpmn:outgoing>Flow_2</bpmn:outgoing>
    </bpmn:userTask>`,
      box: [260, 160, 100, 80],
    }
    return document(name, around(task, w.decision, w.approved, w.declined), branching(w.yes, w.no, '=decision = "yes"'))
  }
  const task: Shape = {
    id: 'Activity_1',
    xml: `    <bpmn:serviceTask id="Activity_1" name="${escape(w.call)}">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="my-worker" />
        <zeebe:taskHeaders><zeebe:header key="resultVariable" value="result" /></zeebe:taskHeaders>
      </bpmn:extensionElements>
      <bpmn:incoming>Flow_1</bpmn:incoming><bpmn:outgoing>Flow_2</bpmn:outgoing>
    </bpmn:serviceTask>`,
    box: [260, 160, 100, 80],
  }
  return document(name, around(task, w.check, w.end, w.end), branching(w.found, w.empty, '=result != null'))
}

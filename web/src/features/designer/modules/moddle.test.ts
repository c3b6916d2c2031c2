import { BpmnModdle } from 'bpmn-moddle'
import { expect, it } from 'vitest'
import { mend, type Described } from './mend'
import ruslo from './ruslo-moddle.json'
import { zeebe } from './zeebe'

const SOURCE = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:flowable="http://flowable.org/bpmn" xmlns:r="http://ruslo.dev/schema/1.0" xmlns:acme="urn:acme" id="d" targetNamespace="t">
  <bpmn:process id="p" isExecutable="true" camunda:historyTimeToLive="P30D" r:zone="Europe/Moscow" r:missedStarts="once">
    <bpmn:laneSet id="ls"><bpmn:lane id="l" r:candidateGroups="sales" /></bpmn:laneSet>
    <bpmn:userTask id="u" camunda:assignee="\${user}" flowable:formKey="f" r:mutex="m" r:taskKind="approve">
      <bpmn:extensionElements>
        <camunda:formData><camunda:formField id="x" label="X" type="string"><camunda:validation><camunda:constraint name="required" /></camunda:validation></camunda:formField></camunda:formData>
        <flowable:taskListener event="create" class="a.B"><flowable:field name="n"><flowable:string>deep &amp; kept</flowable:string></flowable:field></flowable:taskListener>
        <acme:thing kept="yes" />
      </bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sendTask id="s" r:messageName="=n"><bpmn:extensionElements><r:publishMessage correlationKey="=orderId" messageId="=id" timeToLive="PT1H" /></bpmn:extensionElements></bpmn:sendTask>
    <bpmn:callActivity id="c" r:wait="false"><bpmn:extensionElements><zeebe:calledElement xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" processId="q" bindingType="version" r:version="3" /></bpmn:extensionElements></bpmn:callActivity>
    <bpmn:dataStoreReference id="ds"><bpmn:extensionElements><r:store catalog="orders"><r:key field="number" value="=no" /></r:store></bpmn:extensionElements></bpmn:dataStoreReference>
    <bpmn:complexGateway id="g"><bpmn:activationCondition>activationCount &gt; 1</bpmn:activationCondition></bpmn:complexGateway>
    <bpmn:sequenceFlow id="f" sourceRef="g" targetRef="u"><bpmn:conditionExpression xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="bpmn:tFormalExpression" r:language="javascript">a === 1</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:task id="n"><bpmn:multiInstanceLoopCharacteristics behavior="Complex"><bpmn:complexBehaviorDefinition id="cb"><bpmn:condition>=x</bpmn:condition><bpmn:event id="ev" /></bpmn:complexBehaviorDefinition></bpmn:multiInstanceLoopCharacteristics></bpmn:task>
    <bpmn:correlationSubscription id="cs" correlationKeyRef="ck"><bpmn:correlationPropertyBinding id="pb" correlationPropertyRef="cp"><bpmn:dataPath language="javascript">order.number</bpmn:dataPath></bpmn:correlationPropertyBinding></bpmn:correlationSubscription>
  </bpmn:process>
  <bpmn:globalScriptTask id="gs" scriptLanguage="javascript"><bpmn:script>1 + 1</bpmn:script></bpmn:globalScriptTask>
  <bpmn:globalUserTask id="gu" r:mutex="m" r:taskKind="review"><bpmn:potentialOwner id="po"><bpmn:resourceAssignmentExpression id="ra"><bpmn:formalExpression>group(a)</bpmn:formalExpression></bpmn:resourceAssignmentExpression></bpmn:potentialOwner></bpmn:globalUserTask>
  <bpmn:correlationProperty id="cp"><bpmn:correlationPropertyRetrievalExpression id="re" messageRef="me"><bpmn:messagePath>=number</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>
  <bpmn:message id="me" name="M" />
  <bpmn:collaboration id="co"><bpmn:correlationKey id="ck"><bpmn:correlationPropertyRef>cp</bpmn:correlationPropertyRef></bpmn:correlationKey></bpmn:collaboration>
</bpmn:definitions>`

interface Node {
  name: string
  attributes: string[]
  text: string
}

/** Elements with their attributes by local name: prefixes may differ, order of siblings may not. */
function elements(xml: string): Node[] {
  return [...xml.matchAll(/<([\w:]+)((?:\s+[\w:]+="[^"]*")*)\s*\/?>([^<]*)/g)].map(([, name, attributes, text]) => ({
    name: name!.replace(/^\w+:/, '').replace(/^formalExpression$/, 'expression'),
    // An expression may say its type beside its name.
    attributes: [...attributes!.matchAll(/([\w:]+)="([^"]*)"/g)].filter(([, key]) => !key!.startsWith('xmlns') && key !== 'xsi:type').map(([, key, value]) => `${key!.replace(/^\w+:/, '')}=${value}`).toSorted(),
    text: text!.trim(),
  }))
}

it('loses nothing of what other products wrote, nor of ours', async () => {
  const moddle = new BpmnModdle({ zeebe, ruslo })
  mend(moddle as unknown as Described)
  const { rootElement, warnings } = await moddle.fromXML(SOURCE)
  // The library warns of what it does not know, and keeps it.
  expect(warnings.filter((one) => !/unknown attribute/.test((one as Error).message))).toEqual([])
  const { xml } = await moddle.toXML(rootElement, { format: true })
  const before = elements(SOURCE)
  const after = elements(xml)
  for (const node of before) expect(after).toContainEqual(node)
  expect(after).toHaveLength(before.length)
})

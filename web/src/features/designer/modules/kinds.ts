/** Kinds of elements that share words. */
export const ACTIVITIES: readonly string[] = [
  'bpmn:Task', 'bpmn:UserTask', 'bpmn:ServiceTask', 'bpmn:ScriptTask', 'bpmn:ManualTask', 'bpmn:SendTask', 'bpmn:ReceiveTask', 'bpmn:BusinessRuleTask',
  'bpmn:CallActivity', 'bpmn:SubProcess', 'bpmn:AdHocSubProcess', 'bpmn:Transaction',
]
export const GATEWAYS: readonly string[] = ['bpmn:ExclusiveGateway', 'bpmn:ParallelGateway', 'bpmn:InclusiveGateway', 'bpmn:ComplexGateway', 'bpmn:EventBasedGateway']
export const CATCH: readonly string[] = ['bpmn:StartEvent', 'bpmn:IntermediateCatchEvent', 'bpmn:BoundaryEvent']
export const THROW: readonly string[] = ['bpmn:EndEvent', 'bpmn:IntermediateThrowEvent']

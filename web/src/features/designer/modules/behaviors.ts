/** Camunda's behaviours, except one: a form drawn into the process stays valid on every user task here. */
import zeebeBehaviors from 'camunda-bpmn-js-behaviors/lib/camunda-cloud'
import FormsBehavior from 'camunda-bpmn-js-behaviors/lib/camunda-cloud/FormsBehavior'

/** The original removes embedded forms from `zeebe:userTask`, because that product does not show them. */
class EmbeddedFormsBehavior extends FormsBehavior {
  override _registerZeebeUserTaskSupport(): void {}
}

export const behaviorsModule = { ...zeebeBehaviors, formsBehavior: ['type', EmbeddedFormsBehavior] }

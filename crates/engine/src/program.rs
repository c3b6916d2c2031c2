//! A definition with its expressions compiled: made once per deployed version, shared by all its instances.

use expr::Compiled;
use jiff::tz::TimeZone;
use model::definition::{
    Element, ElementIdx, ElementKind, ExprId, Expression, FlowIdx, Origin, ProcessDefinition, ScopeKind, SequenceFlow,
    Throw, Trigger,
};
use model::limits::Limits;
use model::{Diagnostic, Severity};
use std::sync::Arc;

/// A runnable definition. Put it in an [`Arc`] and share it.
#[derive(Debug, Clone)]
pub struct Program {
    definition: Arc<ProcessDefinition>,
    expressions: Vec<Compiled>,
    zone: Option<TimeZone>,
    compensation: CompensationFacts,
    ad_hoc: bool,
}

/// What compensation needs to know of a definition, found once.
#[derive(Debug, Clone, Default)]
struct CompensationFacts {
    /// Something has a handler.
    handled: bool,
    /// Something throws compensation, or cancels.
    thrown: bool,
    /// Scopes with their compensation event sub-processes (BPMN CO-5).
    sub_processes: Vec<(ElementIdx, ElementIdx)>,
}

impl Program {
    /// Compiles every expression. Fails with what keeps the definition from running: unreadable expressions (`LN-22`)
    /// and constructs that do not run.
    pub fn compile(definition: impl Into<Arc<ProcessDefinition>>, limits: &Limits) -> Result<Self, Vec<Diagnostic>> {
        let definition = definition.into();
        let mut problems: Vec<Diagnostic> =
            definition.elements.iter().filter_map(|element| not_runnable(&definition, element)).collect();
        let zone = definition.zone.as_deref().map(TimeZone::get).and_then(|zone| match zone {
            Ok(zone) => Some(zone),
            Err(_) => {
                problems.push(unknown_zone(&definition));
                None
            }
        });
        let mut expressions = Vec::with_capacity(definition.expressions.len());
        for expression in &definition.expressions {
            match compile_one(&definition, expression, limits) {
                Ok(compiled) => expressions.push(compiled),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            {
                let compensation = CompensationFacts::of(&definition);
                let is_ad_hoc = |e: &Element| matches!(e.kind.as_scope().map(|s| &s.kind), Some(ScopeKind::AdHoc(_)));
                let ad_hoc = definition.elements.iter().any(is_ad_hoc);
                Ok(Self { definition, expressions, zone, compensation, ad_hoc })
            }
        } else {
            Err(problems)
        }
    }

    /// What it was compiled from.
    pub fn definition(&self) -> &ProcessDefinition {
        &self.definition
    }

    /// The same, shared.
    pub fn definition_arc(&self) -> &Arc<ProcessDefinition> {
        &self.definition
    }

    pub(crate) fn element(&self, element: ElementIdx) -> &Element {
        self.definition.element(element)
    }

    pub(crate) fn flow(&self, flow: FlowIdx) -> &SequenceFlow {
        self.definition.flow(flow)
    }

    pub(crate) fn expression(&self, id: ExprId) -> &Compiled {
        &self.expressions[id.0 as usize]
    }

    /// The process's own zone (BPMN TM-2).
    pub(crate) fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    pub(crate) fn is_bitrix(&self) -> bool {
        self.definition.origin == Origin::Bpt
    }

    /// Whether there is an ad-hoc sub-process.
    pub(crate) fn has_ad_hoc(&self) -> bool {
        self.ad_hoc
    }

    /// Whether anything can be compensated.
    pub(crate) fn has_compensation(&self) -> bool {
        self.compensation.handled
    }

    /// Whether anything throws compensation.
    pub(crate) fn throws_compensation(&self) -> bool {
        self.compensation.thrown
    }

    /// The compensation event sub-process of a scope.
    pub(crate) fn compensation_sub_process(&self, scope: ElementIdx) -> Option<ElementIdx> {
        self.compensation.sub_processes.iter().find(|(s, _)| *s == scope).map(|(_, e)| *e)
    }

    /// Whether tokens wait on the flows into `element` until each has one.
    pub(crate) fn is_join(&self, element: ElementIdx) -> bool {
        let element = self.element(element);
        match &element.kind {
            ElementKind::ParallelGateway | ElementKind::InclusiveGateway => element.incoming.len() > 1,
            ElementKind::ComplexGateway(gateway) => element.incoming.len() > 1 || gateway.activation.is_some(),
            // Tokens wait until there are enough for a run (BPMN TK-9).
            _ => element.traits.as_ref().is_some_and(|t| t.start_quantity > 1),
        }
    }
}

impl CompensationFacts {
    fn of(definition: &ProcessDefinition) -> Self {
        let mut facts = Self::default();
        for (index, element) in definition.elements.iter().enumerate() {
            facts.handled |= element.compensation_handler().is_some();
            match &element.kind {
                ElementKind::EndEvent(event) | ElementKind::ThrowEvent(event) => {
                    let undoes = |t: &Throw| matches!(t, Throw::Compensation { .. } | Throw::Cancel);
                    facts.thrown |= event.results.iter().any(undoes);
                }
                ElementKind::Scope(scope) => {
                    facts.thrown |= scope.kind == ScopeKind::Transaction;
                    let undoes = |sub: &&ElementIdx| is_compensation_sub_process(definition, **sub);
                    if let Some(sub) = scope.event_sub_processes.iter().find(undoes) {
                        facts.sub_processes.push((ElementIdx(index as u32), *sub));
                        facts.handled = true;
                    }
                }
                _ => {}
            }
        }
        facts
    }
}

fn is_compensation_sub_process(definition: &ProcessDefinition, element: ElementIdx) -> bool {
    let starts = definition.element(element).kind.as_scope().map_or(&[][..], |s| &s.triggered);
    starts.iter().any(|start| match &definition.element(*start).kind {
        ElementKind::StartEvent(event) => event.triggers.iter().any(|t| matches!(t, Trigger::Compensation)),
        _ => false,
    })
}

fn compile_one(
    definition: &ProcessDefinition,
    expression: &Expression,
    limits: &Limits,
) -> Result<Compiled, Diagnostic> {
    match expression {
        Expression::Literal(value) => Ok(expr::literal(value.clone())),
        Expression::Source { language, text, element, role } => {
            expr::compile(*language, text, limits).map_err(|error| {
                let element = definition.element(*element);
                Diagnostic {
                    code: "LN-22".to_owned(),
                    severity: Severity::Error,
                    element: Some(element.id.to_string()),
                    message: format!("{role}: {error}"),
                    message_ru: format!("{role}: {} (строка {}, знак {})", error.message_ru, error.line, error.column),
                    line: element.line,
                    column: element.column,
                }
            })
        }
    }
}

fn unknown_zone(definition: &ProcessDefinition) -> Diagnostic {
    let (zone, root) = (definition.zone.as_deref().unwrap_or_default(), definition.element(model::definition::ROOT));
    Diagnostic {
        code: "LN-21".to_owned(),
        severity: Severity::Error,
        element: Some(root.id.to_string()),
        message: format!("`{zone}` is no time zone; use a name such as `Europe/Berlin`"),
        message_ru: format!("«{zone}» — не часовой пояс; нужно имя вида «Europe/Moscow»"),
        line: root.line,
        column: root.column,
    }
}

fn not_runnable(definition: &ProcessDefinition, element: &Element) -> Option<Diagnostic> {
    let ElementKind::Unsupported { construct, rule } = &element.kind else { return None };
    let id = &element.id;
    Some(Diagnostic {
        code: (*rule).to_owned(),
        severity: Severity::Error,
        element: Some(id.to_string()),
        message: format!("`{construct}` in `{}` can not be run yet; remove or replace it", definition.process_id),
        message_ru: format!(
            "«{construct}» в «{}» пока нельзя исполнить; удалите или замените его",
            definition.process_id
        ),
        line: element.line,
        column: element.column,
    })
}

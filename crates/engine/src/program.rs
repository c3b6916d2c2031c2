//! A definition with its expressions compiled: made once per deployed version, shared by all its instances.

use expr::Compiled;
use model::definition::{
    Element, ElementIdx, ElementKind, ExprId, Expression, FlowIdx, Origin, ProcessDefinition, SequenceFlow,
};
use model::limits::Limits;
use model::{Diagnostic, Severity};
use std::sync::Arc;

/// A runnable definition. Put it in an [`Arc`] and share it.
#[derive(Debug, Clone)]
pub struct Program {
    definition: Arc<ProcessDefinition>,
    expressions: Vec<Compiled>,
}

impl Program {
    /// Compiles every expression. Fails with what keeps the definition from running: unreadable expressions (`LN-22`)
    /// and constructs that do not run.
    pub fn compile(definition: impl Into<Arc<ProcessDefinition>>, limits: &Limits) -> Result<Self, Vec<Diagnostic>> {
        let definition = definition.into();
        let mut problems: Vec<Diagnostic> =
            definition.elements.iter().filter_map(|element| not_runnable(&definition, element)).collect();
        let mut expressions = Vec::with_capacity(definition.expressions.len());
        for expression in &definition.expressions {
            match compile_one(&definition, expression, limits) {
                Ok(compiled) => expressions.push(compiled),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { definition, expressions }) } else { Err(problems) }
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

    pub(crate) fn is_bitrix(&self) -> bool {
        self.definition.origin == Origin::Bpt
    }

    /// Whether tokens wait on the flows into `element` until each has one.
    pub(crate) fn is_join(&self, element: ElementIdx) -> bool {
        let element = self.element(element);
        matches!(element.kind, ElementKind::ParallelGateway) && element.incoming.len() > 1
    }
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

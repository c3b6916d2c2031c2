//! What the tests of this crate share: a readable form of definitions and findings, and a check of shapes.
#![allow(dead_code, reason = "each test binary uses its part")]

use formats::Imported;
use formats::layout::{Point, Rect};
use model::definition::{ElementIdx, ElementKind, ExprId, Expression, Form, ProcessDefinition, Throw, Trigger};
use std::collections::HashMap;
use std::fmt::Write;

/// Findings and definitions, one fact a line.
pub fn dump(imported: &Imported) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "deployable: {}", imported.deployable());
    for d in &imported.diagnostics {
        let element = d.element.as_deref().unwrap_or("-");
        let severity = format!("{:?}", d.severity).to_lowercase();
        let _ = writeln!(out, "{}:{} {} {severity} {element}: {}", d.line, d.column, d.code, d.message);
    }
    for definition in &imported.definitions {
        out.push('\n');
        out.push_str(&dump_definition(definition));
    }
    out
}

fn expression(def: &ProcessDefinition, id: ExprId) -> String {
    match def.expression(id) {
        Expression::Literal(value) => format!("`{}`", value.to_json()),
        Expression::Source { language, text, .. } => format!("{language:?}({text})"),
    }
}

fn optional(def: &ProcessDefinition, name: &str, id: Option<ExprId>) -> String {
    id.map(|id| format!(" {name}={}", expression(def, id))).unwrap_or_default()
}

fn id(def: &ProcessDefinition, idx: ElementIdx) -> &str {
    &def.element(idx).id
}

fn trigger(def: &ProcessDefinition, trigger: &Trigger) -> String {
    match trigger {
        Trigger::Timer(t) => format!("{:?} {}", t.kind, expression(def, t.value)),
        Trigger::Error(error) => format!("error {:?}", error.code),
        other => format!("{other:?}"),
    }
}

fn throw(def: &ProcessDefinition, throw: &Throw) -> String {
    let literal = |id: ExprId| match def.expression(id) {
        Expression::Literal(value) => value.to_text(),
        Expression::Source { text, .. } => text.to_string(),
    };
    match throw {
        Throw::Terminate(_) => " terminate".to_owned(),
        Throw::Error { code, message } => format!(" error `{}` {:?}", literal(*code), message.map(literal)),
        other => format!(" {other:?}"),
    }
}

fn kind(def: &ProcessDefinition, kind: &ElementKind) -> String {
    match kind {
        ElementKind::Scope(scope) => {
            format!("scope starts=[{}]", scope.starts.iter().map(|s| id(def, *s)).collect::<Vec<_>>().join(" "))
        }
        ElementKind::StartEvent(_) => "start".into(),
        ElementKind::EndEvent(event) => {
            format!("end{}", event.results.iter().map(|t| throw(def, t)).collect::<String>())
        }
        ElementKind::CatchEvent(event) => {
            format!("catch {}", event.triggers.iter().map(|t| trigger(def, t)).collect::<Vec<_>>().join(" | "))
        }
        ElementKind::ThrowEvent(event) if event.results.is_empty() => "throw none".into(),
        ElementKind::ThrowEvent(event) => {
            format!("throw{}", event.results.iter().map(|t| throw(def, t)).collect::<String>())
        }
        ElementKind::BoundaryEvent(event) => {
            let trigger = event.triggers.iter().map(|t| trigger(def, t)).collect::<Vec<_>>().join(" | ");
            let how = if event.interrupting { "interrupts" } else { "beside" };
            format!("boundary on {} {how} {trigger}", id(def, event.attached_to))
        }
        ElementKind::Task => "task".into(),
        ElementKind::ManualTask => "manual task".into(),
        ElementKind::UserTask(t) => {
            let mut out = format!("user task {:?}", t.kind);
            for (name, value) in [
                ("assignee", t.assignee),
                ("users", t.candidate_users),
                ("groups", t.candidate_groups),
                ("due", t.due),
                ("title", t.title),
                ("description", t.description),
                ("priority", t.priority),
            ] {
                out += &optional(def, name, value);
            }
            match &t.form {
                Some(Form::Embedded(json)) => out += &format!(" form={json}"),
                Some(Form::Id(id)) => out += &format!(" form#{id}"),
                None => {}
            }
            out += &t.outcome_variable.as_ref().map(|v| format!(" outcome→{v}")).unwrap_or_default();
            for (key, value) in &t.settings {
                out += &format!(" {key}:{}", value.to_json());
            }
            out
        }
        ElementKind::ServiceTask(t) => {
            let mut out = format!("job {}", expression(def, t.job_type));
            out += &optional(def, "retries", t.retries);
            out += &t.headers.iter().map(|(k, v)| format!(" {k}:{v}")).collect::<String>();
            out += &t.result_variable.as_ref().map(|v| format!(" result→{v}")).unwrap_or_default();
            out += &optional(def, "result", t.result_expression);
            out
        }
        ElementKind::ScriptTask(t) => {
            let result = t.result_variable.as_ref().map(|v| format!(" result→{v}")).unwrap_or_default();
            format!("script {}{result}", expression(def, t.script))
        }
        ElementKind::ExclusiveGateway => "exclusive".into(),
        ElementKind::ParallelGateway => "parallel".into(),
        ElementKind::InclusiveGateway => "inclusive".into(),
        ElementKind::ComplexGateway(_)
        | ElementKind::EventBasedGateway(_)
        | ElementKind::SendTask(_)
        | ElementKind::ReceiveTask(_)
        | ElementKind::BusinessRuleTask(_)
        | ElementKind::CallActivity(_) => format!("{kind:?}"),
        ElementKind::Unsupported { construct, rule } => format!("unsupported {construct} {rule}"),
    }
}

/// A definition, one fact a line.
pub fn dump_definition(def: &ProcessDefinition) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "process {} `{}` {:?}", def.process_id, def.name, def.origin);
    for (what, list) in [("parameter", &def.parameters), ("variable", &def.variables), ("constant", &def.constants)] {
        for d in list {
            let _ = writeln!(
                out,
                "{what} {} `{}` {} required={} multiple={} options={:?} default={}",
                d.key,
                d.name,
                d.kind,
                d.required,
                d.multiple,
                d.options,
                d.default.to_json()
            );
        }
    }
    if let Some(form) = &def.start_form {
        let _ = writeln!(out, "start form {form:?}");
    }
    for (at, element) in def.elements.iter().enumerate() {
        let parent = if at == 0 { String::new() } else { format!(" in {}", id(def, element.parent)) };
        let _ = writeln!(out, "{}{parent}: {}", element.id, kind(def, &element.kind));
        for (arrow, mappings) in [("in", &element.inputs), ("out", &element.outputs)] {
            for mapping in mappings {
                let _ = writeln!(out, "    {arrow} {} ← {}", mapping.target, expression(def, mapping.source));
            }
        }
    }
    for (at, flow) in def.flows.iter().enumerate() {
        let source = def.element(flow.source);
        let default = if source.default_flow.is_some_and(|d| d.0 as usize == at) { " default" } else { "" };
        let condition = optional(def, "if", flow.condition);
        let _ = writeln!(out, "{}: {} → {}{default}{condition}", flow.id, source.id, id(def, flow.target));
    }
    out
}

/// Shapes and edges of a file by element.
pub struct Shapes {
    pub rects: HashMap<String, Rect>,
    pub edges: HashMap<String, Vec<Point>>,
    /// Places of names outside of shapes.
    pub labels: HashMap<String, Rect>,
    /// Shapes drawn around others.
    pub open: Vec<String>,
}

/// Reads shapes as a viewer would.
pub fn shapes(bpmn: &str) -> Shapes {
    let doc = roxmltree::Document::parse(bpmn).unwrap_or_else(|e| panic!("{e}\n{bpmn}"));
    let number = |node: roxmltree::Node, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap() as i32;
    let bounds = |node: roxmltree::Node| {
        let b = node.children().find(|n| n.tag_name().name() == "Bounds").unwrap();
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|n| number(b, n));
        Rect { x, y, width, height }
    };
    let mut out = Shapes { rects: HashMap::new(), edges: HashMap::new(), labels: HashMap::new(), open: Vec::new() };
    for node in doc.descendants() {
        let element = || node.attribute("bpmnElement").unwrap().to_owned();
        match node.tag_name().name() {
            "BPMNShape" => {
                out.rects.insert(element(), bounds(node));
                if ["isExpanded", "isHorizontal"].iter().any(|name| node.attribute(*name) == Some("true")) {
                    out.open.push(element());
                }
            }
            "BPMNEdge" => {
                let points = node.children().filter(|n| n.tag_name().name() == "waypoint");
                out.edges.insert(element(), points.map(|p| Point { x: number(p, "x"), y: number(p, "y") }).collect());
            }
            "BPMNLabel" => {
                let owner = node.parent().unwrap().attribute("bpmnElement").unwrap().to_owned();
                out.labels.insert(owner, bounds(node));
            }
            _ => {}
        }
    }
    out
}

impl Shapes {
    /// Names that lie on a shape, on an edge or on another name: whose, and on what.
    pub fn collisions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let line = |a: &Point, b: &Point| {
            let (x, y) = (a.x.min(b.x), a.y.min(b.y));
            Rect { x, y, width: (a.x - b.x).abs().max(1), height: (a.y - b.y).abs().max(1) }
        };
        for (owner, label) in &self.labels {
            let mut hits = |what: &str, id: &str| found.push((owner.clone(), format!("{what} {id}")));
            for (id, _) in self.rects.iter().filter(|(id, r)| !self.open.contains(id) && r.overlaps(label)) {
                hits("shape", id);
            }
            for (id, way) in &self.edges {
                if way.windows(2).any(|pair| line(&pair[0], &pair[1]).overlaps(label)) {
                    hits("edge", id);
                }
            }
            for (id, _) in self.labels.iter().filter(|(id, l)| *id != owner && l.overlaps(label)) {
                hits("name", id);
            }
        }
        found.sort();
        found
    }
}

/// Every element and flow of the definitions has a shape; no two shapes of one scope overlap.
pub fn check_view(imported: &Imported) {
    let shapes = shapes(&imported.bpmn);
    for def in &imported.definitions {
        for (at, element) in def.elements.iter().enumerate().skip(1) {
            let rect = shapes.rects.get(&*element.id).unwrap_or_else(|| panic!("{} has no shape", element.id));
            for other in &def.elements[at + 1..] {
                let boundary = |e: &model::definition::Element| shapes.rects[&*e.id].width == 36;
                let apart = boundary(element) || boundary(other) || element.parent != other.parent;
                if let (false, Some(second)) = (apart, shapes.rects.get(&*other.id)) {
                    assert!(!rect.overlaps(second), "{} and {} overlap", element.id, other.id);
                }
            }
        }
        for flow in &def.flows {
            let way = shapes.edges.get(&*flow.id).unwrap_or_else(|| panic!("{} has no edge", flow.id));
            assert!(way.len() >= 2, "{}", flow.id);
        }
    }
}

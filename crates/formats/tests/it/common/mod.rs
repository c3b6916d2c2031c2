//! What the tests of this crate share: a readable form of definitions and findings, and a check of shapes.

use formats::Imported;
use formats::layout::{Point, Rect};
use model::definition::*;
use std::collections::HashMap;
use std::fmt::Write;

/// Leaves a model that a test builds in the folder `RUSLO_RULE_MODELS`, when it is given: other tests read it there.
pub fn keep(text: &str) -> &str {
    if let Ok(folder) = std::env::var("RUSLO_RULE_MODELS") {
        let hash = text.bytes().fold(2_166_136_261_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(16_777_619));
        std::fs::write(std::path::Path::new(&folder).join(format!("{hash:08x}.bpmn")), text)
            .expect("the folder is there");
    }
    text
}

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

fn list(def: &ProcessDefinition, name: &str, list: &[ElementIdx]) -> String {
    let ids: Vec<_> = list.iter().map(|s| id(def, *s)).collect();
    if ids.is_empty() { String::new() } else { format!(" {name}=[{}]", ids.join(" ")) }
}

fn scope(def: &ProcessDefinition, scope: &Scope) -> String {
    let mut out = match &scope.kind {
        ScopeKind::Process | ScopeKind::SubProcess => "scope".to_owned(),
        ScopeKind::EventSubProcess => "event sub-process".to_owned(),
        ScopeKind::Transaction => "transaction".to_owned(),
        ScopeKind::AdHoc(a) => {
            let mut out = "ad-hoc".to_owned();
            for (name, set) in [("sequential", a.sequential), ("manual", a.manual), ("cancels", a.cancel_remaining)] {
                out += &if set { format!(" {name}") } else { String::new() };
            }
            out += &optional(def, "active", a.active_elements);
            out += &optional(def, "until", a.completion);
            out += &a.job.as_ref().map(|j| format!(" by {}", job(def, j))).unwrap_or_default();
            out + &a.output.as_ref().map(|o| output(def, o)).unwrap_or_default()
        }
    };
    if scope.starts.is_empty() && scope.triggered.is_empty() && scope.implicit.is_empty() {
        out += " starts=[]";
    }
    out += &list(def, "starts", &scope.starts);
    if scope.starts.len() > 1 {
        out += &scope.default_start.map(|s| format!(" default={}", id(def, s))).unwrap_or_default();
    }
    out += &list(def, "triggered", &scope.triggered);
    out += &list(def, "implicit", &scope.implicit);
    out += &list(def, "beside", &scope.event_sub_processes);
    for d in &scope.data {
        out += &format!(" data {}{}", d.variable, if d.collection { "[]" } else { "" });
        out += &d.initial.as_ref().map(|v| format!("={}", v.to_json())).unwrap_or_default();
        out += &d.state.as_ref().map(|s| format!(" in {s}")).unwrap_or_default();
    }
    out
}

fn output(def: &ProcessDefinition, output: &OutputCollection) -> String {
    format!(" collects {} ← {}", output.collection, expression(def, output.element))
}

fn message(def: &ProcessDefinition, m: &MessageTrigger) -> String {
    let mut out = format!("message {}{}", expression(def, m.name), optional(def, "key", m.key));
    for key in &m.correlation {
        out += &format!(" correlates {}(", key.id);
        for p in &key.properties {
            out += &format!("{}{};", expression(def, p.from_message), optional(def, "here", p.from_process));
        }
        out += ")";
    }
    out
}

fn timer(def: &ProcessDefinition, t: &Timer) -> String {
    let text = |name: &str, v: &Option<String>| v.as_ref().map(|v| format!(" {name}={v}")).unwrap_or_default();
    let end = optional(def, "until", t.end);
    format!("{:?} {}{end}{}{}", t.kind, expression(def, t.value), text("zone", &t.zone), text("calendar", &t.calendar))
}

fn trigger(def: &ProcessDefinition, trigger: &Trigger) -> String {
    let into = |v: &Option<String>| v.as_ref().map(|v| format!("→{v}")).unwrap_or_default();
    match trigger {
        Trigger::Message(m) => message(def, m),
        Trigger::Signal(s) => format!("signal {}", expression(def, s.name)),
        Trigger::Timer(t) => timer(def, t),
        Trigger::Error(e) => format!("error {:?}{}{}", e.code, into(&e.code_variable), into(&e.message_variable)),
        Trigger::Escalation(e) => format!("escalation {:?}{}", e.code, into(&e.code_variable)),
        Trigger::Condition(c) => {
            let filter = if c.variables.is_empty() { String::new() } else { format!(" of {}", c.variables.join(",")) };
            let changes = if c.changes.is_empty() { String::new() } else { format!(" on {:?}", c.changes) };
            format!("condition {}{filter}{changes}", expression(def, c.condition))
        }
        Trigger::Compensation => "compensation".into(),
        Trigger::Cancel => "cancel".into(),
    }
}

fn triggers(def: &ProcessDefinition, list: &[Trigger], parallel: bool) -> String {
    let all: Vec<_> = list.iter().map(|t| trigger(def, t)).collect();
    let all = all.join(if parallel { " AND " } else { " OR " });
    if all.is_empty() { all } else { format!(" {all}") }
}

fn publish(def: &ProcessDefinition, m: &MessageThrow) -> String {
    let mut out = format!("message {}", expression(def, m.name));
    for (name, value) in [("key", m.key), ("id", m.id), ("ttl", m.ttl)] {
        out += &optional(def, name, value);
    }
    match &m.target {
        Some(MessageTarget::Process { process, element }) => out + &format!(" to {process}/{element:?}"),
        Some(MessageTarget::External { participant }) => out + &format!(" out to {participant}"),
        None => out,
    }
}

fn throw(def: &ProcessDefinition, throw: &Throw) -> String {
    match throw {
        Throw::Message(m) => publish(def, m),
        Throw::Job(j) => job(def, j),
        Throw::Signal(s) => format!("signal {}", expression(def, s.name)),
        Throw::Error { code, message } => {
            format!("error {}{}", expression(def, *code), optional(def, "says", *message))
        }
        Throw::Escalation { code } => format!("escalation {}", expression(def, *code)),
        Throw::Compensation { activity, wait } => {
            let of = activity.map(|a| format!(" of {}", id(def, a))).unwrap_or_default();
            format!("compensation{of}{}", if *wait { "" } else { " without waiting" })
        }
        Throw::Cancel => "cancel".into(),
        Throw::Terminate(TerminateReach::Scope) => "terminate".into(),
        Throw::Terminate(reach) => format!("terminate {reach:?}"),
    }
}

fn throws(def: &ProcessDefinition, event: &ThrowEvent) -> String {
    event.results.iter().map(|t| format!(" {}", throw(def, t))).collect::<Vec<_>>().join(" AND")
}

fn job(def: &ProcessDefinition, t: &ServiceTask) -> String {
    let mut out = format!("job {}", expression(def, t.job_type));
    for (name, value) in [("retries", t.retries), ("backoff", t.backoff), ("priority", t.priority)] {
        out += &optional(def, name, value);
    }
    out += &t.headers.iter().map(|(k, v)| format!(" {k}:{v}")).collect::<String>();
    out += &t.result_variable.as_ref().map(|v| format!(" result→{v}")).unwrap_or_default();
    out += &optional(def, "result", t.result_expression);
    out + &optional(def, "error", t.error_expression)
}

fn user_task(def: &ProcessDefinition, t: &UserTask) -> String {
    let mut out = format!("user task {:?}", t.kind);
    for (name, value) in [
        ("assignee", t.assignee),
        ("users", t.candidate_users),
        ("groups", t.candidate_groups),
        ("due", t.due),
        ("follow up", t.follow_up),
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
    out + &listeners(def, &t.listeners)
}

fn listeners(def: &ProcessDefinition, list: &[Listener]) -> String {
    list.iter()
        .map(|l| {
            let headers: String = l.headers.iter().map(|(k, v)| format!(" {k}:{v}")).collect();
            format!(" on {:?} {}{}{headers}", l.on, expression(def, l.job_type), optional(def, "retries", l.retries))
        })
        .collect()
}

fn call(def: &ProcessDefinition, c: &CallActivity) -> String {
    let mut out = format!("call {} {:?}", expression(def, c.process), c.binding);
    for (name, set) in [("all in", c.all_in), ("all out", c.all_out), ("without waiting", !c.wait)] {
        out += &if set { format!(" {name}") } else { String::new() };
    }
    out + &optional(def, "business key", c.business_key)
}

fn kind(def: &ProcessDefinition, kind: &ElementKind) -> String {
    match kind {
        ElementKind::Scope(s) => scope(def, s),
        ElementKind::StartEvent(e) => {
            let how = if e.interrupting { " interrupts" } else { "" };
            format!("start{how}{}", triggers(def, &e.triggers, e.parallel))
        }
        ElementKind::EndEvent(e) => format!("end{}", throws(def, e)),
        ElementKind::CatchEvent(e) => format!("catch{}", triggers(def, &e.triggers, e.parallel)),
        ElementKind::ThrowEvent(e) if e.results.is_empty() => "throw none".into(),
        ElementKind::ThrowEvent(e) => format!("throw{}", throws(def, e)),
        ElementKind::BoundaryEvent(e) => {
            let how = if e.interrupting { "interrupts" } else { "beside" };
            format!("boundary on {} {how}{}", id(def, e.attached_to), triggers(def, &e.triggers, e.parallel))
        }
        ElementKind::Task => "task".into(),
        ElementKind::ManualTask => "manual task".into(),
        ElementKind::UserTask(t) => user_task(def, t),
        ElementKind::ServiceTask(t) => job(def, t),
        ElementKind::SendTask(m) => format!("send {}", publish(def, m)),
        ElementKind::ReceiveTask(t) => {
            format!("receive{} {}", if t.instantiate { " to start" } else { "" }, message(def, &t.message))
        }
        ElementKind::BusinessRuleTask(d) => {
            let result = d.result_variable.as_ref().map(|v| format!(" result→{v}")).unwrap_or_default();
            let retries = optional(def, "retries", d.retries);
            format!("decide {} {:?} {:?}{result}{retries}", expression(def, d.decision), d.binding, d.result)
        }
        ElementKind::CallActivity(c) => call(def, c),
        ElementKind::ScriptTask(t) => {
            let result = t.result_variable.as_ref().map(|v| format!(" result→{v}")).unwrap_or_default();
            format!("script {}{result}", expression(def, t.script))
        }
        ElementKind::ExclusiveGateway => "exclusive".into(),
        ElementKind::ParallelGateway => "parallel".into(),
        ElementKind::InclusiveGateway => "inclusive".into(),
        ElementKind::ComplexGateway(g) => format!("complex{}", optional(def, "when", g.activation)),
        ElementKind::EventBasedGateway(g) => {
            let mut out = "event-based".to_owned();
            for (name, set) in [("to start", g.instantiate), ("all", g.parallel)] {
                out += &if set { format!(" {name}") } else { String::new() };
            }
            out
        }
        ElementKind::Unsupported { construct, rule } => format!("unsupported {construct} {rule}"),
    }
}

fn repetition(def: &ProcessDefinition, repetition: &Repetition) -> String {
    match repetition {
        Repetition::MultiInstance(m) => {
            let mut out = if m.sequential { "one after the other" } else { "all at once" }.to_owned();
            out += &optional(def, "times", m.cardinality);
            out += &optional(def, "over", m.collection);
            out += &m.item.as_ref().map(|i| format!(" item={i}")).unwrap_or_default();
            out += &m.index.as_ref().map(|i| format!(" index={i}")).unwrap_or_default();
            out += if m.zero_based { " from 0" } else { "" };
            out += &optional(def, "until", m.completion);
            out += &m.output.as_ref().map(|o| output(def, o)).unwrap_or_default();
            let one = |t: &Option<Box<Throw>>| t.as_ref().map_or("counters".to_owned(), |t| throw(def, t));
            out + &match &m.behavior {
                TurnBehavior::All => String::new(),
                TurnBehavior::None(t) => format!(" every turn throws {}", one(t)),
                TurnBehavior::One(t) => format!(" the first turn throws {}", one(t)),
                TurnBehavior::Complex(list) => {
                    list.iter().map(|(c, t)| format!(" if {} throws {}", expression(def, *c), throw(def, t))).collect()
                }
            }
        }
        Repetition::Standard(l) => {
            let mut out = if l.test_before { "while" } else { "repeat" }.to_owned();
            out += &optional(def, "while", l.condition);
            out + &l.maximum.map(|m| format!(" at most {m}")).unwrap_or_default()
        }
    }
}

fn association(def: &ProcessDefinition, a: &DataAssociation) -> String {
    let mut out = optional(def, "from", a.source);
    out += &a.target.as_ref().map(|t| format!(" to {t}")).unwrap_or_default();
    for (from, to) in &a.assignments {
        out += &format!(" {to}:={}", expression(def, *from));
    }
    if let Some(store) = &a.store {
        out += &format!(" store {} {:?}", store.name, store.catalog);
        out += &store.key.iter().map(|(f, v)| format!(" {f}={}", expression(def, *v))).collect::<String>();
    }
    out
}

fn traits(def: &ProcessDefinition, element: &Element, out: &mut String) {
    let Some(t) = element.traits.as_deref() else { return };
    let mut line = |text: String| {
        let _ = writeln!(out, "    {text}");
    };
    t.repetition.iter().for_each(|r| line(repetition(def, r)));
    if t.for_compensation {
        line("undoes".into());
    }
    t.compensation_handler.iter().for_each(|h| line(format!("undone by {}", id(def, *h))));
    for (name, n) in [("takes", t.start_quantity), ("gives", t.completion_quantity)] {
        if n > 0 {
            line(format!("{name} {n} tokens"));
        }
    }
    if !t.listeners.is_empty() {
        line(listeners(def, &t.listeners).trim_start().to_owned());
    }
    for (name, set) in [("commit before", t.async_before), ("commit after", t.async_after)] {
        if set {
            line(name.into());
        }
    }
    for (name, value) in [("mutex", t.mutex), ("skip", t.skip)] {
        value.iter().for_each(|v| line(format!("{name} {}", expression(def, *v))));
    }
    t.properties.iter().for_each(|p| line(format!("property {} `{}` {}", p.key, p.name, p.kind)));
    t.data_inputs.iter().for_each(|a| line(format!("data in{}", association(def, a))));
    t.data_outputs.iter().for_each(|a| line(format!("data out{}", association(def, a))));
    if !t.required.is_empty() {
        line(format!("requires {}", t.required.join(" ")));
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
    for (name, value) in [("tag", &def.version_tag), ("zone", &def.zone)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{name} {value}");
        }
    }
    if def.missed_starts != MissedStarts::Skip {
        let _ = writeln!(out, "missed starts {:?}", def.missed_starts);
    }
    if let Some(form) = &def.start_form {
        let _ = writeln!(out, "start form {form:?}");
    }
    for (at, element) in def.elements.iter().enumerate() {
        let parent = if at == 0 { String::new() } else { format!(" in {}", id(def, element.parent)) };
        let _ = writeln!(out, "{}{parent}: {}", element.id, kind(def, &element.kind));
        traits(def, element, &mut out);
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
    // A global task has no drawing of its own.
    let drawn = |def: &&ProcessDefinition| def.find(&format!("{}.task", def.process_id)).is_none();
    for def in imported.definitions.iter().filter(drawn) {
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
        for flow in def.flows.iter().filter(|f| !f.link) {
            let way = shapes.edges.get(&*flow.id).unwrap_or_else(|| panic!("{} has no edge", flow.id));
            assert!(way.len() >= 2, "{}", flow.id);
        }
    }
}

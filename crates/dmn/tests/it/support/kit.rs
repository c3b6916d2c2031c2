//! The DMN conformance kit: reading its cases, running them, comparing.

use dmn::Model;
use expr::Env;
use expr::feel::{Feel, Nothing, Session};
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{Number, Object, Timestamp, Value};
use roxmltree::{Document, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folders of the compliance levels.
pub const LEVELS: [&str; 3] = ["compliance-level-2", "compliance-level-3", "non-compliant"];

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What a level gave.
#[derive(Default)]
pub struct Report {
    /// Cases that pass, and all.
    pub cases: (usize, usize),
    /// Results that pass, and all.
    pub results: (usize, usize),
    /// One line for each result that does not.
    pub failures: Vec<String>,
}

/// The folder with the levels.
pub fn root(path: &Path) -> Option<PathBuf> {
    [path.to_owned(), path.join("TestCases")].into_iter().find(|p| p.join(LEVELS[0]).is_dir())
}

/// Runs the cases of a level whose folder's name contains `filter`.
pub fn run_level(root: &Path, level: &str, filter: &str) -> Report {
    let mut report = Report::default();
    for folder in sorted(&root.join(level)) {
        if folder.is_dir() && folder.to_string_lossy().contains(filter) {
            run_folder(&folder, &mut report);
        }
    }
    report
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    paths
}

fn run_folder(folder: &Path, report: &mut Report) {
    let files = sorted(folder);
    let of = |end: &str| files.iter().filter(|f| f.to_string_lossy().ends_with(end)).cloned().collect::<Vec<_>>();
    let models: Vec<(String, String)> = of(".dmn")
        .into_iter()
        .filter_map(|f| Some((f.file_name()?.to_string_lossy().into_owned(), std::fs::read_to_string(&f).ok()?)))
        .collect();
    for file in of(".xml") {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let Ok(document) = Document::parse(&text) else { continue };
        let root = document.root_element();
        if root.tag_name().name() != "testCases" {
            continue;
        }
        let name = children(root, "modelName").next().and_then(|n| n.text()).unwrap_or_default().trim();
        let Some((_, main)) = models.iter().find(|(n, _)| n == name) else {
            report.failures.push(format!("{}: no model `{name}`", file.display()));
            continue;
        };
        let others: Vec<&str> = models.iter().filter(|(n, _)| n != name).map(|(_, t)| t.as_str()).collect();
        let model = Model::read(main, &others, &Limits::default());
        let label = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        for case in children(root, "testCase") {
            run_case(&label, model.as_ref().ok(), case, report);
        }
    }
}

fn run_case(label: &str, model: Option<&Model>, case: Node, report: &mut Report) {
    let given: Object = children(case, "inputNode")
        .map(|n| (Arc::from(n.attribute("name").unwrap_or_default()), value_of(n)))
        .collect();
    let given = Arc::new(given);
    let zone = TimeZone::UTC;
    let limits = Limits::default();
    let now = Timestamp(1_700_000_000_000);
    let env = Env { scope: &Nothing, now, zone: &zone, limits: &limits, seed: 1 };
    let id = case.attribute("id").unwrap_or_default();
    let service = case.attribute("type").is_some_and(|t| t != "decision").then(|| case.attribute("invocableName"));
    let mut all = true;
    for node in children(case, "resultNode") {
        let name = node.attribute("name").unwrap_or_default();
        let entry = service.flatten().unwrap_or(name);
        let outcome = model.and_then(|m| m.evaluate(entry, &given, &env, false));
        let (actual, warnings) = match outcome {
            Some(Ok(outcome)) => (outcome.value, outcome.warnings.join("; ")),
            Some(Err(error)) => (Value::Null, error.to_string()),
            None => (Value::Null, "no such decision".to_owned()),
        };
        let expected = children(node, "expected").next().map_or(Value::Null, value_of);
        // A service with several results gives them together.
        let part = service.and_then(|_| actual.get(name)).filter(|part| same(&env, &expected, part)).cloned();
        report.results.1 += 1;
        if same(&env, &expected, &part.unwrap_or_else(|| actual.clone())) {
            report.results.0 += 1;
        } else {
            all = false;
            let line = format!("{label} {id} {name}: expected {expected:?}, got {actual:?} ({warnings})");
            report.failures.push(line);
        }
    }
    report.cases.1 += 1;
    report.cases.0 += usize::from(all);
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |n| n.is_element() && n.tag_name().name() == name)
}

fn is_nil(node: Node) -> bool {
    node.attribute((XSI, "nil")).is_some_and(|v| v == "true" || v == "1")
}

fn value_of(node: Node) -> Value {
    if is_nil(node) {
        return Value::Null;
    }
    if let Some(value) = children(node, "value").next() {
        return scalar(value);
    }
    if let Some(list) = children(node, "list").next() {
        return if is_nil(list) { Value::Null } else { Value::list(children(list, "item").map(value_of).collect()) };
    }
    let mut components = children(node, "component").peekable();
    if components.peek().is_some() {
        return Value::object(components.map(|c| (c.attribute("name").unwrap_or_default(), value_of(c))));
    }
    Value::Null
}

fn scalar(node: Node) -> Value {
    if is_nil(node) {
        return Value::Null;
    }
    let text: String = node.descendants().filter(Node::is_text).filter_map(|t| t.text()).collect();
    let kind = node.attribute((XSI, "type")).unwrap_or("string");
    let kind = kind.rsplit(':').next().unwrap_or(kind);
    let zone = TimeZone::UTC;
    let limits = Limits::default();
    let env = Env { scope: &Nothing, now: Timestamp(0), zone: &zone, limits: &limits, seed: 1 };
    let read = |function: &str| {
        let mut session = Session::new(&env);
        let text = Feel::Data(Value::text(text.trim()));
        let result = session.builtin(function, vec![text]).and_then(|v| session.export(v));
        result.unwrap_or_default()
    };
    match kind {
        "boolean" => Value::Bool(text.trim() == "true"),
        "decimal" | "double" | "integer" | "int" | "float" | "long" => {
            text.trim().parse::<Number>().map_or(Value::Null, Value::Number)
        }
        "date" => read("date"),
        "time" => read("time"),
        "dateTime" => read("date and time"),
        "duration" | "dayTimeDuration" | "yearMonthDuration" => read("duration"),
        _ => Value::text(text),
    }
}

fn same(env: &Env, expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => close(*a, *b),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(env, a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|other| same(env, v, other)))
        }
        (a, b) if a == b => true,
        (a, b) => {
            let mut session = Session::new(env);
            session.same(&Feel::Data(a.clone()), &Feel::Data(b.clone())).unwrap_or(false)
        }
    }
}

/// Equal to eight digits: the kit's numbers are rounded.
fn close(a: Number, b: Number) -> bool {
    if a == b {
        return true;
    }
    let (Ok(a), Ok(b)) = (a.to_string().parse::<f64>(), b.to_string().parse::<f64>()) else { return false };
    (a - b).abs() <= 1e-8 * a.abs().max(b.abs()).max(1.0)
}

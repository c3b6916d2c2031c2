//! Models of other projects behave here as their own tests expect (docs/support/behaviour.md).
//!
//! The models are not part of this repository: `RUSLO_CORPORA` names a folder with a copy of each project. Without it
//! the test is skipped and says so. The tables `corpora/<folder>.table` say, in our words, what is done with a model
//! and what must be seen. `CORPORA_ONLY=text` takes those models whose path contains it; `CORPORA_TABLE=file` takes
//! another table, for the folder it is named after.
//!
//! A table: `in FOLDER` says where the paths that follow begin; `== PATH` begins a model; `-- TITLE` begins a case of
//! it. Before the first case of a model: `say OLD => NEW` (what the project writes in a language of its own, said in
//! ours), `with PATH` (another file of the same deployment), `jobs` (service tasks say nothing: they become jobs of
//! type `work`), `python` (conditions and times in Python are said in FEEL, scripts are jobs).
//! In a case: `answer ELEMENT|TYPE|*|users [JSON]` (such jobs, or all user tasks, are done by themselves), `rule ID
//! TEXT` (why it differs from what the project expects).
//! Steps: `start [PROCESS] [JSON]`, `startAt START [JSON]`, `complete ELEMENT [JSON]` (or what it waits for comes),
//! `throw ELEMENT CODE [JSON]`, `fail ELEMENT`, `retry ELEMENT`, `message NAME [key=K] [JSON]`, `unheard NAME` (a
//! message that nobody waits for), `signal NAME [JSON]`, `fire TIMER`, `advance DURATION`, `set JSON`, `local ELEMENT
//! JSON`, `conditions`, `cancel`, `activate ADHOC A,B [JSON]`, `completeAdHoc ADHOC`. Elements are named by their id or
//! label; spaces in names are written `_`.
//! Seen: `at A, B` (all that waits, with `!` an incident; `-`: nothing), `did A, B` (completed, in this order, among
//! others), `all A, B` (all that completed, in any order), `never A, B` (not begun), `cut A, B` (terminated), `times N
//! A` (completed), `began N A`, `state STATE`, `states STATE, STATE` (of all instances in order), `vars JSON` (of the
//! first instance), `varsOf PROCESS JSON`, `varsAt ELEMENT JSON` (what it sees), `none NAME` (no such variable),
//! `threw A, B`, `refused RULE`, `warned RULE`. `show` fails and shows what there is.

use crate::support::definition::context;
use crate::support::world::{Happened, World, running, somebody};
use engine::testbed::Testbed;
use engine::{Command, Program};
use model::definition::{ElementKind, ROOT};
use model::limits::Limits;
use model::{Diagnostic, Object, Severity, Value};
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What makes a service task a job.
const JOB: &str = r#"xmlns:job="http://camunda.org/schema/1.0/bpmn" job:type="external" job:topic="work""#;

/// Elements whose text is an expression.
const EXPRESSIONS: [&str; 6] =
    ["conditionExpression", "condition", "loopCondition", "timeDuration", "timeDate", "timeCycle"];

#[test]
fn models_of_other_projects_behave_as_their_tests_expect() {
    let Some(root) = std::env::var_os("RUSLO_CORPORA").map(PathBuf::from) else {
        println!("skipped: RUSLO_CORPORA names no folder with the models (docs/support/behaviour.md)");
        return;
    };
    let tables = match std::env::var_os("CORPORA_TABLE") {
        Some(table) => vec![PathBuf::from(table)],
        None => tables(),
    };
    assert!(!tables.is_empty(), "the tables are missing");
    let mut all = Figures::default();
    let mut failed = Vec::new();
    for table in &tables {
        let folder = root.join(table.file_stem().unwrap());
        let (figures, wrong) = check_table(table, &folder);
        println!("{:<12} {figures}", folder.file_name().unwrap().to_string_lossy());
        all.add(&figures);
        failed.extend(wrong);
    }
    println!("{:<12} {all}", "all");
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

fn tables() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora");
    let mut found: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "table"));
    found.sort();
    found
}

/// What a table holds.
#[derive(Default)]
struct Figures {
    models: usize,
    cases: usize,
    expectations: usize,
    /// Cases that differ by a rule.
    differing: usize,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.models += other.models;
        self.cases += other.cases;
        self.expectations += other.expectations;
        self.differing += other.differing;
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { models, cases, expectations, differing } = self;
        write!(f, "{models:>4} models {cases:>4} cases {expectations:>5} expectations {differing:>3} differ by a rule")
    }
}

/// A model of a table.
struct Model<'t> {
    path: &'t str,
    /// The folder that paths begin in.
    dir: &'t str,
    says: Vec<(&'t str, &'t str)>,
    with: Vec<&'t str>,
    /// Service tasks are jobs of the type `work`.
    jobs: bool,
    /// Expressions are in a language like Python.
    python: bool,
    cases: Vec<Case<'t>>,
}

struct Case<'t> {
    title: &'t str,
    lines: Vec<(usize, &'t str)>,
}

fn check_table(table: &Path, folder: &Path) -> (Figures, Vec<String>) {
    let text = fs::read_to_string(table).unwrap();
    let only = std::env::var("CORPORA_ONLY").unwrap_or_default();
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for model in parse(&text).iter().filter(|m| m.path.contains(&only)) {
        figures.models += usize::from(seen.insert((model.dir, model.path)));
        for case in &model.cases {
            figures.cases += 1;
            figures.differing += usize::from(case.lines.iter().any(|(_, line)| line.starts_with("rule ")));
            match catch_unwind(AssertUnwindSafe(|| check_case(folder, model, case))) {
                Ok(Ok(met)) => figures.expectations += met,
                Ok(Err(why)) => failed.push(format!("{} -- {}\n    {why}", model.path, case.title)),
                Err(_) => failed.push(format!("{} -- {}\n    panicked", model.path, case.title)),
            }
        }
    }
    (figures, failed)
}

fn parse(text: &str) -> Vec<Model<'_>> {
    let mut models: Vec<Model> = Vec::new();
    let mut dir = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(folder) = line.strip_prefix("in ") {
            dir = folder;
            continue;
        }
        if let Some(path) = line.strip_prefix("== ") {
            models.push(Model {
                path,
                dir,
                says: Vec::new(),
                with: Vec::new(),
                jobs: false,
                python: false,
                cases: Vec::new(),
            });
            continue;
        }
        let model = models.last_mut().unwrap_or_else(|| panic!("line {}: no model yet", number + 1));
        if let Some(say) = line.strip_prefix("say ") {
            model.says.push(
                say.split_once(" =>")
                    .map(|(old, new)| (old, new.trim()))
                    .unwrap_or_else(|| panic!("line {}: no =>", number + 1)),
            );
        } else if let Some(path) = line.strip_prefix("with ") {
            model.with.push(path);
        } else if line == "jobs" {
            model.jobs = true;
        } else if line == "python" {
            model.python = true;
        } else if let Some(title) = line.strip_prefix("-- ") {
            model.cases.push(Case { title, lines: Vec::new() });
        } else {
            if model.cases.is_empty() {
                model.cases.push(Case { title: "", lines: Vec::new() });
            }
            model.cases.last_mut().unwrap().lines.push((number + 1, line));
        }
    }
    models
}

/// The number of expectations that were met, or what was not.
fn check_case(folder: &Path, model: &Model, case: &Case) -> Result<usize, String> {
    let mut world = World::default();
    let mut findings = Vec::new();
    for path in [model.path].iter().chain(&model.with) {
        read(&folder.join(model.dir).join(path), model, &mut world, &mut findings)?;
    }
    let mut met = 0;
    for (number, line) in &case.lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let done = match seen(&world, &findings, word, rest.trim()) {
            Some(seen) => seen.map(|()| met += 1),
            None => step(&mut world, &findings, word, rest.trim()),
        };
        done.map_err(|why| format!("line {number}: {line}\n    {why}\n{}", show(&world)))?;
    }
    if met == 0 { Err("nothing is expected".to_owned()) } else { Ok(met) }
}

fn read(path: &Path, model: &Model, world: &mut World, findings: &mut Vec<Diagnostic>) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for (old, new) in &model.says {
        text = text.replace(old, new);
    }
    if model.python {
        text = in_feel(&text);
    }
    if model.jobs {
        text = text.replace("serviceTask ", &format!("serviceTask {JOB} "));
    }
    let name = path.file_name().unwrap().to_string_lossy();
    let imported = match formats::import(&name, text.as_bytes(), &Limits::default()) {
        Ok(imported) => imported,
        Err(refused) => {
            findings.extend(refused);
            return Ok(());
        }
    };
    let deployable = imported.deployable();
    findings.extend(imported.diagnostics);
    if !deployable {
        return Ok(());
    }
    for definition in imported.definitions {
        match Program::compile(definition, &Limits::default()) {
            Ok(program) => world.programs.push(Arc::new(program)),
            Err(problems) => findings.extend(problems),
        }
    }
    Ok(())
}

/// Conditions and times said in FEEL, scripts without a format as jobs of the type `script:python`.
fn in_feel(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        let tag = &rest[..end];
        let name = tag[1..].split([' ', '>', '/', '\n']).next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        rest = &rest[end..];
        if name == "scriptTask" && !tag.starts_with("</") && !tag.contains("scriptFormat") {
            out.push_str(&tag.replace("scriptTask ", "scriptTask scriptFormat=\"python\" "));
            continue;
        }
        out.push_str(tag);
        if EXPRESSIONS.contains(&name) && !tag.starts_with("</") && !tag.ends_with("/>") {
            let body = &rest[..rest.find('<').unwrap_or(rest.len())];
            out.push('=');
            out.push_str(&body.replace(" == ", " = ").replace('\'', "\"").replace("not done", "not(done)"));
            rest = &rest[body.len()..];
        }
    }
    out + rest
}

/// Something that is done; an error when it can not be done.
fn step(world: &mut World, findings: &[Diagnostic], word: &str, rest: &str) -> Result<(), String> {
    if word == "rule" {
        return Ok(());
    }
    let errors: Vec<_> = findings.iter().filter(|d| d.severity >= Severity::Error).collect();
    if world.programs.is_empty() || !errors.is_empty() {
        let errors = errors.into_iter();
        let errors: Vec<String> = errors.map(|d| format!("{} {:?} {}", d.code, d.element, d.message)).collect();
        return Err(format!("not deployable: {}", errors.join("; ")));
    }
    let (name, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let spaced = name.replace('_', " ");
    let element = id_of(world, name);
    let element = element.as_str();
    match word {
        "answer" => {
            world.answers.push((name.to_owned(), object(more)));
            world.settle()
        }
        "start" if rest.is_empty() || rest.starts_with('{') => world.start(None, None, object(rest)),
        "start" => world.start(Some(name), None, object(more)),
        "startAt" => world.start(None, Some((name, "")), object(more)),
        "complete" => {
            let done = world.first(|bed| bed.complete(element, object(more)));
            done.or_else(|why| world.first(|bed| bed.deliver(element, object(more))).map_err(|_| why))
        }
        "fail" => world.first(|bed| bed.fail(element, "it failed", Some(0))),
        "retry" => world.first(|bed| bed.retry(element)),
        "throw" => {
            let (code, json) = more.split_once(' ').unwrap_or((more, ""));
            world.first(|bed| bed.throw(element, code, object(json)))
        }
        "message" => {
            let (key, json) = match more.strip_prefix("key=") {
                Some(more) => more.split_once(' ').map_or((Some(more), ""), |(key, json)| (Some(key), json)),
                None => (None, more),
            };
            let heard = world.message(name, key, object(json));
            heard.or_else(|_| world.message(&spaced, key, object(json)))
        }
        "unheard" => match world.message(name, None, Object::new()) {
            Ok(()) => Err("somebody waited for it".to_owned()),
            Err(_) => Ok(()),
        },
        "signal" => {
            let heard = world.signal(name, &object(more))? > 0;
            let heard = heard || spaced != name && world.signal(&spaced, &object(more))? > 0;
            if heard { Ok(()) } else { Err(format!("nobody waits for the signal `{name}`")) }
        }
        "fire" => world.fire(element),
        "advance" => world.advance(rest),
        "set" => {
            let values = object(rest);
            world
                .first(|bed| bed.command(Command::SetVariables { scope: None, values: values.clone(), by: somebody() }))
        }
        "local" => {
            let values = object(more);
            world.at_element(element, |key| Command::SetVariables {
                scope: Some(key),
                values: values.clone(),
                by: somebody(),
            })
        }
        "conditions" => world.first(|bed| bed.command(Command::EvaluateConditions {})),
        "cancel" => world.first(|bed| bed.command(Command::Cancel { reason: "no longer".to_owned(), by: somebody() })),
        "activate" => {
            let (names, json) = more.split_once(' ').unwrap_or((more, ""));
            let elements: Vec<String> = names.split(',').map(str::to_owned).collect();
            world.at_element(element, |key| {
                let (elements, variables) = (elements.clone(), object(json));
                Command::ActivateAdHoc { key, elements, variables, by: somebody() }
            })
        }
        "completeAdHoc" => world.at_element(element, |key| Command::CompleteAdHoc { key, by: somebody() }),
        "show" => Err("asked to".to_owned()),
        other => Err(format!("no such word: {other}")),
    }
}

/// Something that must be seen; none for words that are steps.
fn seen(world: &World, findings: &[Diagnostic], word: &str, rest: &str) -> Option<Result<(), String>> {
    let names = || list(rest).iter().map(|name| id_of(world, name)).collect::<Vec<_>>();
    Some(match word {
        "at" => same(sorted(waiting(world)), sorted(names())),
        "did" => in_order(&happened(world, Happened::Completed), &names()),
        "all" => same(sorted(happened(world, Happened::Completed)), sorted(names())),
        "cut" => in_order(&happened(world, Happened::Terminated), &names()),
        "never" => {
            let began = happened(world, Happened::Began);
            match names().iter().find(|n| began.contains(n)) {
                Some(name) => Err(format!("`{name}` began")),
                None => Ok(()),
            }
        }
        "times" | "began" => {
            let (number, name) = rest.split_once(' ').unwrap();
            let what = if word == "times" { Happened::Completed } else { Happened::Began };
            let count = happened(world, what).iter().filter(|n| **n == id_of(world, name)).count();
            if count.to_string() == number { Ok(()) } else { Err(format!("{count} times")) }
        }
        "state" => match world.runs.first() {
            Some(run) => same(vec![state_of(&run.bed)], vec![rest.to_owned()]),
            None => Err("nothing was started".to_owned()),
        },
        "states" => same(world.runs.iter().map(|run| state_of(&run.bed)).collect(), list(rest)),
        "vars" => match world.runs.first() {
            Some(run) => has_values(&run.bed, rest),
            None => Err("nothing was started".to_owned()),
        },
        "varsOf" => {
            let (process, json) = rest.split_once(' ').unwrap();
            match world.runs.iter().rev().find(|run| &*run.bed.program().definition().element(ROOT).id == process) {
                Some(run) => has_values(&run.bed, json),
                None => Err(format!("no instance of {process}")),
            }
        }
        "varsAt" => {
            let (element, json) = rest.split_once(' ').unwrap();
            visible_at(world, &id_of(world, element)).and_then(|have| has_all(&have, json))
        }
        "none" => match world.runs.first().and_then(|run| run.bed.instance()?.variables().get(rest).cloned()) {
            Some(value) => Err(format!("it is {}", value.to_json())),
            None => Ok(()),
        },
        "threw" => in_order(&world.thrown, &list(rest).iter().map(|n| n.replace('_', " ")).collect::<Vec<_>>())
            .or_else(|_| in_order(&world.thrown, &list(rest))),
        "refused" => found(findings, rest, Severity::Error, world.programs.is_empty()),
        "warned" => found(findings, rest, Severity::Hint, true),
        _ => return None,
    })
}

/// The id of an element that is named by it or by its label.
fn id_of(world: &World, name: &str) -> String {
    let definitions = || world.programs.iter().map(|p| p.definition());
    let (name, mark) = name.strip_suffix('!').map_or((name, ""), |name| (name, "!"));
    if definitions().any(|d| d.find(name).is_some()) {
        return format!("{name}{mark}");
    }
    let label = name.replace('_', " ");
    let of_label = definitions().find_map(|d| d.elements.iter().find(|e| e.name.as_deref() == Some(label.as_str())));
    format!("{}{mark}", of_label.map_or(name, |e| &e.id))
}

fn found(findings: &[Diagnostic], rule: &str, least: Severity, held: bool) -> Result<(), String> {
    if held && findings.iter().any(|d| d.code == rule && d.severity >= least) {
        return Ok(());
    }
    let all: Vec<String> = findings.iter().map(|d| format!("{} {:?}", d.code, d.severity)).collect();
    Err(format!("found: {}", all.join(", ")))
}

fn object(json: &str) -> Object {
    if json.is_empty() { Object::new() } else { context(json) }
}

fn list(names: &str) -> Vec<String> {
    names.split(',').map(str::trim).filter(|n| !n.is_empty() && *n != "-").map(str::to_owned).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn same(found: Vec<String>, wanted: Vec<String>) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("found: {}", found.join(", "))) }
}

fn in_order(found: &[String], wanted: &[String]) -> Result<(), String> {
    let mut rest = found.iter();
    match wanted.iter().find(|name| !rest.any(|n| n == *name)) {
        Some(name) => Err(format!("`{name}` is missing there")),
        None => Ok(()),
    }
}

fn happened(world: &World, what: Happened) -> Vec<String> {
    world.trace.iter().filter(|(happened, _)| *happened == what).map(|(_, id)| id.clone()).collect()
}

/// Where instances wait: the runs that nothing runs in. An event that waits for the handlers it called is none.
fn waiting(world: &World) -> Vec<String> {
    let mut at = Vec::new();
    for run in world.runs.iter().filter(|run| running(run)) {
        let instance = run.bed.instance().unwrap();
        let elements = instance.elements();
        for element in elements.iter().filter(|e| e.key > 0 && !elements.iter().any(|o| o.key > 0 && o.scope == e.key))
        {
            let throws = matches!(
                run.bed.program().definition().element(element.element).kind,
                ElementKind::ThrowEvent(_) | ElementKind::EndEvent(_)
            );
            let works = instance.jobs().iter().any(|j| j.key == element.key) || instance.has_incident(element.key);
            if instance.called().iter().any(|child| child.key == element.key) || throws && !works {
                continue;
            }
            let mark = if instance.has_incident(element.key) { "!" } else { "" };
            at.push(format!("{}{mark}", run.bed.program().definition().element(element.element).id));
        }
    }
    at
}

fn state_of(bed: &Testbed) -> String {
    bed.instance().map_or("none", |i| i.state().as_str()).to_owned()
}

fn has_values(bed: &Testbed, json: &str) -> Result<(), String> {
    has_all(bed.instance().unwrap().variables(), json)
}

/// What the first run of an element sees.
fn visible_at(world: &World, element: &str) -> Result<Object, String> {
    let found = world.runs.iter().find_map(|run| {
        let idx = run.bed.program().definition().find(element)?;
        let instance = run.bed.instance()?;
        let key = instance.elements().iter().find(|e| e.element == idx)?.key;
        Some(instance.visible_variables(key))
    });
    found.ok_or_else(|| format!("`{element}` does not run"))
}

fn has_all(have: &Object, json: &str) -> Result<(), String> {
    let wanted = object(json);
    match wanted.iter().find(|(name, value)| !have.get(*name).is_some_and(|v| equal(v, value))) {
        Some((name, _)) => {
            Err(format!("{name} is {}", have.get(name).map_or("not there".to_owned(), |v| v.to_json().to_string())))
        }
        None => Ok(()),
    }
}

fn equal(one: &Value, other: &Value) -> bool {
    one == other || one.to_json() == other.to_json()
}

/// What is to be known about a case that failed.
fn show(world: &World) -> String {
    let mut out = String::new();
    let trace: Vec<String> = world
        .trace
        .iter()
        .map(|(what, id)| match what {
            Happened::Began => format!("+{id}"),
            Happened::Completed => id.clone(),
            Happened::Terminated => format!("-{id}"),
        })
        .collect();
    out += &format!("    trace: {}\n    at: {}\n", trace.join(" "), waiting(world).join(", "));
    for run in &world.runs {
        let instance = run.bed.instance().unwrap();
        let variables: BTreeMap<String, String> =
            instance.variables().iter().map(|(k, v)| (k.to_string(), v.to_json().to_string())).collect();
        out +=
            &format!("    {} {}: {variables:?}\n", run.bed.program().definition().element(ROOT).id, state_of(&run.bed));
        for incident in instance.incidents() {
            out += &format!("      incident {}\n", incident.code);
        }
        let timers = instance.timers().iter().map(|t| run.bed.program().definition().element(t.element).id.to_string());
        let waits = instance.subscriptions().iter().map(|s| format!("{:?}", s.awaited));
        let jobs = instance.jobs().iter().map(|j| format!("job {}", j.job_type));
        let waits: Vec<String> = timers.chain(waits).chain(jobs).collect();
        out += &format!("      {}\n", waits.join(", "));
    }
    out
}

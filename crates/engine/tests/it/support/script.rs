//! Runs steps against a definition and prints what happened: the step, its events, the state at the end.
//!
//! Steps: `start JSON`, `complete ELEMENT [JSON]`, `fail ELEMENT RETRIES MESSAGE`, `throw ELEMENT CODE [JSON]`,
//! `retry ELEMENT`, `advance DURATION`, `set JSON`, `cancel REASON`, `title TEXT`, `log ELEMENT TEXT`,
//! `reassign ELEMENT A,B`; before the start: `document JSON`, `budget N`, `valueBytes N`, `instanceBytes N`,
//! `scriptTicks N`. Of events: `startAt START[#TRIGGER] [key=K] [JSON]`, `called [JSON]` (by another process), `deliver
//! ELEMENT [JSON]`, `conditions`, `local ELEMENT JSON`.

use super::definition::{context, parse};
use engine::exchange::ParentLink;
use engine::testbed::{Testbed, TestbedError};
use engine::{Command, Event, Program, StartTrigger};
use model::definition::ProcessDefinition;
use model::limits::Limits;
use model::{InstanceId, Object, UserId};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The golden text of a case and the testbed at its end. A case is a definition, or `file NAME` beside it, `---` and
/// steps.
pub fn run(path: &Path) -> (String, Option<Testbed>) {
    let case = fs::read_to_string(path).unwrap();
    let (definition, steps) = case.split_once("\n---\n").expect("a case is a definition, ---, steps");
    let definition = match definition.strip_prefix("file ") {
        Some(name) => imported(&path.with_file_name(name)),
        None => parse(definition),
    };
    let program = match Program::compile(definition.clone(), &Limits::default()) {
        Ok(program) => program,
        Err(problems) => {
            let shown = problems.iter().map(|p| format!("{} {:?}: {}\n", p.code, p.element, p.message));
            return (shown.collect(), None);
        }
    };
    let mut limits = Limits::default();
    let mut script_ticks = 1_000;
    let mut bed: Option<Testbed> = None;
    let mut document = Object::new();
    let mut printer = Printer { definition, ids: HashMap::new(), out: String::new() };
    for step in steps.lines().map(str::trim).filter(|s| !s.is_empty() && !s.starts_with('#')) {
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        match word {
            "document" => document = context(rest),
            "budget" => limits.step_node_entries = rest.parse().unwrap(),
            "instanceBytes" => limits.instance_bytes = rest.parse().unwrap(),
            "scriptTicks" => script_ticks = rest.parse().unwrap(),
            "valueBytes" => limits.value_bytes = rest.parse().unwrap(),
            _ => {
                let bed = bed.get_or_insert_with(|| {
                    let bed = Testbed::new(program.clone()).with_limits(limits.clone());
                    bed.with_document(document.clone()).with_script_ticks(script_ticks)
                });
                writeln!(printer.out, "> {step}").unwrap();
                match perform(bed, word, rest) {
                    Ok(events) => events.iter().for_each(|event| printer.event(event)),
                    Err(error) => {
                        let error = printer.ids(&error.to_string());
                        writeln!(printer.out, "  ! {error}").unwrap();
                    }
                }
                bed.verify().unwrap_or_else(|broken| panic!("after `{step}`: {broken}"));
            }
        }
    }
    if let Some(bed) = &bed {
        printer.state(bed);
    }
    (printer.out, bed)
}

/// The only process of a BPMN file or a Bitrix template.
fn imported(path: &Path) -> ProcessDefinition {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap();
    let imported = formats::import(name, &fs::read(path).unwrap(), &Limits::default()).unwrap();
    assert!(imported.deployable(), "{:#?}", imported.diagnostics);
    imported.definitions.into_iter().next().unwrap()
}

/// One step.
pub fn perform(bed: &mut Testbed, word: &str, rest: &str) -> Result<Vec<Event>, TestbedError> {
    let (element, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let object = |json: &str| if json.is_empty() { Object::new() } else { context(json) };
    match word {
        "start" => bed.start(object(rest)),
        "complete" => bed.complete(element, object(more)),
        "fail" => {
            let (retries, message) = more.split_once(' ').unwrap_or((more, ""));
            bed.fail(element, message, retries.parse().ok())
        }
        "throw" => {
            let (code, json) = more.split_once(' ').unwrap_or((more, ""));
            bed.throw(element, code, object(json))
        }
        "retry" => bed.retry(element),
        "advance" => bed.advance(rest),
        "set" => bed.command(Command::SetVariables { scope: None, values: object(rest), by: Some(UserId(1)) }),
        "cancel" => bed.command(Command::Cancel { reason: rest.to_owned(), by: Some(UserId(1)) }),
        "title" => bed.command(Command::SetStateTitle { text: rest.to_owned() }),
        "log" => {
            let key = key_of(bed, element);
            bed.command(Command::Log { key, job: None, text: more.to_owned(), by: Some(UserId(1)) })
        }
        "reassign" => {
            let key = key_of(bed, element);
            let instance = bed.instance().expect("started");
            let task = instance.tasks().iter().find(|t| Some(t.key) == key).expect("an open task").id;
            let assignees = more.split(',').map(str::to_owned).collect();
            bed.command(Command::ReassignTask { task, assignees, by: Some(UserId(1)) })
        }
        "startAt" => {
            let (key, json) = match more.strip_prefix("key=") {
                Some(more) => more.split_once(' ').unwrap_or((more, "")),
                None => ("", more),
            };
            let (element, trigger) = element.split_once('#').unwrap_or((element, "0"));
            let element = bed.program().definition().find(element);
            let trigger = StartTrigger { trigger: trigger.parse().unwrap(), key: key.to_owned() };
            bed.start_with(Object::new(), |start| {
                (start.start_element, start.trigger, start.payload) = (element, Some(trigger), object(json));
            })
        }
        "called" => bed.start_with(object(rest), |start| {
            let root = InstanceId(0);
            start.parent = Some(ParentLink { instance: root, key: 7, root, depth: 1, compensable: false });
        }),
        "deliver" => bed.deliver(element, object(more)),
        "conditions" => bed.command(Command::EvaluateConditions {}),
        "local" => {
            let scope = key_of(bed, element);
            bed.command(Command::SetVariables { scope, values: object(more), by: Some(UserId(1)) })
        }
        other => match super::activities::perform(bed, other, rest) {
            Some(done) => done,
            None => panic!("no step `{other}`"),
        },
    }
}

fn key_of(bed: &Testbed, element: &str) -> Option<u32> {
    let idx = bed.program().definition().find(element)?;
    bed.instance()?.elements().iter().find(|e| e.element == idx).map(|e| e.key)
}

struct Printer {
    definition: ProcessDefinition,
    /// Ids in order of appearance, so that goldens do not depend on the clock.
    ids: HashMap<String, usize>,
    out: String,
}

impl Printer {
    fn event(&mut self, event: &Event) {
        let Json::Object(members) = event.to_json(&self.definition) else { unreachable!() };
        let mut line = format!("  {}", event.name());
        let skipped = ["event", "instance", "definition", "startedAt", "startedBy"];
        for (name, value) in members.iter().filter(|(name, _)| !skipped.contains(&name.as_str())) {
            match value {
                Json::String(text) => write!(line, " {name}={text}").unwrap(),
                other => write!(line, " {name}={other}").unwrap(),
            }
        }
        let line = self.ids(&line);
        writeln!(self.out, "{line}").unwrap();
    }

    /// `job_8589…` → `job_1`, numbered by kind.
    fn ids(&mut self, line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('_') {
            let (before, after) = rest.split_at(at);
            let digits = after[1..].bytes().take_while(u8::is_ascii_digit).count();
            let word_start = before.rfind(|c: char| !c.is_ascii_lowercase()).map_or(0, |i| i + 1);
            let kind = &before[word_start..];
            out.push_str(before);
            out.push('_');
            if digits > 10 {
                let number = self.number(kind, &after[1..=digits]);
                write!(out, "{number}").unwrap();
                rest = &after[1 + digits..];
            } else {
                rest = &after[1..];
            }
        }
        out + rest
    }

    fn number(&mut self, kind: &str, digits: &str) -> usize {
        let id = format!("{kind}_{digits}");
        if let Some(number) = self.ids.get(&id) {
            return *number;
        }
        let number = 1 + self.ids.keys().filter(|k| k.starts_with(&format!("{kind}_"))).count();
        self.ids.insert(id, number);
        number
    }

    fn state(&mut self, bed: &Testbed) {
        let Some(instance) = bed.instance() else { return };
        let at: Vec<String> = (instance.elements().iter().skip(1))
            .map(|e| {
                let mark = if instance.has_incident(e.key) { "!" } else { "" };
                format!("{}{mark}", self.definition.element(e.element).id)
            })
            .collect();
        let waiting: Vec<String> =
            instance.waiting().iter().map(|w| format!("{}×{}", self.definition.flow(w.flow).id, w.count)).collect();
        writeln!(self.out, "= {}", instance.state().as_str()).unwrap();
        for (name, values) in [("at", at), ("waiting", waiting)] {
            if !values.is_empty() {
                writeln!(self.out, "  {name}: {}", values.join(", ")).unwrap();
            }
        }
        for (name, value) in instance.variables() {
            let line = self.ids(&format!("  {name} = {}", value.to_json()));
            writeln!(self.out, "{line}").unwrap();
        }
    }
}

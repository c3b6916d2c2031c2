//! `ruslo run`: one instance on a throw-away memory with a test clock; prints its journal, one JSON event a line.

use anyhow::{Context, Result, anyhow, bail};
use clap::{ArgMatches, Args, FromArgMatches};
use engine::exchange::{Awaited, ChildOutcome, ChildStarted};
use engine::{Command, Event, Instance, InstanceState, Program, testbed::Testbed};
use model::error::codes;
use model::{InstanceId, Object, SubscriptionId, Value, limits::Limits};
use std::collections::{HashMap, HashSet};
use std::{fs, io::Write, path::PathBuf, process::ExitCode, sync::Arc};

/// Options of `ruslo run`.
#[derive(Debug)]
pub struct Run {
    file: PathBuf,
    process: Option<String>,
    variables: Vec<String>,
    steps: Vec<Step>,
}

/// What is fed to the instance, in the order of the command line.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Complete(String),
    Message(String),
    Signal(String),
    Advance(String),
}

/// The plain options; the steps' order is taken from their positions.
#[derive(Debug, Args)]
struct Flags {
    /// A .bpmn or .bpt file
    file: PathBuf,
    /// Process to run when the file holds several
    #[arg(long)]
    process: Option<String>,
    /// Variable or parameter: k=v; v is JSON, or text when it is no JSON
    #[arg(long = "var", value_name = "K=V")]
    variables: Vec<String>,
    /// Completes the job or task that waits at the element, with values
    #[arg(long, value_name = "ELEMENT[=K=V,..]")]
    complete: Vec<String>,
    /// Publishes a message
    #[arg(long, value_name = "NAME[:KEY]")]
    message: Vec<String>,
    /// Throws a signal
    #[arg(long, value_name = "NAME")]
    signal: Vec<String>,
    /// Lets time pass: an ISO 8601 duration; due timers fire
    #[arg(long, value_name = "PT1H")]
    advance: Vec<String>,
}

impl FromArgMatches for Run {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let mut steps: Vec<(usize, Step)> = Vec::new();
        let mut add = |name: &str, values: &[String], make: fn(String) -> Step| {
            let positions = matches.indices_of(name).into_iter().flatten();
            steps.extend(positions.zip(values).map(|(i, v)| (i, make(v.clone()))));
        };
        add("complete", &flags.complete, Step::Complete);
        add("message", &flags.message, Step::Message);
        add("signal", &flags.signal, Step::Signal);
        add("advance", &flags.advance, Step::Advance);
        steps.sort_by_key(|(position, _)| *position);
        let steps = steps.into_iter().map(|(_, step)| step).collect();
        Ok(Self { file: flags.file, process: flags.process, variables: flags.variables, steps })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Run {
    fn augment_args(command: clap::Command) -> clap::Command {
        Flags::augment_args(command)
    }
    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Flags::augment_args_for_update(command)
    }
}

/// Runs the command; exit code 1 when the instance failed or an incident holds it.
pub fn execute(options: &Run) -> Result<ExitCode> {
    let limits = Limits::default();
    let bytes = fs::read(&options.file).with_context(|| format!("can not read {}", options.file.display()))?;
    let name = options.file.file_name().and_then(|n| n.to_str()).unwrap_or("process");
    let imported = formats::import(name, &bytes, &limits).map_err(|d| anyhow!(refusal(&d)))?;
    if !imported.deployable() {
        bail!("the definition can not be run: {}", refusal(&imported.diagnostics));
    }
    let count = imported.definitions.len();
    let mut programs: Programs = HashMap::new();
    for definition in imported.definitions {
        let id = definition.process_id.clone();
        let program = Program::compile(definition, &limits).map_err(|d| anyhow!(refusal(&d)))?;
        programs.insert(id, Arc::new(program));
    }
    let chosen = match &options.process {
        Some(id) => id.clone(),
        None if count > 1 => bail!("the file holds {count} processes: choose one with --process"),
        None => programs.keys().next().cloned().context("the file holds no process")?,
    };
    let program = programs.get(&chosen).ok_or_else(|| anyhow!("there is no process `{chosen}` in the file"))?;
    let mut main = Running::new(Testbed::new(program.clone()));
    main.bed.start(pairs(&options.variables)?)?;
    main.settle(&programs)?;
    for step in &options.steps {
        main.feed(step)?;
        main.settle(&programs)?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    main.print(&mut out, None)?;
    out.flush()?;
    Ok(if main.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Processes of the file, by their ids.
type Programs = HashMap<String, Arc<Program>>;

/// An instance with those that it called.
struct Running {
    bed: Testbed,
    called: Vec<(InstanceId, Running)>,
    /// Calls that were answered.
    over: HashSet<InstanceId>,
}

impl Running {
    fn new(bed: Testbed) -> Self {
        Self { bed, called: Vec::new(), over: HashSet::new() }
    }

    /// Begins what was called, and lets the caller go on when it has ended.
    fn settle(&mut self, programs: &Programs) -> Result<()> {
        loop {
            self.begin(programs)?;
            let mut ended = Vec::new();
            for (id, child) in &mut self.called {
                child.settle(programs)?;
                if let Some(outcome) = child.outcome()
                    && self.over.insert(*id)
                {
                    ended.push((*id, outcome));
                }
            }
            if ended.is_empty() {
                return Ok(());
            }
            for (child, outcome) in ended {
                // One that nobody waits for is over.
                drop(self.bed.command(Command::FinishChild { child, outcome }));
            }
        }
    }

    fn begin(&mut self, programs: &Programs) -> Result<()> {
        let known = |id: &InstanceId| self.over.contains(id) || self.called.iter().any(|(other, _)| other == id);
        let calls: Vec<ChildStarted> =
            self.bed.journal().iter().filter_map(called).filter(|c| !known(&c.child)).collect();
        for call in calls {
            match programs.get(&call.process) {
                Some(program) => {
                    let mut child = Self::new(Testbed::new(program.clone()));
                    child.bed.start(call.variables)?;
                    self.called.push((call.child, child));
                }
                None => {
                    self.over.insert(call.child);
                    let code = codes::DEFINITION_NOT_FOUND.code.to_owned();
                    let message = format!("there is no process `{}` in the file", call.process);
                    let outcome = ChildOutcome::NotStarted { code, message };
                    drop(self.bed.command(Command::FinishChild { child: call.child, outcome }));
                }
            }
        }
        Ok(())
    }

    /// How it ended, as its caller learns it.
    fn outcome(&self) -> Option<ChildOutcome> {
        let instance = self.bed.instance()?;
        let last = self.bed.journal().last();
        Some(match (instance.state(), last) {
            (InstanceState::Active, _) => return None,
            (InstanceState::Failed, Some(Event::InstanceFailed { code, message, variables })) => {
                ChildOutcome::Failed { code: code.clone(), message: message.clone(), data: variables.clone() }
            }
            (InstanceState::Canceled, _) => ChildOutcome::Canceled { reason: String::new() },
            _ => ChildOutcome::Completed { variables: instance.variables().clone() },
        })
    }

    /// Feeds a step to the first instance that takes it.
    fn feed(&mut self, step: &Step) -> Result<()> {
        if let Step::Advance(text) = step {
            self.bed.advance(text)?;
            return self.called.iter_mut().try_for_each(|(_, child)| child.feed(step));
        }
        let refused = match self.take(step) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        let taken = self.called.iter_mut().any(|(_, child)| child.feed(step).is_ok());
        if taken { Ok(()) } else { Err(refused) }
    }

    fn take(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Complete(text) => {
                let (element, values) = text.split_once('=').unwrap_or((text, ""));
                self.bed.complete(element, pairs(&split_pairs(values))?)?;
            }
            Step::Message(text) => {
                let (name, key) = text.split_once(':').map_or((text.as_str(), None), |(name, key)| (name, Some(key)));
                let fits = |awaited: &Awaited| match awaited {
                    Awaited::Message { name: own, key: waited } => {
                        **own == *name && key.is_none_or(|key| waited.as_deref().is_none_or(|waited| waited == key))
                    }
                    Awaited::Signal { .. } => false,
                };
                let subscription =
                    self.waiting(fits).with_context(|| format!("nothing waits for the message {text}"))?;
                let (name, variables) = (name.to_owned(), Object::new());
                self.bed.command(Command::DeliverMessage { subscription, name, variables })?;
            }
            Step::Signal(name) => {
                let fits = |awaited: &Awaited| matches!(awaited, Awaited::Signal { name: own } if **own == **name);
                let subscription =
                    self.waiting(fits).with_context(|| format!("nothing waits for the signal {name}"))?;
                self.bed.command(Command::DeliverSignal { subscription, variables: Object::new() })?;
            }
            Step::Advance(_) => {}
        }
        Ok(())
    }

    fn waiting(&self, fits: impl Fn(&Awaited) -> bool) -> Option<SubscriptionId> {
        let instance = self.bed.instance()?;
        instance.subscriptions().iter().find(|open| fits(&open.awaited)).map(|open| open.id)
    }

    /// Its journal, then those of what it called, which name their process.
    fn print(&self, out: &mut impl Write, process: Option<&str>) -> Result<()> {
        let definition = self.bed.program().definition();
        for event in self.bed.journal() {
            let mut line = event.to_json(definition);
            if let (Some(process), Some(line)) = (process, line.as_object_mut()) {
                line.insert("process".to_owned(), process.into());
            }
            writeln!(out, "{line}")?;
        }
        self.called.iter().try_for_each(|(_, child)| {
            let process = child.bed.program().definition().process_id.clone();
            child.print(out, Some(&process))
        })
    }

    /// It did not fail, and nothing waits for somebody to mend it.
    fn is_healthy(&self) -> bool {
        let sound = |i: &Instance| i.state() != InstanceState::Failed && i.incidents().is_empty();
        self.bed.instance().is_some_and(sound)
    }
}

fn called(event: &Event) -> Option<ChildStarted> {
    match event {
        Event::ChildStarted(call) => Some((**call).clone()),
        _ => None,
    }
}

fn refusal(diagnostics: &[model::Diagnostic]) -> String {
    let worst = diagnostics.iter().filter(|d| d.severity >= model::Severity::Error);
    let lines: Vec<String> = worst
        .map(|d| {
            format!("{}{}: {}", d.code, d.element.as_ref().map(|e| format!(" at {e}")).unwrap_or_default(), d.message)
        })
        .collect();
    lines.join("; ")
}

/// `k=v,k2=v2`, where a comma inside brackets or quotes belongs to the value.
fn split_pairs(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0i32, false, 0);
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(text[start..i].to_owned());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].to_owned());
    parts.into_iter().filter(|p| !p.is_empty()).collect()
}

fn pairs(list: &[String]) -> Result<Object> {
    list.iter()
        .map(|pair| {
            let (key, value) = pair.split_once('=').with_context(|| format!("`{pair}` is not of the form k=v"))?;
            let value = serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::String(value.to_owned()));
            Ok((key.into(), Value::from_json(&value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        run: Run,
    }

    #[test]
    fn steps_keep_the_order_of_the_command_line() {
        let line =
            Line::try_parse_from(["x", "f", "--advance", "PT1H", "--complete", "a=x=1", "--advance", "PT2H"]).unwrap();
        let expected =
            [Step::Advance("PT1H".to_owned()), Step::Complete("a=x=1".to_owned()), Step::Advance("PT2H".to_owned())];
        assert_eq!(line.run.steps, expected);
    }

    #[test]
    fn values_are_json_or_text() {
        assert_eq!(split_pairs("a=1,b=[1,2],c=\"x,y\""), ["a=1", "b=[1,2]", "c=\"x,y\""]);
        let object = pairs(&["a=1".to_owned(), "b=plain text".to_owned(), "c={\"d\":true}".to_owned()]).unwrap();
        assert_eq!(Value::Object(object.into()).to_json().to_string(), r#"{"a":1,"b":"plain text","c":{"d":true}}"#);
        assert!(pairs(&["novalue".to_owned()]).is_err());
    }
}

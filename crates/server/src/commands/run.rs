//! `ruslo run`: one instance on a throw-away memory with a test clock; prints its journal, one JSON event a line.

use anyhow::{Context, Result, anyhow, bail};
use clap::{ArgMatches, Args, FromArgMatches};
use engine::{InstanceState, Program, testbed::Testbed};
use model::{Object, Value, limits::Limits};
use std::{fs, io::Write as _, path::PathBuf, process::ExitCode};

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
    let definition = match &options.process {
        Some(id) => imported
            .definitions
            .into_iter()
            .find(|d| d.process_id == *id)
            .ok_or_else(|| anyhow!("there is no process `{id}` in the file"))?,
        None if count > 1 => bail!("the file holds {count} processes: choose one with --process"),
        None => imported.definitions.into_iter().next().context("the file holds no process")?,
    };
    let program = Program::compile(definition, &limits).map_err(|d| anyhow!(refusal(&d)))?;
    let mut bed = Testbed::new(program);
    bed.start(pairs(&options.variables)?)?;
    for step in &options.steps {
        match step {
            Step::Complete(text) => {
                let (element, values) = text.split_once('=').unwrap_or((text, ""));
                let list: Vec<String> = split_pairs(values);
                bed.complete(element, pairs(&list)?)?;
            }
            Step::Message(name) => bail!("--message {name}: message events do not run in this version"),
            Step::Advance(text) => {
                bed.advance(text)?;
            }
        }
    }
    print_journal(&bed)?;
    Ok(if is_healthy(&bed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_journal(bed: &Testbed) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for event in bed.journal() {
        writeln!(out, "{}", event.to_json(bed.program().definition()))?;
    }
    Ok(out.flush()?)
}

/// It did not fail, and nothing waits for somebody to mend it.
fn is_healthy(bed: &Testbed) -> bool {
    bed.instance().is_some_and(|i| i.state() != InstanceState::Failed && i.incidents().is_empty())
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

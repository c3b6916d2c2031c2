//! Imports every model below the folders given and counts: `tools/corpora FOLDER...`, `--round-trip` to export too,
//! `--rule=LN-12` to list what a rule finds.
//!
//! Fails when an import panics or takes longer than ten seconds, when a file that is well-formed BPMN is refused, when
//! fewer than 1,000 files a minute are read, or when an export is not equal to its source.
#![expect(clippy::disallowed_methods, reason = "it measures")]

use formats::Imported;
use model::limits::Limits;
use model::{Diagnostic, Severity};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);
const FILES_A_MINUTE: f64 = 1_000.0;
const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const DI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

type Outcome = Result<Imported, Vec<Diagnostic>>;

/// What is counted.
#[derive(Default)]
struct Tally {
    files: usize,
    deployable: usize,
    refused: Vec<(PathBuf, Diagnostic)>,
    /// Files with an error of a rule.
    errors: BTreeMap<String, usize>,
    times: Vec<(Duration, PathBuf)>,
    broken: Vec<String>,
    /// The rule whose findings are listed.
    rule: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let round_trip = arguments.iter().any(|a| a == "--round-trip");
    let mut files = Vec::new();
    for folder in arguments.iter().filter(|a| !a.starts_with("--")) {
        collect(Path::new(folder), &mut files);
    }
    let rule = arguments.iter().find_map(|a| a.strip_prefix("--rule=")).map(str::to_owned);
    let mut tally = Tally { rule, ..Tally::default() };
    let mut worker = Worker::new();
    for path in files {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        tally.files += 1;
        let begun = Instant::now();
        let outcome = worker.import(bytes.clone());
        let took = begun.elapsed();
        match outcome {
            None => {
                tally.broken.push(format!("panic or no end: {}", path.display()));
                worker = Worker::new();
            }
            Some(outcome) => {
                tally.times.push((took, path.clone()));
                judge(&mut tally, path, &bytes, outcome, round_trip);
            }
        }
    }
    report(tally)
}

/// Imports on a thread of its own, so that one that never ends is noticed.
struct Worker {
    work: Sender<Vec<u8>>,
    done: Receiver<Outcome>,
}

impl Worker {
    fn new() -> Self {
        let ((work, todo), (tell, done)) = (channel::<Vec<u8>>(), channel());
        std::thread::spawn(move || {
            let limits = Limits::default();
            for bytes in todo {
                if tell.send(formats::bpmn::import(&bytes, &limits)).is_err() {
                    break;
                }
            }
        });
        Self { work, done }
    }

    fn import(&self, bytes: Vec<u8>) -> Option<Outcome> {
        self.work.send(bytes).ok()?;
        self.done.recv_timeout(PATIENCE).ok()
    }
}

fn judge(tally: &mut Tally, path: PathBuf, bytes: &[u8], outcome: Outcome, round_trip: bool) {
    let imported = match outcome {
        Ok(imported) => imported,
        Err(findings) => {
            if is_bpmn(bytes) {
                tally.broken.push(format!("well-formed BPMN is refused: {}", path.display()));
            }
            tally.refused.extend(findings.into_iter().next().map(|first| (path, first)));
            return;
        }
    };
    tally.deployable += usize::from(imported.deployable());
    for d in imported.diagnostics.iter().filter(|d| tally.rule.as_ref() == Some(&d.code)) {
        let element = d.element.as_deref().unwrap_or_default();
        println!("{} {:?} {element} {}:{} {}", d.code, d.severity, path.display(), d.line, d.message);
    }
    let errors = imported.diagnostics.iter().filter(|d| d.severity >= Severity::Error);
    let mut codes: Vec<String> = errors.map(|d| d.code.clone()).collect();
    codes.sort();
    codes.dedup();
    for code in codes {
        *tally.errors.entry(code).or_default() += 1;
    }
    if round_trip && let Some(why) = differs(bytes, &imported.bpmn) {
        tally.broken.push(format!("{why}: {}", path.display()));
    }
}

/// Attributes of one element; more is an attack.
const ATTRIBUTES: usize = 512;

/// Whether a parser of its own reads the file as BPMN without a document type.
fn is_bpmn(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    roxmltree::Document::parse(text.trim_start_matches('\u{feff}')).is_ok_and(|doc| {
        let sound = doc.descendants().all(|n| n.attributes().len() <= ATTRIBUTES);
        sound && doc.root_element().has_tag_name((MODEL, "definitions"))
    })
}

/// Why an export is not equal to its source: outside of diagrams as an infoset, and for good.
fn differs(bytes: &[u8], exported: &str) -> Option<&'static str> {
    let Ok(source) = std::str::from_utf8(bytes) else { return None };
    let declared = source.split("?>").next().unwrap_or_default().to_lowercase();
    if declared.contains("encoding=") && !declared.contains("utf") {
        // The reader for comparison knows no other encodings.
        return None;
    }
    let (before, after) = (infoset(source.trim_start_matches('\u{feff}')), infoset(exported));
    if before.is_none() || before != after {
        return Some("the export differs");
    }
    (formats::bpmn::export(exported) != exported).then_some("a second export differs")
}

/// Elements, attributes, text, comments and processing instructions outside of diagrams, white space aside.
fn infoset(text: &str) -> Option<String> {
    let doc = roxmltree::Document::parse(text).ok()?;
    let mut out = String::new();
    for node in doc.descendants().filter(|n| !n.ancestors().any(|a| a.has_tag_name((DI, "BPMNDiagram")))) {
        let depth = node.ancestors().count();
        if node.is_element() {
            let tag = node.tag_name();
            let _ = write!(out, "\n{depth} <{}|{}", tag.namespace().unwrap_or_default(), tag.name());
            let mut attributes: Vec<_> =
                node.attributes().map(|a| (a.namespace().unwrap_or_default(), a.name(), a.value())).collect();
            attributes.sort_unstable();
            let _ = write!(out, " {attributes:?}");
        } else if let Some(content) = node.text().map(str::trim).filter(|t| !t.is_empty()) {
            let _ = write!(out, "\n{depth} {:?} {content}", node.node_type());
        } else if let Some(pi) = node.pi() {
            let _ = write!(out, "\n{depth} {pi:?}");
        }
    }
    Some(out)
}

fn report(mut tally: Tally) -> ExitCode {
    let total: Duration = tally.times.iter().map(|(took, _)| *took).sum();
    let speed = tally.times.len() as f64 * 60.0 / total.as_secs_f64().max(0.001);
    println!("files        {}", tally.files);
    println!("refused      {}", tally.refused.len());
    println!("stored       {}", tally.times.len() - tally.refused.len());
    println!("deployable   {}", tally.deployable);
    println!("imports took {:.1} s: {speed:.0} files a minute", total.as_secs_f64());
    println!("\nfiles that can be stored but not deployed, by rule");
    for (code, count) in &tally.errors {
        println!("  {code} {count}");
    }
    println!("\nslowest");
    tally.times.sort_by_key(|(took, _)| std::cmp::Reverse(*took));
    for (took, path) in tally.times.iter().take(5) {
        println!("  {:>6.1} ms {}", took.as_secs_f64() * 1e3, path.display());
    }
    println!("\nrefused");
    for (path, first) in &tally.refused {
        println!("  {} {}:{} {} {}", first.code, first.line, first.column, path.display(), first.message);
    }
    if speed < FILES_A_MINUTE && tally.files > 0 {
        tally.broken.push(format!("only {speed:.0} files a minute"));
    }
    for broken in &tally.broken {
        println!("BROKEN {broken}");
    }
    if tally.broken.is_empty() && tally.files > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_owned());
        return;
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.to_string_lossy().to_lowercase();
        if entry.is_dir() && !entry.is_symlink() {
            collect(&entry, files);
        } else if [".bpmn", ".bpmn2", ".bpmn20.xml"].iter().any(|end| name.ends_with(end)) {
            files.push(entry);
        }
    }
}

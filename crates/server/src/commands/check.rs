//! `ruslo check`: imports files without a server, one line a file.
//!
//! A line is `FILE: ok` or `FILE: error CODE at element: text`; with `--json` one object a line
//! `{"file","stored":bool,"deployable":bool,"diagnostics":[{"code","severity","element","message"}]}`.

use anyhow::{Context, Result};
use clap::Args;
use model::{Diagnostic, Severity, limits::Limits};
use std::{
    collections::HashSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Options of `ruslo check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Files to read; a folder stands for the .bpmn, .xml, .bpt and .dmn files below it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Write what an export of each file would give into this folder
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// Also fail when a file can be stored but not deployed
    #[arg(long)]
    deployable: bool,
    /// The element templates of apps, as GET /api/v1/element-templates gives them; without, they are not checked
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
}

/// What the files may refer to beyond themselves.
struct Known {
    decisions: Vec<String>,
    templates: Option<Vec<serde_json::Value>>,
}

struct Outcome {
    diagnostics: Vec<Diagnostic>,
    stored: bool,
    deployable: bool,
    export: Option<Vec<u8>>,
}

/// Runs the command; exit code 1 when a file can not be stored (or, if asked, not be deployed).
pub fn execute(options: &Check) -> Result<ExitCode> {
    let limits = Limits::default();
    let mut failed = false;
    let mut taken = HashSet::new();
    if let Some(folder) = &options.export {
        fs::create_dir_all(folder).with_context(|| format!("can not make {}", folder.display()))?;
    }
    let out = std::io::stdout();
    let mut out = std::io::BufWriter::new(out.lock());
    let files = expand(&options.files)?;
    let templates = options.templates.as_deref().map(templates).transpose()?;
    let known = Known { decisions: decisions(&files), templates };
    for file in files {
        let outcome = check(&file, &known, &limits)?;
        failed |= !outcome.stored || (options.deployable && !outcome.deployable);
        if let (Some(folder), Some(bytes)) = (&options.export, &outcome.export) {
            let path = folder.join(free_name(&file, &mut taken));
            fs::write(&path, bytes).with_context(|| format!("can not write {}", path.display()))?;
        }
        if options.json {
            writeln!(out, "{}", as_json(&file, &outcome))?;
        } else {
            writeln!(out, "{}: {}", file.display(), as_line(&outcome))?;
        }
    }
    out.flush()?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The texts of the DMN files: they may import each other.
fn decisions(files: &[PathBuf]) -> Vec<String> {
    let are_decisions = |f: &&PathBuf| f.extension().is_some_and(|e| e.eq_ignore_ascii_case("dmn"));
    files.iter().filter(are_decisions).filter_map(|f| fs::read_to_string(f).ok()).collect()
}

fn templates(file: &Path) -> Result<Vec<serde_json::Value>> {
    let text = fs::read(file).with_context(|| format!("can not read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no JSON list of templates", file.display()))
}

fn check(file: &Path, known: &Known, limits: &Limits) -> Result<Outcome> {
    let bytes = fs::read(file).with_context(|| format!("can not read {}", file.display()))?;
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or("process");
    let decisions: Vec<&str> = known.decisions.iter().map(String::as_str).collect();
    let around = formats::Around { decisions: &decisions, templates: known.templates.as_deref() };
    Ok(match formats::import_among(name, &bytes, &around, limits) {
        Ok(imported) => Outcome {
            stored: true,
            deployable: imported.deployable(),
            export: Some(export(&imported, &bytes, limits)?),
            diagnostics: imported.diagnostics,
        },
        Err(diagnostics) => Outcome { stored: false, deployable: false, export: None, diagnostics },
    })
}

/// What an export gives: the diagram's file, or the template written anew.
fn export(imported: &formats::Imported, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    Ok(match imported.kind {
        formats::SourceKind::Bpmn | formats::SourceKind::Dmn => imported.bpmn.clone().into_bytes(),
        formats::SourceKind::Bpt => formats::bpt::write(&formats::bpt::read(bytes, limits)?),
    })
}

fn as_json(file: &Path, outcome: &Outcome) -> serde_json::Value {
    serde_json::json!({
        "file": file.display().to_string(),
        "stored": outcome.stored,
        "deployable": outcome.deployable,
        "diagnostics": outcome.diagnostics,
    })
}

fn as_line(outcome: &Outcome) -> String {
    match outcome.diagnostics.iter().max_by_key(|d| d.severity).filter(|d| d.severity >= Severity::Error) {
        None => "ok".to_owned(),
        Some(d) => {
            let place = match (&d.element, d.line) {
                (Some(element), _) => format!(" at {element}"),
                (None, 0) => String::new(),
                (None, line) => format!(" at line {line}, column {}", d.column),
            };
            format!("error {}{place}: {}", d.code, d.message)
        }
    }
}

/// Files with the same name from different folders must not overwrite each other's export.
fn free_name(file: &Path, taken: &mut HashSet<String>) -> String {
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or("export").to_owned();
    let mut free = name.clone();
    let mut n = 1;
    while !taken.insert(free.clone()) {
        n += 1;
        free = format!("{n}-{name}");
    }
    free
}

fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("can not list {}", folder.display()))?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .collect();
    entries.sort();
    for path in entries {
        let wanted = |p: &Path| {
            p.extension().and_then(|e| e.to_str()).is_some_and(|e| ["bpmn", "xml", "bpt", "dmn"].contains(&e))
        };
        if path.is_dir() && !path.is_symlink() {
            walk(&path, files)?;
        } else if wanted(&path) {
            files.push(path);
        }
    }
    Ok(())
}

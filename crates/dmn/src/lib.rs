//! Decisions: DMN 1.1 to 1.5 read, judged and evaluated.
//!
//! [`Model::read`] takes a file and the files it may import, and gives a [`Model`] with findings; [`Model::evaluate`]
//! gives a decision's value and, when wanted, which rules matched on the way.
//!
//! - One tree for all versions of the language, one program compiled from it, expressions by `expr::feel`.
//! - A result that can not be computed is null with a warning, as in FEEL; errors are limits only.
//! - The source text stays whole (diagrams, extensions): this crate never writes DMN.
//!
//! Invariant: no file and no data can make this crate panic, overflow the stack, or use time or memory out of
//! proportion to the limits. Functions in Java or PMML are refused, never run.
//! Never: I/O, a clock, randomness, or knowing who asks.

mod compile;
mod eval;
mod finding;
mod frame;
mod outcome;
mod program;
mod read;
mod tree;
mod types;
mod xml;

pub use outcome::{DecisionRun, Mapping, Outcome, RuleRun, TableRun};

use eval::{Graph, Run, Trace};
use expr::Env;
use expr::EvalError;
use expr::feel::Session;
use finding::{Findings, Text};
use model::limits::Limits;
use model::{Diagnostic, Object, Severity};
use program::Program;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tree::Tree;

/// A file's decisions, ready to be evaluated. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Model {
    about: Arc<About>,
    program: Arc<Program>,
}

/// What a model says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// The id of the decision requirements (`definitions`).
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// The version of DMN: `1.3`.
    pub version: &'static str,
    /// Namespaces of the models that it imports.
    pub imports: Vec<Arc<str>>,
    /// Its own decisions, in the order of the file.
    pub decisions: Vec<DecisionAbout>,
    /// What was found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a decision says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionAbout {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The author's tag of its version.
    pub version_tag: Option<Arc<str>>,
    /// Names of the inputs that it and what it requires take from outside.
    pub inputs: Vec<Arc<str>>,
}

/// Whether the bytes look like a DMN file.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    head.windows(9).any(|w| w == b"/spec/DMN")
}

impl Model {
    /// Reads the model `text`; `others` are texts of the models that it may import, by whatever way. Findings about
    /// the model are in [`About::diagnostics`]; a text that is no DMN at all is refused.
    pub fn read(text: &str, others: &[&str], limits: &Limits) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Findings::new(text);
        let (tree, version) = match parse(text, limits) {
            Ok(parsed) => parsed,
            Err(refused) => {
                findings.add("DMN-01", Severity::Refused, (None, refused.at), refused.text);
                return Err(findings.into_diagnostics());
            }
        };
        let trees = with_imports(tree, others, limits);
        let program = compile::compile(&trees, &mut findings, limits);
        let tree = &trees[0];
        let about = About {
            id: tree.id.clone(),
            name: tree.name.clone(),
            namespace: tree.namespace.clone(),
            version,
            imports: tree.imports.iter().map(|i| i.namespace.clone()).collect(),
            decisions: decisions_of(&program),
            diagnostics: findings.into_diagnostics(),
        };
        Ok(Self { about: Arc::new(about), program: Arc::new(program) })
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether all of it can be evaluated: no finding is an error.
    pub fn deployable(&self) -> bool {
        self.about.diagnostics.iter().all(|d| d.severity < Severity::Error)
    }

    /// Whether it has a decision or decision service of this id or name.
    pub fn has(&self, decision: &str) -> bool {
        self.find(decision).is_some()
    }

    /// Evaluates the decision or decision service of this id or name with the variables `given`; `None` when there is
    /// none. With `trace` the outcome tells which rules matched.
    pub fn evaluate(
        &self,
        decision: &str,
        given: &Arc<Object>,
        env: &Env,
        trace: bool,
    ) -> Option<Result<Outcome, EvalError>> {
        let entry = self.find(decision)?;
        let trace = trace.then(|| Mutex::new(Trace::default()));
        let run = Arc::new(Run { program: self.program.clone(), given: given.clone(), trace });
        let mut session = Session::new(env);
        let value = match entry {
            EntryPoint::Decision(index) => run.decision(&mut session, &Graph::default(), index),
            EntryPoint::Service(index) => run.service_from_outside(&mut session, index),
        };
        Some(value.and_then(|value| session.export(value)).map(|value| {
            let trace =
                run.trace.as_ref().map(|t| std::mem::take(&mut *t.lock().unwrap_or_else(PoisonError::into_inner)));
            let warnings = session.warnings().iter().map(ToString::to_string).collect();
            Outcome { value, decisions: trace.unwrap_or_default().decisions, warnings }
        }))
    }

    fn find(&self, wanted: &str) -> Option<EntryPoint> {
        let decisions = &self.program.decisions;
        let services = &self.program.services;
        let own = |file: usize| file == 0;
        let decision = |matches: &dyn Fn(&program::Decision) -> bool| {
            decisions.iter().position(|d| own(d.file) && matches(d)).map(EntryPoint::Decision)
        };
        let service = |matches: &dyn Fn(&program::Service) -> bool| {
            services.iter().position(|s| own(s.file) && matches(s)).map(EntryPoint::Service)
        };
        decision(&|d| *d.id == *wanted)
            .or_else(|| service(&|s| *s.id == *wanted))
            .or_else(|| decision(&|d| *d.name == *wanted))
            .or_else(|| service(&|s| *s.name == *wanted))
    }
}

enum EntryPoint {
    Decision(usize),
    Service(usize),
}

fn parse(text: &str, limits: &Limits) -> Result<(Tree, &'static str), xml::Refused> {
    let document = xml::parse(text, limits)?;
    let root = document.root_element();
    match read::version_of(root) {
        Some(version) => Ok((read::tree(root), version)),
        None => {
            let name = root.tag_name().name();
            let namespace = root.tag_name().namespace().unwrap_or_default();
            let en = format!("The root element is `{name}` of `{namespace}`, not `definitions` of DMN 1.1 to 1.5");
            let ru = format!("Корневой элемент — «{name}» из «{namespace}», а не «definitions» из DMN 1.1–1.5");
            Err(xml::Refused { at: root.range().start, text: Text::new(en, ru) })
        }
    }
}

/// The model and those of `others` that it needs, directly or through others.
fn with_imports(tree: Tree, others: &[&str], limits: &Limits) -> Vec<Tree> {
    if tree.imports.is_empty() {
        return vec![tree];
    }
    let mut candidates: Vec<Tree> =
        others.iter().filter_map(|text| parse(text, limits).ok().map(|(tree, _)| tree)).collect();
    let mut trees = vec![tree];
    let mut next = 0;
    while next < trees.len() {
        let wanted: Vec<Arc<str>> = trees[next].imports.iter().map(|i| i.namespace.clone()).collect();
        for namespace in wanted {
            let found = candidates.iter().position(|c| c.namespace == namespace);
            if !trees.iter().any(|t| t.namespace == namespace)
                && let Some(index) = found
            {
                trees.push(candidates.swap_remove(index));
            }
        }
        next += 1;
    }
    trees
}

fn decisions_of(program: &Program) -> Vec<DecisionAbout> {
    let own = program.decisions.iter().enumerate().filter(|(_, d)| d.file == 0);
    own.map(|(index, d)| DecisionAbout {
        id: d.id.clone(),
        name: d.name.clone(),
        version_tag: d.version_tag.clone(),
        inputs: inputs_of(program, index),
    })
    .collect()
}

fn inputs_of(program: &Program, decision: usize) -> Vec<Arc<str>> {
    let (mut seen, mut queue, mut names) = (HashSet::from([decision]), vec![decision], Vec::new());
    let mut named = HashSet::new();
    while let Some(index) = queue.pop() {
        for requirement in &program.decisions[index].requires {
            match requirement.what {
                program::What::Input(i) if named.insert(i) => {
                    names.push(program.inputs[i].name.clone());
                }
                program::What::Decision(i) if seen.insert(i) => queue.push(i),
                _ => {}
            }
        }
    }
    names
}

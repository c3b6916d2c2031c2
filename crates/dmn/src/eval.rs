//! Evaluating a program.
//!
//! Owns: requirement graphs, functions and services as values of FEEL, boxed expressions. Invariant: everything runs in
//! one session, so that steps, depth and sizes are limited whatever calls whatever.

mod boxed;
mod table;

use crate::frame::{Entries, Frame};
use crate::outcome::{DecisionRun, TableRun};
use crate::program::{Closure, Function, Program, Requirement, Service, What};
use crate::types::Kind;
use expr::EvalError;
use expr::feel::{Feel, NULL, Native, Session};
use model::{Object, Value};
use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Evaluated = Result<Feel, EvalError>;

/// One evaluation of a model.
pub(crate) struct Run {
    pub(crate) program: Arc<Program>,
    pub(crate) given: Arc<Object>,
    pub(crate) trace: Option<Mutex<Trace>>,
}

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) decisions: Vec<DecisionRun>,
    tables: Vec<TableRun>,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Run")
    }
}

/// What is known while a requirement graph is evaluated.
#[derive(Default)]
pub(crate) struct Graph {
    /// Parameters of a service; `None` outside of one, where inputs are what was given.
    service: Option<Vec<(What, Feel)>>,
    known: RefCell<Vec<(usize, Feel)>>,
}

impl Run {
    /// The recorded steps, unless nobody wants them.
    fn recorded(&self) -> Option<MutexGuard<'_, Trace>> {
        self.trace.as_ref().map(|t| t.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The result of a decision.
    pub(crate) fn decision(self: &Arc<Self>, session: &mut Session, graph: &Graph, index: usize) -> Evaluated {
        if let Some((_, value)) = graph.known.borrow().iter().find(|(i, _)| *i == index) {
            return Ok(value.clone());
        }
        let value = session.deeper(|session| self.decide(session, graph, index))?;
        graph.known.borrow_mut().push((index, value.clone()));
        Ok(value)
    }

    fn decide(self: &Arc<Self>, session: &mut Session, graph: &Graph, index: usize) -> Evaluated {
        let program = self.program.clone();
        let decision = &program.decisions[index];
        let names = self.names(session, graph, &decision.requires)?;
        let before = self.recorded().map_or(0, |t| t.tables.len());
        let frame = Frame::over(&self.given, names);
        let value = match &decision.logic {
            Some(logic) => self.boxed(session, logic, &frame)?,
            None => NULL,
        };
        let value = self.fit(session, decision.kind.as_ref(), value)?;
        let exported = if self.trace.is_some() { plain(session, &value)? } else { Value::Null };
        if let Some(mut trace) = self.recorded() {
            let tables = trace.tables.split_off(before);
            let (id, name) = (decision.id.clone(), decision.name.clone());
            trace.decisions.push(DecisionRun { id, name, value: exported, tables });
        }
        Ok(value)
    }

    fn names(
        self: &Arc<Self>,
        session: &mut Session,
        graph: &Graph,
        requires: &[Requirement],
    ) -> Result<Entries, EvalError> {
        let mut entries: Entries = Vec::with_capacity(requires.len());
        let mut imports: Vec<(Arc<str>, Entries)> = Vec::new();
        let mut aliases: Entries = Vec::new();
        for requirement in requires {
            let value = self.value_of(session, graph, requirement.what)?;
            aliases.extend(requirement.aliases.iter().map(|a| (a.clone(), value.clone())));
            let entry = (requirement.name.clone(), value);
            match &requirement.import {
                None => entries.push(entry),
                Some(import) => match imports.iter_mut().find(|(name, _)| name == import) {
                    Some((_, members)) => members.push(entry),
                    None => imports.push((import.clone(), vec![entry])),
                },
            }
        }
        entries.extend(imports.into_iter().map(|(name, members)| (name, Feel::context(members))));
        if aliases.is_empty() {
            return Ok(entries);
        }
        aliases.append(&mut entries);
        Ok(aliases)
    }

    fn value_of(self: &Arc<Self>, session: &mut Session, graph: &Graph, what: What) -> Evaluated {
        if let Some(given) = &graph.service
            && let Some((_, value)) = given.iter().find(|(w, _)| *w == what)
        {
            return Ok(value.clone());
        }
        match what {
            What::Input(index) if graph.service.is_none() => self.input(session, index),
            What::Input(_) => Ok(NULL),
            What::Decision(index) => self.decision(session, graph, index),
            What::Function(index) => Ok(Feel::native(Arc::new(Knowledge {
                function: self.program.functions[index].clone(),
                run: self.clone(),
            }))),
            What::Service(index) => Ok(Feel::native(Arc::new(Callable {
                service: self.program.services[index].clone(),
                run: self.clone(),
            }))),
        }
    }

    fn input(&self, session: &mut Session, index: usize) -> Evaluated {
        let input = &self.program.inputs[index];
        match self.given.get(&input.name) {
            None => Ok(NULL),
            Some(value) => match &input.kind {
                None => Ok(Feel::Data(value.clone())),
                Some(kind) => {
                    let value = self.program.types.dated(session, kind, Feel::Data(value.clone()))?;
                    self.program.types.fit(session, kind, value)
                }
            },
        }
    }

    /// A service evaluated with what was given from outside.
    pub(crate) fn service_from_outside(self: &Arc<Self>, session: &mut Session, index: usize) -> Evaluated {
        let service = self.program.services[index].clone();
        let mut args = Vec::with_capacity(service.params.len());
        for (name, what) in service.params.iter().zip(&service.given) {
            args.push(match what {
                What::Input(index) => self.input(session, *index)?,
                _ => self.given.get(name).cloned().map_or(NULL, Feel::Data),
            });
        }
        self.service(session, &service, args)
    }

    fn service(self: &Arc<Self>, session: &mut Session, service: &Service, args: Vec<Feel>) -> Evaluated {
        let mut given = Vec::with_capacity(args.len());
        for (what, value) in service.given.iter().zip(args) {
            let kind = match what {
                What::Input(index) => self.program.inputs[*index].kind.as_ref(),
                What::Decision(index) => self.program.decisions[*index].kind.as_ref(),
                _ => None,
            };
            let missing = value.is_null();
            let value = self.fit(session, kind, value)?;
            if value.is_null() && !missing {
                return Ok(NULL);
            }
            given.push((*what, value));
        }
        let graph = Graph { service: Some(given), known: RefCell::default() };
        let mut results: Entries = Vec::with_capacity(service.outputs.len());
        for index in &service.outputs {
            let value = self.decision(session, &graph, *index)?;
            results.push((self.program.decisions[*index].name.clone(), value));
        }
        let value = match (results.len(), results.pop()) {
            (1, Some((_, only))) => only,
            (_, last) => {
                results.extend(last);
                Feel::context(results)
            }
        };
        self.fit(session, service.kind.as_ref(), value)
    }

    /// `value` made to fit a declared type.
    fn fit(&self, session: &mut Session, kind: Option<&Kind>, value: Feel) -> Evaluated {
        match kind {
            Some(kind) => self.program.types.fit(session, kind, value),
            None => Ok(value),
        }
    }

    /// Arguments under their parameters' names; `None` when they are too many, too few or of other types.
    fn arguments(
        &self,
        session: &mut Session,
        params: &[Arc<str>],
        kinds: &[Option<Kind>],
        args: Vec<Feel>,
    ) -> Result<Option<Entries>, EvalError> {
        if args.len() != params.len() {
            session.warn(format!("the function takes {} arguments, got {}", params.len(), args.len()));
            return Ok(None);
        }
        let mut entries = Vec::with_capacity(args.len());
        for ((name, kind), value) in params.iter().zip(kinds).zip(args) {
            let missing = value.is_null();
            let value = self.fit(session, kind.as_ref(), value)?;
            if value.is_null() && !missing {
                return Ok(None);
            }
            entries.push((name.clone(), value));
        }
        Ok(Some(entries))
    }
}

/// Data out of a value.
fn plain(session: &mut Session, value: &Feel) -> Result<Value, EvalError> {
    match value {
        Feel::Data(value) => Ok(value.clone()),
        Feel::Function(_) => Ok(Value::Null),
        other => session.export(other.clone()),
    }
}

/// A business knowledge model as a function.
#[derive(Debug)]
struct Knowledge {
    run: Arc<Run>,
    function: Arc<Function>,
}

impl Native for Knowledge {
    fn params(&self) -> &[Arc<str>] {
        &self.function.params
    }

    fn call(&self, session: &mut Session, args: Vec<Feel>) -> Evaluated {
        let function = &self.function;
        let Some(args) = self.run.arguments(session, &function.params, &function.kinds, args)? else { return Ok(NULL) };
        session.deeper(|session| {
            let mut names =
                self.run.names(session, &Graph { service: Some(Vec::new()), ..Graph::default() }, &function.knows)?;
            let (run, function_itself) = (self.run.clone(), function.clone());
            let itself = Feel::native(Arc::new(Self { run, function: function_itself }));
            names.push((function.name.clone(), itself));
            names.extend(args);
            self.run.boxed(session, &function.body, &Frame::over(&self.run.given, names))
        })
    }
}

/// A decision service as a function.
#[derive(Debug)]
struct Callable {
    run: Arc<Run>,
    service: Arc<Service>,
}

impl Native for Callable {
    fn params(&self) -> &[Arc<str>] {
        &self.service.params
    }

    fn call(&self, session: &mut Session, args: Vec<Feel>) -> Evaluated {
        if args.len() != self.service.params.len() {
            session.warn(format!("the service takes {} arguments, got {}", self.service.params.len(), args.len()));
            return Ok(NULL);
        }
        session.deeper(|session| self.run.service(session, &self.service, args))
    }
}

/// A boxed function as a value, with the names around it.
#[derive(Debug)]
struct Lambda {
    run: Arc<Run>,
    closure: Arc<Closure>,
    around: Entries,
}

impl Native for Lambda {
    fn params(&self) -> &[Arc<str>] {
        &self.closure.params
    }

    fn call(&self, session: &mut Session, args: Vec<Feel>) -> Evaluated {
        let closure = &self.closure;
        let Some(args) = self.run.arguments(session, &closure.params, &closure.kinds, args)? else { return Ok(NULL) };
        session.deeper(|session| {
            let mut names = self.around.clone();
            session.burn(names.len() as u64)?;
            names.extend(args);
            self.run.boxed(session, &closure.body, &Frame::over(&self.run.given, names))
        })
    }
}

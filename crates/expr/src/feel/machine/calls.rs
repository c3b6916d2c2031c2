//! Calling functions: built-in ones, and those that are values.

use super::super::builtins::Builtin;
use super::super::node::{FunctionNode, Node};
use super::super::operators::Stop;
use super::super::session::{Native, Session};
use super::super::value::{Callable, Feel, Function, Globals, NULL};
use super::{Evaluated, Machine};
use crate::env::EvalError;
use model::Value;
use smallvec::SmallVec;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) fn builtin(&mut self, builtin: &'static Builtin, nodes: &[Node]) -> Evaluated {
        let warnings = self.kept.warnings.len();
        let mut args: SmallVec<[Feel; 4]> = SmallVec::with_capacity(nodes.len());
        for node in nodes {
            args.push(self.eval(node)?);
        }
        if builtin.expects_null {
            self.kept.warnings.truncate(warnings);
        }
        self.run_builtin(builtin, &args)
    }

    fn run_builtin(&mut self, builtin: &'static Builtin, args: &[Feel]) -> Evaluated {
        if !builtin.quick {
            for arg in args {
                self.burn(cost_of_reading(arg))?;
            }
        }
        match (builtin.run)(self, args) {
            Err(Stop::Null(why)) => {
                self.warn(format!("`{}`: {why}", builtin.name));
                Ok(NULL)
            }
            other => self.settle(other),
        }
    }

    pub(super) fn call(&mut self, callee: &Node, given: &[(Option<Arc<str>>, Node)]) -> Evaluated {
        let callee = self.eval(callee)?;
        let mut args = Vec::with_capacity(given.len());
        for (name, node) in given {
            args.push((name.clone(), self.eval(node)?));
        }
        let Feel::Function(function) = callee else {
            self.warn(format!("a {} can not be called", callee.type_name()));
            return Ok(NULL);
        };
        let ordered = match function.params() {
            None => Some(args.into_iter().map(|(_, v)| v).collect()),
            Some(params) => in_order(params, args),
        };
        let Some(ordered) = ordered else {
            self.warn("the arguments do not fit the function's parameters".to_owned());
            return Ok(NULL);
        };
        self.invoke(&function, ordered)
    }

    /// Calls a function with its arguments in order.
    pub(in super::super) fn invoke(&mut self, function: &Function, args: Vec<Feel>) -> Evaluated {
        match &function.0 {
            Callable::Builtin(builtin) => {
                if !builtin.takes(args.len()) {
                    self.warn(format!("`{}` does not take {} arguments", builtin.name, args.len()));
                    return Ok(NULL);
                }
                self.run_builtin(builtin, &args)
            }
            Callable::Native(native) => self.run_native(&**native, args),
            Callable::Defined { node, captured, globals } => self.run_defined(node, captured, globals, args),
        }
    }

    fn run_native(&mut self, native: &dyn Native, args: Vec<Feel>) -> Evaluated {
        if self.kept.depth >= self.kept.max_depth {
            return Err(EvalError::Depth);
        }
        self.kept.depth += 1;
        let mut session = Session::from_parts(self.zones, std::mem::take(&mut self.kept));
        let result = native.call(&mut session, args);
        self.kept = session.into_kept();
        self.kept.depth -= 1;
        result
    }

    fn run_defined(
        &mut self,
        node: &FunctionNode,
        captured: &[Feel],
        globals: &Arc<Globals>,
        args: Vec<Feel>,
    ) -> Evaluated {
        if node.params.len() != args.len() {
            self.warn(format!("the function takes {} arguments, got {}", node.params.len(), args.len()));
            return Ok(NULL);
        }
        self.burn(captured.len() as u64)?;
        let Some(slots) = self.frame(node, captured, args) else { return Ok(NULL) };
        let outer_slots = std::mem::replace(&mut self.slots, slots);
        let outer_globals = self.globals.replace(globals.clone());
        let result = self.eval(&node.body);
        self.slots = outer_slots;
        self.globals = outer_globals;
        result
    }

    /// What stands in the slots when the function's body begins.
    fn frame(&mut self, node: &FunctionNode, captured: &[Feel], args: Vec<Feel>) -> Option<Vec<Feel>> {
        let mut slots = Vec::with_capacity(captured.len() + args.len());
        slots.extend_from_slice(captured);
        for ((arg, kind), name) in args.into_iter().zip(&node.types).zip(&node.params) {
            let given = arg.type_name();
            let Some(arg) = kind.coerce(arg) else {
                self.warn(format!("the parameter `{name}` can not be a {given}"));
                return None;
            };
            slots.push(arg);
        }
        Some(slots)
    }

    /// The value of a written function: it takes along what it reads.
    pub(super) fn closure(&mut self, node: &Arc<FunctionNode>) -> Feel {
        let mut captured: Vec<Feel> = self.slots.iter().take(node.base).cloned().collect();
        captured.resize(node.base, NULL);
        let globals = node.reads.iter().filter_map(|name| Some((name.clone(), self.variable(name)?)));
        let globals = Arc::new(globals.collect());
        Feel::Function(Arc::new(Function(Callable::Defined { node: node.clone(), captured, globals })))
    }
}

impl Function {
    /// Names of its parameters; `None` for built-in functions, which have several forms.
    pub fn params(&self) -> Option<&[Arc<str>]> {
        match &self.0 {
            Callable::Defined { node, .. } => Some(&node.params),
            Callable::Native(native) => Some(native.params()),
            Callable::Builtin(_) => None,
        }
    }
}

/// Steps that reading an argument from end to end costs.
fn cost_of_reading(arg: &Feel) -> u64 {
    let cost = match arg {
        Feel::Data(Value::String(text)) => text.len() / 64,
        Feel::Data(Value::List(items)) => items.len() / 4,
        Feel::Data(Value::Object(entries)) => entries.len() / 4,
        Feel::List(items) => items.len() / 4,
        Feel::Context(entries) => entries.len() / 4,
        _ => 0,
    };
    cost as u64
}

/// Arguments in the order of the parameters.
pub(in super::super) fn in_order<N: AsRef<str>>(
    params: &[Arc<str>],
    args: Vec<(Option<N>, Feel)>,
) -> Option<Vec<Feel>> {
    if args.iter().all(|(name, _)| name.is_none()) {
        return Some(args.into_iter().map(|(_, v)| v).collect());
    }
    if args.len() != params.len() {
        return None;
    }
    let named = |p: &str| args.iter().find(|(n, _)| n.as_ref().is_some_and(|n| n.as_ref() == p));
    params.iter().map(|p| named(p).map(|(_, v)| v.clone())).collect()
}

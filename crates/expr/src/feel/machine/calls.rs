//! Calling functions: built-in ones, and those that are values.

use super::super::builtins::Builtin;
use super::super::node::Node;
use super::super::operators::Stop;
use super::super::value::{Feel, Function, NULL};
use super::{Evaluated, Machine};
use smallvec::SmallVec;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) fn builtin(&mut self, builtin: &'static Builtin, nodes: &[Node]) -> Evaluated {
        let warnings = self.warnings.len();
        let mut args: SmallVec<[Feel; 4]> = SmallVec::with_capacity(nodes.len());
        for node in nodes {
            args.push(self.eval(node)?);
        }
        if builtin.expects_null {
            self.warnings.truncate(warnings);
        }
        self.run_builtin(builtin, &args)
    }

    fn run_builtin(&mut self, builtin: &'static Builtin, args: &[Feel]) -> Evaluated {
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
            args.push((name.as_ref(), self.eval(node)?));
        }
        let Feel::Function(function) = callee else {
            self.warn(format!("a {} can not be called", callee.type_name()));
            return Ok(NULL);
        };
        let ordered = match &*function {
            Function::Builtin(_) => Some(args.into_iter().map(|(_, v)| v).collect()),
            Function::Defined { params, .. } => in_order(params, args),
        };
        let Some(ordered) = ordered else {
            self.warn("the arguments do not fit the function's parameters".to_owned());
            return Ok(NULL);
        };
        self.invoke(&function, ordered)
    }

    /// Calls a function with its arguments in order.
    pub(in super::super) fn invoke(&mut self, function: &Function, args: Vec<Feel>) -> Evaluated {
        match function {
            Function::Builtin(builtin) => {
                if !builtin.takes(args.len()) {
                    self.warn(format!("`{}` does not take {} arguments", builtin.name, args.len()));
                    return Ok(NULL);
                }
                self.run_builtin(builtin, &args)
            }
            Function::Defined { params, body, captured } => {
                if params.len() != args.len() {
                    self.warn(format!("the function takes {} arguments, got {}", params.len(), args.len()));
                    return Ok(NULL);
                }
                self.burn(captured.len() as u64)?;
                let mut slots = captured.clone();
                slots.extend(args);
                let outer = std::mem::replace(&mut self.slots, slots);
                let result = self.eval(body);
                self.slots = outer;
                result
            }
        }
    }
}

/// Arguments in the order of the parameters.
fn in_order(params: &[Arc<str>], args: Vec<(Option<&Arc<str>>, Feel)>) -> Option<Vec<Feel>> {
    if args.iter().all(|(name, _)| name.is_none()) {
        return Some(args.into_iter().map(|(_, v)| v).collect());
    }
    if args.len() != params.len() {
        return None;
    }
    params.iter().map(|p| args.iter().find(|(n, _)| *n == Some(p)).map(|(_, v)| v.clone())).collect()
}

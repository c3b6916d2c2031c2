//! Where there is no interpreter: scripts are taken as they are.
//!
//! Never: says that a script is right; whoever has the interpreter reads it again.

use super::Script;
use crate::env::{Env, EvalError, Evaluated};
use model::limits::Limits;

/// Where a script is wrong: nothing is known of it here.
#[derive(Debug, Default)]
pub(super) struct Problem {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn shifted(self, _indent: u32) -> Self {
        self
    }
}

/// Every text passes.
#[allow(clippy::unnecessary_wraps, reason = "where there is an interpreter it may refuse")]
pub(super) fn check_syntax(_wrapped: &str, _limits: &Limits) -> Result<(), Problem> {
    Ok(())
}

impl Script {
    /// Can not be run here.
    pub(crate) fn eval(&self, _env: &Env) -> Result<Evaluated, EvalError> {
        Err(EvalError::Failed { message: "scripts can not be run here".to_owned() })
    }
}

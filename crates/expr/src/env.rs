//! What an evaluation is given, and how it can end.

use crate::feel::Feel;
use jiff::tz::TimeZone;
use model::error::codes;
use model::limits::Limits;
use model::{Fault, Object, Timestamp, Value};

/// The variables an expression can see.
pub trait Scope {
    /// The variable with this name, for FEEL and JavaScript.
    fn variable(&self, name: &str) -> Option<Value>;
    /// The same for FEEL, where a variable may also be a range or a function.
    fn feel(&self, name: &str) -> Option<Feel> {
        self.variable(name).map(Feel::Data)
    }
    /// What `{=object:field}` stands for in Bitrix texts. `object` is `Document`, `Template`, `Variable`, `Constant`,
    /// `GlobalVar`, `GlobalConst`, `Workflow`, `User`, `System` or a node's name. `System` is asked here only for what
    /// the crate does not know itself (`HostUrl`).
    fn object(&self, object: &str, field: &str) -> Option<Value> {
        let _ = (object, field);
        None
    }
    /// Everything visible, for JavaScript.
    fn all(&self) -> Object;
}

/// Everything an evaluation may know.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The variables.
    pub scope: &'a dyn Scope,
    /// The instant that `now()` gives.
    pub now: Timestamp,
    /// The zone of dates and times without one.
    pub zone: &'a TimeZone,
    /// The limits.
    pub limits: &'a Limits,
    /// What `random number()`, `uuid()` and `Math.random()` are computed from: the same seed gives the same numbers.
    pub seed: u64,
}

/// A seed made of what an evaluation can be told apart by: ids, the instant, a counter.
pub fn seed_of(parts: &[i64]) -> u64 {
    parts.iter().fold(0xCBF2_9CE4_8422_2325, |seed, part| {
        let mixed = (seed ^ part.cast_unsigned()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ (mixed >> 29)
    })
}

/// A result, with what went wrong on the way without stopping it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluated {
    /// The result; null where FEEL could not compute it.
    pub value: Value,
    /// Why it may be null, in English, in the order of evaluation.
    pub warnings: Vec<String>,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// More steps than allowed.
    #[error("the expression used up its steps")]
    Fuel,
    /// Nested too deeply.
    #[error("the expression or its value is nested too deeply")]
    Depth,
    /// A value over the limit of size.
    #[error("the expression builds a value over the limit of size")]
    Size,
    /// A script ran longer than allowed.
    #[error("the script ran longer than allowed")]
    Time,
    /// A script used more memory than allowed.
    #[error("the script used more memory than allowed")]
    Memory,
    /// A script used up what it may run inside the engine: run it on a worker with `js::run`.
    #[error("the script takes too long to run inside the engine")]
    OutOfInlineBudget,
    /// The script threw.
    #[error("the script threw: {message}")]
    Thrown {
        /// What it threw, and where.
        message: String,
    },
    /// It could not be evaluated.
    #[error("{message}")]
    Failed {
        /// Why.
        message: String,
    },
}

impl EvalError {
    /// As a fault with a registered code.
    pub fn fault(&self) -> Fault {
        let code = match self {
            Self::Fuel => &codes::EXPRESSION_FUEL,
            Self::Depth => &codes::EXPRESSION_DEPTH,
            Self::Size => &codes::EXPRESSION_SIZE,
            Self::Time | Self::OutOfInlineBudget => &codes::SCRIPT_TIME,
            Self::Memory => &codes::SCRIPT_MEMORY,
            Self::Thrown { .. } => &codes::SCRIPT_THREW,
            Self::Failed { .. } => &codes::EXPRESSION_FAILED,
        };
        Fault::new(code, self.to_string())
    }
}

//! Bitrix texts: macros `{=Object:Field > modifier}`, formulas `{{=…}}` and `=…`, conditions.
//!
//! Follows the compatibility contract 5.3 (conditions), 5.5 (expressions), 5.6 (calculator). A text that can not be
//! resolved stays as written, with a warning: reading never fails, except for conditions.
//!
//! What the crate can not know it asks of the scope as an object's field: `X_printable` and `X_friendly` (labels of a
//! select, names of people), `X_src`, `X_publink`, `X_shortlink` (addresses of files), `System:HostUrl`,
//! `System:DocumentUrl`, `System:Language` (`en` for English words, Russian otherwise), `System:ModifiedFields`.
//!
//! Left out, and said so by a warning: working time (no calendar is specified) and the functions of a user's own
//! zone. `rand`, `shuffle` and `randstring` come from a generator seeded by the instant: no secrets.

mod calculator;
mod condition;
mod convert;
mod dates;
mod functions;
mod macros;
mod moments;
mod php;

use crate::env::{Env, EvalError, Evaluated};
use model::limits::Limits;
use std::sync::Arc;

pub(crate) use condition::{Condition, parse as parse_condition};
pub(crate) use macros::{Template, parse as parse_template};

/// The state of one evaluation.
pub(crate) struct Session<'a> {
    env: &'a Env<'a>,
    warnings: Vec<String>,
    fuel: u64,
    random: u64,
}

impl<'a> Session<'a> {
    fn new(env: &'a Env<'a>, text: &str) -> Self {
        // The text takes part, so that two expressions of one instant differ.
        let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let random = seed ^ env.now.0.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self { env, warnings: Vec::new(), fuel: env.limits.feel_fuel, random }
    }

    fn warn(&mut self, message: String) {
        if self.warnings.len() < 20 {
            self.warnings.push(message);
        }
    }

    fn burn(&mut self, steps: usize) -> Result<(), EvalError> {
        self.fuel = self.fuel.checked_sub(steps as u64).ok_or(EvalError::Fuel)?;
        Ok(())
    }

    /// Pays for a text of so many bytes.
    fn grow(&mut self, bytes: usize) -> Result<(), EvalError> {
        if bytes > self.env.limits.value_bytes {
            return Err(EvalError::Size);
        }
        self.burn(bytes / 64)
    }

    /// The next number of the generator (splitmix64).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Whether words for people are English.
    fn english(&self) -> bool {
        self.env.scope.object("System", "Language").is_some_and(|l| l.as_str() == Some("en"))
    }
}

impl Template {
    /// Evaluates it.
    pub(crate) fn eval(&self, env: &Env) -> Result<Evaluated, EvalError> {
        let mut session = Session::new(env, self.text());
        let value = self.value(&mut session)?;
        Ok(Evaluated { value, warnings: session.warnings })
    }
}

impl Condition {
    /// Evaluates it.
    pub(crate) fn eval(&self, env: &Env) -> Result<Evaluated, EvalError> {
        let mut session = Session::new(env, "");
        let value = self.holds(&mut session)?.into();
        Ok(Evaluated { value, warnings: session.warnings })
    }
}

/// Names in the form `Object:Field`, sorted, each once.
pub(crate) fn sorted(mut names: Vec<Arc<str>>) -> Vec<Arc<str>> {
    names.sort_unstable();
    names.dedup();
    names
}

/// How deep formulas may nest.
fn max_depth(limits: &Limits) -> u32 {
    limits.expression_depth
}

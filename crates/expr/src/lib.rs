//! Expressions: FEEL, JavaScript and Bitrix macros behind one door; JUEL is translated into FEEL.
//!
//! [`compile`] reads a text once, without data; [`Compiled::eval`] evaluates it against a [`Scope`]. Everything an
//! evaluation may know comes in by [`Env`]: variables, the instant, the zone, the limits.
//!
//! Invariant: no text and no data can make compiling or evaluating panic, overflow the stack or run without end.
//! Never: I/O, a clock, randomness, or a decision about what a result means (that is the engine's).

mod bitrix;
mod compiled;
mod english;
mod env;
pub mod feel;
pub mod js;
pub mod juel;
mod syntax;

pub use compiled::{Compiled, compile, literal, unary_tests};
pub use env::{Env, EvalError, Evaluated, Scope, seed_of};
pub use syntax::{SyntaxError, position};

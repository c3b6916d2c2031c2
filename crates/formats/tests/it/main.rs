//! Files in and out: what is read, refused, written and drawn.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bpmn_cases;
mod bpmn_rules;
mod bpt_cases;
mod common;
mod hostile;
mod interchange;
mod labels;
mod layout;
mod lint_rules;
mod mutants;
mod rule_pages;

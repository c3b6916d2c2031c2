//! Decisions: what each feature gives, what is wrong with a model, and the public conformance kit.

mod conformance;
mod findings;
mod goldens;
mod support;

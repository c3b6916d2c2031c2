//! The platform: people and their rights, apps, catalogs and records, models, notifications, live updates.
//!
//! Owns: the use-cases on these, above the store and below runtime and edges. Invariant: a change is validated here
//! once, whoever asks for it: a page, a script, a process's step. Never: starts or moves processes, speaks HTTP, or
//! decides who may: edges ask [`authorize`] first and then call.
//!
//! A change that belongs to a process's step is *prepared* as data ([`Prepared`]), so that it commits in the same unit
//! as the step.
//!
//! - [`identity`]: people, sessions, tokens, webhooks, rights, secrets
//! - [`apps`]: OAuth apps, their tokens and activities
//! - [`catalogs`], [`records`]: the company's documents
//! - [`models`], [`notifications`], [`settings`], [`live`]

pub mod apps;
pub mod catalogs;
pub mod identity;
mod kept;
pub mod live;
pub mod models;
pub mod notifications;
mod platform;
mod prepared;
pub mod records;
pub mod settings;

pub use identity::{Action, Actor, Object, Role, ScopeSet, User, Via, authorize};
pub use live::{LiveBus, LiveEvent};
pub use platform::{Platform, PlatformSettings};
pub use prepared::Prepared;

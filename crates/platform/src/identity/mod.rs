//! Who people are, how they prove it, what they may do.
//!
//! - [`actor`]: who asks, and the one door [`authorize`]
//! - [`users`], [`sessions`], [`tokens`], [`webhooks`]: people and their credentials
//! - [`secrets`]: random tokens, hashes, passwords
//! - [`throttle`]: how often one may fail to sign in

pub mod actor;
pub mod secrets;
pub mod sessions;
pub mod throttle;
pub mod tokens;
pub mod users;
pub mod webhooks;

pub use actor::{Action, Actor, Object, Role, ScopeSet, User, Via, authorize};
pub use sessions::{Client, Session, Sessions, SignedIn};
pub use tokens::{ApiToken, Tokens};
pub use users::{NewUser, UserFilter, UserPatch, Users};
pub use webhooks::{NewWebhook, Webhook, Webhooks};

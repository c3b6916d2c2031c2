//! The operations, one group a file: its shapes, then each operation's documentation and handler.

pub mod apps;
pub mod catalogs;
pub mod decisions;
pub mod definitions;
pub mod events;
pub mod incidents;
pub mod instances;
pub mod jobs;
pub mod load;
pub mod me;
pub mod messages;
pub mod models;
pub mod notifications;
pub mod people;
pub mod records;
pub mod retention;
pub mod search;
pub mod session;
pub mod system;
pub mod tasks;
pub mod tokens;
pub mod users;
pub mod webhooks;

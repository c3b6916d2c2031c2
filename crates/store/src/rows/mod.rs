//! Rows as every backend reads them: the cells of a row from left to right, and what they make.
//!
//! Owns: which columns a row type consists of and in which order ([`crate::columns`]), how its cells become its fields
//! ([`FromCells`]), and what is computed for a row's columns. A backend brings its [`Cells`] and its statements.
//! Invariant: statically dispatched, and nothing is copied that the row does not keep: JSON is parsed where it lies.
//! Never: a statement, a connection.

mod read;
pub mod task;
mod text;

pub use read::LeasedJob;
pub use text::{call_text, document_columns, quoted, texts_column};

use model::{CatalogId, DocumentRef, PartitionId, RecordId, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// The cells of one row, each read once, from left to right.
pub trait Cells {
    /// Why a cell is not what it should be.
    type Error;

    /// The next cell as an integer, if it is not null.
    ///
    /// # Errors
    /// When it holds something else.
    fn integer(&mut self) -> Result<Option<i64>, Self::Error>;

    /// The next cell as yes or no: of its own type, or a number.
    ///
    /// # Errors
    /// When it holds something else.
    fn flag(&mut self) -> Result<bool, Self::Error>;

    /// The next cell as a text, if it is not null.
    ///
    /// # Errors
    /// When it holds something else.
    fn text(&mut self) -> Result<Option<String>, Self::Error>;

    /// What `make` makes of the next cell's bytes, if it is not null; they are refused when that is nothing.
    ///
    /// # Errors
    /// When it holds something else.
    fn bytes<T>(&mut self, make: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>, Self::Error>;

    /// The next cell, a text, as JSON.
    ///
    /// # Errors
    /// When it holds something else.
    fn json<T: DeserializeOwned>(&mut self) -> Result<T, Self::Error>;

    /// The failure that the cell read last is, and why.
    fn refused(&self, why: &str) -> Self::Error;

    /// What the next cell, or the next few, stand for.
    ///
    /// # Errors
    /// When they hold something else.
    fn get<T: FromCells>(&mut self) -> Result<T, Self::Error>
    where
        Self: Sized,
    {
        T::read(self)
    }
}

/// What is read of a row's next cells.
pub trait FromCells: Sized {
    /// Reads them.
    ///
    /// # Errors
    /// When they hold something else.
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error>;
}

/// A value that is there.
fn present<T, C: Cells>(cells: &C, value: Option<T>) -> Result<T, C::Error> {
    value.ok_or_else(|| cells.refused("is null"))
}

/// Integers that a cell keeps in 64 bits, with their `Option`s.
macro_rules! integers {
    ($($type:ty),* $(,)?) => {$(
        impl FromCells for Option<$type> {
            fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
                match cells.integer()? {
                    None => Ok(None),
                    Some(n) => <$type>::try_from(n).map(Some).map_err(|_| cells.refused("out of range")),
                }
            }
        }
        impl FromCells for $type {
            fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
                let value = cells.get::<Option<$type>>()?;
                present(cells, value)
            }
        }
    )*};
}
integers!(i64, i32, u64, u32, u16, u8);

/// Ids and instants, which are integers by another name, with their `Option`s.
macro_rules! named_integers {
    ($($type:path),* $(,)?) => {$(
        impl FromCells for $type {
            fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
                Ok($type(cells.get()?))
            }
        }
        impl FromCells for Option<$type> {
            fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
                Ok(cells.get::<Option<_>>()?.map($type))
            }
        }
    )*};
}
named_integers!(
    Timestamp,
    PartitionId,
    CatalogId,
    RecordId,
    model::InstanceId,
    model::TaskId,
    model::TimerId,
    model::SubscriptionId,
    model::JobId,
    model::OutboxId,
    model::IncidentId,
    model::DefinitionId,
    model::ModelId,
    model::UserId,
    model::AppId,
    model::WebhookId,
    model::TokenId,
    model::AppActivityId,
    model::NotificationId,
    model::FileId,
    crate::NodeId,
);

impl FromCells for bool {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        cells.flag()
    }
}

impl FromCells for Option<String> {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        cells.text()
    }
}

impl FromCells for String {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        let value = cells.text()?;
        present(cells, value)
    }
}

impl FromCells for Option<Vec<u8>> {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        cells.bytes(|bytes| Some(bytes.to_vec()))
    }
}

impl FromCells for Vec<u8> {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        let value = cells.get::<Option<_>>()?;
        present(cells, value)
    }
}

impl<const N: usize> FromCells for Option<[u8; N]> {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        cells.bytes(|bytes| bytes.try_into().ok())
    }
}

impl<const N: usize> FromCells for [u8; N] {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        let value = cells.get::<Option<_>>()?;
        present(cells, value)
    }
}

impl FromCells for Json {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        cells.json()
    }
}

/// A JSON list of texts.
impl FromCells for Vec<String> {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        cells.json()
    }
}

/// Two cells: its catalog and its record.
impl FromCells for Option<DocumentRef> {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        let (catalog, record) = cells.get::<(Option<CatalogId>, Option<RecordId>)>()?;
        Ok(catalog.zip(record).map(|(catalog, record)| DocumentRef { catalog, record }))
    }
}

impl<A: FromCells, B: FromCells> FromCells for (A, B) {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        Ok((cells.get()?, cells.get()?))
    }
}

impl<A: FromCells, B: FromCells, D: FromCells> FromCells for (A, B, D) {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        Ok((cells.get()?, cells.get()?, cells.get()?))
    }
}

/// The columns of a row type, in the order in which it is read.
#[macro_export]
macro_rules! columns {
    (instance) => {
        "i.partition_id, i.id, i.definition_id, i.process_id, i.state, i.document_catalog, i.document_record,
        i.started_by, i.business_key, i.state_title, i.created_at, i.updated_at, i.finished_at, i.incidents, i.seq,
        i.parent_id, i.root_id, i.suspended"
    };
    (journal) => {
        "partition_id, instance_id, seq, at, events"
    };
    (task) => {
        "t.partition_id, t.id, t.instance_id, t.definition_id, t.process_name, t.element_key, t.element_id,
        t.element_name, t.kind, t.title, t.description, t.priority, t.due_at, t.created_at, t.state, t.completed_at,
        t.completed_by, t.outcome, t.version, t.form, t.settings, t.input, t.document_catalog, t.document_record"
    };
    (task_pair) => {
        concat!(
            $crate::columns!(task),
            ", a.user_id, a.role, a.status, a.answered_at, i.created_at, i.started_by, i.state_title"
        )
    };
    (timer) => {
        "partition_id, id, due_at, instance_id"
    };
    (job) => {
        "partition_id, id, instance_id, element_key, element_id, job_type, state, retries, input, headers, created_at,
        lease_owner, lease_until, event_id"
    };
    (effect) => {
        "partition_id, id, kind, key, instance_id, job_id, payload, due_at, attempts, first_at, state, last_error"
    };
    (incident) => {
        "i.partition_id, i.id, i.instance_id, i.definition_id, i.element_id, i.element_key, i.code, i.message,
        i.details, i.at, i.resolved_at, i.resolved_by"
    };
    (call) => {
        "partition_id, instance_id, element_id, element_key, job_id, attempt, at, url, request, status, response,
        duration_ms, error"
    };
    (node) => {
        "id, url, version, started_at, beat, draining"
    };
    (lease) => {
        "partition_id, owner, epoch"
    };
    (inbox) => {
        "partition_id, id, kind, payload, created_at"
    };
    (subscription) => {
        "s.partition_id, s.id, s.kind, s.name, s.key, s.instance_id, s.root_id, s.process_id, s.element_id,
        s.created_at"
    };
    (message) => {
        "m.partition_id, m.id, m.name, m.key, m.message_id, m.variables, m.process_id, m.element_id, m.state,
        m.reached, m.created_at, m.expires_at"
    };
    (start) => {
        "partition_id, id, kind, name, process_id, definition_id, element, trigger_place, due_at, memory"
    };
    (mutex) => {
        "x.partition_id, x.id, x.name, x.instance_id, x.run_key, x.held"
    };
    (user) => {
        "u.id, u.login, u.password_hash, u.name, u.last_name, u.email, u.language, u.theme, u.role, u.active,
        u.attributes, u.created_at, u.version"
    };
    (notification) => {
        "id, user_id, text, kind, link, from_user, created_at, read_at"
    };
    (session) => {
        "token_hash, user_id, csrf_hash, created_at, expires_at, last_seen_at, user_agent"
    };
    (api_token) => {
        "id, hash, user_id, name, scopes, created_at, last_used_at, expires_at"
    };
    (webhook) => {
        "id, user_id, secret_hash, title, scopes, created_at, last_used_at"
    };
    (app) => {
        "id, client_id, client_secret_hash, client_secret_sealed, name, handler_url, install_url, scopes,
        application_token, script_only, installed, status, attributes, created_by, created_at, version"
    };
    (oauth_code) => {
        "hash, app_id, user_id, scopes, expires_at"
    };
    (oauth_token) => {
        "id, access_hash, refresh_hash, prev_refresh_hash, prev_refresh_until, scopes, access_expires_at,
        refresh_expires_at, app_id, user_id"
    };
    (activity) => {
        "id, app_id, kind, code, internal_code, spec, created_at, updated_at"
    };
    (model) => {
        "id, name, kind, document_catalog, updated_at, updated_by, version"
    };
    (definition) => {
        "d.id, d.process_id, d.version, d.name, d.description, d.origin, d.document_catalog, d.deployed_at,
        d.deployed_by, d.modified_at, d.app_id, d.auto_execute, d.template_meta, d.deployable, d.deleted_at, d.model_id,
        d.version_tag, d.deployment_id"
    };
    (catalog) => {
        "id, key, name, fields, title_field, created_at, updated_at, version"
    };
    (record) => {
        "r.id, r.catalog_id, r.version, r.title, r.created_at, r.created_by, r.updated_at, r.updated_by,
        r.deleted, r.data"
    };
    (file) => {
        "id, name, media_type, size, created_at, created_by"
    };
}

//! How the cells of a row become its fields: in the order of [`crate::columns`].

use super::{Cells, FromCells};
use crate::{
    ApiTokenRow, AppActivityRow, AppRow, CallRow, CatalogRow, DefinitionRow, DefinitionSource, FileRow, InboxRow,
    IncidentRow, InstanceCount, InstanceRow, JobRow, JournalRow, LeaseRow, LeasedFor, LongJournal, MessageRow,
    ModelRow, MutexRow, NodeRow, NotificationRow, OauthCodeRow, OauthTokenRow, OutboxRow, PurgedCount, RecordRow,
    SessionRow, StartRow, StoredInstance, SubscriptionRow, TaskAssignee, TaskPair, TaskRow, TimerRow, UserRow,
    WebhookRow,
};
use model::{DefinitionId, Timestamp};

/// Rows whose fields are their cells one by one.
macro_rules! rows {
    ($($row:ident { $($field:ident),* $(,)? })*) => {$(
        impl FromCells for $row {
            fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
                Ok(Self { $($field: cells.get()?),* })
            }
        }
    )*};
}

rows! {
    InstanceRow {
        partition, id, definition, process_id, state, document, started_by, business_key, state_title, created_at,
        updated_at, finished_at, incidents, seq, parent, root, suspended,
    }
    StoredInstance { row, snapshot }
    InstanceCount { definition, state, instances, with_incidents }
    JournalRow { partition, instance, seq, at, events }
    LongJournal { partition, instance, seq }
    PurgedCount { definition, state, instances }
    TaskRow {
        partition, id, instance, definition, process_name, element_key, element_id, element_name, kind, title,
        description, priority, due_at, created_at, state, completed_at, completed_by, outcome, version, form, settings,
        input, document,
    }
    TaskAssignee { user, role, status, answered_at }
    TimerRow { partition, id, due_at, instance }
    OutboxRow {
        partition, id, kind, key, instance, job, payload, due_at, attempts, first_at, state, last_error,
    }
    IncidentRow {
        partition, id, instance, definition, element_id, element_key, code, message, details, at, resolved_at,
        resolved_by,
    }
    CallRow {
        partition, instance, element_id, element_key, job, attempt, at, url, request, status, response, duration_ms,
        error,
    }
    NodeRow { id, url, version, started_at, beat, draining }
    LeaseRow { partition, owner, epoch }
    InboxRow { partition, id, kind, payload, created_at }
    SubscriptionRow { partition, id, kind, name, key, instance, root, process_id, element_id, created_at }
    MessageRow {
        partition, id, name, key, message_id, variables, process, element, state, reached, created_at, expires_at,
    }
    StartRow { partition, id, kind, name, process_id, definition, element, trigger, due_at, memory }
    MutexRow { partition, id, name, instance, key, held }
    UserRow {
        id, login, password_hash, name, last_name, email, language, theme, role, active, attributes, created_at,
        version,
    }
    NotificationRow { id, user, text, kind, link, from_user, created_at, read_at }
    SessionRow { token_hash, user, csrf_hash, created_at, expires_at, last_seen_at, user_agent }
    ApiTokenRow { id, hash, user, name, scopes, created_at, last_used_at, expires_at }
    WebhookRow { id, user, secret_hash, title, scopes, created_at, last_used_at }
    AppRow {
        id, client_id, client_secret_hash, client_secret_sealed, name, handler_url, install_url, scopes,
        application_token, script_only, installed, status, attributes, created_by, created_at, version,
    }
    OauthCodeRow { hash, app, user, scopes, expires_at }
    OauthTokenRow {
        id, access_hash, refresh_hash, prev_refresh_hash, prev_refresh_until, scopes, access_expires_at,
        refresh_expires_at, app, user,
    }
    AppActivityRow { id, app, kind, code, internal_code, spec, created_at, updated_at }
    ModelRow { id, name, kind, document_catalog, updated_at, updated_by, version }
    DefinitionRow {
        id, process_id, version, name, description, origin, document_catalog, deployed_at, deployed_by, modified_at,
        app, auto_execute, template_meta, deployable, deleted_at, model, version_tag, deployment,
    }
    DefinitionSource { source, view }
    CatalogRow { id, key, name, fields, title_field, created_at, updated_at, version }
    RecordRow { id, catalog, version, title, created_at, created_by, updated_at, updated_by, deleted, data }
    FileRow { id, name, media_type, size, created_at, created_by }
}

/// The columns of the task, of the person, and three of its instance, which may be gone.
impl FromCells for TaskPair {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        Ok(Self {
            task: cells.get()?,
            person: cells.get()?,
            started_at: cells.get()?,
            started_by: cells.get()?,
            state_title: cells.get::<Option<String>>()?.unwrap_or_default(),
        })
    }
}

impl FromCells for JobRow {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        Ok(Self {
            partition: cells.get()?,
            id: cells.get()?,
            instance: cells.get()?,
            element_key: cells.get()?,
            element_id: cells.get()?,
            job_type: cells.get()?,
            state: cells.get()?,
            retries: cells.get()?,
            input: cells.get()?,
            headers: cells.get()?,
            created_at: cells.get()?,
            lease_owner: cells.get()?,
            // A job without a lease has 0, so that one index has them all.
            lease_until: Some(cells.get::<Timestamp>()?).filter(|t| t.0 != 0),
            event_id: cells.get()?,
        })
    }
}

/// A leased job with what its instance runs, if there still is one.
pub type LeasedJob = (JobRow, Option<LeasedFor>);

impl FromCells for LeasedJob {
    fn read<C: Cells>(cells: &mut C) -> Result<Self, C::Error> {
        let job: JobRow = cells.get()?;
        let (definition, document) = (cells.get::<Option<DefinitionId>>()?, cells.get()?);
        let facts = definition.map(|definition| LeasedFor { instance: job.instance, definition, document });
        Ok((job, facts))
    }
}

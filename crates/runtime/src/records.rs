//! Records that people change, with the processes this starts or ends.
//!
//! Owns: what follows a saved or deleted record (Bitrix contract 4.2 and 4.5). Invariant: what follows stands in the
//! unit of the change as messages to partitions, so that a crash in between loses nothing; it is done at once all the
//! same, and never fails the change; a caller who hangs up stops neither. Never: starts anything for changes that
//! processes make (`ruslo:record.…`, template nodes), so that no process starts itself again without end.

use crate::cluster::{CancelFor, Message, StartFor, is_passing};
use crate::core::Core;
use crate::exchange::event_starts;
use crate::runtime::{Runtime, author};
use engine::Command;
use futures_util::future::join_all;
use model::error::codes;
use model::{CatalogId, Fault, InstanceId, Object, RecordId};
use platform::notifications::NewNotification;
use platform::records::Record;
use platform::{Action, Actor, Object as Target, Prepared, authorize};
use store::{DefinitionField, DefinitionRow, Filter, InstanceField, InstanceState, Op, Query};

/// Shown as the reason why an instance ended.
const DELETED: &str = "The document was deleted";
/// Instances that are cancelled at once.
const CANCEL_AT_ONCE: u32 = 200;
/// Definitions of one catalog that start by themselves.
const AUTOMATIC_MAX: u32 = 1_000;

/// A bit of a definition's automatic start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Create = 1,
    Edit = 2,
}

/// Records.
impl Runtime {
    /// Makes a record, then starts the latest versions of its catalog's processes that start on create, in the name of
    /// `actor`. A start that is refused does not fail the record: whoever deployed the process is told.
    pub async fn create_record(&self, actor: &Actor, catalog: CatalogId, fields: Object) -> Result<Record, Fault> {
        authorize(actor, Action::Create, &Target::Records)?;
        let (runtime, actor) = (self.clone(), actor.clone());
        whole(async move {
            let records = runtime.core.platform.records();
            let prepared = records.prepare_create(&actor, catalog, &fields).await?;
            let record = runtime.save_with_starts(&actor, prepared, On::Create).await?;
            Ok(record)
        })
        .await
    }

    /// Changes some fields of a record, then starts its catalog's processes that start on edit as
    /// [`Runtime::create_record`] does; `DOC-0005` with `details.current` when the record is not at `expect_version`.
    /// Changes made by processes do not come here and start nothing.
    pub async fn save_record(
        &self,
        actor: &Actor,
        id: RecordId,
        fields: Object,
        expect_version: Option<u64>,
    ) -> Result<Record, Fault> {
        authorize(actor, Action::Update, &Target::Records)?;
        let (runtime, actor) = (self.clone(), actor.clone());
        whole(async move {
            let records = runtime.core.platform.records();
            let prepared = records.prepare_update(&actor, id, &fields, expect_version).await?;
            let record = runtime.save_with_starts(&actor, prepared, On::Edit).await?;
            Ok(record)
        })
        .await
    }

    /// Deletes a record, then cancels the instances that run for it, whoever started them.
    pub async fn delete_record(&self, actor: &Actor, id: RecordId) -> Result<(), Fault> {
        authorize(actor, Action::Delete, &Target::Records)?;
        let (runtime, actor) = (self.clone(), actor.clone());
        whole(async move {
            let records = runtime.core.platform.records();
            let prepared = records.prepare_delete(&actor, id).await?;
            let cancel = CancelFor { record: id, by: author(&actor), except: None };
            let posted = runtime.core.post(Message::Cancel(cancel)).await?;
            records.make_with(prepared, vec![posted.write()]).await?;
            posted.perform().await;
            Ok(())
        })
        .await
    }

    /// Commits a change together with the starts it leads to, then does them.
    async fn save_with_starts(&self, actor: &Actor, prepared: Prepared<Record>, on: On) -> Result<Record, Fault> {
        let document = prepared.value.document();
        let core = &self.core;
        let mut posted = Vec::new();
        // Nothing is written before all that follows is known: a change without its starts would lose them.
        for row in self.automatic(document.catalog, on).await? {
            let start = StartFor { definition: row.id, document, started_by: author(actor) };
            if let Err(fault) = authorize(actor, Action::Start, &Target::Definitions) {
                tell_deployer(core, &start, &fault).await;
                continue;
            }
            posted.push(core.post(Message::Start(start)).await?);
        }
        if authorize(actor, Action::Start, &Target::Definitions).is_ok() {
            for start in event_starts::for_record(core, &prepared.value).await? {
                posted.push(core.post(Message::EventStart(start)).await?);
            }
        }
        let messages = posted.iter().map(|message| message.write()).collect();
        let record = core.platform.records().make_with(prepared, messages).await?;
        for message in posted {
            message.perform().await;
        }
        Ok(record)
    }

    /// The latest versions for the catalog that ask for it, the oldest first.
    async fn automatic(&self, catalog: CatalogId, on: On) -> Result<Vec<DefinitionRow>, Fault> {
        let wanted = Filter::eq(DefinitionField::Latest, true)
            .and(Filter::eq(DefinitionField::DocumentCatalog, catalog))
            .and(Filter::is(DefinitionField::AutoExecute, Op::Gt, 0_i64));
        let query = Query::new(wanted).order(DefinitionField::Id, false).limit(AUTOMATIC_MAX);
        let mut rows = self.core.store.definitions(query).await?.rows;
        rows.retain(|row| row.auto_execute & on as u32 != 0);
        Ok(rows)
    }
}

/// Whoever deployed a process learns that it was not started.
pub(crate) async fn tell_deployer(core: &Core, start: &StartFor, fault: &Fault) {
    let Ok(Some(row)) = core.store.definition(start.definition).await else { return };
    let Some(user) = row.deployed_by else { return };
    let new = NewNotification {
        user,
        text: format!("\"{}\" was not started for {}: {}", row.name, start.document.record, fault.message),
        kind: "process".to_owned(),
        link: Some(format!("/definitions/{}", row.id)),
        from: None,
    };
    if let Err(fault) = core.platform.notifications().send(new).await {
        tracing::warn!(definition = %row.id, %fault, "the deployer could not be told");
    }
}

/// Cancels what runs for a record, the newest first. A fault says that some of it may go on for now.
pub(crate) async fn cancel_for(core: &Core, cancel: &CancelFor) -> Result<(), Fault> {
    let mut before: Option<InstanceId> = None;
    let mut failed = None;
    loop {
        let mut wanted = Filter::eq(InstanceField::DocumentRecord, cancel.record)
            .and(Filter::eq(InstanceField::State, InstanceState::Active));
        if let Some(last) = before {
            wanted = wanted.and(Filter::is(InstanceField::Id, Op::Lt, last));
        }
        let rows = core.store.instances(Query::new(wanted).limit(CANCEL_AT_ONCE)).await?.rows;
        let Some(last) = rows.last() else { return failed.map_or(Ok(()), Err) };
        before = Some(last.id);
        let command = || vec![Command::Cancel { reason: DELETED.to_owned(), by: cancel.by }];
        let ids = rows.iter().map(|row| row.id).filter(|id| Some(*id) != cancel.except);
        let ends = ids.map(|id| async move { (id, core.command(id, command()).await) });
        for (instance, ended) in join_all(ends).await {
            match ended {
                Err(fault) if fault.is(&codes::NOT_ACTIVE) || fault.is(&codes::INSTANCE_NOT_FOUND) => {}
                Err(fault) if is_passing(&fault) => failed = Some(fault),
                Err(fault) => tracing::error!(%instance, %fault, "a process of a deleted record goes on"),
                Ok(_) => {}
            }
        }
    }
}

/// Goes on to its end also when the caller is gone: a change and what follows it belong together.
async fn whole<T: Send + 'static>(work: impl Future<Output = Result<T, Fault>> + Send + 'static) -> Result<T, Fault> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Fault::of(&codes::SHUTTING_DOWN)),
        },
    }
}

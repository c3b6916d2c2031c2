//! Records that people change, with the processes this starts or ends.
//!
//! Owns: what follows a saved or deleted record (Bitrix contract 4.2 and 4.5). Invariant: what follows never fails the
//! change; a caller who hangs up stops neither. The change is committed first: a crash in between loses what follows.
//! Never: follows changes that processes make (`ruslo:record.…`, template nodes), so that no process starts itself
//! again without end.

use crate::runtime::{Parameters, Runtime, author};
use crate::types::{DefinitionSel, StartRequest};
use engine::Command;
use futures_util::future::join_all;
use model::error::codes;
use model::{CatalogId, DocumentRef, Fault, InstanceId, Object, RecordId};
use platform::notifications::NewNotification;
use platform::records::Record;
use platform::{Action, Actor, Object as Target, authorize};
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
            let record = runtime.core.platform.records().create(&actor, catalog, &fields).await?;
            runtime.start_automatic(&actor, record.document(), On::Create).await;
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
            let record = runtime.core.platform.records().update(&actor, id, &fields, expect_version).await?;
            runtime.start_automatic(&actor, record.document(), On::Edit).await;
            Ok(record)
        })
        .await
    }

    /// Deletes a record, then cancels the instances that run for it, whoever started them.
    pub async fn delete_record(&self, actor: &Actor, id: RecordId) -> Result<(), Fault> {
        authorize(actor, Action::Delete, &Target::Records)?;
        let (runtime, actor) = (self.clone(), actor.clone());
        whole(async move {
            runtime.core.platform.records().delete(&actor, id).await?;
            if let Err(fault) = runtime.cancel_for(&actor, id).await {
                tracing::error!(record = %id, %fault, "processes of a deleted record may go on");
            }
            Ok(())
        })
        .await
    }

    /// Starts what asks to be started when a record was saved.
    async fn start_automatic(&self, actor: &Actor, document: DocumentRef, on: On) {
        let definitions = match self.automatic(document.catalog, on).await {
            Ok(definitions) => definitions,
            Err(fault) => {
                tracing::error!(record = %document.record, %fault, "processes that start by themselves were not found");
                return;
            }
        };
        for row in definitions {
            let definition = DefinitionSel::Id(row.id);
            let request = StartRequest { definition, document: Some(document), ..StartRequest::of(row.id) };
            if let Err(fault) = self.start_as(actor, request, Parameters::Defaults).await {
                tracing::warn!(definition = %row.id, record = %document.record, %fault, "an automatic start was refused");
                self.tell_deployer(&row, document, &fault).await;
            }
        }
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

    async fn tell_deployer(&self, row: &DefinitionRow, document: DocumentRef, fault: &Fault) {
        let Some(user) = row.deployed_by else { return };
        let new = NewNotification {
            user,
            text: format!("\"{}\" was not started for {}: {}", row.name, document.record, fault.message),
            kind: "process".to_owned(),
            link: Some(format!("/definitions/{}", row.id)),
            from: None,
        };
        if let Err(fault) = self.core.platform.notifications().send(new).await {
            tracing::warn!(definition = %row.id, %fault, "the deployer could not be told");
        }
    }

    /// Cancels what runs for a record, the newest first.
    async fn cancel_for(&self, actor: &Actor, record: RecordId) -> Result<(), Fault> {
        let by = author(actor);
        let mut before: Option<InstanceId> = None;
        loop {
            let mut wanted = Filter::eq(InstanceField::DocumentRecord, record)
                .and(Filter::eq(InstanceField::State, InstanceState::Active));
            if let Some(last) = before {
                wanted = wanted.and(Filter::is(InstanceField::Id, Op::Lt, last));
            }
            let rows = self.core.store.instances(Query::new(wanted).limit(CANCEL_AT_ONCE)).await?.rows;
            let Some(last) = rows.last() else { return Ok(()) };
            before = Some(last.id);
            let cancel = || vec![Command::Cancel { reason: DELETED.to_owned(), by }];
            let ends = rows.iter().map(|row| async { (row.id, self.core.command(row.id, cancel()).await) });
            for (instance, ended) in join_all(ends).await {
                match ended {
                    Err(fault) if fault.is(&codes::NOT_ACTIVE) || fault.is(&codes::INSTANCE_NOT_FOUND) => {}
                    Err(fault) => tracing::error!(%instance, %fault, "a process of a deleted record goes on"),
                    Ok(_) => {}
                }
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

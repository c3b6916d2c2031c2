//! What people see of what is exchanged: who waits for messages and signals, what is kept, who holds which name.
//!
//! Invariant: reads only what was committed. Never: delivers anything; a kept message is only taken away.

use crate::core::Core;
use crate::runtime::Runtime;
use crate::types::{KeptMessage, MessageFilter, MutexFilter, MutexView, Page, Paged, SubscriptionFilter, Waiting};
use model::Fault;
use model::error::codes;
use platform::{Action, Actor, Object as Target, authorize};
use store::{
    ExchangeWrite, Filter, MessageField, MessageRow, MessageState, MutexField, Op, Query, Scalar, SubscriptionField,
    SubscriptionKind, Unit,
};

fn paged<R, T>(found: store::Paged<R>, view: impl Fn(R) -> T) -> Paged<T> {
    Paged { total: found.total.unwrap_or(0), items: found.rows.into_iter().map(view).collect() }
}

fn equal<F>(field: F, value: Option<impl Into<Scalar>>) -> Option<Filter<F>> {
    value.map(|value| Filter::eq(field, value))
}

impl Runtime {
    /// Messages that are kept, newest first.
    pub async fn messages(
        &self,
        actor: &Actor,
        filter: MessageFilter,
        page: Page,
    ) -> Result<Paged<KeptMessage>, Fault> {
        messages(&self.core, actor, filter, page).await
    }

    /// Takes a kept message away: nobody else gets it. `RUN-0021`: there is none.
    pub async fn remove_message(&self, actor: &Actor, id: i64) -> Result<(), Fault> {
        remove(&self.core, actor, id).await
    }

    /// Who waits for messages and signals, newest first.
    pub async fn subscriptions(
        &self,
        actor: &Actor,
        filter: SubscriptionFilter,
        page: Page,
    ) -> Result<Paged<Waiting>, Fault> {
        subscriptions(&self.core, actor, filter, page).await
    }

    /// Who holds names, and who waits for them, in the order they asked.
    pub async fn mutexes(&self, actor: &Actor, filter: MutexFilter, page: Page) -> Result<Paged<MutexView>, Fault> {
        mutexes(&self.core, actor, filter, page).await
    }
}

/// Who waits, newest first.
async fn subscriptions(
    core: &Core,
    actor: &Actor,
    filter: SubscriptionFilter,
    page: Page,
) -> Result<Paged<Waiting>, Fault> {
    authorize(actor, Action::View, &Target::Incidents)?;
    let kind = filter.kind.as_deref().map(|kind| SubscriptionKind::parse(kind).map_or(-1, SubscriptionKind::code));
    let all = [
        equal(SubscriptionField::Kind, kind),
        equal(SubscriptionField::Name, filter.name),
        equal(SubscriptionField::Key, filter.key),
        equal(SubscriptionField::Instance, filter.instance),
        equal(SubscriptionField::ProcessId, filter.process_id),
    ];
    let mut query = Query::new(Filter::All(all.into_iter().flatten().collect()));
    query.page = page.into();
    let view = |row: store::SubscriptionRow| Waiting {
        id: row.id,
        kind: row.kind.as_str(),
        name: row.name,
        key: row.key,
        instance: row.instance,
        process_id: row.process_id,
        element_id: row.element_id,
        since: row.created_at,
    };
    Ok(paged(core.store.list_subscriptions(query).await?, view))
}

/// What is kept, newest first.
async fn messages(core: &Core, actor: &Actor, filter: MessageFilter, page: Page) -> Result<Paged<KeptMessage>, Fault> {
    authorize(actor, Action::View, &Target::Incidents)?;
    let all = [
        Some(kept(core)),
        equal(MessageField::Name, filter.name),
        equal(MessageField::Key, filter.key),
        equal(MessageField::ProcessId, filter.process_id),
    ];
    let mut query = Query::new(Filter::All(all.into_iter().flatten().collect()));
    query.page = page.into();
    let view = |row: MessageRow| KeptMessage {
        id: row.id,
        variables: super::messages::from_json(&row.variables),
        name: row.name,
        key: row.key,
        message_id: row.message_id,
        process_id: row.process,
        element_id: row.element,
        reached: row.reached,
        published_at: row.created_at,
        expires_at: row.expires_at,
    };
    Ok(paged(core.store.list_messages(query).await?, view))
}

/// Messages that somebody who comes later still gets.
fn kept(core: &Core) -> Filter<MessageField> {
    Filter::is(MessageField::State, Op::Lt, MessageState::Remembered.code()).and(Filter::is(
        MessageField::ExpiresAt,
        Op::Gt,
        core.now(),
    ))
}

/// Takes a kept message away: nobody else gets it. Its id stays remembered against doubles, as if it had expired.
async fn remove(core: &Core, actor: &Actor, id: i64) -> Result<(), Fault> {
    authorize(actor, Action::Operate, &Target::Jobs)?;
    let query = Query::new(kept(core).and(Filter::eq(MessageField::Id, id))).limit(1);
    let found = core.store.list_messages(query).await?.rows.pop();
    let row = found.ok_or_else(|| Fault::new(&codes::MESSAGE_NOT_FOUND, format!("there is no kept message {id}")))?;
    let settle = ExchangeWrite::Settle { partition: row.partition, id, until: row.expires_at };
    core.store.commit_one(Unit::of(settle)).await?;
    Ok(())
}

/// Who holds names, and who waits for them, in the order they asked.
async fn mutexes(core: &Core, actor: &Actor, filter: MutexFilter, page: Page) -> Result<Paged<MutexView>, Fault> {
    authorize(actor, Action::View, &Target::Incidents)?;
    let all = [
        equal(MutexField::Name, filter.name),
        equal(MutexField::Instance, filter.instance),
        equal(MutexField::ProcessId, filter.process_id),
    ];
    let mut query = Query::new(Filter::All(all.into_iter().flatten().collect()));
    query.page = page.into();
    let view = |row: store::MutexRow| MutexView {
        id: row.id,
        name: row.name,
        instance: row.instance,
        key: row.key,
        held: row.held,
    };
    Ok(paged(core.store.list_mutexes(query).await?, view))
}

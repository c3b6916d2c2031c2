//! The lists, and what their fields are in SQL, where every backend says it in the same words.

use super::{Column, Kind, List, Sql, like, page, pattern};
use crate::{
    DefinitionField, InboxQuery, IncidentField, InstanceField, MessageField, MutexField, Query, RecordField,
    SubscriptionField, TaskField, UserField, columns,
};
use model::InstanceId;

/// The list of instances.
pub const INSTANCES: List<InstanceField> = List {
    select: columns!(instance),
    from: "instances i",
    text: &[],
    tie: ("i.id", "DESC"),
    column: |field| match field {
        InstanceField::Id => Column::of("i.id"),
        InstanceField::Partition => Column::of("i.partition_id"),
        InstanceField::Definition => Column::of("i.definition_id"),
        // The versions of a process are few and indexed by their process.
        InstanceField::ProcessId => Column::Any {
            head: "i.definition_id IN (SELECT d.id FROM definitions d WHERE ",
            value: "d.process_id",
            kind: Kind::Text,
            order: "i.process_id",
        },
        InstanceField::State => Column::code("i.state"),
        InstanceField::DocumentCatalog => Column::nullable("i.document_catalog"),
        InstanceField::DocumentRecord => Column::nullable("i.document_record"),
        InstanceField::StartedBy => Column::nullable("i.started_by"),
        InstanceField::BusinessKey => Column::text_nullable("i.business_key"),
        InstanceField::CreatedAt => Column::of("i.created_at"),
        InstanceField::UpdatedAt => Column::of("i.updated_at"),
        InstanceField::FinishedAt => Column::nullable("i.finished_at"),
        InstanceField::Incidents => Column::code("i.incidents"),
        InstanceField::Parent => Column::nullable("i.parent_id"),
        InstanceField::Root => Column::nullable("i.root_id"),
        InstanceField::Suspended => Column::Flag { yes: "i.suspended = 1", no: "i.suspended = 0" },
    },
};

/// Free text in [`INSTANCES`]: an id, or how a business key begins.
pub fn instance_text<V: From<i64> + From<String>>(query: &Query<InstanceField>) -> Option<Sql<V>> {
    let text = query.text.as_deref()?.trim();
    if text.is_empty() {
        return None;
    }
    let id = text.parse::<InstanceId>().map(|id| id.0).ok().or_else(|| text.parse::<i64>().ok());
    let mut sql = Sql::new("i.id = ");
    sql.bind(id.unwrap_or(0));
    sql.push(" OR (i.business_key >= ");
    sql.bind(text.to_owned());
    sql.push(" AND i.business_key < ");
    sql.bind(format!("{text}\u{10FFFF}"));
    sql.push(")");
    Some(sql)
}

/// The list of incidents.
pub const INCIDENTS: List<IncidentField> = List {
    select: columns!(incident),
    from: "incidents i",
    text: &["fold(i.message)", "fold(i.element_id)"],
    tie: ("i.id", "DESC"),
    column: |field| match field {
        IncidentField::Id => Column::of("i.id"),
        IncidentField::Open => Column::Flag { yes: "i.resolved_at IS NULL", no: "i.resolved_at IS NOT NULL" },
        IncidentField::Instance => Column::of("i.instance_id"),
        IncidentField::Definition => Column::of("i.definition_id"),
        IncidentField::ElementId => Column::text("i.element_id"),
        IncidentField::Code => Column::text("i.code"),
        IncidentField::At => Column::of("i.at"),
    },
};

/// A field of a task's own row; of the rest the caller knows better.
pub fn own_task_column(field: &TaskField) -> Option<Column> {
    Some(match field {
        TaskField::Id => Column::of("t.id"),
        TaskField::State => Column::code("t.state"),
        TaskField::Instance => Column::of("t.instance_id"),
        TaskField::Definition => Column::of("t.definition_id"),
        TaskField::ProcessName => Column::text("t.process_name"),
        TaskField::ElementId => Column::text("t.element_id"),
        TaskField::Kind => Column::text("t.kind"),
        TaskField::Title => Column::text("t.title"),
        TaskField::Priority => Column::of("t.priority"),
        TaskField::DueAt => Column::nullable("t.due_at"),
        TaskField::CreatedAt => Column::of("t.created_at"),
        TaskField::CompletedAt => Column::nullable("t.completed_at"),
        TaskField::Outcome => Column::text_nullable("t.outcome"),
        TaskField::DocumentCatalog => Column::nullable("t.document_catalog"),
        TaskField::DocumentRecord => Column::nullable("t.document_record"),
        TaskField::User | TaskField::UserStatus | TaskField::StartedAt | TaskField::StartedBy => return None,
    })
}

/// A field that a list does not have.
pub const NOTHING: Column = Column::nullable("CAST(NULL AS bigint)");

/// A field of (task, person) pairs: `a` is the person's row, `i` the instance.
pub fn pair_column(field: &TaskField) -> Column {
    own_task_column(field).unwrap_or_else(|| match field {
        TaskField::User => Column::of("a.user_id"),
        TaskField::UserStatus => Column::of("a.status"),
        TaskField::StartedAt => Column::nullable("i.created_at"),
        TaskField::StartedBy => Column::nullable("i.started_by"),
        _ => NOTHING,
    })
}

/// How a backend spells the parts of [`inbox_sql`] that are not everywhere the same.
#[derive(Debug, Clone, Copy)]
pub struct InboxWords {
    /// What opens one of the merged lists, up to its SELECT.
    pub open: &'static str,
    /// Joins the tasks `t` to the rows `x` of people or groups.
    pub join: &'static str,
    /// What the merged lists are called.
    pub merged: &'static str,
}

/// The ids of an inbox, in its order: the first rows of the person and of each group, each read in its order from its
/// own index, merged. A task reached in several ways counts once.
pub fn inbox_sql<V: From<i64> + From<String>>(words: InboxWords, query: &InboxQuery) -> Sql<V> {
    let mut sql = Sql::new("SELECT task_id FROM (");
    let groups: &[String] = if query.done { &[] } else { &query.groups };
    let owners = std::iter::once(None).chain(groups.iter().map(Some));
    for (n, group) in owners.enumerate() {
        sql.push(if n > 0 { " UNION " } else { "" });
        let table = if group.is_some() { "task_groups" } else { "task_assignees" };
        sql.push(&format!("{}SELECT x.sort_at, x.priority, x.task_id FROM {table} x ", words.open));
        if query.text.is_some() {
            sql.push(words.join);
        }
        match group {
            Some(group) => {
                sql.push("WHERE x.group_key = ");
                sql.bind(group.clone());
            }
            None => {
                sql.push("WHERE x.user_id = ");
                sql.bind(query.user.0);
            }
        }
        sql.push(if query.done { " AND x.waiting = 0" } else { " AND x.waiting = 1" });
        if let Some(text) = &query.text {
            sql.push(" AND ");
            like("fold(t.title)", pattern(text.trim(), true), &mut sql);
        }
        sql.push(" ORDER BY x.sort_at, x.priority DESC, x.task_id");
        page(query.offset.saturating_add(query.limit.into()), 0, &mut sql);
        sql.push(")");
    }
    sql.push(&format!("){} ORDER BY sort_at, priority DESC, task_id", words.merged));
    page(query.limit.into(), query.offset, &mut sql);
    sql
}

/// The list of subscriptions.
pub const SUBSCRIPTIONS: List<SubscriptionField> = List {
    select: columns!(subscription),
    from: "subscriptions s",
    text: &[],
    tie: ("s.id", "DESC"),
    column: |field| match field {
        SubscriptionField::Id => Column::of("s.id"),
        SubscriptionField::Kind => Column::code("s.kind"),
        SubscriptionField::Name => Column::text("s.name"),
        SubscriptionField::Key => Column::text_nullable("s.key"),
        SubscriptionField::Instance => Column::of("s.instance_id"),
        SubscriptionField::ProcessId => Column::text("s.process_id"),
    },
};

/// The list of messages.
pub const MESSAGES: List<MessageField> = List {
    select: columns!(message),
    from: "messages m",
    text: &[],
    tie: ("m.id", "DESC"),
    column: |field| match field {
        MessageField::Id => Column::of("m.id"),
        MessageField::Name => Column::text("m.name"),
        MessageField::Key => Column::text("m.key"),
        MessageField::ProcessId => Column::text_nullable("m.process_id"),
        MessageField::State => Column::code("m.state"),
        MessageField::ExpiresAt => Column::of("m.expires_at"),
    },
};

/// A field of those who hold names or wait for them; `head` is a subquery over their instance `i` up to its WHERE.
pub fn mutex_column(field: &MutexField, head: &'static str) -> Column {
    match field {
        MutexField::Id => Column::of("x.id"),
        MutexField::Name => Column::text("x.name"),
        MutexField::Instance => Column::of("x.instance_id"),
        MutexField::ProcessId => Column::Any { head, value: "i.process_id", kind: Kind::Text, order: "x.instance_id" },
    }
}

/// The list of people.
pub const USERS: List<UserField> = List {
    select: columns!(user),
    from: "users u",
    text: &["u.login_key", "fold(u.name || ' ' || u.last_name || ' ' || u.name)", "fold(u.email)"],
    tie: ("u.id", "ASC"),
    column: |field| match field {
        UserField::Id => Column::of("u.id"),
        UserField::Login => Column::text("u.login"),
        UserField::Name => Column::text("u.name"),
        UserField::LastName => Column::text("u.last_name"),
        UserField::Email => Column::text("u.email"),
        UserField::Role => Column::code("u.role"),
        UserField::Active => Column::code("u.active"),
        UserField::CreatedAt => Column::of("u.created_at"),
    },
};

/// The list of definitions.
pub const DEFINITIONS: List<DefinitionField> = List {
    select: columns!(definition),
    from: "definitions d",
    text: &["fold(d.name)", "fold(d.process_id)"],
    tie: ("d.id", "ASC"),
    column: |field| match field {
        DefinitionField::Id => Column::of("d.id"),
        DefinitionField::ProcessId => Column::text("d.process_id"),
        DefinitionField::Version => Column::of("d.version"),
        DefinitionField::Name => Column::text("d.name"),
        DefinitionField::Origin => Column::text("d.origin"),
        DefinitionField::DocumentCatalog => Column::nullable("d.document_catalog"),
        DefinitionField::DeployedAt => Column::of("d.deployed_at"),
        DefinitionField::DeployedBy => Column::nullable("d.deployed_by"),
        DefinitionField::ModifiedAt => Column::of("d.modified_at"),
        DefinitionField::App => Column::nullable("d.app_id"),
        DefinitionField::AutoExecute => Column::of("d.auto_execute"),
        DefinitionField::Deployable => Column::code("d.deployable"),
        DefinitionField::Deleted => Column::Flag { yes: "d.deleted_at IS NOT NULL", no: "d.deleted_at IS NULL" },
        DefinitionField::Latest => Column::code(
            "CASE WHEN d.deleted_at IS NULL AND d.version = (SELECT max(l.version) FROM definitions l
            WHERE l.process_id = d.process_id AND l.deleted_at IS NULL) THEN 1 ELSE 0 END",
        ),
        DefinitionField::Model => Column::nullable("d.model_id"),
    },
};

/// The list of records.
pub const RECORDS: List<RecordField> = List {
    select: columns!(record),
    from: "records r",
    text: &["r.search"],
    tie: ("r.id", "DESC"),
    column: |field| match field {
        RecordField::Id => Column::of("r.id"),
        RecordField::Catalog => Column::of("r.catalog_id"),
        RecordField::Title => Column::text("r.title"),
        RecordField::CreatedAt => Column::of("r.created_at"),
        RecordField::CreatedBy => Column::nullable("r.created_by"),
        RecordField::UpdatedAt => Column::of("r.updated_at"),
        RecordField::UpdatedBy => Column::nullable("r.updated_by"),
        RecordField::Deleted => Column::code("r.deleted"),
        RecordField::Data(key) => Column::Json { data: "r.data", key: key.clone() },
    },
};

/// Free text in [`RECORDS`], in several words: each must be somewhere.
pub fn record_words<V: From<String>>(query: &Query<RecordField>) -> Option<Sql<V>> {
    let mut sql = Sql::default();
    for word in query.text.as_deref()?.split_whitespace() {
        sql.push(if sql.text.is_empty() { "" } else { " AND " });
        like("r.search", pattern(word, true), &mut sql);
    }
    Some(sql).filter(|sql| !sql.text.is_empty())
}

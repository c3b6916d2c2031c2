//! Rows to start from.

use crate::*;
use model::*;
use serde_json::json;

/// The instant `n` ms after the tests' beginning.
pub(super) fn at(n: i64) -> Timestamp {
    Timestamp(1_800_000_000_000 + n)
}

/// The `n`th id of a partition.
pub(super) fn pid(n: i64, partition: u8) -> i64 {
    (n << 8) | i64::from(partition)
}

pub(super) fn instance(n: i64) -> StoredInstance {
    let partition = PartitionId((n % 4) as u8);
    StoredInstance {
        row: InstanceRow {
            partition,
            id: InstanceId(pid(n, partition.0)),
            definition: DefinitionId(1),
            process_id: "order".into(),
            state: InstanceState::Active,
            document: None,
            started_by: None,
            business_key: None,
            state_title: String::new(),
            created_at: at(n),
            updated_at: at(n),
            finished_at: None,
            incidents: 0,
            seq: 1,
            parent: None,
            root: None,
            suspended: false,
        },
        snapshot: vec![n as u8; 5],
    }
}

pub(super) fn moved(from: &StoredInstance, state: InstanceState, now: Timestamp) -> InstanceUpdate {
    InstanceUpdate {
        partition: from.row.partition,
        id: from.row.id,
        expect_seq: from.row.seq,
        seq: from.row.seq + 1,
        state,
        state_title: "moved".into(),
        updated_at: now,
        finished_at: (state != InstanceState::Active).then_some(now),
        incidents: 0,
        snapshot: vec![9],
    }
}

pub(super) fn journal(of: &StoredInstance, seq: u64) -> JournalRow {
    JournalRow {
        partition: of.row.partition,
        instance: of.row.id,
        seq,
        at: at(seq as i64),
        events: vec![seq as u8, 0, 255],
    }
}

pub(super) fn person(user: i64, role: TaskRole) -> TaskAssignee {
    TaskAssignee { user: UserId(user), role, status: AnswerStatus::Waiting, answered_at: None }
}

pub(super) fn task(n: i64, users: &[i64]) -> TaskDetails {
    TaskDetails {
        task: TaskRow {
            partition: PartitionId(0),
            id: TaskId(pid(n, 0)),
            instance: InstanceId(pid(4, 0)),
            definition: DefinitionId(1),
            process_name: "Order".into(),
            element_key: 3,
            element_id: "approve".into(),
            element_name: "Approve".into(),
            kind: "approve".into(),
            title: format!("Согласовать договор {n}"),
            description: "please".into(),
            priority: 0,
            due_at: None,
            created_at: at(n),
            state: TaskState::Open,
            completed_at: None,
            completed_by: None,
            outcome: None,
            version: 1,
            form: json!({"fields": [{"key": "sum"}]}),
            settings: json!({}),
            input: json!({"sum": 12.5}),
            document: None,
        },
        assignees: users.iter().map(|u| person(*u, TaskRole::Assignee)).collect(),
        groups: Vec::new(),
    }
}

pub(super) fn job(n: i64, job_type: &str) -> JobRow {
    JobRow {
        partition: PartitionId(0),
        id: JobId(pid(n, 0)),
        instance: InstanceId(pid(4, 0)),
        element_key: 2,
        element_id: "call".into(),
        job_type: job_type.into(),
        state: JobState::Open,
        retries: 3,
        input: json!({"a": [1, null, "x"]}),
        headers: json!({}),
        created_at: at(n),
        lease_owner: None,
        lease_until: None,
        event_id: None,
    }
}

pub(super) fn effect(n: i64, due: i64) -> OutboxRow {
    OutboxRow {
        partition: PartitionId((n % 4) as u8),
        id: OutboxId(pid(n, (n % 4) as u8)),
        kind: "handler_call".into(),
        key: format!("key{n}"),
        instance: Some(InstanceId(pid(4, 0))),
        job: None,
        payload: json!({"url": "http://127.0.0.1/"}),
        due_at: at(due),
        attempts: 0,
        first_at: at(due),
        state: OutboxState::Pending,
        last_error: None,
    }
}

pub(super) fn incident(n: i64) -> IncidentRow {
    IncidentRow {
        partition: PartitionId(0),
        id: IncidentId(pid(n, 0)),
        instance: InstanceId(pid(4, 0)),
        definition: DefinitionId(1),
        element_id: "call".into(),
        element_key: 2,
        code: "ENG-0008".into(),
        message: format!("Не ответил {n}"),
        details: json!({"n": n}),
        at: at(n),
        resolved_at: None,
        resolved_by: None,
    }
}

pub(super) fn user(id: i64, login: &str) -> UserRow {
    UserRow {
        id: UserId(id),
        login: login.into(),
        password_hash: Some("$argon2id$".into()),
        name: "Анна".into(),
        last_name: "Ёлкина".into(),
        email: format!("{login}@example.org"),
        language: "ru".into(),
        theme: None,
        role: UserRole::Employee,
        active: true,
        attributes: json!({"phone": "1"}),
        created_at: at(id),
        version: 1,
    }
}

pub(super) fn app(id: i64, client_id: &str) -> AppRow {
    AppRow {
        id: AppId(id),
        client_id: client_id.into(),
        client_secret_hash: [1; 32],
        client_secret_sealed: Some(vec![1, 2]),
        name: "md5".into(),
        handler_url: "https://example.org/app".into(),
        install_url: String::new(),
        scopes: vec!["bizproc".into(), "crm".into()],
        application_token: "tok".into(),
        script_only: true,
        created_by: UserId(1),
        created_at: at(0),
        installed: false,
        status: AppStatus::New,
        version: 1,
        attributes: json!({}),
    }
}

pub(super) fn token(id: i64, app: i64, user: i64) -> OauthTokenRow {
    OauthTokenRow {
        id,
        access_hash: [id as u8; 32],
        refresh_hash: [id as u8 + 100; 32],
        prev_refresh_hash: None,
        prev_refresh_until: None,
        app: AppId(app),
        user: UserId(user),
        scopes: vec!["bizproc".into()],
        access_expires_at: at(10),
        refresh_expires_at: at(100),
    }
}

pub(super) fn definition(id: i64, process_id: &str, version: u32) -> DefinitionWrite {
    let row = DefinitionRow {
        id: DefinitionId(id),
        process_id: process_id.into(),
        version,
        name: format!("Заказ {process_id}"),
        description: String::new(),
        origin: "bpmn".into(),
        document_catalog: Some(CatalogId(1)),
        deployed_at: at(id),
        deployed_by: Some(UserId(1)),
        modified_at: at(id),
        app: None,
        auto_execute: 0,
        template_meta: json!({}),
        deployable: true,
        deleted_at: None,
        model: None,
        version_tag: None,
        deployment: None,
    };
    let source = DefinitionSource { source: vec![0, 1, 2, id as u8], view: "<bpmn/>".into() };
    DefinitionWrite::Insert { row: Box::new(row), source }
}

pub(super) fn record(id: i64, title: &str, data: serde_json::Value) -> RecordWrite {
    RecordWrite::Insert(Box::new(RecordRow {
        id: RecordId(id),
        catalog: CatalogId(1),
        version: 1,
        title: title.into(),
        data,
        created_at: at(id),
        created_by: Some(UserId(1)),
        updated_at: at(id),
        updated_by: None,
        deleted: false,
    }))
}

pub(super) fn setting(key: &str, value: i64) -> SettingWrite {
    SettingWrite::Put { key: key.into(), value: value.into() }
}

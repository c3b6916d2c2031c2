//! People, credentials, apps, definitions, documents, settings.

use super::{Database, conflict, ok, put, samples::*, some};
use crate::*;
use model::*;
use serde_json::json;

pub async fn people(db: &dyn Database) {
    let store = db.open().await;
    for u in [user(1, "Admin"), user(2, "Жанна")] {
        put(&store, Unit::of(PeopleWrite::InsertUser(Box::new(u)))).await;
    }
    let taken = Unit::of(PeopleWrite::InsertUser(Box::new(user(3, "ЖАННА"))));
    assert_eq!(conflict(store.commit_one(taken).await), Conflict::LoginTaken);
    assert_eq!(some(store.user_by_login("жанна").await), user(2, "Жанна"));
    assert_eq!(ok(store.users_by_id(&[UserId(2), UserId(9), UserId(1)]).await).len(), 2);
    let changed = UserRow { active: false, role: UserRole::Admin, password_hash: None, ..user(2, "Жанна") };
    let update = |login: &str| PeopleWrite::UpdateUser {
        row: Box::new(UserRow { login: login.into(), ..changed.clone() }),
        expect_version: 1,
    };
    assert_eq!(conflict(store.commit_one(Unit::of(update("admin"))).await), Conflict::LoginTaken);
    put(&store, Unit::of(update("Жанна"))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(update("Жанна"))).await), Conflict::UserVersion);
    assert_eq!(some(store.user(UserId(2)).await), UserRow { version: 2, ..changed });
    let found = ok(store.users(Query { text: Some("ёлкина анна".into()), ..Query::default() }).await);
    assert_eq!(found.rows.len(), 2);
    let active = ok(store.users(Query::new(Filter::eq(UserField::Active, true))).await);
    assert_eq!(active.rows, [user(1, "Admin")]);

    let group = GroupRow { key: "buyers".into(), name: "Buyers".into(), members: vec![UserId(1), UserId(2)] };
    put(&store, Unit::of(PeopleWrite::PutGroup(group.clone()))).await;
    assert_eq!(ok(store.groups().await), vec![group.clone()]);
    put(&store, Unit::of(PeopleWrite::PutGroup(GroupRow { members: vec![UserId(2)], ..group }))).await;
    assert_eq!(ok(store.groups_of(UserId(1)).await), Vec::<String>::new());
    assert_eq!(ok(store.groups_of(UserId(2)).await), ["buyers"]);
    put(&store, Unit::of(PeopleWrite::DeleteGroup { key: "buyers".into() })).await;
    assert_eq!(ok(store.groups().await), vec![]);

    let note = |id, user| NotificationRow {
        id: NotificationId(id),
        user: UserId(user),
        text: "hello".into(),
        kind: "task".into(),
        link: Some("/inbox".into()),
        from_user: None,
        created_at: at(id),
        read_at: None,
    };
    for n in [note(1, 1), note(2, 1), note(3, 2), note(4, 1)] {
        put(&store, Unit::of(PeopleWrite::InsertNotification(n))).await;
    }
    assert_eq!(ok(store.notifications(UserId(1), None, 2).await), [note(4, 1), note(2, 1)]);
    assert_eq!(ok(store.notifications(UserId(1), Some(NotificationId(2)), 9).await), [note(1, 1)]);
    let read = |ids: &[i64]| PeopleWrite::ReadNotifications {
        user: UserId(1),
        ids: ids.iter().map(|id| NotificationId(*id)).collect(),
        at: at(50),
    };
    put(&store, Unit::of(read(&[1, 3]))).await;
    assert_eq!(ok(store.unread_notifications(UserId(1)).await), 2);
    assert_eq!(ok(store.unread_notifications(UserId(2)).await), 1);
    put(&store, Unit::of(read(&[]))).await;
    assert_eq!(ok(store.unread_notifications(UserId(1)).await), 0);
}

pub async fn credentials(db: &dyn Database) {
    let store = db.open().await;
    let session = |n: u8, expires| SessionRow {
        token_hash: [n; 32],
        user: UserId(1),
        csrf_hash: [9; 32],
        created_at: at(0),
        expires_at: at(expires),
        last_seen_at: at(n.into()),
        user_agent: "browser".into(),
    };
    for s in [session(1, 10), session(2, 100), session(3, 100)] {
        put(&store, Unit::of(CredentialWrite::InsertSession(s))).await;
    }
    assert_eq!(some(store.session(&[2; 32]).await), session(2, 100));
    assert_eq!(ok(store.session(&[7; 32]).await), None);
    put(&store, Unit::of(CredentialWrite::TouchSession { token_hash: [2; 32], at: at(60), expires_at: at(160) })).await;
    put(&store, Unit::of(CredentialWrite::DeleteExpired { now: at(50) })).await;
    let hashes: Vec<u8> = ok(store.sessions_of(UserId(1)).await).iter().map(|s| s.token_hash[0]).collect();
    assert_eq!(hashes, [2, 3]);
    put(&store, Unit::of(CredentialWrite::DeleteSessionsOf { user: UserId(1), except: Some([3; 32]) })).await;
    assert_eq!(ok(store.sessions_of(UserId(1)).await), [session(3, 100)]);
    put(&store, Unit::of(CredentialWrite::DeleteSession { token_hash: [3; 32] })).await;
    assert_eq!(ok(store.sessions_of(UserId(1)).await), vec![]);

    let token = ApiTokenRow {
        id: TokenId(1),
        hash: [4; 32],
        user: UserId(1),
        name: "ci".into(),
        scopes: vec!["all".into()],
        created_at: at(0),
        last_used_at: None,
        expires_at: None,
    };
    put(&store, Unit::of(CredentialWrite::InsertApiToken(token.clone()))).await;
    put(&store, Unit::of(CredentialWrite::TouchApiToken { id: token.id, at: at(5) })).await;
    let used = ApiTokenRow { last_used_at: Some(at(5)), ..token };
    assert_eq!(some(store.api_token(&[4; 32]).await), used);
    assert_eq!(ok(store.api_tokens(None).await), [used]);
    assert_eq!(ok(store.api_tokens(Some(UserId(2))).await), vec![]);
    put(&store, Unit::of(CredentialWrite::DeleteApiToken { id: TokenId(1) })).await;
    assert_eq!(ok(store.api_token(&[4; 32]).await), None);

    let hook = WebhookRow {
        id: WebhookId(1),
        user: UserId(2),
        secret_hash: [5; 32],
        title: "1C".into(),
        scopes: vec!["crm".into()],
        created_at: at(0),
        last_used_at: None,
    };
    put(&store, Unit::of(CredentialWrite::InsertWebhook(hook.clone()))).await;
    let (title, scopes) = ("SAP".to_owned(), vec!["bizproc".to_owned()]);
    let update = |id| CredentialWrite::UpdateWebhook {
        id: WebhookId(id),
        title: title.clone(),
        scopes: scopes.clone(),
        secret_hash: None,
    };
    put(&store, Unit::of(update(1)).with(CredentialWrite::TouchWebhook { id: WebhookId(1), at: at(3) })).await;
    assert_eq!(conflict(store.commit_one(Unit::of(update(7))).await), Conflict::Missing("webhook"));
    let changed = WebhookRow { title: title.clone(), scopes: scopes.clone(), last_used_at: Some(at(3)), ..hook };
    assert_eq!(ok(store.webhooks(Some(UserId(2))).await), vec![changed.clone()]);
    assert_eq!(some(store.webhook(WebhookId(1)).await), changed);
    put(&store, Unit::of(CredentialWrite::DeleteWebhook { id: WebhookId(1) })).await;
    assert_eq!(ok(store.webhooks(None).await), vec![]);
}

pub async fn apps(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(AppWrite::Insert(Box::new(app(1, "local.1"))))).await;
    let twin = Unit::of(AppWrite::Insert(Box::new(app(2, "local.1"))));
    assert_eq!(conflict(store.commit_one(twin).await), Conflict::ClientId);
    let row = AppRow { installed: true, status: AppStatus::Installed, ..app(1, "local.1") };
    let update = Unit::of(AppWrite::Update { row: Box::new(row.clone()), expect_version: 1 });
    put(&store, update.clone()).await;
    assert_eq!(conflict(store.commit_one(update).await), Conflict::AppVersion);
    assert_eq!(some(store.app_by_client_id("local.1").await), AppRow { version: 2, ..row });
    assert_eq!(ok(store.apps().await).len(), 1);

    let scopes = vec!["bizproc".to_owned()];
    let code = OauthCodeRow { hash: [7; 32], app: AppId(1), user: UserId(1), scopes, expires_at: at(30) };
    put(&store, Unit::of(AppWrite::InsertCode(code.clone()))).await;
    assert_eq!(some(store.oauth_code(&[7; 32]).await), code);
    let exchange = Unit::of(AppWrite::TakeCode { hash: [7; 32] }).with(AppWrite::InsertToken(token(1, 1, 1)));
    put(&store, exchange).await;
    let again = Unit::of(AppWrite::TakeCode { hash: [7; 32] }).with(AppWrite::InsertToken(token(2, 1, 1)));
    assert_eq!(conflict(store.commit_one(again).await), Conflict::Grant, "a code works once");
    assert_eq!(ok(store.oauth_by_access(&[2; 32]).await), None);

    let old = some(store.oauth_by_access(&[1; 32]).await);
    assert_eq!(old, token(1, 1, 1));
    let rotated = OauthTokenRow {
        access_hash: [11; 32],
        refresh_hash: [12; 32],
        prev_refresh_hash: Some(old.refresh_hash),
        prev_refresh_until: Some(at(60)),
        ..old.clone()
    };
    let rotate = Unit::of(AppWrite::RotateToken { row: rotated.clone(), expect_refresh: old.refresh_hash });
    put(&store, rotate.clone()).await;
    assert_eq!(conflict(store.commit_one(rotate).await), Conflict::Grant);
    assert_eq!(some(store.oauth_by_refresh(&old.refresh_hash).await), rotated, "found by the previous one");
    assert_eq!(some(store.oauth_by_refresh(&[12; 32]).await), rotated);
    assert_eq!(ok(store.oauth_by_access(&old.access_hash).await), None);
    put(&store, Unit::of(AppWrite::InsertToken(token(3, 1, 2)))).await;
    put(&store, Unit::of(AppWrite::DeleteTokens { app: AppId(1), user: Some(UserId(1)) })).await;
    assert_eq!(ok(store.oauth_by_refresh(&[12; 32]).await), None);
    some(store.oauth_by_access(&[3; 32]).await);

    let activity = |id, code: &str| AppActivityRow {
        id: AppActivityId(id),
        app: AppId(1),
        kind: AppActivityKind::Activity,
        code: code.into(),
        internal_code: format!("md5-{code}"),
        spec: json!({"NAME": {"ru": "МД5"}}),
        created_at: at(0),
        updated_at: at(0),
    };
    put(&store, Unit::of(AppWrite::InsertActivity(Box::new(activity(1, "md5"))))).await;
    let robot = AppActivityRow { kind: AppActivityKind::Robot, ..activity(2, "md5") };
    let taken = Unit::of(AppWrite::InsertActivity(Box::new(robot)));
    assert_eq!(conflict(store.commit_one(taken).await), Conflict::ActivityCode);
    put(&store, Unit::of(AppWrite::UpdateActivity { id: AppActivityId(1), spec: json!(1), at: at(2) })).await;
    let changed = AppActivityRow { spec: json!(1), updated_at: at(2), ..activity(1, "md5") };
    assert_eq!(some(store.app_activity("md5-md5").await), changed);
    assert_eq!(ok(store.app_activities(None).await), [changed]);
    put(&store, Unit::of(AppWrite::Delete { id: AppId(1) })).await;
    assert_eq!(ok(store.app_activities(Some(AppId(1))).await), vec![]);
    assert_eq!(ok(store.oauth_by_access(&[3; 32]).await), None);
}

pub async fn definitions(db: &dyn Database) {
    use DefinitionField as F;
    let store = db.open().await;
    let row = ModelRow {
        id: ModelId(1),
        name: "Order".into(),
        kind: "bpmn".into(),
        document_catalog: None,
        updated_at: at(1),
        updated_by: Some(UserId(1)),
        version: 1,
    };
    put(&store, Unit::of(DefinitionWrite::InsertModel { row: row.clone(), source: "<a/>".into() })).await;
    let update = |source: Option<&str>, expect_version| DefinitionWrite::UpdateModel {
        row: ModelRow { name: "Orders".into(), ..row.clone() },
        source: source.map(str::to_owned),
        expect_version,
    };
    put(&store, Unit::of(update(None, 1))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(update(Some("<b/>"), 1))).await), Conflict::ModelVersion);
    let renamed = ModelRow { name: "Orders".into(), version: 2, ..row.clone() };
    assert_eq!(some(store.model(ModelId(1)).await), (renamed.clone(), "<a/>".to_owned()));
    assert_eq!(ok(store.models().await), [renamed]);
    put(&store, Unit::of(DefinitionWrite::DeleteModel { id: ModelId(1) })).await;
    assert_eq!(ok(store.model(ModelId(1)).await), None);

    for (id, process, version) in [(1, "a", 1), (2, "a", 2), (3, "b", 1)] {
        put(&store, Unit::of(definition(id, process, version))).await;
    }
    let twin = store.commit_one(Unit::of(definition(4, "a", 2))).await;
    assert_eq!(conflict(twin), Conflict::DefinitionVersion);
    assert_eq!(some(store.latest_definition("a").await).version, 2);
    let source = some(store.definition_source(DefinitionId(2)).await);
    assert_eq!((source.source, source.view.as_str()), (vec![0, 1, 2, 2], "<bpmn/>"));
    put(&store, Unit::of(DefinitionWrite::Withdraw { id: DefinitionId(2), at: at(9) })).await;
    assert_eq!(some(store.latest_definition("a").await).version, 1);
    assert_eq!(ok(store.greatest_version("a").await), 2);
    assert_eq!(ok(store.greatest_version("z").await), 0);
    let changed =
        DefinitionRow {
            name: "Другое".into(), deployable: false, ..some(store.definition(DefinitionId(3)).await)
        };
    put(&store, Unit::of(DefinitionWrite::Update(Box::new(changed.clone())))).await;
    assert_eq!(some(store.definition(DefinitionId(3)).await), changed);
    let cases: Vec<(Query<F>, &[i64])> = vec![
        (Query::default(), &[1, 2, 3]),
        (Query::new(Filter::eq(F::Latest, true)), &[1, 3]),
        (Query::new(Filter::eq(F::Deleted, false)), &[1, 3]),
        (Query::new(Filter::eq(F::Deployable, false)), &[3]),
        (Query::new(Filter::eq(F::ProcessId, "a")).order(F::Version, true), &[2, 1]),
        (Query::new(Filter::is(F::App, Op::Eq, Scalar::Null)), &[1, 2, 3]),
        (Query { text: Some("друг".into()), ..Query::default() }, &[3]),
    ];
    for (query, expected) in cases {
        let shown = format!("{query:?}");
        let page = ok(store.definitions(query).await);
        assert_eq!(page.rows.iter().map(|d| d.id.0).collect::<Vec<_>>(), expected, "{shown}");
    }
}

pub async fn records(db: &dyn Database) {
    let store = db.open().await;
    let catalog = CatalogRow {
        id: CatalogId(1),
        key: "orders".into(),
        name: "Заказы".into(),
        fields: json!([{"key": "sum", "name": "Sum", "type": "number"}]),
        title_field: Some("name".into()),
        created_at: at(0),
        updated_at: at(0),
        version: 1,
    };
    put(&store, Unit::of(RecordWrite::InsertCatalog(catalog.clone()))).await;
    let twin = CatalogRow { id: CatalogId(2), key: "Orders".into(), ..catalog.clone() };
    assert_eq!(conflict(store.commit_one(Unit::of(RecordWrite::InsertCatalog(twin))).await), Conflict::CatalogKey);
    let update = Unit::of(RecordWrite::UpdateCatalog { row: catalog.clone(), expect_version: 1 });
    put(&store, update.clone()).await;
    assert_eq!(conflict(store.commit_one(update).await), Conflict::CatalogVersion);
    let changed = CatalogRow { version: 2, ..catalog };
    assert_eq!(some(store.catalog_by_key("ORDERS").await), changed);
    assert_eq!(some(store.catalog(CatalogId(1)).await), changed);
    assert_eq!(ok(store.catalogs().await), [changed]);

    let rows = [
        record(
            1,
            "Чайник",
            json!({"sum": 100, "paid": true, "tags": ["red", "big"], "who": "user_5", "on": "2026-01-02"}),
        ),
        record(2, "Кофейник", json!({"sum": 99.5, "paid": false, "tags": [], "note": "50% скидка"})),
        record(3, "Ёлка", json!({"sum": null, "tags": ["red"]})),
        record(4, "old", json!({"sum": 1})),
    ];
    for row in rows {
        put(&store, Unit::of(row)).await;
    }
    let delete = |expect_version| {
        Unit::of(RecordWrite::Delete { id: RecordId(4), expect_version, at: at(9), by: Some(UserId(1)) })
    };
    put(&store, delete(Some(1))).await;
    assert_eq!(conflict(store.commit_one(delete(None)).await), Conflict::RecordVersion);
    assert!(some(store.record(RecordId(4)).await).deleted);
    record_lists(&store).await;

    let update = |expect_version, title: &str| {
        let (title, data) = (title.to_owned(), json!({"sum": 7}));
        Unit::of(RecordWrite::Update { id: RecordId(1), expect_version, title, data, at: at(20), by: None })
    };
    put(&store, update(Some(1), "Самовар")).await;
    assert_eq!(conflict(store.commit_one(update(Some(1), "x")).await), Conflict::RecordVersion);
    put(&store, update(None, "Самовар")).await;
    let row = some(store.record(RecordId(1)).await);
    assert_eq!((row.version, row.title.as_str(), row.data, row.created_at), (3, "Самовар", json!({"sum": 7}), at(1)));
    let found = ok(store.records(Query { text: Some("самов".into()), ..Query::default() }).await);
    assert_eq!(found.rows.len(), 1);
    assert_eq!(ok(store.records_by_id(&[RecordId(4), RecordId(2)]).await).len(), 2);
    put(&store, Unit::of(RecordWrite::DeleteCatalog { id: CatalogId(1) })).await;
    assert_eq!(ok(store.record(RecordId(1)).await), None);
}

async fn record_lists(store: &SharedStore) {
    use RecordField as F;
    let data = |key: &str| F::Data(key.to_owned());
    let text = |text: &str| Query { text: Some(text.into()), ..Query::default() };
    let not = |filter| Filter::Not(Box::new(filter));
    let cases: Vec<(Query<F>, &[i64])> = vec![
        (Query::default(), &[3, 2, 1]),
        (Query::new(Filter::eq(F::Deleted, true)), &[4]),
        (Query::new(Filter::eq(F::Catalog, CatalogId(2))), &[]),
        (Query::new(Filter::eq(data("sum"), 100)), &[1]),
        (Query::new(Filter::is(data("sum"), Op::Lt, 99.75)), &[2]),
        (Query::new(Filter::is(data("sum"), Op::Ne, 100)), &[3, 2]),
        (Query::new(Filter::is(data("sum"), Op::Eq, Scalar::Null)), &[3]),
        (Query::new(Filter::is(data("sum"), Op::Ne, Scalar::Null)), &[2, 1]),
        (Query::new(not(Filter::is(data("sum"), Op::Gt, 99.75))), &[3, 2]),
        (Query::new(Filter::eq(data("paid"), true)), &[1]),
        (Query::new(Filter::eq(data("tags"), "red")), &[3, 1]),
        (Query::new(Filter::is(data("tags"), Op::Ne, "red")), &[2]),
        (Query::new(Filter::In(data("tags"), vec!["big".into(), "small".into()])), &[1]),
        (Query::new(Filter::Any(vec![Filter::eq(data("who"), "user_5"), Filter::eq(F::Id, RecordId(2))])), &[2, 1]),
        (Query::new(Filter::Any(vec![])), &[]),
        (Query::new(Filter::is(data("on"), Op::Ge, "2026-01-01")), &[1]),
        (Query::new(Filter::is(data("note"), Op::Contains, "СКИДКА")), &[2]),
        (Query::new(Filter::is(F::Title, Op::StartsWith, "ко")), &[2]),
        (Query::new(Filter::is(F::Title, Op::Contains, "_")), &[]),
        (Query::new(Filter::eq(data("su\"m') OR 1=1 --"), 1)), &[]),
        (Query::default().order(data("sum"), false), &[2, 1, 3]),
        (Query::default().order(data("sum"), true), &[1, 2, 3]),
        (Query::default().order(F::Title, true), &[1, 2, 3]),
        (text("ЁЛК"), &[3]),
        (text("50% коф"), &[2]),
        (text("%"), &[2]),
        (text("  "), &[3, 2, 1]),
    ];
    for (query, expected) in cases {
        let shown = format!("{query:?}");
        let query = Query { page: Page { count: true, ..query.page }, ..query };
        let page = ok(store.records(query).await);
        assert_eq!(page.rows.iter().map(|r| r.id.0).collect::<Vec<_>>(), expected, "{shown}");
        assert_eq!(page.total, Some(expected.len() as u64), "{shown}");
    }
}

pub async fn settings(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(setting("ui.a", 1)).with(setting("ui.b", 2)).with(setting("x", 3))).await;
    put(&store, Unit::of(setting("ui.a", 9))).await;
    assert_eq!(some(store.setting("ui.a").await), json!(9));
    assert_eq!(ok(store.settings("ui.").await), [("ui.a".to_owned(), json!(9)), ("ui.b".to_owned(), json!(2))]);
    let new = |key: &str| SettingWrite::PutNew { key: key.into(), value: 7.into() };
    put(&store, Unit::of(new("ui.a")).with(new("y"))).await;
    assert_eq!((some(store.setting("ui.a").await), some(store.setting("y").await)), (json!(9), json!(7)));
    put(&store, Unit::of(SettingWrite::Delete { key: "ui.a".into() })).await;
    assert_eq!(ok(store.setting("ui.a").await), None);
    put(&store, Unit::of(SettingWrite::PutSecret { key: "k".into(), value: vec![0, 255] })).await;
    assert_eq!(some(store.secret("k").await), [0, 255]);
    put(&store, Unit::of(SettingWrite::DeleteSecret { key: "k".into() })).await;
    assert_eq!(ok(store.secret("k").await), None);
    let row = FileRow {
        id: FileId(1),
        name: "договор.pdf".into(),
        media_type: "application/pdf".into(),
        size: 3,
        created_at: at(0),
        created_by: Some(UserId(1)),
    };
    put(&store, Unit::of(SettingWrite::InsertFile { row: row.clone(), bytes: vec![1, 0, 2] })).await;
    assert_eq!(some(store.file(FileId(1)).await), row);
    assert_eq!(some(store.file_bytes(FileId(1)).await), [1, 0, 2]);
    put(&store, Unit::of(SettingWrite::DeleteFile { id: FileId(1) })).await;
    assert_eq!(ok(store.file_bytes(FileId(1)).await), None);
}

//! A list says the same on both databases, whatever is asked: the same records and people, the same questions.

use crate::database;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use store::*;
use store_postgres::{PostgresOptions, PostgresStore};

/// Made-up numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// No NUL: SQLite looks into a text only up to it.
const WORDS: [&str; 16] = [
    "",
    "5",
    "Ёлка",
    "ёлка большая",
    "ЧАЙНИК 50%",
    "чай_ник",
    "a\\b",
    "Zebra",
    "zebra",
    "straße",
    "ΣΊΣΥΦΟΣ",
    "x\ty",
    "\u{E000}0",
    "日本",
    "10",
    "A'B\"",
];

fn value(dice: &mut Dice) -> Json {
    match dice.below(12) {
        0 => Json::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!([0.1, 2.5, 100.0, -3.25, 1e21, 1e-7][dice.below(6)]),
        3 | 4 => json!([0, 1, 5, -3, 100, i64::MAX][dice.below(6)]),
        5 => json!([dice.one(&WORDS), dice.below(6), null]),
        6 => json!([]),
        7 => json!({"amount": dice.below(6), "currency": "RUB"}),
        _ => json!(dice.one(&WORDS)),
    }
}

fn scalar(dice: &mut Dice) -> Scalar {
    match dice.below(9) {
        0 => Scalar::Null,
        1 => Scalar::Bool(dice.below(2) == 0),
        2 | 3 => Scalar::Int([0, 1, 2, 5, -3, 100, i64::MAX][dice.below(7)]),
        4 => Scalar::Real([0.1, 2.5, 100.0, 5.0, -3.25, 1e-7][dice.below(6)]),
        _ => Scalar::Text(dice.one(&WORDS).to_owned()),
    }
}

fn filter<F>(dice: &mut Dice, depth: usize, field: fn(&mut Dice) -> F) -> Filter<F> {
    let part = |dice: &mut Dice| filter(dice, depth - 1, field);
    match if depth == 0 { 9 } else { dice.below(10) } {
        0 | 1 => Filter::All((0..dice.below(3)).map(|_| part(dice)).collect()),
        2 | 3 => Filter::Any((0..dice.below(4)).map(|_| part(dice)).collect()),
        4 => Filter::Not(Box::new(part(dice))),
        5 => Filter::In(field(dice), (0..dice.below(5)).map(|_| scalar(dice)).collect()),
        _ => {
            let ops = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Contains, Op::StartsWith];
            Filter::Is(field(dice), dice.one(&ops), scalar(dice))
        }
    }
}

fn query<F>(dice: &mut Dice, field: fn(&mut Dice) -> F, order: fn(&mut Dice) -> F) -> Query<F> {
    let mut query = Query::new(filter(dice, 3, field));
    for _ in 0..dice.below(3) {
        query = query.order(order(dice), dice.below(2) == 0);
    }
    if dice.below(4) == 0 {
        query.text = Some(dice.one(&WORDS).to_owned());
    }
    let (limit, offset) = (dice.one(&[0, 3, 50, 500]), dice.one(&[0, 0, 0, 7, 400]));
    query.page = Page { limit, offset, count: dice.below(2) == 0 };
    query
}

fn record_field(dice: &mut Dice) -> RecordField {
    use RecordField as F;
    match dice.below(14) {
        0 => F::Id,
        1 => F::Catalog,
        2 => F::Title,
        3 => F::CreatedBy,
        4 => F::UpdatedAt,
        5 => F::UpdatedBy,
        6 => F::Deleted,
        7 => F::Data("nothing".into()),
        8 | 9 => F::Data("плохой ключ?".into()),
        _ => F::Data("a".into()),
    }
}

/// The order among lists and objects is nobody's business.
fn record_order(dice: &mut Dice) -> RecordField {
    match record_field(dice) {
        RecordField::Data(_) => RecordField::Data("plain".into()),
        other => other,
    }
}

fn user_field(dice: &mut Dice) -> UserField {
    use UserField as F;
    [F::Id, F::Login, F::Name, F::LastName, F::Email, F::Role, F::Active, F::CreatedAt][dice.below(8)].clone()
}

fn record(dice: &mut Dice, id: i64) -> RecordWrite {
    let plain = loop {
        let value = value(dice);
        if !value.is_array() && !value.is_object() {
            break value;
        }
    };
    let mut data = json!({"a": value(dice), "плохой ключ?": value(dice), "plain": plain});
    if dice.below(5) == 0 {
        data.as_object_mut().expect("an object").remove("a");
    }
    RecordWrite::Insert(Box::new(RecordRow {
        id: model::RecordId(id),
        catalog: model::CatalogId(1 + id % 3),
        version: 1,
        title: dice.one(&WORDS).to_owned(),
        data,
        created_at: model::Timestamp(id),
        created_by: (dice.below(3) > 0).then_some(model::UserId(id % 7)),
        updated_at: model::Timestamp(id % 11),
        updated_by: None,
        deleted: dice.below(5) == 0,
    }))
}

fn user(dice: &mut Dice, id: i64) -> PeopleWrite {
    PeopleWrite::InsertUser(Box::new(UserRow {
        id: model::UserId(id),
        login: format!("{}{id}", dice.one(&WORDS)),
        password_hash: None,
        name: dice.one(&WORDS).to_owned(),
        last_name: dice.one(&WORDS).to_owned(),
        email: format!("{}@example.org", dice.one(&WORDS)),
        language: "ru".into(),
        theme: None,
        role: if dice.below(2) == 0 { UserRole::Admin } else { UserRole::Employee },
        active: dice.below(3) > 0,
        attributes: json!({"b": 1, "a": [1.50, "\0"]}),
        created_at: model::Timestamp(id % 5),
        version: 1,
    }))
}

#[test]
fn lists_say_the_same() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let url = database();
    runtime.block_on(async {
        let sqlite: SharedStore = Arc::new(SqliteStore::open_in_memory().expect("a store"));
        let postgres: SharedStore = Arc::new(PostgresStore::open(PostgresOptions::new(url)).await.expect("a store"));
        let mut dice = Dice(0x5eed);
        let mut unit = Unit::new();
        for id in 1..=150 {
            unit.push(record(&mut dice, id));
            unit.push(user(&mut dice, id));
        }
        sqlite.commit_one(unit.clone()).await.expect("a commit");
        postgres.commit_one(unit).await.expect("a commit");
        for turn in 0..600 {
            let query = query(&mut dice, record_field, record_order);
            let expected = sqlite.records(query.clone()).await.expect("records");
            let found = postgres.records(query.clone()).await.unwrap_or_else(|e| panic!("{query:?}: {e:?}"));
            let id = |page: &Paged<RecordRow>| page.rows.iter().map(|r| r.id.0).collect::<Vec<_>>();
            assert_eq!(
                id(&found),
                id(&expected),
                "records, turn {turn}: {query:?}\n{:?}",
                found.rows.iter().filter(|r| !expected.rows.contains(r)).collect::<Vec<_>>()
            );
            assert_eq!(found, expected, "records, turn {turn}: {query:?}");
        }
        for turn in 0..300 {
            let query = self::query(&mut dice, user_field, user_field);
            let expected = sqlite.users(query.clone()).await.expect("people");
            let found = postgres.users(query.clone()).await.unwrap_or_else(|e| panic!("{query:?}: {e:?}"));
            assert_eq!(found, expected, "people, turn {turn}: {query:?}");
        }
        postgres.close().await;
    });
}

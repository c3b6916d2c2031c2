//! Snapshots and journals as bytes: what goes in comes out, wherever the limit of large values lies, and nothing is
//! larger than it must be.

use engine::event::InstanceCreated;
use engine::state::references;
use engine::testbed::Testbed;
use engine::{
    Event, Fetched, Instance, Large, LargeValues, Program, ValueName, apply, decode_events, decode_events_with,
    encode_events, encode_events_with,
};
use model::limits::Limits;
use model::value::{FileRef, Zone};
use model::{DefinitionId, FileId, InstanceId, Number, Object, Timestamp, Value};
use proptest::prelude::*;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Not a good name, but one that differs where contents differ.
fn name(bytes: &[u8]) -> ValueName {
    let mut name = [0; 16];
    for (seed, half) in name.chunks_mut(8).enumerate() {
        let start = 0xcbf2_9ce4_8422_2325_u64 ^ (seed as u64) << 32;
        let hash = bytes.iter().fold(start, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
        half.copy_from_slice(&hash.to_be_bytes());
    }
    name
}

fn values() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (-70_i64..70).prop_map(Value::from),
        any::<f64>().prop_filter_map("no number", |f| Number::from_f64(f).map(Value::Number)),
    ];
    let date = (1_i16..9999, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| jiff::civil::date(y, m, d));
    let time =
        (0_i8..24, 0_i8..60, 0_i8..60, 0_i32..1_000_000_000).prop_map(|(h, m, s, n)| jiff::civil::time(h, m, s, n));
    let zone = prop_oneof![
        Just(None),
        (-50_000_i32..50_000).prop_map(|s| Some(Zone::Offset(s))),
        Just(Some(Zone::Named("Europe/Moscow".into())))
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        numbers,
        ".{0,300}".prop_map(Value::from),
        date.clone().prop_map(Value::Date),
        (time.clone(), zone.clone()).prop_map(|(t, z)| Value::Time(t, z)),
        (date, time, zone).prop_map(|(d, t, z)| Value::DateTime(d.to_datetime(t), z)),
        any::<i64>().prop_map(Value::DaysDuration),
        any::<i64>().prop_map(Value::YearsDuration),
        ("[a-z]{0,9}", any::<u64>()).prop_map(|(name, size)| {
            Value::File(Arc::new(FileRef { id: FileId(7), name, size, media_type: "a/b".into() }))
        }),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::list),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..6).prop_map(Value::object),
        ]
    })
}

fn instance(variables: Object) -> (Instance, Event) {
    let created = InstanceCreated {
        instance: InstanceId(1 << 50),
        definition: DefinitionId(3),
        document: None,
        started_by: None,
        started_at: Timestamp(1_800_000_000_000),
        business_key: None,
        parameters: Object::new(),
        parent: None,
    };
    let mut instance = Instance::created(&Event::InstanceCreated(Box::new(created))).unwrap();
    let set = Event::VariablesSet { scope: 0, values: variables, by: None };
    apply(&mut instance, &set);
    (instance, set)
}

/// The large values of one instance, as a store keeps them.
#[derive(Default)]
struct Shelf(HashMap<ValueName, Vec<u8>>);

impl Shelf {
    fn put(&mut self, large: &mut LargeValues) -> usize {
        let fresh = large.take_fresh();
        let bytes = fresh.iter().map(|(_, b)| b.len()).sum();
        self.0.extend(fresh);
        bytes
    }

    fn fetch(&self, bytes: &[u8]) -> Fetched {
        Fetched::new(references(bytes).unwrap().into_iter().map(|n| (n, self.0[&n].clone())))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(values in prop::collection::vec(values(), 1..5), limit in 0_usize..700) {
        let variables: Object = values.into_iter().enumerate().map(|(n, v)| (format!("v{n}").into(), v)).collect();
        let (instance, set) = instance(variables);
        prop_assert_eq!(&Instance::decode(&instance.encode()).unwrap(), &instance);

        let mut shelf = Shelf::default();
        let mut large = LargeValues::new(limit, name, Vec::new());
        let snapshot = instance.encode_with(&mut large);
        let journal = encode_events_with(std::slice::from_ref(&set), &mut large);
        shelf.put(&mut large);
        let fetched = shelf.fetch(&snapshot);
        let back = Instance::decode_with(&snapshot, &fetched).unwrap();
        prop_assert_eq!(&back, &instance);
        prop_assert_eq!(decode_events_with(&journal, &shelf.fetch(&journal)).unwrap(), vec![set]);

        // Written again after it was read: the same bytes, and nothing new to keep.
        let known: Vec<Large> = fetched.into_known();
        let mut again = LargeValues::new(limit, name, known);
        prop_assert_eq!(back.encode_with(&mut again), snapshot.clone());
        prop_assert_eq!(shelf.put(&mut again), 0);
        let kept = again.named_by(&snapshot);
        prop_assert_eq!(kept.is_empty(), references(&snapshot).unwrap().is_empty());
    }

    #[test]
    fn broken_bytes_are_an_error(values in values(), cut in any::<prop::sample::Index>(), flip in any::<u8>()) {
        let (instance, _) = instance(Object::from_iter([("v".into(), values)]));
        let mut bytes = instance.encode();
        let at = cut.index(bytes.len());
        prop_assert!(at == 0 || Instance::decode(&bytes[..at]).is_err());
        bytes[at] ^= flip;
        // Any answer will do, as long as it is one.
        let _ = Instance::decode(&bytes);
        let _ = decode_events(&bytes);
    }
}

#[test]
fn a_large_value_is_kept_once() {
    let text = Value::text("x".repeat(1 << 20));
    let nested = Value::object([("inner", text.clone()), ("n", Value::from(1))]);
    let (mut instance, set) =
        instance(Object::from_iter([("a".into(), text.clone()), ("b".into(), nested), ("c".into(), text)]));
    let mut shelf = Shelf::default();
    let mut large = LargeValues::new(8 << 10, name, Vec::new());
    let snapshot = instance.encode_with(&mut large);
    let journal = encode_events_with(&[set], &mut large);
    let kept = shelf.put(&mut large);
    assert!(kept > 1 << 20 && kept < (1 << 20) + 16, "{kept}");
    assert!(snapshot.len() < 150 && journal.len() < 120, "{} {}", snapshot.len(), journal.len());

    // A later step changes something small beside it.
    let change = Event::VariablesSet { scope: 0, values: Object::from_iter([("n".into(), Value::from(2))]), by: None };
    apply(&mut instance, &change);
    let mut large = LargeValues::new(8 << 10, name, large.named_by(&snapshot));
    assert!(instance.encode_with(&mut large).len() < 150);
    assert_eq!(shelf.put(&mut large), 0);
}

/// The straight-through job: start, three scripts, an exclusive gateway, end.
#[test]
fn the_straight_through_job_is_small() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/src/jobs/straight.bpmn");
    let imported = formats::import("straight", &std::fs::read(file).unwrap(), &Limits::default()).unwrap();
    let program = Program::compile(imported.definitions[0].clone(), &Limits::default()).unwrap();
    let mut bed = Testbed::new(Arc::new(program));
    bed.start(Object::from_iter([("amount".into(), Value::from(60))])).unwrap();
    let (instance, journal) = (bed.instance().unwrap(), encode_events(bed.journal()));
    assert_eq!(instance.state(), engine::InstanceState::Completed);
    let (snapshot, remains) = (instance.encode().len(), instance.remains().encode().len());
    println!("snapshot {snapshot}, remains {remains}, journal {} of {} events", journal.len(), bed.journal().len());
    assert!(snapshot <= 100 && remains <= 40 && journal.len() <= 200, "{snapshot} {remains} {}", journal.len());
}

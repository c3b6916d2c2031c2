//! What every simulation begins with: people, records, an app, three processes. Made once and copied.

use crate::support::{self, BEGINNING, World, service_named};
use futures_util::FutureExt;
use model::{CatalogId, DefinitionId, DocumentRef, DocumentType};
use platform::Actor;
use runtime::Deploy;
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use store::{SettingWrite, SharedStore, SqliteStore, Store as _, Unit};

/// The database as a simulation finds it.
pub struct Template {
    store: SqliteStore,
    pub admin: Actor,
    pub anna: Actor,
    /// Call, ask, mark, rest, work, one after the other.
    pub story: DefinitionId,
    /// Tells, then a person (with a deadline) and a worker at once, then marks.
    pub fork: DefinitionId,
    /// A worker's job without a second try, then marks.
    pub fragile: DefinitionId,
    /// Calls a process that throws a message, waits for the answer, throws a signal.
    pub exchange: DefinitionId,
    /// Three workers at once, then two rests one after the other, watched by a timed event sub-process; then marks.
    pub wide: DefinitionId,
    /// A worker's job, unless it takes too long: then marks instead.
    pub strict: DefinitionId,
    /// Waits for two letters to its box, one after the other, then marks.
    pub letters: DefinitionId,
    /// The next version of `fragile`: one step more.
    pub moved: DefinitionId,
    /// Starts by itself with every new record of its catalog.
    pub automatic: DefinitionId,
    /// The catalog of that.
    pub arrivals: CatalogId,
    pub records: Vec<DocumentRef>,
}

thread_local! {
    static TEMPLATE: RefCell<Option<Rc<Template>>> = const { RefCell::new(None) };
}

impl Template {
    /// The one of this thread.
    pub fn get() -> Rc<Self> {
        TEMPLATE.with_borrow_mut(|known| known.get_or_insert_with(|| Rc::new(Self::make())).clone())
    }

    /// A database of one's own with so many partitions.
    pub fn database(&self, partitions: u16) -> SqliteStore {
        let store = self.store.copy_inline().unwrap();
        let fixed = SettingWrite::Put { key: "runtime.partitions".into(), value: partitions.into() };
        now(store.commit_one(Unit::of(fixed))).unwrap();
        store
    }

    fn make() -> Self {
        let store = SqliteStore::open_inline().unwrap();
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shared: SharedStore = Arc::new(store.open_beside().unwrap());
        tokio.block_on(async {
            let world = World::on(shared, Vec::new()).await;
            let (waits, tells) = (world.md5(Some(true)).await, world.md5(Some(false)).await);
            let catalog = world.catalog().await;
            let mut records = Vec::new();
            for title in ["one", "two"] {
                records.push(world.record(catalog, json!({"TITLE": title, "STATUS": ","})).await);
            }
            let story = world.deploy_for(&story(&waits), Some(catalog)).await;
            let fork = world.deploy_for(&fork(&tells), Some(catalog)).await;
            let fragile = world.deploy_for(&fragile(), Some(catalog)).await;
            let moved = world.deploy_for(&moved(), Some(catalog)).await;
            let wide = world.deploy_for(&wide(), Some(catalog)).await;
            let strict = world.deploy_for(&strict(), Some(catalog)).await;
            let document = Some(DocumentType { catalog });
            let what = Deploy { bytes: letters().into_bytes(), document, ..Deploy::default() };
            let letters = world.runtime.deploy(&world.admin, what).await.unwrap()[0].id;
            let what = Deploy { bytes: opened().into_bytes(), ..Deploy::default() };
            world.runtime.deploy(&world.admin, what).await.unwrap();
            let what = Deploy { bytes: exchange().into_bytes(), ..Deploy::default() };
            let exchange = world.runtime.deploy(&world.admin, what).await.unwrap()[0].id;
            let arrivals = world.catalog_named("Arrivals").await;
            let what = Deploy {
                bytes: support::bpmn(&automatic()).into_bytes(),
                document: Some(DocumentType { catalog: arrivals }),
                auto_execute: 1,
                process_id: Some("automatic".into()),
                ..Deploy::default()
            };
            let automatic = world.runtime.deploy(&world.admin, what).await.unwrap()[0].id;
            world.runtime.shutdown().await;
            let (admin, anna) = (world.admin.clone(), world.anna.clone());
            Self {
                store,
                admin,
                anna,
                story,
                fork,
                fragile,
                exchange,
                wide,
                strict,
                letters,
                moved,
                automatic,
                arrivals,
                records,
            }
        })
    }
}

/// The result of something that needs no waiting: what an inline database does.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("an inline database answers at once")
}

/// Every moment after the last of any run.
pub fn later() -> model::Timestamp {
    BEGINNING.plus_ms(1_000_000_000_000)
}

fn flow(id: &str, from: &str, to: &str) -> String {
    format!(r#"<bpmn:sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"/>"#)
}

fn flows(pairs: &[(&str, &str)]) -> String {
    pairs.iter().enumerate().map(|(n, (from, to))| flow(&format!("f{n}"), from, to)).collect()
}

fn ask() -> String {
    support::user_task("anna").replace(r#"id="a""#, r#"id="ask""#)
}

/// Writes the instance's number into its record: once, or the record tells.
fn mark() -> String {
    service_named("mark", "ruslo:record.update", &[("fields", "={STATUS: document.STATUS + n + &quot;,&quot;}")])
}

fn after(duration: &str) -> String {
    format!(
        r#"<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{duration}</bpmn:timeDuration>
</bpmn:timerEventDefinition>"#
    )
}

const ENDS: &str = r#"<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>"#;

fn story(md5: &str) -> String {
    let rest = format!(r#"<bpmn:intermediateCatchEvent id="rest">{}</bpmn:intermediateCatchEvent>"#, after("PT8S"));
    let steps =
        [("start", "call"), ("call", "ask"), ("ask", "mark"), ("mark", "rest"), ("rest", "work"), ("work", "end")];
    [
        ENDS.to_owned(),
        service_named("call", md5, &[("inputString", "=document.TITLE")]),
        ask(),
        mark(),
        rest,
        service_named("work", "payment", &[("n", "=n")]),
        flows(&steps),
    ]
    .concat()
}

fn fork(md5: &str) -> String {
    let gateways =
        r#"<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/><bpmn:exclusiveGateway id="either"/>"#;
    let late = format!(r#"<bpmn:boundaryEvent id="late" attachedToRef="ask">{}</bpmn:boundaryEvent>"#, after("PT20S"));
    let steps = [
        ("start", "tell"),
        ("tell", "split"),
        ("split", "ask"),
        ("split", "work"),
        ("ask", "either"),
        ("late", "either"),
        ("either", "join"),
        ("work", "join"),
        ("join", "mark"),
        ("mark", "end"),
    ];
    [
        ENDS.to_owned(),
        service_named("tell", md5, &[("inputString", "=n")]),
        gateways.to_owned(),
        ask(),
        late,
        service_named("work", "payment", &[("n", "=n")]),
        mark(),
        flows(&steps),
    ]
    .concat()
}

fn fragile() -> String {
    let work = service_named("work", "parcel", &[("n", "=n")]);
    let steps = [("start", "work"), ("work", "mark"), ("mark", "end")];
    [ENDS.to_owned(), work, mark(), flows(&steps)].concat().replace("bpmn:process id=\"p\"", "bpmn:process id=\"f\"")
}

/// `fragile` with a step more, for those who migrate.
fn moved() -> String {
    let work = service_named("work", "parcel", &[("n", "=n")]);
    let steps = [("start", "work"), ("work", "mark"), ("mark", "extra"), ("extra", "end")];
    [ENDS.to_owned(), work, mark(), r#"<bpmn:task id="extra"/>"#.to_owned(), flows(&steps)].concat()
}

/// An event sub-process that a time starts.
fn watch(duration: &str, interrupts: bool, body: &str) -> String {
    format!(
        r#"<bpmn:subProcess id="watch" triggeredByEvent="true"><bpmn:startEvent id="late" isInterrupting="{interrupts}">{}</bpmn:startEvent>
<bpmn:endEvent id="seen"/>{body}</bpmn:subProcess>"#,
        after(duration)
    )
}

/// Three turns of a worker's step at once, whose receipts are collected; two turns of a rest one after the other; and a
/// deadline that interrupts nothing.
fn wide() -> String {
    let turns = |sequential: bool, items: &str, results: &str, output: &str| {
        format!(
            r#"<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:extensionElements>
<zeebe:loopCharacteristics inputCollection="{items}" inputElement="turn" outputCollection="{results}" outputElement="{output}"/>
</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"#
        )
    };
    let many = turns(false, "=[1, 2, 3]", "receipts", "=receipt") + "</bpmn:serviceTask>";
    let work = service_named("work", "payment", &[("n", "=n")]).replace("</bpmn:serviceTask>", &many);
    let rests = format!(
        r#"<bpmn:subProcess id="rests">{}<bpmn:startEvent id="r1"/><bpmn:intermediateCatchEvent id="r2">{}</bpmn:intermediateCatchEvent>
<bpmn:endEvent id="r3"/>{}{}</bpmn:subProcess>"#,
        turns(true, "=[4, 5]", "rested", "=turn * 2"),
        after("PT1S"),
        flow("fr1", "r1", "r2"),
        flow("fr2", "r2", "r3")
    );
    let late = watch("PT12S", false, &flow("fw", "late", "seen"));
    let steps = [("start", "work"), ("work", "rests"), ("rests", "mark"), ("mark", "end")];
    [ENDS.to_owned(), work, rests, mark(), late, flows(&steps)].concat()
}

/// Either the worker is in time, or the mark is made.
fn strict() -> String {
    let body = [mark(), flow("fw1", "late", "mark"), flow("fw2", "mark", "seen")].concat();
    let work = service_named("work", "payment", &[("n", "=n")]);
    [ENDS.to_owned(), work, watch("PT15S", true, &body), flows(&[("start", "work"), ("work", "end")])].concat()
}

/// A file of one process that knows one message.
fn with_message(process: &str, message: &str, key: &str, body: &str) -> String {
    let known = format!(
        r#"<bpmn:message id="m_{message}" name="{message}"><bpmn:extensionElements>
<zeebe:subscription correlationKey="{key}"/></bpmn:extensionElements></bpmn:message>"#
    );
    let named = format!(r#"{known}<bpmn:process id="{process}""#);
    support::bpmn(body).replace(r#"<bpmn:process id="p""#, &named)
}

fn letters() -> String {
    let waits =
        r#"<bpmn:receiveTask id="first" messageRef="m_letter"/><bpmn:receiveTask id="second" messageRef="m_letter"/>"#;
    let steps = [("start", "first"), ("first", "second"), ("second", "mark"), ("mark", "end")];
    with_message("letters", "letter", "=box", &[ENDS.to_owned(), waits.to_owned(), mark(), flows(&steps)].concat())
}

/// A message starts it; it rests, and meanwhile no other of its key begins.
fn opened() -> String {
    let body = format!(
        r#"<bpmn:startEvent id="start"><bpmn:messageEventDefinition messageRef="m_open"/></bpmn:startEvent>
<bpmn:intermediateCatchEvent id="rest">{}</bpmn:intermediateCatchEvent><bpmn:endEvent id="end"/>{}"#,
        after("PT2S"),
        flows(&[("start", "rest"), ("rest", "end")])
    );
    with_message("opened", "open", "=key", &body)
}

/// `asks` calls `helps` and then waits for its answer; `helps` throws a question, which starts `answers`; that waits a
/// while and throws the answer. In the end a signal starts `hears`.
fn exchange() -> String {
    let throw = |id: &str, message: &str| {
        format!(
            r#"<bpmn:intermediateThrowEvent id="{id}"><bpmn:extensionElements>
<ruslo:publishMessage correlationKey="=n" timeToLive="PT100H"/></bpmn:extensionElements>
<bpmn:messageEventDefinition messageRef="{message}"/></bpmn:intermediateThrowEvent>"#
        )
    };
    let process = |id: &str, body: String| {
        format!(r#"<bpmn:process id="{id}" name="{id}" isExecutable="true">{body}</bpmn:process>"#)
    };
    let flows = |id: &str, steps: &[&str]| -> String {
        let pairs = steps.windows(2).enumerate();
        pairs.map(|(n, pair)| flow(&format!("{id}{n}"), pair[0], pair[1])).collect()
    };
    let asks = [
        r#"<bpmn:startEvent id="a1"/><bpmn:callActivity id="a2"><bpmn:extensionElements>
<zeebe:calledElement processId="helps" propagateAllChildVariables="true"/></bpmn:extensionElements></bpmn:callActivity>
<bpmn:receiveTask id="a3" messageRef="m_answer"/>
<bpmn:intermediateThrowEvent id="a4"><bpmn:signalEventDefinition signalRef="s_over"/></bpmn:intermediateThrowEvent>
<bpmn:endEvent id="a5"/>"#
            .to_owned(),
        flows("fa", &["a1", "a2", "a3", "a4", "a5"]),
    ];
    let pause = format!(r#"<bpmn:intermediateCatchEvent id="h3">{}</bpmn:intermediateCatchEvent>"#, after("PT1S"));
    let helps = [
        r#"<bpmn:startEvent id="h1"/><bpmn:endEvent id="h4"/>"#.to_owned(),
        throw("h2", "m_question"),
        pause,
        flows("fh", &["h1", "h2", "h3", "h4"]),
    ];
    let rest = format!(r#"<bpmn:intermediateCatchEvent id="w2">{}</bpmn:intermediateCatchEvent>"#, after("PT1S"));
    let answers = [
        r#"<bpmn:startEvent id="w1"><bpmn:messageEventDefinition messageRef="m_question"/></bpmn:startEvent>
<bpmn:endEvent id="w4"/>"#
            .to_owned(),
        rest,
        throw("w3", "m_answer"),
        flows("fw", &["w1", "w2", "w3", "w4"]),
    ];
    let hears = [
        r#"<bpmn:startEvent id="e1"><bpmn:signalEventDefinition signalRef="s_over"/></bpmn:startEvent>
<bpmn:endEvent id="e2"/>"#
            .to_owned(),
        flows("fe", &["e1", "e2"]),
    ];
    let key = r#"<bpmn:extensionElements><zeebe:subscription correlationKey="=n"/></bpmn:extensionElements>"#;
    [
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="defs" targetNamespace="t">"#
            .to_owned(),
        format!(r#"<bpmn:message id="m_question" name="question">{key}</bpmn:message>"#),
        format!(r#"<bpmn:message id="m_answer" name="answer">{key}</bpmn:message>"#),
        r#"<bpmn:signal id="s_over" name="over"/>"#.to_owned(),
        process("asks", asks.concat()),
        process("helps", helps.concat()),
        process("answers", answers.concat()),
        process("hears", hears.concat()),
        "</bpmn:definitions>".to_owned(),
    ]
    .concat()
}

fn automatic() -> String {
    let rest = format!(r#"<bpmn:intermediateCatchEvent id="rest">{}</bpmn:intermediateCatchEvent>"#, after("PT2S"));
    [ENDS.to_owned(), rest, flows(&[("start", "rest"), ("rest", "end")])].concat()
}

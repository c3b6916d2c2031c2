//! Flow control: slow and dead targets, leases that end, floods of timers, bounds, and what is measured of them.

use crate::support::{PATIENCE, World, around, object, service, service_named, user_task};
use model::error::codes;
use model::limits::Limits;
use model::{InstanceId, JobId, Value};
use runtime::clock::Entropy;
use runtime::{
    ActivateJobs, ActivatedJob, CallRecord, CircuitState, Connector, Delivery, DeliveryReport, DeliveryResult, Order,
    OutboundHttp, Page, Runtime, RuntimeConfig, TaskAnswer,
};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WEBHOOK: &str = "ruslo:bitrix.WebHookActivity";

/// A world whose runtime keeps these limits.
async fn world(limits: Limits, connectors: Vec<Arc<dyn Connector>>) -> World {
    let mut world = World::new().await;
    world.runtime.shutdown().await;
    let mut config = RuntimeConfig::new(world.store.clone(), world.platform.clone(), world.clock.clone());
    config.entropy = Entropy::seeded(77);
    config.connectors = connectors;
    config.limits = limits;
    world.runtime = Runtime::open(config).await.unwrap();
    world
}

/// Takes calls for hosts, some of which are dead.
#[derive(Default)]
struct Hosts {
    dead: Mutex<HashSet<String>>,
    /// What arrived, by host: the texts in order.
    arrived: Mutex<HashMap<String, Vec<String>>>,
    refused: AtomicUsize,
    keys: Mutex<HashSet<String>>,
}

impl Hosts {
    fn arrived(&self, host: &str) -> Vec<String> {
        self.arrived.lock().unwrap().get(host).cloned().unwrap_or_default()
    }

    fn arrived_in_all(&self) -> usize {
        self.arrived.lock().unwrap().values().map(Vec::len).sum()
    }
}

fn input(order: &Order, name: &str) -> String {
    order.input.get(name).map(Value::to_text).unwrap_or_default()
}

#[async_trait::async_trait]
impl Connector for Hosts {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn target(&self, order: &Order) -> String {
        input(order, "Handler")
    }

    async fn deliver(&self, delivery: &Delivery, _http: &OutboundHttp) -> DeliveryReport {
        tokio::task::yield_now().await;
        let host = input(&delivery.order, "Handler");
        let call = CallRecord { url: host.clone(), status: Some(200), ..CallRecord::default() };
        assert!(host != "broken", "on purpose");
        if self.dead.lock().unwrap().contains(&host) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            let fault = model::Fault::of(&codes::CALL_TIMEOUT);
            return DeliveryReport { result: DeliveryResult::Retry(fault), call: Some(call) };
        }
        self.keys.lock().unwrap().insert(delivery.id.to_string());
        self.arrived.lock().unwrap().entry(host).or_default().push(input(&delivery.order, "text"));
        DeliveryReport { result: DeliveryResult::Done, call: Some(call) }
    }
}

fn send_off() -> String {
    around(&service("ruslo:bitrix.WebHookActivity", &[("Handler", "=host"), ("text", "=text")]))
}

/// Waits while time passes.
async fn until(world: &World, what: &str, mut done: impl FnMut() -> bool) {
    let began = watch_ms();
    while !done() {
        assert!(watch_ms() - began < PATIENCE.as_millis() as u64, "never happened: {what}");
        world.clock.advance_ms(100);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn watch_ms() -> u64 {
    runtime::clock::Clock::stopwatch_us(&runtime::clock::SystemClock) / 1_000
}

#[tokio::test]
async fn a_dead_host_stands_before_nobody_and_is_served_when_it_lives_again() {
    let hosts = Arc::new(Hosts::default());
    hosts.dead.lock().unwrap().insert("h0".to_owned());
    let limits = Limits { deliveries: 8, deliveries_per_target: 4, ..Limits::default() };
    let world = world(limits, vec![hosts.clone()]).await;
    let definition = world.deploy(&send_off()).await;
    for n in 0..400 {
        world.start(definition, json!({"host": "h0", "text": n})).await;
    }
    for n in 0..20 {
        for host in 1..10 {
            world.start(definition, json!({"host": format!("h{host}"), "text": n})).await;
        }
    }
    // Without any time passing: nothing of the dead one holds them up.
    let served = || async { (hosts.arrived_in_all() == 180).then_some(()) };
    world.until("the others are served", served).await;
    let tried = hosts.refused.load(Ordering::SeqCst);
    assert!(tried < 30, "the dead host was tried {tried} times");
    let circuits = world.runtime.circuits();
    let dead = circuits.iter().find(|circuit| circuit.target == "h0").unwrap();
    assert!(dead.state != CircuitState::Closed && dead.failures >= 5, "{dead:?}");
    hosts.dead.lock().unwrap().clear();
    until(&world, "the dead one lives", || hosts.arrived("h0").len() == 400).await;
    assert_eq!(hosts.keys.lock().unwrap().len(), 580, "each once, under a key of its own");
    let metrics = world.runtime.metrics().await;
    assert!(metrics.deliveries_deferred >= 300, "{}", metrics.deliveries_deferred);
    assert_eq!(metrics.counters.deliveries, metrics.deliveries_done + metrics.deliveries_failed);
    assert!(metrics.circuits.iter().all(|circuit| circuit.state == CircuitState::Closed));
    until(&world, "nothing is left", || true).await;
}

#[tokio::test]
async fn a_host_that_stays_dead_ends_in_calls_given_up() {
    let hosts = Arc::new(Hosts::default());
    hosts.dead.lock().unwrap().insert("h0".to_owned());
    let world = world(Limits { handler_retry_window_ms: 60_000, ..Limits::default() }, vec![hosts.clone()]).await;
    let definition = world.deploy(&send_off()).await;
    for n in 0..50 {
        world.start(definition, json!({"host": "h0", "text": n})).await;
    }
    let over = || async { world.store.earliest_effect().await.unwrap().is_none().then_some(()) };
    world.until_later("no call stays for ever", 10_000, over).await;
    let tried = hosts.refused.load(Ordering::SeqCst);
    assert!((5..250).contains(&tried), "{tried} tries");
}

#[tokio::test]
async fn calls_of_an_instance_to_a_target_leave_in_order() {
    let hosts = Arc::new(Hosts::default());
    let world = world(Limits::default(), vec![hosts.clone()]).await;
    let steps = ["a", "b", "c", "d", "e", "f", "g"];
    let mut body = String::from(r#"<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>"#);
    let mut before = "start";
    for step in steps {
        let text = format!("=&quot;{step}&quot;");
        body += &service_named(step, WEBHOOK, &[("Handler", "=host"), ("text", text.as_str())]);
        body += &format!(r#"<bpmn:sequenceFlow id="to_{step}" sourceRef="{before}" targetRef="{step}"/>"#);
        before = step;
    }
    body += r#"<bpmn:sequenceFlow id="last" sourceRef="g" targetRef="end"/>"#;
    let definition = world.deploy(&body).await;
    hosts.dead.lock().unwrap().insert("h1".to_owned());
    world.start(definition, json!({"host": "h1"})).await;
    world.start(definition, json!({"host": "h2"})).await;
    until(&world, "the living one", || hosts.arrived("h2").len() == 7).await;
    until(&world, "tries", || hosts.refused.load(Ordering::SeqCst) >= 2).await;
    hosts.dead.lock().unwrap().clear();
    until(&world, "the dead one lives", || hosts.arrived("h1").len() == 7).await;
    assert_eq!(
        (hosts.arrived("h1"), hosts.arrived("h2")),
        (steps.map(String::from).to_vec(), steps.map(String::from).to_vec())
    );
}

#[tokio::test]
async fn a_connector_that_breaks_down_is_counted() {
    let hosts = Arc::new(Hosts::default());
    let world = world(Limits::default(), vec![hosts.clone()]).await;
    let definition = world.deploy(&send_off()).await;
    world.start(definition, json!({"host": "broken", "text": "x"})).await;
    world.start(definition, json!({"host": "h1", "text": "x"})).await;
    until(&world, "the other", || hosts.arrived("h1").len() == 1).await;
    let counted = || async { (world.runtime.metrics().await.connectors_broken == 1).then_some(()) };
    world.until("it is counted", counted).await;
}

async fn take(world: &World, wait_ms: u64) -> Vec<ActivatedJob> {
    let ask = ActivateJobs {
        job_type: "payment".into(),
        max: 5,
        lease: Duration::from_secs(10),
        wait: Duration::from_millis(wait_ms),
        worker: "w".into(),
    };
    world.runtime.activate_jobs(&world.admin, ask).await.unwrap()
}

/// Reads so far, when those of the loops beside the test are over.
async fn reads_at_rest(world: &World) -> u64 {
    let (mut reads, mut quiet) = (world.store.stats().reads, 0);
    while quiet < 200 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let now = world.store.stats().reads;
        quiet = if now == reads { quiet + 1 } else { 0 };
        reads = now;
    }
    reads
}

async fn incidents(world: &World, id: InstanceId) -> Vec<String> {
    let open = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items;
    open.into_iter().map(|incident| incident.code).collect()
}

#[tokio::test]
async fn a_job_that_its_workers_die_over_becomes_an_incident() {
    let world = World::new().await;
    let definition = world.deploy(&around(&service("payment", &[]))).await;
    let id = world.start(definition, json!({})).await;
    let tries: Vec<u32> = [take(&world, 0).await, {
        world.clock.advance_ms(10_001);
        take(&world, 0).await
    }]
    .iter()
    .map(|jobs| jobs[0].retries)
    .collect();
    assert_eq!(tries, [2, 1]);
    world.clock.advance_ms(10_001);
    assert!(take(&world, 0).await.is_empty(), "no try is left");
    assert_eq!(incidents(&world, id).await, ["ENG-0008"]);
    assert_eq!(world.runtime.metrics().await.jobs_abandoned, 1);
    let incident = world.runtime.incidents(Some(true), Some(id), Page::default()).await.unwrap().items.remove(0);
    world.runtime.retry_incident(&world.admin, incident.id).await.unwrap();
    let again = take(&world, 0).await;
    world.runtime.complete_job(&world.admin, again[0].id, object(json!({}))).await.unwrap();
    assert_eq!(world.state(id).await, "completed");
}

#[tokio::test]
async fn a_lease_is_extended_by_its_worker_only() {
    let world = World::new().await;
    let definition = world.deploy(&around(&service("payment", &[]))).await;
    let id = world.start(definition, json!({})).await;
    let job = take(&world, 0).await.remove(0);
    for _ in 0..5 {
        world.clock.advance_ms(9_000);
        let until = world.runtime.extend_job(&world.admin, job.id, "w", Duration::from_secs(10)).await.unwrap();
        assert_eq!(until.0 - model::Clock::now(&*world.clock).0, 10_000);
        assert!(take(&world, 0).await.is_empty());
    }
    for (id, worker) in [(job.id, "other"), (JobId(job.id.0 + 256), "w")] {
        let refused = world.runtime.extend_job(&world.admin, id, worker, Duration::from_secs(1)).await.unwrap_err();
        assert!(refused.is(&codes::JOB_NOT_FOUND), "{refused}");
    }
    let reads = reads_at_rest(&world).await;
    world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    assert_eq!(world.store.stats().reads, reads, "whoever was handed the job here is known");
    assert_eq!(world.state(id).await, "completed");
}

#[tokio::test]
async fn a_persons_task_is_made_without_a_read_and_done_with_two() {
    let world = World::new().await;
    let definition = world.deploy(&around(&user_task("anna"))).await;
    world.start(definition, json!({})).await;
    let reads = reads_at_rest(&world).await;
    let id = world.start(definition, json!({})).await;
    assert_eq!(world.store.stats().reads, reads, "whose task it is was known");
    let task = world.runtime.instance(id).await.unwrap().tasks.remove(0);
    let reads = reads_at_rest(&world).await;
    world.runtime.complete_task(&world.anna, task.id, TaskAnswer::default()).await.unwrap();
    assert_eq!(world.store.stats().reads - reads, 2, "the task and the instance");
    assert_eq!(world.state(id).await, "completed");
}

#[tokio::test]
async fn an_offer_reaches_one_of_those_who_wait_and_too_many_are_refused() {
    let world = Arc::new(world(Limits { job_polls_per_type: 3, ..Limits::default() }, Vec::new()).await);
    let definition = world.deploy(&around(&service("payment", &[]))).await;
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { take(&world, 60_000).await.len() })
        })
        .collect();
    let polls = || async { (world.runtime.metrics().await.job_polls == 3).then_some(()) };
    world.until("all wait", polls).await;
    let ask = ActivateJobs {
        job_type: "payment".into(),
        max: 1,
        lease: Duration::from_secs(1),
        wait: Duration::ZERO,
        worker: "w".into(),
    };
    let refused = world.runtime.activate_jobs(&world.admin, ask).await.unwrap_err();
    assert!(refused.is(&codes::QUEUE_FULL) && refused.retry_after_s().is_some());
    // Who polls is counted before he has looked for the first time.
    let reads = reads_at_rest(&world).await;
    world.start(definition, json!({})).await;
    let served = || waiting.iter().filter(|task| task.is_finished()).count();
    world.until("one has it", || async { (served() > 0).then_some(()) }).await;
    assert_eq!(served(), 1);
    let read = world.store.stats().reads - reads;
    assert!(read <= 1, "the others were not woken to look: {read} reads");
    for _ in 0..2 {
        world.start(definition, json!({})).await;
    }
    for task in waiting {
        assert_eq!(task.await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_flood_of_timers_fires_in_bounded_memory_and_a_clock_may_jump() {
    let world = world(Limits { timers_near: 64, ..Limits::default() }, Vec::new()).await;
    let timer = r#"<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDuration
xsi:type="bpmn:tFormalExpression">PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
    let definition = world.deploy(&around(timer)).await;
    let mut ids = Vec::new();
    for _ in 0..500 {
        ids.push(world.start(definition, json!({})).await);
    }
    assert_eq!(world.runtime.metrics().await.timers_near, 0, "they sleep in the store");
    world.clock.advance_ms(-7_200_000);
    let late = world.start(definition, json!({})).await;
    world.clock.advance_ms(7_200_000 + 3_599_000);
    world.until_state(late, "completed").await;
    assert_eq!(world.state(ids[0]).await, "active");
    world.clock.advance_ms(24 * 3_600_000);
    let most = std::cell::Cell::new(0);
    let fired = || async {
        let metrics = world.runtime.metrics().await;
        most.set(most.get().max(metrics.timers_near));
        (metrics.counters.timers >= 501 && metrics.timers_near == 0).then_some(())
    };
    world.until("all fired", fired).await;
    let most = most.get();
    assert!(most <= 64, "{most} in memory");
    for id in ids {
        assert_eq!(world.state(id).await, "completed");
    }
    let metrics = world.runtime.metrics().await;
    assert_eq!((metrics.counters.timers, metrics.timer_due_ms), (501, 0), "each fired once");
    assert!(metrics.timer_lag_ms.count() == 501 && metrics.timer_lag_ms.quantile(0.5) >= 3_600_000);
}

/// Figures of one machine: `cargo test -p runtime --test it flow_control:: -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measurements() {
    let hosts = Arc::new(Hosts::default());
    let world = world(Limits::default(), vec![hosts.clone()]).await;
    let definition = world.deploy(&send_off()).await;
    let timed = |what: &str, n: usize, began: u64| {
        let us = runtime::clock::Clock::stopwatch_us(&runtime::clock::SystemClock) - began;
        println!("{what}: {n} in {} ms, {:.0}/s", us / 1_000, n as f64 * 1e6 / us as f64);
    };
    let watch = || runtime::clock::Clock::stopwatch_us(&runtime::clock::SystemClock);
    for dead in [false, true] {
        if dead {
            hosts.dead.lock().unwrap().insert("h0".to_owned());
        }
        hosts.arrived.lock().unwrap().clear();
        let began = watch();
        let starts = (0..5_000).map(|n| world.start(definition, json!({"host": format!("h{}", n % 10), "text": n})));
        futures_util::future::join_all(starts).await;
        timed("starts", 5_000, began);
        let wanted = if dead { 4_500 } else { 5_000 };
        while hosts.arrived_in_all() < wanted {
            world.clock.advance_ms(1);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        timed(if dead { "calls, one host of ten dead" } else { "calls" }, wanted, began);
    }
    let timer = r#"<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition><bpmn:timeDuration
xsi:type="bpmn:tFormalExpression">PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"#;
    let definition = world.deploy(&around(timer)).await;
    for _ in 0..10 {
        futures_util::future::join_all((0..1_000).map(|_| world.start(definition, json!({})))).await;
    }
    let (began, fired) = (watch(), world.runtime.counters().timers);
    world.clock.advance_ms(3_600_000);
    while world.store.earliest_timer().await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    timed("timers due at once", usize::try_from(world.runtime.counters().timers - fired).unwrap(), began);
    let definition = world.deploy(&around(&service("payment", &[]))).await;
    let stats = world.store.stats();
    for _ in 0..1_000 {
        world.start(definition, json!({})).await;
        let job = take(&world, 0).await.remove(0);
        world.runtime.complete_job(&world.admin, job.id, object(json!({}))).await.unwrap();
    }
    let after = world.store.stats();
    println!(
        "round trips: 1000, {} reads, {} statements",
        after.reads - stats.reads,
        after.statements - stats.statements
    );
}

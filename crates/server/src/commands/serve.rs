//! `ruslo serve`: server, workers and web UI in one process.

use crate::{
    cluster,
    config::{Config, Database, InstallationFlags},
    control::Control,
    demo, first_admin, health,
    installation::Installation,
    logging,
    telemetry::{self, Telemetry},
    web,
};
use anyhow::{Context, Result};
use axum::{Router, serve::ListenerExt as _};
use clap::Args;
use model::limits::Limits;
use platform::Platform;
use std::{net::SocketAddr, process::ExitCode, time::Duration};
use tokio::{net::TcpListener, sync::oneshot};
use tower_http::compression::{
    CompressionLayer,
    predicate::{NotForContentType, Predicate as _, SizeAbove},
};

/// How often sessions, codes and tokens that ended are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// How long a stop waits for requests that are under way.
const DRAIN: Duration = Duration::from_secs(10);

/// Options of `ruslo serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    installation: InstallationFlags,
    /// Load a sample company into an empty database
    #[arg(long)]
    demo: bool,
}

/// Runs the server until it is told to stop.
pub fn execute(options: Serve) -> Result<ExitCode> {
    logging::start();
    let config = Config::load(&options.installation)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(&config, options.demo));
    // What is left after a stop was cut short is not waited for.
    runtime.shutdown_background();
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(config: &Config, demo: bool) -> Result<()> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("can not listen on {}: choose another --listen, or stop what listens there", config.listen)
    })?;
    let address = listener.local_addr()?;
    let telemetry = Telemetry::start()?;
    let tracer = telemetry.as_ref().map(Telemetry::tracer);
    let installation = Installation::open_traced(config, tracer.clone()).await?;
    let first = first_admin::ensure(&installation.platform).await?;
    let sample = if demo { demo::load(&installation).await? } else { None };
    // On a shared database the command line works directly.
    let control = match config.database {
        Database::Sqlite => Some(Control::publish(&config.data_dir, address)?),
        Database::Postgres(_) => None,
    };
    let app = router(&installation, control.as_ref(), config.database.name(), demo);
    let app = match tracer {
        Some(tracer) => app.layer(axum::middleware::from_fn_with_state(tracer, telemetry::requests)),
        None => app,
    };
    greet(config, first.as_ref(), sample.as_ref());
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"), %address, public_url = config.public_url,
        database = config.database.name(), "ready"
    );
    let make = app.into_make_service_with_connect_info::<SocketAddr>();
    let sweeping = tokio::spawn(sweep(installation.platform.clone(), SWEEP_EVERY));
    // Answers are small: none waits to be joined by a second packet.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its packets back");
        }
    });
    let (asked, told) = oneshot::channel();
    let (quiet, ended) = oneshot::channel();
    let runtime = installation.runtime.clone();
    let stop = async move {
        asked_to_stop().await;
        // Nobody listens when the server has ended by itself.
        let _ = asked.send(());
        wind_up(runtime).await;
        let _ = quiet.send(());
    };
    let serving = axum::serve(listener, make).with_graceful_shutdown(stop);
    let (served, patient) = tokio::select! {
        served = serving => (served, true),
        patient = drained(told, ended, asked_to_stop()) => (Ok(()), patient),
    };
    sweeping.abort();
    drop(control);
    let patient = patient && unless_asked(installation.close(), asked_to_stop()).await.is_some();
    if let Some(telemetry) = telemetry {
        // It waits for the last spans to leave: not on a thread that serves, and not while somebody wants an end.
        let sending = tokio::task::spawn_blocking(move || telemetry.stop());
        if patient && let Some(sent) = unless_asked(sending, asked_to_stop()).await {
            sent.context("sending the last spans")?;
        }
    }
    tracing::info!("stopped");
    served.context("serving")
}

/// Ends when a stop has waited long enough for others, which begins when the engine's work has ended; false: it was
/// asked for again, at whatever it was.
async fn drained(told: oneshot::Receiver<()>, ended: oneshot::Receiver<()>, again: impl Future<Output = ()>) -> bool {
    if told.await.is_err() {
        return std::future::pending().await;
    }
    let late = async {
        // Gone without a word is as good.
        let _ = ended.await;
        tokio::time::sleep(DRAIN).await;
    };
    let patient = tokio::select! { () = late => true, () = again => false };
    tracing::warn!("requests that did not end are cut off");
    patient
}

/// What the work gives, unless somebody asks again for a stop.
async fn unless_asked<T>(work: impl Future<Output = T>, again: impl Future<Output = ()>) -> Option<T> {
    tokio::select! { done = work => Some(done), () = again => None }
}

/// Everything the server answers, by first part of the path.
fn router(installation: &Installation, control: Option<&Control>, database: &str, demo: bool) -> Router {
    let api_state = api::ApiState::new(api::ApiParts {
        platform: installation.platform.clone(),
        runtime: installation.runtime.clone(),
        server: api::ServerFacts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            database: database.to_owned(),
            demo,
            started_at: installation.clock.now(),
            limits: Limits::default(),
        },
    });
    let bitrix_config = bitrix::BitrixConfig { zone: installation.zone.clone(), ..bitrix::BitrixConfig::default() };
    let bitrix_state =
        bitrix::BitrixState::new(installation.runtime.clone(), installation.platform.clone(), bitrix_config);
    // Streams of live updates must not be held back for compression.
    let compress = SizeAbove::new(1024).and(NotForContentType::const_new("text/event-stream"));
    Router::new()
        .merge(api::mounted(api_state))
        .merge(bitrix::router(bitrix_state))
        .merge(control.map_or_else(Router::new, |control| control.router(installation.platform.clone())))
        .merge(cluster::router(&installation.runtime, installation.platform.clone()))
        .merge(health::router(installation.runtime.clone(), installation.store.clone()))
        .fallback(web::serve)
        .layer(CompressionLayer::new().compress_when(compress))
}

fn greet(config: &Config, first: Option<&first_admin::FirstAdmin>, sample: Option<&demo::Sample>) {
    println!("\n  Ruslo {} is ready:  {}\n", env!("CARGO_PKG_VERSION"), config.public_url);
    if let Some(first) = first {
        println!("  Sign in as   {}", first.login);
        match &first.made_up_password {
            Some(password) => println!("  Password     {password}   (shown once: keep it)"),
            None => println!("  Password     the one in RUSLO_ADMIN_PASSWORD"),
        }
    }
    if let Some(sample) = sample {
        println!("  Colleagues   {}   (password {})", sample.logins.join(", "), sample.password);
        println!("\n  Try first:");
        println!("   1. Processes > Start: \"{}\" for a record that costs more than 50 000", sample.process);
        println!("   2. Sign in as anna in another window: the task waits in her Inbox");
        println!("   3. Designer: open the same process, change it, deploy");
    }
    match config.database {
        Database::Sqlite => println!("\n  Data in {}; stop with Ctrl+C\n", config.data_dir.display()),
        Database::Postgres(_) => println!("\n  Data in PostgreSQL, node {}; stop with Ctrl+C\n", config.node_url),
    }
}

/// Forgets what ended: at once, then every so often, until the task is ended.
async fn sweep(platform: Platform, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = platform.sessions().sweep().await {
            tracing::warn!(%fault, "sessions that ended were not forgotten");
        }
    }
}

/// Ctrl+C or SIGTERM.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => {}, () = terminate => {} }
}

/// Ends the engine's work and long streams, so that the server can go.
async fn wind_up(runtime: runtime::Runtime) {
    tracing::info!("stopping: finishing what is under way");
    runtime.platform().live().close();
    runtime.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;
    use platform::identity::{Client, NewUser, secrets};
    use platform::{PlatformSettings, Role};
    use runtime::clock::ManualClock;
    use std::sync::Arc;

    #[tokio::test]
    async fn who_waits_for_jobs_does_not_hold_a_stop() {
        let store: store::SharedStore = Arc::new(store::SqliteStore::open_in_memory().unwrap());
        let clock = Arc::new(runtime::clock::SystemClock);
        let platform = Platform::new(store.clone(), clock.clone(), PlatformSettings::default());
        let config = runtime::RuntimeConfig::new(store, platform, clock);
        let runtime = runtime::Runtime::open(config).await.unwrap();
        // Both those who look every second and those who are only woken.
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let runtime = runtime.clone();
                let ask = runtime::ActivateJobs {
                    job_type: "none".into(),
                    max: 1,
                    lease: Duration::from_secs(5),
                    wait: Duration::from_secs(60),
                    worker: "w".into(),
                };
                tokio::spawn(async move { runtime.activate_jobs(&platform::Actor::system(), ask).await })
            })
            .collect();
        while runtime.metrics().await.job_polls < 3 {
            tokio::task::yield_now().await;
        }
        runtime.shutdown().await;
        for ask in waiting {
            let answer = tokio::time::timeout(Duration::from_secs(45), ask).await.expect("it ends before its wait");
            assert!(answer.unwrap().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_stop_that_was_never_asked_for_ends_nothing() {
        let (asked, told) = oneshot::channel();
        let (_quiet, ended) = oneshot::channel();
        drop(asked);
        let done = tokio::time::timeout(Duration::from_millis(20), drained(told, ended, std::future::ready(()))).await;
        assert!(done.is_err());
    }

    /// The engine may wait long for a database that does not answer.
    #[tokio::test]
    async fn a_second_signal_does_not_wait_for_the_engine() {
        let (asked, told) = oneshot::channel();
        let (_quiet, ended) = oneshot::channel();
        asked.send(()).unwrap();
        assert!(!drained(told, ended, std::future::ready(())).await);
    }

    /// A collector of traces or a database that does not answer.
    #[tokio::test]
    async fn a_second_signal_does_not_wait_for_the_last_steps_of_a_stop() {
        assert_eq!(unless_asked(std::future::pending::<()>(), std::future::ready(())).await, None);
        assert_eq!(unless_asked(std::future::ready(7), std::future::pending()).await, Some(7));
    }

    #[tokio::test]
    async fn sessions_that_end_while_the_server_runs_are_forgotten() {
        let store: store::SharedStore = Arc::new(store::SqliteStore::open_in_memory().unwrap());
        let clock = Arc::new(ManualClock::new(Timestamp(1_800_000_000_000)));
        let platform = Platform::new(store.clone(), clock.clone(), PlatformSettings::default());
        let new = NewUser {
            login: "ann".into(),
            password: None,
            name: "Ann".into(),
            last_name: String::new(),
            email: String::new(),
            role: Role::Employee,
            language: "en".into(),
        };
        let user = platform.users().create(new).await.unwrap();
        let session = platform.sessions().open(user, &Client::default()).await.unwrap();
        let hash = secrets::hash_token(&session.token);
        let sweeping = tokio::spawn(sweep(platform.clone(), Duration::from_millis(1)));
        tokio::task::yield_now().await;
        assert!(store.session(&hash).await.unwrap().is_some(), "it lasts");
        clock.advance_ms(1_000 * 86_400_000);
        let gone = async { while store.session(&hash).await.unwrap().is_some() {} };
        tokio::time::timeout(Duration::from_secs(120), gone).await.unwrap();
        sweeping.abort();
    }
}

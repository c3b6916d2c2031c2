//! The log: one line an event on standard error, by level and target (`RUSLO_LOG`).

use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging. `RUSLO_LOG` takes `error`, `warn`, `info`, `debug`, `trace`, or `target=level,…`.
pub fn start() {
    let wanted = std::env::var("RUSLO_LOG").unwrap_or_default();
    let filter = match wanted.parse::<Targets>() {
        Ok(filter) if !wanted.is_empty() => filter,
        _ => Targets::new().with_default(tracing::Level::INFO),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_filter(filter);
    tracing_subscriber::registry().with(lines).init();
    if !wanted.is_empty() && wanted.parse::<Targets>().is_err() {
        tracing::warn!("RUSLO_LOG `{wanted}` is no level and no list of target=level: taking info");
    }
}

//! The log: one line an event on standard error, by level and target (`RUSLO_LOG`), for people or as JSON objects for
//! collectors (`RUSLO_LOG_FORMAT=json`). What an event is about stands in fields: `instance.id`, `job.id`, `code`.

use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging. `RUSLO_LOG` takes `error`, `warn`, `info`, `debug`, `trace`, or `target=level,…`.
pub fn start() {
    let wanted = std::env::var("RUSLO_LOG").unwrap_or_default();
    let filter = match wanted.parse::<Targets>() {
        Ok(filter) if !wanted.is_empty() => filter,
        _ => Targets::new().with_default(tracing::Level::INFO),
    };
    let format = std::env::var("RUSLO_LOG_FORMAT").unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    if format == "json" {
        registry.with(lines.json().flatten_event(true).with_current_span(false).with_filter(filter)).init();
    } else {
        registry.with(lines.with_target(false).with_filter(filter)).init();
    }
    if !matches!(format.as_str(), "" | "json" | "text") {
        tracing::warn!("RUSLO_LOG_FORMAT `{format}` is neither text nor json: taking text");
    }
    if !wanted.is_empty() && wanted.parse::<Targets>().is_err() {
        tracing::warn!("RUSLO_LOG `{wanted}` is no level and no list of target=level: taking info");
    }
}

//! The log: one line an event on standard error, by level and target (`RUSLO_LOG`), for people or as JSON objects for
//! collectors (`RUSLO_LOG_FORMAT=json`). What an event is about stands in fields: `instance.id`, `job.id`, `code`.

use std::io::IsTerminal as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// What other people's code has to say about each of its connections is of no use here.
const TALKATIVE: [&str; 6] = ["hyper_util", "hyper", "h2", "reqwest", "rustls", "tokio_postgres"];

/// Starts logging. `RUSLO_LOG` takes `error`, `warn`, `info`, `debug`, `trace`, or `target=level,…`.
pub fn start() {
    let wanted = std::env::var("RUSLO_LOG").unwrap_or_default();
    let filter = match wanted.parse::<Targets>() {
        Ok(filter) if !wanted.is_empty() => calm(filter),
        _ => Targets::new().with_default(tracing::Level::INFO),
    };
    let format = std::env::var("RUSLO_LOG_FORMAT").unwrap_or_default();
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
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

/// The same, with the talkative at `info` unless they are asked by name.
fn calm(wanted: Targets) -> Targets {
    let named: Vec<String> = wanted.iter().map(|(target, _)| target.to_owned()).collect();
    let quiet = TALKATIVE.iter().filter(|target| named.iter().all(|named| !named.starts_with(**target)));
    match wanted.default_level() {
        Some(level) if level > LevelFilter::INFO => {
            wanted.with_targets(quiet.map(|target| (*target, LevelFilter::INFO)).collect::<Vec<_>>())
        }
        _ => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn debug_means_our_own_words() {
        let calmed = |text: &str| calm(text.parse().unwrap());
        assert!(calmed("debug").would_enable("runtime::outbox", &Level::DEBUG));
        assert!(!calmed("debug").would_enable("hyper_util::client", &Level::DEBUG));
        assert!(calmed("debug").would_enable("hyper_util::client", &Level::INFO));
        assert!(calmed("debug,hyper_util=trace").would_enable("hyper_util::client", &Level::TRACE));
        assert!(!calmed("warn").would_enable("hyper_util::client", &Level::INFO));
        assert!(calmed("warn,runtime=debug").would_enable("runtime", &Level::DEBUG));
    }
}

//! Traces: from the call that came in to the call that leaves, over the commit and the outbox in between.
//!
//! Owns: what a part of the runtime says of a span, and the trace that a request runs in. A trace's context is the text
//! of W3C's `traceparent` header, so that it can be stored with an effect and sent along. Invariant: without a tracer
//! nothing is made, kept or sent. Never: knows where spans go; the server injects that.

use std::future::Future;

tokio::task_local! {
    static CURRENT: String;
}

/// What kind of work a span is, as OpenTelemetry distinguishes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A request that came in.
    Server,
    /// A request that leaves.
    Client,
    /// Work in between.
    Internal,
}

/// A span about to begin.
#[derive(Debug)]
pub struct SpanStart<'a> {
    /// Its name: few different ones.
    pub name: &'a str,
    /// What kind of work.
    pub kind: SpanKind,
    /// The context it continues; none: a trace of its own.
    pub parent: Option<&'a str>,
    /// Facts known from the beginning.
    pub attributes: Vec<(&'static str, String)>,
}

/// A span under way; ends when it is dropped at the latest.
pub trait ActiveSpan: Send {
    /// Its context, to be continued by others.
    fn traceparent(&self) -> String;
    /// A fact learnt on the way.
    fn attribute(&mut self, name: &'static str, value: String);
    /// Ends it, well or with what went wrong.
    fn end(self: Box<Self>, error: Option<&str>);
}

/// Where spans go.
pub trait Tracer: Send + Sync {
    /// Begins a span.
    fn start(&self, span: SpanStart<'_>) -> Box<dyn ActiveSpan>;
}

/// Runs `work` in the trace of `traceparent`.
pub async fn within<T>(traceparent: String, work: impl Future<Output = T>) -> T {
    CURRENT.scope(traceparent, work).await
}

/// The context of the request that is being served.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_runs_in_its_trace() {
        assert_eq!(current(), None);
        let inside = within("00-1-2-01".to_owned(), async { current() }).await;
        assert_eq!((inside.as_deref(), current()), (Some("00-1-2-01"), None));
    }
}

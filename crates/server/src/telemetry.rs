//! OpenTelemetry: spans of requests, commands and outgoing calls to a collector over OTLP/HTTP.
//!
//! Owns: the exporter and the span of every request. On when `OTEL_EXPORTER_OTLP_ENDPOINT` (or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) is set; `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
//! `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER` mean what OpenTelemetry says. Invariant: off costs nothing; a
//! collector that does not answer delays nobody. Never: puts bodies, queries or secrets into a span.

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use opentelemetry::{
    Context, KeyValue,
    propagation::TextMapPropagator as _,
    trace::{Span as _, SpanBuilder, Status, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider, Span},
};
use runtime::trace::{ActiveSpan, SpanKind, SpanStart, Tracer, within};
use std::{collections::HashMap, sync::Arc, time::Duration};

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// The exporter while the server runs.
pub struct Telemetry {
    provider: SdkTracerProvider,
    tracer: Arc<dyn Tracer>,
}

impl Telemetry {
    /// Begins to export when the environment names a collector.
    pub fn start() -> Result<Option<Self>> {
        if ENDPOINTS.iter().all(|name| std::env::var(name).map_or(true, |value| value.is_empty())) {
            return Ok(None);
        }
        // A provider may have been installed already; either is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()
            .context("making the client of the trace collector")?;
        let client = Client { http, handle: tokio::runtime::Handle::current() };
        let exporter = SpanExporter::builder().with_http().with_http_client(client).build();
        let mut resource = Resource::builder();
        if std::env::var("OTEL_SERVICE_NAME").map_or(true, |name| name.is_empty()) {
            resource = resource.with_service_name("ruslo");
        }
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT can not be used")?)
            .with_resource(resource.with_attribute(version).build())
            .build();
        let tracer = Arc::new(Exported(provider.tracer("ruslo")));
        Ok(Some(Self { provider, tracer }))
    }

    /// For the runtime and the requests' middleware.
    pub fn tracer(&self) -> Arc<dyn Tracer> {
        self.tracer.clone()
    }

    /// Sends what is left.
    pub fn stop(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Gives every request a span, in the caller's trace if he sent one.
pub async fn requests(State(tracer): State<Arc<dyn Tracer>>, request: Request, next: Next) -> Response {
    let parent = request.headers().get("traceparent").and_then(|v| v.to_str().ok()).map(str::to_owned);
    // The route and never the address: ids and tokens stand in addresses.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().as_str().to_owned();
    let name = format!("{method} {route}");
    let attributes = vec![("http.request.method", method), ("http.route", route)];
    let start = SpanStart { name: &name, kind: SpanKind::Server, parent: parent.as_deref(), attributes };
    let mut span = tracer.start(start);
    let response = within(span.traceparent(), next.run(request)).await;
    let status = response.status();
    span.attribute("http.response.status_code", status.as_u16().to_string());
    span.end(status.is_server_error().then_some("the request failed"));
    response
}

/// The collector's client. Spans are sent from a thread of their own, the requests run on the server's runtime.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    handle: tokio::runtime::Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: axum::http::Request<Bytes>,
    ) -> std::result::Result<axum::http::Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.handle.spawn(async move {
            let (parts, body) = request.into_parts();
            let sending = http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = sending.send().await?;
            let mut response = axum::http::Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = answer.bytes().await?;
            Ok::<_, reqwest::Error>(response)
        });
        Ok(sent.await??)
    }
}

struct Exported(SdkTracer);

impl Tracer for Exported {
    fn start(&self, start: SpanStart<'_>) -> Box<dyn ActiveSpan> {
        let kind = match start.kind {
            SpanKind::Server => opentelemetry::trace::SpanKind::Server,
            SpanKind::Client => opentelemetry::trace::SpanKind::Client,
            SpanKind::Internal => opentelemetry::trace::SpanKind::Internal,
        };
        let attributes = start.attributes.into_iter().map(|(name, value)| KeyValue::new(name, value));
        let builder = SpanBuilder::from_name(start.name.to_owned())
            .with_kind(kind)
            .with_attributes(attributes.collect::<Vec<_>>());
        Box::new(Open(self.0.build_with_context(builder, &context(start.parent))))
    }
}

/// The context of a `traceparent`; a text that is none begins a trace of its own.
fn context(traceparent: Option<&str>) -> Context {
    let carrier: HashMap<String, String> =
        traceparent.map(|text| ("traceparent".to_owned(), text.to_owned())).into_iter().collect();
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

struct Open(Span);

impl ActiveSpan for Open {
    fn traceparent(&self) -> String {
        let mut carrier = HashMap::new();
        let context = Context::new().with_remote_span_context(self.0.span_context().clone());
        TraceContextPropagator::new().inject_context(&context, &mut carrier);
        carrier.remove("traceparent").unwrap_or_default()
    }

    fn attribute(&mut self, name: &'static str, value: String) {
        self.0.set_attribute(KeyValue::new(name, value));
    }

    fn end(mut self: Box<Self>, error: Option<&str>) {
        if let Some(error) = error {
            self.0.set_status(Status::error(error.to_owned()));
        }
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_continues_the_trace_it_is_given() {
        let provider = SdkTracerProvider::builder().build();
        let tracer = Exported(provider.tracer("test"));
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let start = |parent| SpanStart { name: "work", kind: SpanKind::Internal, parent, attributes: Vec::new() };
        let child = tracer.start(start(Some(parent))).traceparent();
        assert_eq!(child[..36], parent[..36], "the same trace");
        assert_ne!(child[36..52], parent[36..52], "another span");
        let own = tracer.start(start(Some("nonsense"))).traceparent();
        assert!(own.len() == 55 && own[..36] != parent[..36]);
    }
}

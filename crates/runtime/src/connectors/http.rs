//! `ruslo:http`: a plain HTTP call whose answer is the job's result.
//!
//! Inputs: `url`, `method` (GET), `headers` (a context), `query` (a context), `body` (text is sent as it is, anything
//! else as JSON). Result: `status`, `body` (JSON becomes a value, everything else text), `contentType`, `truncated`.
//! Sends `Idempotency-Key: <outbox id>` with every method but GET and HEAD.

use super::{
    Connector, Delivery, DeliveryReport, DeliveryResult, Order, OutboundAnswer, OutboundHttp, OutboundRequest,
};
use model::error::codes;
use model::{Fault, Object, Value};
use std::sync::Arc;

/// The connector of kind `http`.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpConnector;

#[async_trait::async_trait]
impl Connector for HttpConnector {
    fn kind(&self) -> &'static str {
        "http"
    }

    fn target(&self, order: &Order) -> String {
        let url = order.input.get("url").and_then(Value::as_str).and_then(|u| url::Url::parse(u).ok());
        url.and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
    }

    async fn deliver(&self, delivery: &Delivery, http: &OutboundHttp) -> DeliveryReport {
        let request = match request(delivery) {
            Ok(request) => request,
            Err(fault) => return DeliveryReport { result: DeliveryResult::GaveUp(fault), call: None },
        };
        let shown = format!("{} {}\n\n{}", request.method, request.url, String::from_utf8_lossy(&request.body));
        let url = request.url.clone();
        let outcome = http.send(request).await;
        let mut report = DeliveryReport::of_http(&url, shown, &outcome);
        if let (DeliveryResult::Done, Ok(answer)) = (&report.result, &outcome) {
            report.result = DeliveryResult::Completed(result(answer));
        }
        report
    }
}

fn request(delivery: &Delivery) -> Result<OutboundRequest, Fault> {
    let input = &delivery.order.input;
    let url = input.get("url").and_then(Value::as_str).unwrap_or("");
    let mut url = url::Url::parse(url)
        .map_err(|e| Fault::new(&codes::CALL_FAILED, "the input `url` is not a valid URL").caused_by(e))?;
    if let Some(query) = input.get("query").and_then(Value::as_object) {
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, &value.to_text());
        }
    }
    let method = input.get("method").and_then(Value::as_str).filter(|m| !m.is_empty()).unwrap_or("GET");
    let method = method.to_ascii_uppercase();
    let mut headers: Vec<(String, String)> = Vec::new();
    if let Some(given) = input.get("headers").and_then(Value::as_object) {
        headers.extend(given.iter().map(|(name, value)| (name.to_string(), value.to_text())));
    }
    let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if method != "GET" && method != "HEAD" && !has(&headers, "idempotency-key") {
        headers.push(("Idempotency-Key".to_owned(), delivery.id.to_string()));
    }
    let body = match input.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => text.as_bytes().to_vec(),
        Some(value) => {
            if !has(&headers, "content-type") {
                headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            }
            value.to_json().to_string().into_bytes()
        }
    };
    Ok(OutboundRequest { method, url: url.into(), headers, body })
}

fn result(answer: &OutboundAnswer) -> Object {
    let text = String::from_utf8_lossy(&answer.body);
    let json = answer.content_type.split(';').next().is_some_and(|t| t.trim().ends_with("json"));
    let body = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(value) if json => Value::from_json(&value),
        _ => Value::text(&text),
    };
    Object::from_iter([
        (Arc::from("status"), Value::from(i64::from(answer.status))),
        (Arc::from("body"), body),
        (Arc::from("contentType"), Value::text(&answer.content_type)),
        (Arc::from("truncated"), Value::from(answer.truncated)),
    ])
}

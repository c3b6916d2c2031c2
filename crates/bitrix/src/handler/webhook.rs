//! The template step that posts a document's address to a URL: no token, no wait, no answer (contract 3.5, 5.4).

use crate::documents::document_triple;
use model::Value;
use runtime::connectors::OutboundRequest;
use runtime::{Connector, Delivery, DeliveryReport, Order, OutboundHttp};

/// Delivers outbox entries of the kind `webhook`.
pub struct WebhookConnector;

#[async_trait::async_trait]
impl Connector for WebhookConnector {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn target(&self, order: &Order) -> String {
        let url = url::Url::parse(&handler(order)).ok();
        url.and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
    }

    async fn deliver(&self, delivery: &Delivery, http: &OutboundHttp) -> DeliveryReport {
        let url = handler(&delivery.order);
        let body = body(&delivery.order);
        let request = OutboundRequest {
            method: "POST".to_owned(),
            url: url.clone(),
            headers: super::headers(delivery),
            body: body.clone().into_bytes(),
        };
        let outcome = http.send(request).await;
        DeliveryReport::of_http(&url, body, &outcome)
    }
}

fn handler(order: &Order) -> String {
    order.input.get("Handler").map(Value::to_text).unwrap_or_default()
}

/// `document_id[0..2]`; nothing when the process runs for no record.
fn body(order: &Order) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    if let Some(document) = order.document {
        for (index, part) in document_triple(document.record).iter().enumerate() {
            form.append_pair(&format!("document_id[{index}]"), part);
        }
    }
    form.finish()
}

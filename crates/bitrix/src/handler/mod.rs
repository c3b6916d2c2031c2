//! Calls to apps' handlers: the form POST of contract 3.1-3.3, one try at a time.
//!
//! Invariant: every try of one delivery carries the same `event_token`; tokens and `ts` are fresh. The wait that the
//! answer resumes was saved before the first try. Never: decides about retries, or what an answer means.

mod form;
mod properties;
mod webhook;

use crate::state::event_key;
use form::{Facts, post};
use jiff::tz::TimeZone;
use model::error::codes;
use model::{Fault, UserId, Value};
use platform::Platform;
use platform::apps::AppActivity;
use runtime::connectors::OutboundRequest;
use runtime::{Connector, Delivery, DeliveryReport, DeliveryResult, Order, OutboundHttp};
use std::sync::Arc;

/// Delivers outbox entries of the kind `app_activity`.
pub struct AppActivityConnector {
    platform: Platform,
    zone: TimeZone,
}

/// The connectors of this face, for the runtime.
pub fn connectors(platform: &Platform, zone: &TimeZone) -> Vec<Arc<dyn Connector>> {
    let app = AppActivityConnector { platform: platform.clone(), zone: zone.clone() };
    vec![Arc::new(app), Arc::new(webhook::WebhookConnector)]
}

#[async_trait::async_trait]
impl Connector for AppActivityConnector {
    fn kind(&self) -> &'static str {
        "app_activity"
    }

    async fn deliver(&self, delivery: &Delivery, http: &OutboundHttp) -> DeliveryReport {
        match self.prepare(delivery).await {
            Ok((url, post)) => {
                let request = OutboundRequest {
                    method: "POST".to_owned(),
                    url: url.clone(),
                    headers: headers(delivery),
                    body: post.body.into_bytes(),
                };
                let outcome = http.send(request).await;
                DeliveryReport::of_http(&url, post.shown, &outcome)
            }
            Err(fault) => {
                let passing =
                    matches!(fault.code.kind, model::error::FaultKind::Unavailable | model::error::FaultKind::Limited);
                let result = if passing { DeliveryResult::Retry(fault) } else { DeliveryResult::GaveUp(fault) };
                DeliveryReport { result, call: None }
            }
        }
    }
}

/// What every form POST carries: its media type, and the delivery's own key, the same on every try.
fn headers(delivery: &Delivery) -> Vec<(String, String)> {
    vec![
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("idempotency-key".to_owned(), delivery.id.to_string()),
    ]
}

impl AppActivityConnector {
    /// Where to post what. The registration is looked up now: an update between two tries counts.
    async fn prepare(&self, delivery: &Delivery) -> Result<(String, form::Post), Fault> {
        let order = &delivery.order;
        let code = order.job_type.strip_prefix("rest_").unwrap_or(&order.job_type);
        let activity = self.platform.activities().by_internal_code(code).await?.ok_or_else(|| {
            let message = format!("the app's activity `{}` is not registered", order.job_type);
            Fault::new(&codes::ACTIVITY_NOT_FOUND, message)
        })?;
        let user = self.acting_user(order, &activity).await?;
        let tokens = self.platform.apps().issue_tokens(activity.app, user).await?;
        let key = event_key(&self.platform).await?;
        let facts = Facts {
            activity: &activity,
            tokens: &tokens,
            public_url: self.platform.public_url(),
            zone: &self.zone,
            event_key: &key,
        };
        Ok((activity.spec.handler.clone(), post(delivery, &facts)))
    }

    /// The node's `AuthUserId`, else the registration's, else who registered; the first who may still act.
    async fn acting_user(&self, order: &Order, activity: &AppActivity) -> Result<UserId, Fault> {
        let candidates = [auth_user_of(order), activity.spec.auth_user, Some(activity.registered_by)];
        for user in candidates.into_iter().flatten() {
            if self.platform.users().may_act(user).await? {
                return Ok(user);
            }
        }
        Err(Fault::new(&codes::USER_DISMISSED, "nobody in whose name the app could be called may still sign in"))
    }
}

/// The first person that the node's `AuthUserId` names.
fn auth_user_of(order: &Order) -> Option<UserId> {
    let header = || order.headers.iter().find(|(name, _)| name == "AuthUserId").map(|(_, value)| Value::text(value));
    let value = order.input.get("AuthUserId").cloned().or_else(header)?;
    let texts = match &value {
        Value::List(items) => items.iter().map(Value::to_text).collect(),
        one => vec![one.to_text()],
    };
    texts.iter().flat_map(|t| t.split([',', ';'])).find_map(|t| {
        let id = t.trim().trim_start_matches("user_").trim_start_matches("group_u");
        id.parse().ok().filter(|n| *n > 0).map(UserId)
    })
}

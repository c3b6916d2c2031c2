//! The body of the POST (contract 3.1): every field, always, in this order; and the same for people, without secrets.

use super::properties;
use crate::event_token::EventToken;
use crate::wire::{Array, Param, form};
use crate::{documents, portal, workflow_id};
use jiff::tz::TimeZone;
use platform::apps::{AppActivity, TokenPair};
use runtime::{Delivery, Order};

/// What is known at the time of the try.
pub struct Facts<'a> {
    /// The registration.
    pub activity: &'a AppActivity,
    /// Fresh tokens of the acting person.
    pub tokens: &'a TokenPair,
    /// The installation's address.
    pub public_url: &'a str,
    /// The server's zone.
    pub zone: &'a TimeZone,
    /// The key of event tokens.
    pub event_key: &'a [u8],
}

/// A body, and how it is shown.
pub struct Post {
    /// Form-encoded.
    pub body: String,
    /// One `name=value` a line, secrets replaced.
    pub shown: String,
}

/// Secrets that a log must not hold.
const SECRETS: [&str; 3] = ["auth[access_token]", "auth[refresh_token]", "auth[application_token]"];

/// Builds the body.
pub fn post(delivery: &Delivery, facts: &Facts<'_>) -> Post {
    let order = &delivery.order;
    let now_s = delivery.now.0.div_euclid(1000);
    let inputs = properties::properties(facts.activity, &order.input, facts.zone);
    let token =
        EventToken { instance: order.instance, element_id: order.element_id.clone(), event_id: order.event_id.clone() };
    let mut map = Array::new();
    map.set("workflow_id", Param::text(workflow_id::encode(order.instance)));
    map.set("code", Param::text(&facts.activity.code));
    map.set("document_id", triple(document_id(order)));
    map.set("document_type", triple(document_type(order)));
    map.set("event_token", Param::text(token.sign(facts.event_key)));
    map.set("properties", Param::Array(inputs));
    map.set("use_subscription", Param::text(if order.waits { "Y" } else { "N" }));
    map.set("timeout_duration", Param::text((order.timeout_ms / 1000).to_string()));
    map.set("ts", Param::text(now_s.to_string()));
    map.set("auth", Param::Array(auth(facts)));
    Post { body: form::encode(&map), shown: shown(&map) }
}

fn triple(parts: [String; 3]) -> Param {
    Param::list(parts.map(Param::Text))
}

/// A process without a document still sends the three parts: parsers need them.
fn document_id(order: &Order) -> [String; 3] {
    let none = || [documents::MODULE.to_owned(), documents::ENTITY.to_owned(), String::new()];
    order.document.map_or_else(none, |d| documents::document_triple(d.record))
}

fn document_type(order: &Order) -> [String; 3] {
    let none = || [documents::MODULE.to_owned(), documents::ENTITY.to_owned(), String::new()];
    order.document.map_or_else(none, |d| documents::type_triple(d.catalog))
}

fn auth(facts: &Facts<'_>) -> Array {
    let tokens = facts.tokens;
    let pairs = [
        ("access_token", tokens.access_token.clone()),
        ("refresh_token", tokens.refresh_token.clone()),
        ("expires", tokens.expires.0.div_euclid(1000).to_string()),
        ("expires_in", tokens.expires_in.to_string()),
        ("scope", tokens.scopes.to_text()),
        ("domain", portal::domain(facts.public_url)),
        ("server_endpoint", portal::endpoint(facts.public_url)),
        ("client_endpoint", portal::endpoint(facts.public_url)),
        ("status", portal::STATUS.to_owned()),
        ("member_id", tokens.member_id.clone()),
        ("user_id", tokens.user.0.to_string()),
        ("application_token", tokens.app.application_token.clone()),
    ];
    pairs.into_iter().map(|(key, value)| (key, Param::Text(value))).collect()
}

fn shown(map: &Array) -> String {
    let mut lines = Vec::new();
    flatten(&mut lines, "", map);
    let masked = lines.into_iter().map(|(name, value)| match name.as_str() {
        "event_token" => {
            let unsigned = value.rsplit_once('.').map_or(value.as_str(), |(facts, _)| facts);
            format!("{name}={unsigned}.***")
        }
        secret if SECRETS.contains(&secret) => format!("{name}=***"),
        _ => format!("{name}={value}"),
    });
    masked.collect::<Vec<_>>().join("\n")
}

fn flatten(lines: &mut Vec<(String, String)>, prefix: &str, map: &Array) {
    for (key, value) in map.iter() {
        let name = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}[{key}]") };
        match value {
            Param::Array(inner) if !inner.is_empty() => flatten(lines, &name, inner),
            scalar => lines.push((name, scalar.as_text().unwrap_or_default())),
        }
    }
}

//! Service methods: what the server is, what it can do, and for whom (contract 1.10).

use crate::call::Call;
use crate::methods::{self, Method, SCOPES};
use crate::wire::{Answer, Param, WireError, dates};
use crate::{fault, portal};
use model::UserId;
use platform::identity::Via;
use serde_json::{Map, Value as Json, json};

/// `app.info`: the app's facts and, in one answer, what the auth server's method of that name says.
pub async fn app_info(call: &Call<'_>) -> Result<Answer, WireError> {
    let actor = call.actor();
    let language = actor.language();
    let license = format!("{language}_nfr");
    let Some(token) = call.caller.access_token.as_deref().filter(|_| matches!(actor.via, Via::App { .. })) else {
        let scopes: Vec<&str> = granted(call);
        return Ok(json!({"SCOPE": scopes, "LICENSE": license}).into());
    };
    let apps = call.state.platform().apps();
    let facts = apps.access_token(token).await.map_err(|f| fault::general(&f))?;
    let member_id = apps.member_id().await.map_err(|f| fault::general(&f))?;
    let public_url = call.state.platform().public_url();
    let scope = facts.scopes.to_text();
    Ok(json!({
        "ID": facts.app.id.0,
        "CODE": facts.app.client_id,
        "VERSION": facts.app.version,
        "STATUS": portal::STATUS,
        "INSTALLED": true,
        "PAYMENT_EXPIRED": "N",
        "DAYS": null,
        "LANGUAGE_ID": language,
        "LICENSE": license,
        "LICENSE_TYPE": "nfr",
        "LICENSE_FAMILY": "nfr",
        "client_id": facts.app.client_id,
        "scope": scope,
        "expires": dates::iso(facts.expires, call.state.zone()),
        "user_id": facts.user.0,
        "install": {
            "installed": true,
            "version": facts.app.version,
            "status": portal::STATUS,
            "scope": scope,
            "domain": portal::domain(public_url),
            "uri": public_url,
            "client_endpoint": portal::endpoint(public_url),
            "member_id": member_id,
            "member_type": "local",
        },
    })
    .into())
}

/// `batch` inside `batch`; the outer one never comes here.
pub async fn batch_in_batch(_call: &Call<'_>) -> Result<Answer, WireError> {
    Err(WireError::not_in_batch())
}

fn granted(call: &Call<'_>) -> Vec<&'static str> {
    SCOPES
        .iter()
        .copied()
        .filter(|s| call.actor().scopes.as_ref().is_none_or(|set| set.iter().any(|g| g == *s)))
        .collect()
}

/// `methods`: names, of one scope when `scope` is given (empty: the base methods), else all; `full` for those out of
/// the caller's scopes too.
pub async fn methods(call: &Call<'_>) -> Result<Answer, WireError> {
    let full = call.params.flag("full");
    let scope = call.params.get("scope").and_then(Param::as_text).map(|s| s.to_ascii_lowercase());
    let wanted = |m: &&Method| match &scope {
        Some(scope) => m.scope == scope,
        None => true,
    };
    let available = |m: &&Method| full || m.in_scope_of(call.actor());
    let names = methods::TABLE.iter().filter(wanted).filter(available).map(|m| Json::from(m.name));
    Ok(Json::Array(names.collect()).into())
}

/// `method.get`: whether a method exists and is in the caller's scopes.
pub async fn method_get(call: &Call<'_>) -> Result<Answer, WireError> {
    let method = methods::find(&call.params.text("name").unwrap_or_default());
    let available = method.is_some_and(|m| m.in_scope_of(call.actor()));
    Ok(json!({"isExisting": method.is_some(), "isAvailable": available}).into())
}

/// `scope`: the scopes granted, or with `full` all that can be.
pub async fn scope(call: &Call<'_>) -> Result<Answer, WireError> {
    let scopes = if call.params.flag("full") { SCOPES.to_vec() } else { granted(call) };
    Ok(json!(scopes).into())
}

/// `server.time`.
pub async fn server_time(call: &Call<'_>) -> Result<Answer, WireError> {
    Ok(Json::from(dates::iso(call.state.now(), call.state.zone())).into())
}

/// `feature.get`: features are tariff options of the vendor; this server has none to switch on.
pub async fn feature_get(call: &Call<'_>) -> Result<Answer, WireError> {
    call.params.given_text("CODE").ok_or_else(|| WireError::bad("CODE_EMPTY", "CODE can't be empty"))?;
    Ok(json!({"value": false}).into())
}

/// `access.name`: what access codes are called; unknown ones are left out.
pub async fn access_name(call: &Call<'_>) -> Result<Answer, WireError> {
    let codes: Vec<String> = call
        .params
        .get("ACCESS")
        .map(Param::items)
        .unwrap_or_default()
        .into_iter()
        .filter_map(Param::as_text)
        .collect();
    if codes.is_empty() {
        return Ok(Json::Bool(false).into());
    }
    let ids: Vec<UserId> =
        codes.iter().filter_map(|c| c.strip_prefix('U')?.parse().ok()).filter(|n| *n > 0).map(UserId).collect();
    let people = call.state.platform().users().by_ids(&ids).await.map_err(|f| fault::general(&f))?;
    let mut names = Map::new();
    for code in codes {
        let (provider, name, id) = match code.as_str() {
            "AU" => ("", "All authorized users".to_owned(), "other"),
            "G2" => ("", "All users".to_owned(), "group"),
            "G1" => ("", "Administrators".to_owned(), "group"),
            user => match people.iter().find(|p| format!("U{}", p.id.0) == user) {
                Some(person) => ("Users", person.full_name(), "user"),
                None => continue,
            },
        };
        names.insert(code, json!({"provider": provider, "name": name, "provider_id": id}));
    }
    Ok(Json::Object(names).into())
}

//! The first administrator of an empty database.

use anyhow::{Context, Result};
use model::{Fault, error::codes};
use platform::{
    Platform, Role, User,
    identity::{NewUser, UserFilter, secrets},
};

/// How somebody can sign in, when that was decided here.
pub struct FirstAdmin {
    /// The login.
    pub login: String,
    /// The password, when it was made up (it is shown once); none when it came from the environment.
    pub made_up_password: Option<String>,
}

/// Adds the administrator of `RUSLO_ADMIN_LOGIN` and `RUSLO_ADMIN_PASSWORD` when there is nobody yet.
pub async fn ensure(platform: &Platform) -> Result<Option<FirstAdmin>> {
    if !platform.users().none_yet().await? {
        return Ok(None);
    }
    let login = std::env::var("RUSLO_ADMIN_LOGIN").ok().filter(|l| !l.is_empty()).unwrap_or_else(|| "admin".to_owned());
    let given = std::env::var("RUSLO_ADMIN_PASSWORD").ok().filter(|p| !p.is_empty());
    let made_up_password = given.is_none().then(make_up_password);
    let language = match std::env::var("LANG") {
        Ok(lang) if lang.starts_with("ru") => "ru",
        _ => "en",
    };
    let new = NewUser {
        login: login.clone(),
        password: given.or_else(|| made_up_password.clone()),
        name: String::new(),
        last_name: String::new(),
        email: String::new(),
        role: Role::Admin,
        language: language.to_owned(),
    };
    match platform.users().create(new).await {
        // Another node of the same empty database was quicker.
        Err(fault) if fault.is(&codes::LOGIN_TAKEN) => return Ok(None),
        made => made.context("adding the first administrator (RUSLO_ADMIN_LOGIN, RUSLO_ADMIN_PASSWORD)")?,
    };
    Ok(Some(FirstAdmin { login, made_up_password }))
}

/// The oldest active administrator.
pub async fn find(platform: &Platform) -> Result<Option<User>, Fault> {
    let filter = UserFilter { active: Some(true), limit: 200, ..UserFilter::default() };
    let (people, _) = platform.users().list(filter).await?;
    Ok(people.into_iter().filter(|u| u.role == Role::Admin).min_by_key(|u| u.id))
}

/// Sixteen letters and digits in groups of four, without those that look alike.
pub fn make_up_password() -> String {
    let text = secrets::random_text(b"abcdefghjkmnpqrstuvwxyz23456789", 16);
    [&text[0..4], &text[4..8], &text[8..12], &text[12..16]].join("-")
}

//! The signed-in person's own account.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use platform::identity::UserPatch;
use platform::{Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may do in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Role)]
pub enum RoleDto {
    /// Everything.
    Admin,
    /// Own tasks, records, processes he started.
    Employee,
}

/// A language of the UI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Language)]
pub enum LanguageDto {
    /// Russian.
    Ru,
    /// English.
    En,
}

/// A look of the UI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Theme)]
pub enum ThemeDto {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// As the system.
    Auto,
}

/// The signed-in person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// `user_5`.
    #[schema(example = "user_5")]
    pub id: String,
    /// What he signs in with.
    pub login: String,
    /// First name.
    pub name: String,
    /// Family name.
    pub last_name: String,
    /// Both, or the login.
    pub full_name: String,
    /// E-mail, may be empty.
    pub email: String,
    /// What he may do.
    pub role: RoleDto,
    /// The UI's language.
    pub language: LanguageDto,
    /// The UI's look.
    pub theme: ThemeDto,
}

/// A change of one's own account; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MePatch {
    /// The UI's language.
    pub language: Option<LanguageDto>,
    /// The UI's look.
    pub theme: Option<ThemeDto>,
    /// First name.
    pub name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
pub struct PasswordChange {
    /// The password until now.
    #[schema(format = Password)]
    pub current: String,
    /// The new one: 8 to 200 characters.
    #[schema(format = Password, min_length = 8, max_length = 200)]
    pub next: String,
}

/// One's own account.
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, description = "The account", body = Me)))]
pub(crate) async fn me(caller: Caller) -> Json<Me> {
    Json((&*caller.actor.user).into())
}

/// Change one's own account.
#[utoipa::path(patch, path = "/me", tag = "me", request_body = MePatch,
    responses((status = 200, description = "The account", body = Me)))]
pub(crate) async fn change_me(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<MePatch>,
) -> ApiResult<Json<Me>> {
    let patch = UserPatch {
        name: body.name,
        last_name: body.last_name,
        email: body.email,
        language: body.language.map(|l| l.as_str().to_owned()),
        theme: body.theme.map(|t| t.as_str().to_owned()),
        ..UserPatch::default()
    };
    let user = api.platform.users().update(caller.actor.user_id(), patch).await?;
    Ok(Json((&user).into()))
}

/// Change one's own password. All other sessions end.
#[utoipa::path(post, path = "/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_password(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<PasswordChange>,
) -> ApiResult<StatusCode> {
    let keep = caller.session.map(|s| s.token_hash);
    api.platform.users().change_password(caller.actor.user_id(), body.current, body.next, keep).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Role> for RoleDto {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Employee => Self::Employee,
        }
    }
}

impl From<RoleDto> for Role {
    fn from(role: RoleDto) -> Self {
        match role {
            RoleDto::Admin => Self::Admin,
            RoleDto::Employee => Self::Employee,
        }
    }
}

impl LanguageDto {
    /// `ru` or `en`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The language of a stored code; English for an unknown one.
    pub fn of(code: &str) -> Self {
        if code == "ru" { Self::Ru } else { Self::En }
    }
}

impl ThemeDto {
    /// `light`, `dark` or `auto`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Auto => "auto",
        }
    }
}

impl From<&User> for Me {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            login: user.login.clone(),
            name: user.name.clone(),
            last_name: user.last_name.clone(),
            full_name: user.full_name(),
            email: user.email.clone(),
            role: user.role.into(),
            language: LanguageDto::of(&user.language),
            theme: match user.theme.as_str() {
                "light" => ThemeDto::Light,
                "dark" => ThemeDto::Dark,
                _ => ThemeDto::Auto,
            },
        }
    }
}

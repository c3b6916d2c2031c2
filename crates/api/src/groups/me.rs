//! The signed-in person's own account.

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
pub(crate) async fn me() {}

/// Change one's own account.
#[utoipa::path(patch, path = "/me", tag = "me", request_body = MePatch,
    responses((status = 200, description = "The account", body = Me)))]
pub(crate) async fn change_me() {}

/// Change one's own password. All other sessions end.
#[utoipa::path(post, path = "/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_password() {}

//! People.

use super::me::{LanguageDto, RoleDto};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A person. Only administrators (and the person) see what stands after `active`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserDto {
    /// `user_5`.
    #[schema(example = "user_5")]
    pub id: String,
    /// What he signs in with.
    pub login: String,
    /// Name and family name, or the login.
    pub full_name: String,
    /// Whether he may sign in.
    pub active: bool,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What he may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleDto>,
    /// The UI's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageDto>,
    /// Since when he is known, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewUser)]
pub struct NewUserDto {
    /// 1 to 100 letters, digits and `.-_@+`, unique without regard to case.
    pub login: String,
    /// 8 to 200 characters.
    #[schema(format = Password, min_length = 8, max_length = 200)]
    pub password: String,
    /// First name.
    #[serde(default)]
    pub name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// E-mail.
    #[serde(default)]
    pub email: String,
    /// What he may do; employee when absent.
    pub role: Option<RoleDto>,
    /// The UI's language; Russian when absent.
    pub language: Option<LanguageDto>,
}

/// A change of a person; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserPatch)]
pub struct UserPatchDto {
    /// First name.
    pub name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// What he may do. The last active administrator stays one.
    pub role: Option<RoleDto>,
    /// The UI's language.
    pub language: Option<LanguageDto>,
    /// Whether he may sign in; `false` ends his sessions.
    pub active: Option<bool>,
    /// A new password; ends his sessions.
    #[schema(format = Password, min_length = 8, max_length = 200)]
    pub password: Option<String>,
}

/// Which people are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Part of a name, login or e-mail.
    pub search: Option<String>,
    /// Only people who may, or may not, sign in.
    pub active: Option<bool>,
}

/// People, for pickers and administration.
#[utoipa::path(get, path = "/users", tag = "users", params(UserQuery, crate::edge::PageQuery),
    responses((status = 200, description = "People", body = crate::edge::Page<UserDto>)))]
pub(crate) async fn list() {}

/// Add a person.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUserDto,
    responses((status = 201, description = "Added", body = UserDto)))]
pub(crate) async fn create() {}

/// One person.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = String, Path, example = "user_5")),
    responses((status = 200, description = "The person", body = UserDto)))]
pub(crate) async fn get() {}

/// Change a person.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = String, Path, example = "user_5")),
    request_body = UserPatchDto, responses((status = 200, description = "The person", body = UserDto)))]
pub(crate) async fn update() {}

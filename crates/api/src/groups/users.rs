//! People.

use super::me::{LanguageDto, RoleDto};
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, Page, PageQuery, Params};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::UserId;
use platform::identity::{NewUser, UserFilter, UserPatch};
use platform::{Action, Actor, Object, Role, User, authorize};
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
#[utoipa::path(get, path = "/users", tag = "users", params(UserQuery, PageQuery),
    responses((status = 200, description = "People", body = Page<UserDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<UserQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<UserDto>>> {
    let (limit, offset) = page.bounds();
    let filter = UserFilter { search: query.search, active: query.active, limit: limit as u32, offset: offset as u64 };
    let (users, total) = api.platform.users().list(filter).await?;
    let items = users.iter().map(|u| dto(&caller.actor, u)).collect();
    Ok(Json(Page { items, total }))
}

/// Add a person.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUserDto,
    responses((status = 201, description = "Added", body = UserDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<NewUserDto>,
) -> ApiResult<(StatusCode, Json<UserDto>)> {
    let new = NewUser {
        login: body.login,
        password: Some(body.password),
        name: body.name,
        last_name: body.last_name,
        email: body.email,
        role: body.role.map_or(Role::Employee, Role::from),
        language: body.language.unwrap_or(LanguageDto::Ru).as_str().to_owned(),
    };
    let user = api.platform.users().create(new).await?;
    Ok((StatusCode::CREATED, Json(dto(&caller.actor, &user))))
}

/// One person.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = String, Path, example = "user_5")),
    responses((status = 200, description = "The person", body = UserDto)))]
pub(crate) async fn get(State(api): State<ApiState>, caller: Caller, Id(id): Id<UserId>) -> ApiResult<Json<UserDto>> {
    let user = api.platform.users().require(id).await?;
    Ok(Json(dto(&caller.actor, &user)))
}

/// Change a person.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = String, Path, example = "user_5")),
    request_body = UserPatchDto, responses((status = 200, description = "The person", body = UserDto)))]
pub(crate) async fn update(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<UserId>,
    Body(body): Body<UserPatchDto>,
) -> ApiResult<Json<UserDto>> {
    let patch = UserPatch {
        name: body.name,
        last_name: body.last_name,
        email: body.email,
        role: body.role.map(Role::from),
        language: body.language.map(|l| l.as_str().to_owned()),
        theme: None,
        active: body.active,
        password: body.password,
    };
    let user = api.platform.users().update(id, patch).await?;
    Ok(Json(dto(&caller.actor, &user)))
}

/// A person as `actor` may see him.
fn dto(actor: &Actor, user: &User) -> UserDto {
    let all = authorize(actor, Action::View, &Object::Account(user.id)).is_ok();
    UserDto {
        id: user.id.to_string(),
        login: user.login.clone(),
        full_name: user.full_name(),
        active: user.active,
        name: all.then(|| user.name.clone()),
        last_name: all.then(|| user.last_name.clone()),
        email: all.then(|| user.email.clone()),
        role: all.then(|| user.role.into()),
        language: all.then(|| LanguageDto::of(&user.language)),
        created_at: all.then(|| user.created_at.to_iso()),
    }
}

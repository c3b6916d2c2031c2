//! People: `user.*` and `profile` (contract 1.10).

use crate::call::Call;
use crate::fault;
use crate::wire::answer::Page;
use crate::wire::list::{By, Cell, Column, Listing, never};
use crate::wire::{Answer, Array, Param, Params, WireError, dates};
use platform::identity::User;
use serde_json::{Value as Json, json};
use store::{Filter, UserField, UserRow};

/// Filter and order fields of `user.get`; what a row shows is fixed.
static PEOPLE: Listing<UserRow, UserField> = Listing {
    columns: &[
        Column::new("ID", By::Int(UserField::Id), |_| Cell::Null),
        Column::new(
            "ACTIVE",
            By::Rule(|v| Filter::eq(UserField::Active, v.as_flag()), Some(UserField::Active)),
            |_| Cell::Null,
        ),
        Column::new("NAME", By::Text(UserField::Name), |_| Cell::Null),
        Column::new("LAST_NAME", By::Text(UserField::LastName), |_| Cell::Null),
        Column::new("EMAIL", By::Text(UserField::Email), |_| Cell::Null),
        Column::new("LOGIN", By::Text(UserField::Login), |_| Cell::Null),
        Column::new("DATE_REGISTER", By::Instant(UserField::CreatedAt), |_| Cell::Null),
        Column::new("USER_TYPE", By::Rule(user_type, None), |_| Cell::Null),
    ],
    default_select: &[],
    default_order: ("ID", false),
};

/// Everybody here is an employee.
fn user_type(value: &Param) -> Filter<UserField> {
    if value.as_text().is_some_and(|t| t == "employee") { Filter::default() } else { never() }
}

/// `profile`.
pub async fn profile(call: &Call<'_>) -> Result<Answer, WireError> {
    let user = &call.actor().user;
    Ok(json!({
        "ID": user.id.0.to_string(),
        "ADMIN": call.actor().is_admin(),
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": "",
        "PERSONAL_PHOTO": "",
        "TIME_ZONE": "",
    })
    .into())
}

/// `user.admin`.
pub async fn admin(call: &Call<'_>) -> Result<Answer, WireError> {
    Ok(Json::Bool(call.actor().is_admin()).into())
}

/// `user.access`: whether the caller has one of the access codes.
pub async fn access(call: &Call<'_>) -> Result<Answer, WireError> {
    let own = format!("U{}", call.actor().user_id().0);
    let has = |code: &Param| {
        let code = code.as_text().unwrap_or_default();
        code == own || matches!(code.as_str(), "AU" | "G2" | "UA") || (code == "G1" && call.actor().is_admin())
    };
    let any = call.params.get("ACCESS").map(Param::items).unwrap_or_default().into_iter().any(has);
    Ok(Json::Bool(any).into())
}

/// `user.current`.
pub async fn current(call: &Call<'_>) -> Result<Answer, WireError> {
    Ok(show(&call.actor().user, call).into())
}

/// `user.get`: `FILTER`, or the fields at top level; `sort` and `order`; pages.
pub async fn get(call: &Call<'_>) -> Result<Answer, WireError> {
    let params = list_params(&call.params);
    let query = PEOPLE.query(&params, call.state.zone());
    let rows = call.state.store().users(query).await.map_err(|e| fault::general(&e.into()))?;
    let total = rows.total.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let people: Vec<Json> = rows.rows.into_iter().map(|row| show(&User::from(row), call)).collect();
    Ok(Page::of(&params).answer(people, total))
}

/// The call's parameters in the shape of the other lists.
fn list_params(given: &Params) -> Params {
    let mut filter = given.get_any_case("FILTER").and_then(Param::as_array).cloned().unwrap_or_default();
    let reserved = ["filter", "sort", "order", "start", "admin_mode"];
    for (key, value) in given.map.iter() {
        if !reserved.iter().any(|r| key.eq_ignore_ascii_case(r)) {
            filter.set(key, value.clone());
        }
    }
    let mut map = Array::new();
    map.set("FILTER", Param::Array(filter));
    if let Some(start) = given.get_any_case("start") {
        map.set("start", start.clone());
    }
    let direction = given.get_any_case("order").and_then(Param::as_text).unwrap_or_default();
    if let Some(sort) = given.get_any_case("sort").and_then(Param::as_text).filter(|s| !s.is_empty()) {
        map.set("ORDER", Param::Array([(sort, Param::text(direction))].into_iter().collect()));
    }
    Params { map, fold_case: true }
}

/// A person. `user_brief` and `user_basic` give no contacts.
fn show(user: &User, call: &Call<'_>) -> Json {
    let mut out = json!({
        "ID": user.id.0.to_string(),
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": "",
        "EMAIL": user.email,
        "LAST_LOGIN": "",
        "DATE_REGISTER": dates::iso(user.created_at, call.state.zone()),
        "TIME_ZONE": "",
        "IS_ONLINE": "N",
        "PERSONAL_GENDER": "",
        "PERSONAL_BIRTHDAY": "",
        "PERSONAL_PHOTO": "",
        "PERSONAL_MOBILE": "",
        "WORK_PHONE": "",
        "WORK_POSITION": "",
        "UF_DEPARTMENT": [],
        "UF_EMPLOYMENT_DATE": "",
        "USER_TYPE": "employee",
    });
    if !call.actor().has_scope("user")
        && let Some(map) = out.as_object_mut()
    {
        for contact in ["EMAIL", "PERSONAL_MOBILE", "WORK_PHONE"] {
            map.shift_remove(contact);
        }
    }
    out
}

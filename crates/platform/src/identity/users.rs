//! People: adding, changing, finding.
//!
//! Invariant: at least one active administrator remains. Never: gives a password's hash away.

use super::actor::{Role, User};
use super::secrets;
use crate::platform::Inner;
use model::error::codes;
use model::{Fault, UserId};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use store::{
    CredentialWrite, Filter, GroupRow, IdKind, Op, Page, PeopleWrite, Query, Unit, UserField, UserRole, UserRow,
};

/// A person to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// What he signs in with.
    pub login: String,
    /// His password, 8 to 200 characters; none: he can not sign in by password.
    pub password: Option<String>,
    /// First name.
    pub name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail, may be empty.
    pub email: String,
    /// What he may do.
    pub role: Role,
    /// `ru` or `en`.
    pub language: String,
}

/// Nobody yet: an employee who reads English.
impl Default for NewUser {
    fn default() -> Self {
        Self {
            login: String::new(),
            password: None,
            name: String::new(),
            last_name: String::new(),
            email: String::new(),
            role: Role::Employee,
            language: "en".into(),
        }
    }
}

/// A change of a person; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// First name.
    pub name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// What he may do.
    pub role: Option<Role>,
    /// `ru` or `en`.
    pub language: Option<String>,
    /// `light`, `dark` or `auto`.
    pub theme: Option<String>,
    /// Whether he may sign in; switching off ends his sessions.
    pub active: Option<bool>,
    /// A new password; ends his sessions.
    pub password: Option<String>,
}

/// Which people are wanted.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Part of a name, login or e-mail.
    pub search: Option<String>,
    /// Only people who may, or may not, sign in.
    pub active: Option<bool>,
    /// How many.
    pub limit: u32,
    /// How many to skip.
    pub offset: u64,
}

/// People, see [`crate::Platform::users`].
pub struct Users<'a>(pub(crate) &'a Inner);

impl Users<'_> {
    /// A person.
    pub async fn get(&self, id: UserId) -> Result<Option<User>, Fault> {
        Ok(self.0.store.user(id).await?.map(User::from))
    }

    /// Whether somebody is known and not dismissed.
    pub async fn may_act(&self, id: UserId) -> Result<bool, Fault> {
        match super::webhooks::active_user(self.0, id).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.is(&codes::TOKEN_UNKNOWN) || fault.is(&codes::USER_DISMISSED) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// A person, or `IDN-0008`.
    pub async fn require(&self, id: UserId) -> Result<User, Fault> {
        self.get(id).await?.ok_or_else(|| unknown(&id.to_string()))
    }

    /// The person with this login, without regard to case.
    pub async fn by_login(&self, login: &str) -> Result<Option<Arc<User>>, Fault> {
        let login = login.trim().to_lowercase();
        let ticket = match self.0.memory.logins.find(&login, self.0.now()) {
            Ok(user) => return Ok(user),
            Err(ticket) => ticket,
        };
        let user = self.0.store.user_by_login(&login).await?.map(|row| Arc::new(User::from(row)));
        // A process may ask for any text: what is longer than a login can be is not worth its memory.
        if login.len() <= 4 * LOGIN_CHARS {
            self.0.memory.logins.remember(ticket, login, user.clone(), None);
        }
        Ok(user)
    }

    /// The person that a text names: `user_5` or a login.
    pub async fn resolve(&self, text: &str) -> Result<Option<User>, Fault> {
        match text.trim().parse::<UserId>() {
            Ok(id) => self.get(id).await,
            Err(_) => Ok(self.by_login(text).await?.map(Arc::unwrap_or_clone)),
        }
    }

    /// Several people; unknown ids are left out.
    pub async fn by_ids(&self, ids: &[UserId]) -> Result<Vec<Arc<User>>, Fault> {
        known(self.0, ids).await
    }

    /// A list by login, and how many there are in all.
    pub async fn list(&self, filter: UserFilter) -> Result<(Vec<User>, u64), Fault> {
        let mut query = Query::<UserField>::default().order(UserField::Login, false);
        if let Some(active) = filter.active {
            query.filter = Filter::eq(UserField::Active, active);
        }
        query.text = filter.search.filter(|s| !s.trim().is_empty());
        query.page = Page { limit: filter.limit, offset: filter.offset, count: true };
        let page = self.0.store.users(query).await?;
        let total = page.total.unwrap_or(page.rows.len() as u64);
        Ok((page.rows.into_iter().map(User::from).collect(), total))
    }

    /// Whether there is nobody yet.
    pub async fn none_yet(&self) -> Result<bool, Fault> {
        Ok(self.0.store.users(Query::default().limit(1)).await?.rows.is_empty())
    }

    /// Adds a person.
    pub async fn create(&self, new: NewUser) -> Result<User, Fault> {
        let login = check_login(&new.login)?;
        check_names(&new.name, &new.last_name, &new.email)?;
        check_language(&new.language)?;
        let password_hash = match new.password {
            Some(password) => {
                check_password(&password)?;
                Some(secrets::hash_password(password).await?)
            }
            None => None,
        };
        let row = UserRow {
            id: UserId(self.0.store.next_id(IdKind::User).await?),
            login,
            password_hash,
            name: new.name.trim().to_owned(),
            last_name: new.last_name.trim().to_owned(),
            email: new.email.trim().to_owned(),
            language: new.language,
            theme: None,
            role: store_role(new.role),
            active: true,
            attributes: json!({}),
            created_at: self.0.now(),
            version: 1,
        };
        self.0.commit(Unit::of(PeopleWrite::InsertUser(Box::new(row.clone())))).await?;
        Ok(row.into())
    }

    /// Changes a person. `IDN-0011` when no active administrator would remain.
    pub async fn update(&self, id: UserId, patch: UserPatch) -> Result<User, Fault> {
        let current = self.row(id).await?;
        let expect_version = current.version;
        let mut row = current.clone();
        let set = |to: &mut String, from: &Option<String>| {
            if let Some(text) = from {
                *to = text.trim().to_owned();
            }
        };
        set(&mut row.name, &patch.name);
        set(&mut row.last_name, &patch.last_name);
        set(&mut row.email, &patch.email);
        set(&mut row.language, &patch.language);
        check_names(&row.name, &row.last_name, &row.email)?;
        check_language(&row.language)?;
        if let Some(theme) = &patch.theme {
            row.theme = check_theme(theme)?;
        }
        row.role = patch.role.map_or(row.role, store_role);
        row.active = patch.active.unwrap_or(row.active);
        let ends_sessions = patch.password.is_some() || (current.active && !row.active);
        if let Some(password) = patch.password {
            check_password(&password)?;
            row.password_hash = Some(secrets::hash_password(password).await?);
        }
        let was_admin = current.active && current.role == UserRole::Admin;
        if was_admin && !(row.active && row.role == UserRole::Admin) {
            self.check_another_admin(id).await?;
        }
        let mut unit = Unit::of(PeopleWrite::UpdateUser { row: Box::new(row.clone()), expect_version });
        if ends_sessions {
            unit.push(CredentialWrite::DeleteSessionsOf { user: id, except: None });
        }
        self.0.commit(unit).await?;
        Ok(row.into())
    }

    /// Changes one's own password; all sessions but `keep` end. `IDN-0002` when `current` is not the password.
    pub async fn change_password(
        &self,
        id: UserId,
        current: String,
        next: String,
        keep: Option<secrets::Hash32>,
    ) -> Result<(), Fault> {
        let mut row = self.row(id).await?;
        check_password(&next)?;
        self.0.throttle.attempt(&row.login, "password change", self.0.now())?;
        if !secrets::verify_password(current, row.password_hash.take()).await? {
            return Err(Fault::new(&codes::USER_INVALID, "The current password is wrong")
                .with_details(json!({ "field": "current" })));
        }
        self.0.throttle.succeeded(&row.login, "password change");
        row.password_hash = Some(secrets::hash_password(next).await?);
        let expect_version = row.version;
        let unit = Unit::of(PeopleWrite::UpdateUser { row: Box::new(row), expect_version })
            .with(CredentialWrite::DeleteSessionsOf { user: id, except: keep });
        self.0.commit(unit).await?;
        Ok(())
    }

    /// All groups, by key.
    pub async fn groups(&self) -> Result<Arc<[GroupRow]>, Fault> {
        let ticket = match self.0.memory.groups.find(&(), self.0.now()) {
            Ok(groups) => return Ok(groups),
            Err(ticket) => ticket,
        };
        let groups: Arc<[GroupRow]> = self.0.store.groups().await?.into();
        self.0.memory.groups.remember(ticket, (), groups.clone(), None);
        Ok(groups)
    }

    /// Keys of the groups a person is in.
    pub async fn groups_of(&self, id: UserId) -> Result<Vec<String>, Fault> {
        Ok(self.0.store.groups_of(id).await?)
    }

    /// Makes or replaces a group.
    pub async fn put_group(&self, group: GroupRow) -> Result<(), Fault> {
        self.0.commit(Unit::of(PeopleWrite::PutGroup(group))).await?;
        Ok(())
    }

    async fn row(&self, id: UserId) -> Result<UserRow, Fault> {
        self.0.store.user(id).await?.ok_or_else(|| unknown(&id.to_string()))
    }

    async fn check_another_admin(&self, than: UserId) -> Result<(), Fault> {
        let others = Filter::eq(UserField::Role, UserRole::Admin)
            .and(Filter::eq(UserField::Active, true))
            .and(Filter::is(UserField::Id, Op::Ne, than));
        if self.0.store.users(Query::new(others).limit(1)).await?.rows.is_empty() {
            return Err(invalid("role", "The last active administrator has to stay one"));
        }
        Ok(())
    }
}

/// People by their ids, whether they may act or not; only those who were not asked for a moment ago are read.
pub(super) async fn known(inner: &Inner, ids: &[UserId]) -> Result<Vec<Arc<User>>, Fault> {
    let now = inner.now();
    let mut people = Vec::with_capacity(ids.len());
    let mut missing = Vec::new();
    let mut tickets = HashMap::new();
    for id in ids {
        match inner.memory.people.find(id, now) {
            Ok(user) => people.push(user),
            Err(ticket) => {
                missing.push(*id);
                tickets.insert(*id, ticket);
            }
        }
    }
    if !missing.is_empty() {
        for row in inner.store.users_by_id(&missing).await? {
            let user = Arc::new(User::from(row));
            if let Some(ticket) = tickets.get(&user.id) {
                inner.memory.people.remember(*ticket, user.id, user.clone(), None);
            }
            people.push(user);
        }
        people.sort_by_key(|user| user.id);
    }
    Ok(people)
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            login: row.login,
            name: row.name,
            last_name: row.last_name,
            email: row.email,
            role: match row.role {
                UserRole::Admin => Role::Admin,
                UserRole::Employee => Role::Employee,
            },
            language: row.language,
            theme: row.theme.unwrap_or_else(|| "auto".into()),
            active: row.active,
            created_at: row.created_at,
        }
    }
}

fn store_role(role: Role) -> UserRole {
    match role {
        Role::Admin => UserRole::Admin,
        Role::Employee => UserRole::Employee,
    }
}

fn unknown(who: &str) -> Fault {
    Fault::new(&codes::USER_NOT_FOUND, format!("There is no person {who}"))
}

fn invalid(field: &str, message: &str) -> Fault {
    Fault::new(&codes::USER_INVALID, message).with_details(json!({ "field": field }))
}

/// Characters of a login at most.
const LOGIN_CHARS: usize = 100;

fn check_login(login: &str) -> Result<String, Fault> {
    let login = login.trim();
    let fits = (1..=LOGIN_CHARS).contains(&login.chars().count())
        && login.chars().all(|c| c.is_alphanumeric() || ".-_@+".contains(c))
        && login.parse::<UserId>().is_err();
    if fits { Ok(login.to_owned()) } else { Err(invalid("login", "A login has 1 to 100 letters, digits or .-_@+")) }
}

fn check_password(password: &str) -> Result<(), Fault> {
    if (8..=200).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(invalid("password", "A password has 8 to 200 characters"))
    }
}

fn check_names(name: &str, last_name: &str, email: &str) -> Result<(), Fault> {
    for (field, text) in [("name", name), ("lastName", last_name), ("email", email)] {
        if text.chars().count() > 200 || text.chars().any(char::is_control) {
            return Err(invalid(field, "At most 200 characters, on one line"));
        }
    }
    if !email.is_empty() && !email.contains('@') {
        return Err(invalid("email", "An e-mail address holds an @"));
    }
    Ok(())
}

fn check_language(language: &str) -> Result<(), Fault> {
    if matches!(language, "ru" | "en") { Ok(()) } else { Err(invalid("language", "Languages are ru and en")) }
}

fn check_theme(theme: &str) -> Result<Option<String>, Fault> {
    match theme {
        "auto" => Ok(None),
        "light" | "dark" => Ok(Some(theme.to_owned())),
        _ => Err(invalid("theme", "Themes are light, dark and auto")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::tokens::tests::platform;

    fn people(name: &str, last_name: &str) -> NewUser {
        NewUser { login: name.to_lowercase(), name: name.into(), last_name: last_name.into(), ..NewUser::default() }
    }

    #[tokio::test]
    async fn who_was_looked_up_costs_no_read_and_changes_show_at_once() {
        let (platform, ann) = platform().await;
        let users = platform.users();
        let look = async || {
            let by_id = users.by_ids(&[ann, UserId(77)]).await.unwrap().first().map(|u| (u.name.clone(), u.active));
            let by_login = [" ANN ", "bob", "sales"].map(|login| users.by_login(login));
            let [ann, bob, sales] = by_login.map(async |found| found.await.unwrap().map(|u| u.name.clone()));
            let groups: Vec<String> = users.groups().await.unwrap().iter().map(|g| g.key.clone()).collect();
            (by_id, ann.await, bob.await, sales.await, groups)
        };
        let first = look().await;
        assert_eq!(first, (Some(("Ann".into(), true)), Some("Ann".into()), None, None, Vec::new()));
        let reads = platform.store().stats().reads;
        assert_eq!(look().await, first);
        assert_eq!(platform.store().stats().reads - reads, 1, "only who does not exist is looked for again");

        users.create(people("Bob", "B")).await.unwrap();
        users.put_group(GroupRow { key: "sales".into(), name: "Sales".into(), members: vec![ann] }).await.unwrap();
        let patch = UserPatch { name: Some("Anna".into()), active: Some(false), ..UserPatch::default() };
        users.update(ann, patch).await.unwrap();
        let changed =
            (Some(("Anna".into(), false)), Some("Anna".into()), Some("Bob".into()), None, vec!["sales".into()]);
        assert_eq!(look().await, changed);
    }
}

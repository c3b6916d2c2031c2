//! Who asks, by what means, and what he may do.
//!
//! Owns: [`Actor`] and [`authorize`], the one door. Invariant: an answer depends only on the actor, the action and the
//! object's facts given here; the caller loads those facts first. Never: reads the store.

use model::error::codes;
use model::{AppId, Fault, Timestamp, TokenId, UserId, WebhookId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a person may do in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Own tasks, records, processes he started.
    Employee,
}

impl Role {
    /// `admin` or `employee`, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Employee => "employee",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "employee" => Some(Self::Employee),
            _ => None,
        }
    }
}

/// A person, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// His id.
    pub id: UserId,
    /// What he signs in with.
    pub login: String,
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
    /// `light`, `dark` or `auto`.
    pub theme: String,
    /// Whether he may sign in.
    pub active: bool,
    /// Since when he is known.
    pub created_at: Timestamp,
}

impl User {
    /// `Name Last-name`, or the login when both are empty.
    pub fn full_name(&self) -> String {
        let full = format!("{} {}", self.name, self.last_name);
        let full = full.trim();
        if full.is_empty() { self.login.clone() } else { full.to_owned() }
    }
}

/// By what means somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// Signed in with a browser.
    Session,
    /// With an API token.
    ApiToken {
        /// Which.
        id: TokenId,
    },
    /// With an incoming webhook.
    Webhook {
        /// Which.
        id: WebhookId,
    },
    /// An app in a person's name.
    App {
        /// Which.
        app: AppId,
        /// Its OAuth client id.
        client_id: String,
    },
    /// The server itself: a process's step, the command line.
    System,
}

/// Scopes of a token; cheap to clone. In a scope set, `user` also gives `user_basic` and `user_brief`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeSet(Arc<BTreeSet<String>>);

impl ScopeSet {
    /// The scopes, in lower case, without empty ones and repetitions.
    pub fn new<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> Self {
        let clean = scopes.into_iter().map(|s| s.as_ref().trim().to_ascii_lowercase());
        Self(Arc::new(clean.filter(|s| !s.is_empty()).collect()))
    }

    /// Whether it holds `scope`.
    pub fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
            || (matches!(scope, "user_basic" | "user_brief") && self.0.contains("user"))
            || (scope == "user_brief" && self.0.contains("user_basic"))
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// `bizproc,user`.
    pub fn to_text(&self) -> String {
        self.iter().collect::<Vec<_>>().join(",")
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person whose rights count.
    pub user: Arc<User>,
    /// By what means.
    pub via: Via,
    /// What the means is limited to; `None` = not limited.
    pub scopes: Option<ScopeSet>,
}

impl Actor {
    /// The server itself: may do everything, acts in nobody's name (`user_0` is no real person).
    pub fn system() -> Self {
        let user = User {
            id: UserId(0),
            login: "system".into(),
            name: "System".into(),
            last_name: String::new(),
            email: String::new(),
            role: Role::Admin,
            language: "en".into(),
            theme: "auto".into(),
            active: true,
            created_at: Timestamp(0),
        };
        Self { user: Arc::new(user), via: Via::System, scopes: None }
    }

    /// An unlimited actor for a person who signed in.
    pub fn session(user: User) -> Self {
        Self { user: Arc::new(user), via: Via::Session, scopes: None }
    }

    /// The person's id.
    pub fn user_id(&self) -> UserId {
        self.user.id
    }

    /// Whether the person is an administrator.
    pub fn is_admin(&self) -> bool {
        self.user.role == Role::Admin
    }

    /// Whether the means allows `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|set| set.has(scope))
    }

    /// The person's language, `ru` or `en`.
    pub fn language(&self) -> &str {
        &self.user.language
    }

    /// The app that acts, when one does.
    pub fn app(&self) -> Option<(AppId, &str)> {
        if let Via::App { app, client_id } = &self.via { Some((*app, client_id)) } else { None }
    }

    /// Fails with `IDN-0006` when the means lacks `scope`.
    pub fn require_scope(&self, scope: &str) -> Result<(), Fault> {
        if self.has_scope(scope) {
            return Ok(());
        }
        let message = format!("The token lacks the scope `{scope}`");
        Err(Fault::new(&codes::SCOPE_MISSING, message).with_details(serde_json::json!({ "scope": scope })))
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Look at it, or list such things.
    View,
    /// Make one.
    Create,
    /// Change it.
    Update,
    /// Remove it.
    Delete,
    /// Start a process by it.
    Start,
    /// Deploy a model or file as a definition.
    Deploy,
    /// Stop an instance that runs.
    Cancel,
    /// Interfere with a running process: variables, incidents, erasing.
    Operate,
    /// Claim or complete a task.
    Complete,
    /// Give a task to somebody else.
    Reassign,
}

/// What it is done to, with the facts that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// The list of people, as pickers need it.
    People,
    /// A person's account.
    Account(UserId),
    /// Apps, their tokens and registrations.
    Apps,
    /// Incoming webhooks of a person.
    Webhooks(UserId),
    /// API tokens of a person.
    Tokens(UserId),
    /// Catalogs' descriptions.
    Catalogs,
    /// Records.
    Records,
    /// Models and diagnostics of the designer.
    Models,
    /// Deployed definitions.
    Definitions,
    /// A process instance.
    Instance {
        /// Who started it.
        started_by: Option<UserId>,
        /// Whether the actor has or had a task in it.
        involved: bool,
    },
    /// Incidents.
    Incidents,
    /// A task.
    Task {
        /// Whether the actor is among its people.
        assigned: bool,
    },
    /// Jobs for external workers.
    Jobs,
    /// Notifications of a person.
    Notifications(UserId),
    /// The server: version, limits, counters.
    System,
}

/// Whether `actor` may do `action` to `object`; `IDN-0005` when not.
pub fn authorize(actor: &Actor, action: Action, object: &Object) -> Result<(), Fault> {
    let me = |user: &UserId| *user == actor.user_id();
    let allowed = actor.is_admin()
        || match object {
            Object::People | Object::Definitions => matches!(action, Action::View | Action::Start),
            Object::Account(user) | Object::Webhooks(user) => action == Action::View && me(user),
            Object::Tokens(user) | Object::Notifications(user) => me(user),
            Object::Catalogs => action == Action::View,
            Object::Records => matches!(action, Action::View | Action::Create | Action::Update | Action::Delete),
            Object::Instance { started_by, involved } => match action {
                Action::View => *involved || started_by.as_ref().is_some_and(me),
                Action::Cancel => started_by.as_ref().is_some_and(me),
                _ => false,
            },
            Object::Task { assigned } => {
                *assigned && matches!(action, Action::View | Action::Complete | Action::Reassign)
            }
            Object::Apps | Object::Models | Object::Incidents | Object::Jobs | Object::System => false,
        };
    if allowed { Ok(()) } else { Err(Fault::of(&codes::NOT_ALLOWED)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(id: i64, role: Role) -> Actor {
        let user = User { id: UserId(id), role, ..(*Actor::system().user).clone() };
        Actor::session(user)
    }

    #[test]
    fn employees_and_administrators() {
        let mine = Object::Instance { started_by: Some(UserId(5)), involved: false };
        let involved = Object::Instance { started_by: None, involved: true };
        let table = [
            (Action::View, Object::People, true),
            (Action::Create, Object::People, false),
            (Action::Update, Object::Account(UserId(6)), false),
            (Action::View, Object::Apps, false),
            (Action::Create, Object::Webhooks(UserId(5)), false),
            (Action::Create, Object::Tokens(UserId(5)), true),
            (Action::View, Object::Tokens(UserId(6)), false),
            (Action::View, Object::Catalogs, true),
            (Action::Update, Object::Catalogs, false),
            (Action::Update, Object::Records, true),
            (Action::View, Object::Models, false),
            (Action::Start, Object::Definitions, true),
            (Action::Deploy, Object::Definitions, false),
            (Action::View, mine, true),
            (Action::Cancel, mine, true),
            (Action::Operate, mine, false),
            (Action::View, involved, true),
            (Action::Cancel, involved, false),
            (Action::Complete, Object::Task { assigned: true }, true),
            (Action::Complete, Object::Task { assigned: false }, false),
            (Action::View, Object::Jobs, false),
            (Action::View, Object::Notifications(UserId(5)), true),
            (Action::View, Object::Notifications(UserId(6)), false),
            (Action::View, Object::System, false),
        ];
        for (action, object, employee) in table {
            let got = authorize(&actor(5, Role::Employee), action, &object);
            assert_eq!(got.is_ok(), employee, "{action:?} {object:?}");
            assert!(authorize(&actor(5, Role::Admin), action, &object).is_ok(), "{action:?} {object:?}");
        }
    }

    #[test]
    fn scopes() {
        let set = ScopeSet::new([" Bizproc", "user", ""]);
        assert!(set.has("bizproc") && set.has("user_brief") && !set.has("crm"));
        assert_eq!(set.to_text(), "bizproc,user");
        let mut a = actor(1, Role::Admin);
        assert!(a.require_scope("crm").is_ok());
        a.scopes = Some(set);
        assert!(a.require_scope("crm").is_err_and(|f| f.is(&codes::SCOPE_MISSING)));
    }
}

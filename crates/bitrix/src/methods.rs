//! The one table of methods: name, scope, who may call, and the function.
//!
//! `methods`, dispatch and the tests all read it; a method that is not here does not exist.

use crate::call::Call;
use crate::wire::{Answer, WireError};
use crate::{bizproc, service, users};
use platform::identity::Actor;

/// Who may call a method, besides the scope; checked before the method runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever is authenticated; the method itself looks at rights.
    Anyone,
    /// Administrators, by app or webhook.
    Admin,
    /// Administrators, by an app's token only.
    AdminByApp,
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Its name, lower case.
    pub name: &'static str,
    /// The scope that owns it; empty for the base methods.
    pub scope: &'static str,
    /// Who may call it.
    pub who: Who,
    /// What it does.
    pub action: Action,
}

macro_rules! methods {
    ($($action:ident $name:literal $scope:literal $who:ident => $run:path;)*) => {
        /// What a method does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "one variant per method; the table names it")]
        pub enum Action { $($action,)* }

        /// All methods.
        pub static TABLE: &[Method] = &[
            $(Method { name: $name, scope: $scope, who: Who::$who, action: Action::$action },)*
        ];

        async fn run(action: Action, call: &Call<'_>) -> Result<Answer, WireError> {
            match action { $(Action::$action => $run(call).await,)* }
        }
    };
}

methods! {
    AppInfo "app.info" "" Anyone => service::app_info;
    Batch "batch" "" Anyone => service::batch_in_batch;
    Methods "methods" "" Anyone => service::methods;
    MethodGet "method.get" "" Anyone => service::method_get;
    Scope "scope" "" Anyone => service::scope;
    ServerTime "server.time" "" Anyone => service::server_time;
    FeatureGet "feature.get" "" Anyone => service::feature_get;
    AccessName "access.name" "" Anyone => service::access_name;
    Profile "profile" "" Anyone => users::profile;
    UserAdmin "user.admin" "" Anyone => users::admin;
    UserAccess "user.access" "" Anyone => users::access;
    UserCurrent "user.current" "user" Anyone => users::current;
    UserGet "user.get" "user" Anyone => users::get;
    ActivityAdd "bizproc.activity.add" "bizproc" AdminByApp => bizproc::activity::add_activity;
    ActivityUpdate "bizproc.activity.update" "bizproc" AdminByApp => bizproc::activity::update_activity;
    ActivityList "bizproc.activity.list" "bizproc" AdminByApp => bizproc::activity::list_activities;
    ActivityDelete "bizproc.activity.delete" "bizproc" AdminByApp => bizproc::activity::delete_activity;
    ActivityLog "bizproc.activity.log" "bizproc" Anyone => bizproc::event::log;
    RobotAdd "bizproc.robot.add" "bizproc" AdminByApp => bizproc::activity::add_robot;
    RobotUpdate "bizproc.robot.update" "bizproc" AdminByApp => bizproc::activity::update_robot;
    RobotList "bizproc.robot.list" "bizproc" AdminByApp => bizproc::activity::list_robots;
    RobotDelete "bizproc.robot.delete" "bizproc" AdminByApp => bizproc::activity::delete_robot;
    EventSend "bizproc.event.send" "bizproc" Anyone => bizproc::event::send;
    WorkflowStart "bizproc.workflow.start" "bizproc" Anyone => bizproc::workflow::start;
    WorkflowTerminate "bizproc.workflow.terminate" "bizproc" Admin => bizproc::workflow::terminate;
    WorkflowKill "bizproc.workflow.kill" "bizproc" Admin => bizproc::workflow::kill;
    WorkflowInstances "bizproc.workflow.instances" "bizproc" Admin => bizproc::workflow::instances;
    WorkflowInstanceList "bizproc.workflow.instance.list" "bizproc" Admin => bizproc::workflow::instances;
    TemplateAdd "bizproc.workflow.template.add" "bizproc" AdminByApp => bizproc::template::add;
    TemplateUpdate "bizproc.workflow.template.update" "bizproc" AdminByApp => bizproc::template::update;
    TemplateDelete "bizproc.workflow.template.delete" "bizproc" AdminByApp => bizproc::template::delete;
    TemplateList "bizproc.workflow.template.list" "bizproc" Admin => bizproc::template::list;
    TaskList "bizproc.task.list" "bizproc" Anyone => bizproc::task::list;
    TaskComplete "bizproc.task.complete" "bizproc" Anyone => bizproc::task::complete;
    TaskDelegate "bizproc.task.delegate" "bizproc" Anyone => bizproc::task::delegate;
}

/// Scopes that an app or webhook may be granted; those without methods here may be granted too, so that an app's
/// list installs.
pub static SCOPES: &[&str] = &[
    "bizproc",
    "calendar",
    "crm",
    "department",
    "disk",
    "entity",
    "im",
    "imbot",
    "imopenlines",
    "lists",
    "log",
    "messageservice",
    "placement",
    "sonet_group",
    "task",
    "tasks",
    "user",
    "user_basic",
    "user_brief",
];

/// The method of that name, in any case.
pub fn find(name: &str) -> Option<&'static Method> {
    TABLE.iter().find(|m| m.name.eq_ignore_ascii_case(name))
}

impl Method {
    /// Whether top-level parameter names are taken in any case.
    pub fn folds_case(&self) -> bool {
        self.scope == "bizproc" || self.name.starts_with("event.")
    }

    /// Whether the caller's scopes hold this method.
    pub fn in_scope_of(&self, actor: &Actor) -> bool {
        match self.scope {
            "" => true,
            // `user_basic` and `user_brief` give the same methods with fewer fields.
            "user" => actor.has_scope("user_brief"),
            scope => actor.has_scope(scope),
        }
    }

    /// Runs it: scope, then who, then the method (contract 1.8, order of checks).
    pub async fn call(&self, call: &Call<'_>) -> Result<Answer, WireError> {
        let actor = &call.caller.actor;
        if !self.in_scope_of(actor) {
            return Err(WireError::insufficient_scope(call.caller.token_kind()));
        }
        if self.who == Who::AdminByApp && actor.app().is_none() {
            return Err(WireError::app_context());
        }
        if self.who != Who::Anyone && !actor.is_admin() {
            return Err(WireError::access_denied());
        }
        run(self.action, call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lower_case() {
        let mut seen = std::collections::HashSet::new();
        for method in TABLE {
            assert!(seen.insert(method.name), "{} stands twice", method.name);
            assert_eq!(method.name, method.name.to_ascii_lowercase());
            assert!(method.scope.is_empty() || SCOPES.contains(&method.scope));
        }
        assert!(find("BizProc.Event.SEND").is_some());
    }
}

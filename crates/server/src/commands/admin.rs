//! `ruslo admin`: makes people, webhooks, apps and tokens; prints one JSON object.
//!
//! Works on the database directly or, while a server owns it, through that server.

use crate::{
    config::{Config, InstallationFlags},
    control, first_admin,
    installation::Offline,
};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use model::{Fault, error::codes};
use platform::{Actor, Platform, Role, ScopeSet, User, apps::NewApp, identity::NewUser};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Options of `ruslo admin`.
#[derive(Debug, Args)]
pub struct Admin {
    #[command(flatten)]
    installation: InstallationFlags,
    #[command(subcommand)]
    request: AdminRequest,
}

/// What can be made. Also the body of the running server's control route.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub enum AdminRequest {
    /// Adds a person; prints {"id"} and, if it was made up here, {"password"}
    #[command(name = "create-user")]
    User {
        /// What the person signs in with
        #[arg(long)]
        login: String,
        /// At least 8 characters; made up and printed when absent
        #[arg(long, env = "RUSLO_NEW_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        /// First name
        #[arg(long, default_value = "")]
        name: String,
        /// Family name
        #[arg(long, default_value = "")]
        last_name: String,
        /// E-mail
        #[arg(long, default_value = "")]
        email: String,
        /// admin or employee
        #[arg(long, default_value = "employee")]
        role: String,
        /// ru or en
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Makes an incoming webhook; prints {"url"}
    #[command(name = "create-webhook")]
    Webhook {
        /// Login or id of the person in whose name it acts
        #[arg(long)]
        user: String,
        /// Scopes, comma separated
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
        /// What it is for
        #[arg(long, default_value = "Command line")]
        title: String,
    },
    /// Makes a local app; prints its client id, secret and a pair of tokens
    #[command(name = "create-app")]
    App {
        /// What people see
        #[arg(long)]
        name: String,
        /// Scopes, comma separated
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
        /// Login or id of the person the tokens act for; the first administrator when absent
        #[arg(long)]
        user: Option<String>,
        /// The app's page, and where an authorization code is sent
        #[arg(long)]
        handler_url: Option<String>,
    },
    /// Makes an API token; prints {"token"}
    #[command(name = "create-token")]
    Token {
        /// Login or id of the person it acts for; the first administrator when absent
        #[arg(long)]
        user: Option<String>,
        /// api, read or jobs, comma separated
        #[arg(long, value_delimiter = ',', default_value = "api")]
        scope: Vec<String>,
        /// What it is for
        #[arg(long, default_value = "Command line")]
        title: String,
    },
}

/// Runs the command.
pub fn execute(options: Admin) -> Result<ExitCode> {
    let config = Config::load(&options.installation)?;
    let answer = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match Offline::open(&config).await? {
            Some(offline) => {
                first_admin::ensure(&offline.platform).await?;
                let answer = perform(&offline.platform, options.request).await;
                offline.close().await;
                Ok(answer?)
            }
            None => through_server(&config, &options.request).await,
        }
    })?;
    println!("{answer}");
    Ok(ExitCode::SUCCESS)
}

async fn through_server(config: &Config, request: &AdminRequest) -> Result<Value> {
    let control = control::read(&config.data_dir)?;
    let http = super::http_client()?;
    let answer = http
        .post(format!("{}/control/admin", control.url))
        .bearer_auth(&control.token)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(request)?)
        .send()
        .await
        .with_context(|| format!("can not reach the running server at {}", control.url))?;
    let status = answer.status();
    let body: Value = serde_json::from_slice(&answer.bytes().await?).context("the running server answered no JSON")?;
    if !status.is_success() {
        bail!("{}", body["message"].as_str().unwrap_or("the running server refused"));
    }
    Ok(body)
}

/// Does what is asked and gives the object to print.
pub async fn perform(platform: &Platform, request: AdminRequest) -> Result<Value, Fault> {
    match request {
        AdminRequest::User { login, password, name, last_name, email, role, language } => {
            let role = Role::parse(&role).ok_or_else(|| {
                Fault::new(&codes::USER_INVALID, format!("--role takes admin or employee, not `{role}`"))
            })?;
            let (password, made_up) = match password {
                Some(password) => (password, None),
                None => {
                    let password = first_admin::make_up_password();
                    (password.clone(), Some(password))
                }
            };
            let new = NewUser { login, password: Some(password), name, last_name, email, role, language };
            let user = platform.users().create(new).await?;
            Ok(match made_up {
                Some(password) => json!({ "id": user.id, "password": password }),
                None => json!({ "id": user.id }),
            })
        }
        AdminRequest::Webhook { user, scope, title } => {
            let user = person(platform, Some(&user)).await?;
            let webhook = platform.webhooks().create(user.id, &title, ScopeSet::new(scope)).await?;
            Ok(json!({ "url": webhook.url }))
        }
        AdminRequest::App { name, scope, user, handler_url } => {
            let user = person(platform, user.as_deref()).await?;
            let new = NewApp { name, scopes: ScopeSet::new(scope), handler_url, install_url: None };
            let id = user.id;
            let made = platform.apps().create(&Actor::session(user), new).await?;
            let tokens = platform.apps().issue_tokens(made.app.id, id).await?;
            Ok(json!({
                "client_id": made.app.client_id,
                "client_secret": made.client_secret,
                "access_token": tokens.access_token,
                "refresh_token": tokens.refresh_token,
                "member_id": platform.apps().member_id().await?,
            }))
        }
        AdminRequest::Token { user, scope, title } => {
            let user = person(platform, user.as_deref()).await?;
            let (_, token) = platform.tokens().create(user.id, &title, ScopeSet::new(scope)).await?;
            Ok(json!({ "token": token }))
        }
    }
}

/// The named person, or the first active administrator.
async fn person(platform: &Platform, named: Option<&str>) -> Result<User, Fault> {
    let found = match named {
        Some(name) => {
            let by_number = name.parse::<i64>().ok().map(|n| format!("user_{n}"));
            platform.users().resolve(by_number.as_deref().unwrap_or(name)).await?
        }
        None => first_admin::find(platform).await?,
    };
    found.ok_or_else(|| {
        Fault::new(&codes::USER_NOT_FOUND, format!("There is no person `{}`", named.unwrap_or("with the role admin")))
    })
}

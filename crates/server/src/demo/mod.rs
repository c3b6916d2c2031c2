//! The sample company of `ruslo serve --demo`: people, two catalogs, a process to start at once and draw further.
//!
//! Invariant: loaded once, into a database that has no catalog yet; in the language of the first administrator.

mod text;

use crate::{first_admin, installation::Installation};
use anyhow::{Context, Result};
use model::{
    CatalogId, DocumentType, Object, Value,
    catalog::{Field, FieldType, ListOption},
};
use platform::{Actor, Role, catalogs::NewCatalog, identity::NewUser, models::ModelContent};
use text::{Text, text};

/// Everybody in the sample has this password.
const PASSWORD: &str = "ruslo-demo";
const PROCESS: &str = include_str!("purchase.bpmn");

/// What to tell the person at the terminal.
pub struct Sample {
    /// Who can sign in.
    pub logins: Vec<&'static str>,
    /// With what.
    pub password: &'static str,
    /// The process to start.
    pub process: String,
}

/// Loads the sample; `None` when there are catalogs already.
pub async fn load(installation: &Installation) -> Result<Option<Sample>> {
    let platform = &installation.platform;
    if !platform.catalogs().list().await?.is_empty() {
        return Ok(None);
    }
    let admin = first_admin::find(platform).await?.context("the sample needs an administrator")?;
    let text = text(&admin.language);
    let actor = Actor::session(admin);
    people(installation, &text).await?;
    let partners = partners(installation, &actor, &text).await?;
    let purchases = purchases(installation, &actor, &text, partners).await?;
    process(installation, &actor, &text, purchases).await?;
    Ok(Some(Sample { logins: vec!["anna", "boris", "vera"], password: PASSWORD, process: text.process.to_owned() }))
}

async fn people(installation: &Installation, text: &Text) -> Result<()> {
    for (login, (name, last_name), email) in [
        ("anna", text.anna, "anna@example.org"),
        ("boris", text.boris, "boris@example.org"),
        ("vera", text.vera, "vera@example.org"),
    ] {
        let new = NewUser {
            login: login.to_owned(),
            password: Some(PASSWORD.to_owned()),
            name: name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            role: Role::Employee,
            language: text.language.to_owned(),
        };
        installation.platform.users().create(new).await.with_context(|| format!("adding {login}"))?;
    }
    Ok(())
}

async fn partners(installation: &Installation, actor: &Actor, text: &Text) -> Result<(CatalogId, String)> {
    let new = NewCatalog {
        name: text.partners.to_owned(),
        key: Some("partners".to_owned()),
        fields: vec![field("NAME", text.f_name, plain_text(), true), field("CITY", text.f_city, plain_text(), false)],
        title_field: Some("NAME".to_owned()),
    };
    let id = installation.platform.catalogs().create(new).await?.id;
    let mut first = None;
    for (name, city) in text.partner_records {
        let fields = object([("NAME", Value::from(*name)), ("CITY", Value::from(*city))]);
        let record = installation.platform.records().create(actor, id, &fields).await?;
        first.get_or_insert(record.id.to_string());
    }
    Ok((id, first.unwrap_or_default()))
}

async fn purchases(
    installation: &Installation,
    actor: &Actor,
    text: &Text,
    (partners, partner): (CatalogId, String),
) -> Result<CatalogId> {
    let option = |key: &str, label: &str| ListOption { key: key.to_owned(), label: label.to_owned() };
    let status = FieldType::List {
        options: vec![
            option("new", text.s_new),
            option("approved", text.s_approved),
            option("refused", text.s_refused),
        ],
    };
    let new = NewCatalog {
        name: text.purchases.to_owned(),
        key: Some("purchases".to_owned()),
        fields: vec![
            field("NAME", text.f_subject, plain_text(), true),
            field("AMOUNT", text.f_amount, FieldType::Number, true),
            field("STATUS", text.f_status, status, false),
            field("RESPONSIBLE", text.f_responsible, FieldType::Person, false),
            field("NEEDED_BY", text.f_needed_by, FieldType::Date { time: false }, false),
            field("PARTNER", text.f_partner, FieldType::Link { catalog: partners }, false),
            field("URGENT", text.f_urgent, FieldType::Boolean, false),
        ],
        title_field: Some("NAME".to_owned()),
    };
    let id = installation.platform.catalogs().create(new).await?.id;
    for (name, amount, needed_by) in text.purchase_records {
        let fields = object([
            ("NAME", Value::from(*name)),
            ("AMOUNT", Value::from(*amount)),
            ("STATUS", Value::from("new")),
            ("RESPONSIBLE", Value::from(actor.user_id().to_string())),
            ("NEEDED_BY", Value::from(*needed_by)),
            ("PARTNER", Value::from(partner.as_str())),
            ("URGENT", Value::from(*amount > 100_000)),
        ]);
        installation.platform.records().create(actor, id, &fields).await.with_context(|| format!("adding {name}"))?;
    }
    Ok(id)
}

/// The process is deployed and stands in the designer, so that the first change is one click away.
async fn process(installation: &Installation, actor: &Actor, text: &Text, catalog: CatalogId) -> Result<()> {
    let source = text.fill(PROCESS);
    let checked = installation.runtime.check(actor, "purchase.bpmn", source.into_bytes()).await?;
    let drawn = checked.bpmn.context("the sample's process can be read")?;
    let content = ModelContent {
        name: text.process.to_owned(),
        source: drawn.clone(),
        catalog: Some(catalog),
        ..ModelContent::default()
    };
    let model = installation.platform.models().create(actor, content).await?;
    let deploy = runtime::Deploy {
        name: text.process.to_owned(),
        bytes: drawn.into_bytes(),
        document: Some(DocumentType { catalog }),
        description: text.process_description.to_owned(),
        model: Some(model.id),
        ..runtime::Deploy::default()
    };
    installation.runtime.deploy(actor, deploy).await.context("deploying the sample's process")?;
    Ok(())
}

fn plain_text() -> FieldType {
    FieldType::Text { multiline: false }
}

fn field(key: &str, name: &str, kind: FieldType, required: bool) -> Field {
    Field { key: key.to_owned(), name: name.to_owned(), kind, required, multiple: false }
}

fn object<const N: usize>(pairs: [(&str, Value); N]) -> Object {
    pairs.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_deployable_in_both_languages() {
        for language in ["en", "ru"] {
            let source = text(language).fill(PROCESS);
            assert!(!source.contains('@'), "a text is missing: {source}");
            let imported =
                formats::import("purchase.bpmn", source.as_bytes(), &model::limits::Limits::default()).unwrap();
            assert!(imported.deployable(), "{:?}", imported.diagnostics);
        }
    }
}

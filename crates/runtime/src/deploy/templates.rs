//! The activities of apps as element templates: what the designer offers and deployments are checked against.
//!
//! Never: knows what a template looks like, or judges an element (`formats` does).

use formats::element_template::{AppActivitySpec, AppProperty, for_app_activity};
use model::Fault;
use platform::Platform;
use platform::apps::{AppActivity, PropertyDescriptor};
use serde_json::Value as Json;

/// The element templates of the activities that apps have registered, their texts in the reader's language.
pub async fn app_templates(platform: &Platform, language: &str) -> Result<Vec<Json>, Fault> {
    let activities = platform.activities().list(None).await?;
    if activities.is_empty() {
        return Ok(Vec::new());
    }
    let apps = platform.apps().list().await?;
    let template = |activity: &AppActivity| {
        let app_name = apps.iter().find(|a| a.id == activity.app).map(|a| a.name.clone()).unwrap_or_default();
        for_app_activity(&spec(activity, app_name, language))
    };
    Ok(activities.iter().map(template).collect())
}

fn spec(activity: &AppActivity, app_name: String, language: &str) -> AppActivitySpec {
    let property = |(key, p): (&String, &PropertyDescriptor)| AppProperty {
        key: key.clone(),
        name: p.name.get(language).to_owned(),
        description: p.description.get(language).to_owned(),
        kind: p.kind.clone(),
        required: p.required,
        multiple: p.multiple,
        options: p.options.iter().map(|(k, label)| (k.clone(), label.get(language).to_owned())).collect(),
        default: p.default.clone(),
    };
    let spec = &activity.spec;
    AppActivitySpec {
        client_id: activity.client_id.clone(),
        app_name,
        code: activity.code.clone(),
        job_type: activity.job_type(),
        // Grows with every change, as the designer expects of a template's version.
        version: u32::try_from(activity.updated_at.0 / 1000).unwrap_or(u32::MAX),
        name: spec.name.get(language).to_owned(),
        description: spec.description.get(language).to_owned(),
        use_subscription: spec.use_subscription,
        properties: spec.properties.iter().map(property).collect(),
        return_properties: spec.return_properties.iter().map(property).collect(),
    }
}

//! Whether an element keeps to the constraints of its template (BPMN contract 3.5, LN-28).
//!
//! Invariant: an expression is never wrong; its value is not known before it runs.
//! Never: reads models (that is `bpmn::lint`).

use expr::feel::{self, Feel, Names, Nothing, Options, Session};
use model::limits::Limits;
use serde_json::Value as Json;

/// What an element says where a property is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given<'a> {
    /// This text.
    Text(&'a str),
    /// Nothing.
    Missing,
    /// It is not looked at.
    Elsewhere,
}

/// A property whose value its template refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// What people see of the property.
    pub(crate) property: String,
    /// What is wrong, behind the property's name.
    pub(crate) message: String,
    /// The same in Russian.
    pub(crate) message_ru: String,
}

/// Checks what the properties that are shown hold.
pub(crate) fn check<'a>(template: &Json, given: &dyn Fn(&Json) -> Given<'a>) -> Vec<Refused> {
    let properties = template["properties"].as_array().into_iter().flatten();
    // A property under a condition is only sometimes there.
    let shown = properties.filter(|p| p.get("condition").is_none());
    shown.filter_map(|property| refused(property, given(&property["binding"]))).collect()
}

fn refused(property: &Json, given: Given) -> Option<Refused> {
    let text = match given {
        Given::Text(text) => text.trim(),
        Given::Missing => "",
        Given::Elsewhere => return None,
    };
    let (message, message_ru) = match text {
        "" => (property.pointer("/constraints/notEmpty") == Some(&Json::Bool(true)))
            .then(|| ("must be filled in".to_owned(), "нужно заполнить".to_owned())),
        _ if text.starts_with('=') || text.contains("{=") => None,
        _ => value(property, text),
    }?;
    let name = property["label"].as_str().or(property["id"].as_str()).unwrap_or_default().to_owned();
    Some(Refused { property: name, message, message_ru })
}

fn value(property: &Json, text: &str) -> Option<(String, String)> {
    let kind = property["type"].as_str().unwrap_or("String");
    if kind == "Hidden" {
        let fixed = property["value"].as_str()?;
        let (en, ru) = (format!("must be `{fixed}`"), format!("должно быть «{fixed}»"));
        return (fixed != text).then_some((en, ru));
    }
    if kind == "Dropdown" {
        let choices = property["choices"].as_array()?;
        let known: Vec<&str> = choices.iter().filter_map(|c| c["value"].as_str()).collect();
        let list = known.join(", ");
        return (!known.contains(&text))
            .then(|| (format!("must be one of {list}"), format!("должно быть одним из: {list}")));
    }
    let constraints = property.get("constraints")?;
    let length = text.chars().count() as u64;
    if let Some(least) = constraints["minLength"].as_u64().filter(|least| length < *least) {
        return Some((format!("needs at least {least} characters"), format!("нужно не меньше {least} знаков")));
    }
    if let Some(most) = constraints["maxLength"].as_u64().filter(|most| length > *most) {
        return Some((format!("may have at most {most} characters"), format!("может иметь не больше {most} знаков")));
    }
    let pattern = &constraints["pattern"];
    let regex = pattern.as_str().or(pattern["value"].as_str())?;
    let says = pattern["message"].as_str().unwrap_or("does not have the form that is asked for");
    (matches(text, regex) == Some(false)).then(|| (says.to_owned(), "имеет неверный вид".to_owned()))
}

/// Whether the text fits the pattern; none when the pattern can not be told.
fn matches(text: &str, pattern: &str) -> Option<bool> {
    let limits = Limits::default();
    let zone = jiff::tz::TimeZone::UTC;
    let env = expr::Env { scope: &Nothing, now: model::Timestamp(0), zone: &zone, limits: &limits, seed: 0 };
    let compiled = feel::compile("matches(text, pattern)", &Options::new(&limits)).ok()?;
    let mut scope = Names::over(&Nothing);
    scope.set("text", model::Value::text(text));
    scope.set("pattern", model::Value::text(pattern));
    match compiled.run(&mut Session::new(&env), &scope).ok()? {
        Feel::Data(model::Value::Bool(fits)) => Some(fits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(property: Json, given: Given) -> Option<String> {
        check(&json!({"properties": [property]}), &|_| given).pop().map(|refused| refused.message)
    }

    #[test]
    fn constraints_are_kept() {
        let required = json!({"id": "a", "constraints": {"notEmpty": true}});
        assert!(told(required.clone(), Given::Missing).is_some() && told(required.clone(), Given::Text(" ")).is_some());
        assert!(told(required.clone(), Given::Text("=x")).is_none() && told(required, Given::Elsewhere).is_none());
        let sized = json!({"id": "a", "constraints": {"minLength": 2, "maxLength": 3}});
        assert_eq!(told(sized.clone(), Given::Text("a")).unwrap(), "needs at least 2 characters");
        assert_eq!(told(sized.clone(), Given::Text("abcd")).unwrap(), "may have at most 3 characters");
        assert!(told(sized, Given::Text("abc")).is_none());
        let choice = json!({"id": "a", "type": "Dropdown", "choices": [{"value": "GET"}, {"value": "PUT"}]});
        assert_eq!(told(choice.clone(), Given::Text("POT")).unwrap(), "must be one of GET, PUT");
        assert!(told(choice, Given::Text("PUT")).is_none());
        let pattern = json!({"id": "a", "constraints": {"pattern": {"value": "^[a-z]+$", "message": "is lower case"}}});
        assert_eq!(told(pattern.clone(), Given::Text("A1")).unwrap(), "is lower case");
        assert!(told(pattern, Given::Text("abc")).is_none());
        let hidden = json!({"id": "a", "type": "Hidden", "value": "x", "condition": {"property": "b"}});
        assert!(told(hidden, Given::Text("y")).is_none());
    }
}

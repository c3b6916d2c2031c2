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
    let all: Vec<&Json> = template["properties"].as_array().into_iter().flatten().collect();
    let shown = all.iter().filter(|p| is_shown(&all, p, given, DEPTH) == Some(true));
    shown.filter_map(|property| refused(property, given(&property["binding"]))).collect()
}

/// Conditions that depend on conditions.
const DEPTH: usize = 8;

/// Whether a property is there under its conditions; none when it can not be told.
fn is_shown<'a>(all: &[&Json], property: &Json, given: &dyn Fn(&Json) -> Given<'a>, depth: usize) -> Option<bool> {
    match property.get("condition") {
        None => Some(true),
        Some(condition) => holds(all, condition, given, depth.checked_sub(1)?),
    }
}

fn holds<'a>(all: &[&Json], condition: &Json, given: &dyn Fn(&Json) -> Given<'a>, depth: usize) -> Option<bool> {
    if let Some(parts) = condition["allMatch"].as_array() {
        let depth = depth.checked_sub(1)?;
        return parts.iter().try_fold(true, |so_far, part| Some(so_far && holds(all, part, given, depth)?));
    }
    let other = all.iter().find(|p| p["id"].is_string() && p["id"] == condition["property"])?;
    let shown = is_shown(all, other, given, depth)?;
    if let Some(wanted) = condition["isActive"].as_bool() {
        return Some(shown == wanted);
    }
    let has = match given(&other["binding"]) {
        Given::Text(text) => text.trim(),
        Given::Missing => "",
        Given::Elsewhere => return None,
    };
    let is = |value: &Json| match value {
        Json::String(text) => text == has,
        Json::Bool(yes) => has == if *yes { "true" } else { "false" },
        Json::Number(number) => number.to_string() == has,
        _ => false,
    };
    let one_of = condition["oneOf"].as_array();
    Some(shown && one_of.map_or_else(|| condition.get("equals").is_some_and(is), |values| values.iter().any(is)))
}

fn refused(property: &Json, given: Given) -> Option<Refused> {
    let text = match given {
        Given::Text(text) => text.trim(),
        Given::Missing => "",
        Given::Elsewhere => return None,
    };
    let (message, message_ru) = match text {
        "" if property["optional"] == true => None,
        "" if property.pointer("/constraints/notEmpty") == Some(&Json::Bool(true)) => {
            Some(("must be filled in".to_owned(), "нужно заполнить".to_owned()))
        }
        "" if property["type"] == "Hidden" => fixed(property, text),
        "" => constraints(property, text),
        _ if is_dynamic(property, text) => None,
        _ => value(property, text),
    }?;
    let name = property["label"].as_str().or(property["id"].as_str());
    let name = name.or(property.pointer("/binding/property").and_then(Json::as_str)).unwrap_or_default().to_owned();
    Some(Refused { property: name, message, message_ru })
}

/// Whether the value is made while running.
fn is_dynamic(property: &Json, text: &str) -> bool {
    let fixed = property["type"] == "Hidden";
    !fixed && (text.starts_with('=') || text.contains("{=") || text.contains("{{"))
}

/// What a hidden property does not have.
fn fixed(property: &Json, text: &str) -> Option<(String, String)> {
    let fixed = property["value"].as_str()?;
    let (en, ru) = (format!("must be `{fixed}`"), format!("должно быть «{fixed}»"));
    (fixed != text).then_some((en, ru))
}

fn value(property: &Json, text: &str) -> Option<(String, String)> {
    match property["type"].as_str().unwrap_or("String") {
        "Hidden" => fixed(property, text),
        "Dropdown" => {
            let choices = property["choices"].as_array()?;
            let known: Vec<&str> = choices.iter().filter_map(|c| c["value"].as_str()).collect();
            let list = known.join(", ");
            (!known.contains(&text))
                .then(|| (format!("must be one of {list}"), format!("должно быть одним из: {list}")))
        }
        "Number" if text.parse::<f64>().is_err() => {
            Some(("must be a number".to_owned(), "должно быть числом".to_owned()))
        }
        "Boolean" if text != "true" && text != "false" => {
            Some(("must be true or false".to_owned(), "должно быть true или false".to_owned()))
        }
        _ => constraints(property, text),
    }
}

fn constraints(property: &Json, text: &str) -> Option<(String, String)> {
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

/// The pattern with its characters instead of their numbers (`\u00e9`), which JavaScript knows and FEEL does not.
fn spelled(pattern: &str) -> String {
    let mut parts = pattern.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match number.and_then(char::from_u32).filter(|c| !c.is_ascii()) {
            Some(letter) => {
                out.push(letter);
                out.push_str(&part[4..]);
            }
            None => {
                out.push_str("\\u");
                out.push_str(part);
            }
        }
    }
    out
}

/// Whether the text fits the pattern; none when the pattern can not be told.
fn matches(text: &str, pattern: &str) -> Option<bool> {
    let limits = Limits::default();
    let zone = jiff::tz::TimeZone::UTC;
    let env = expr::Env { scope: &Nothing, now: model::Timestamp(0), zone: &zone, limits: &limits, seed: 0 };
    let compiled = feel::compile("matches(text, pattern)", &Options::new(&limits)).ok()?;
    let mut scope = Names::over(&Nothing);
    scope.set("text", model::Value::text(text));
    scope.set("pattern", model::Value::text(spelled(pattern)));
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

    #[test]
    fn each_kind_of_property_has_its_values() {
        let of = |kind: &str| json!({"id": "a", "type": kind, "value": "x", "choices": [{"value": "x"}]});
        for (kind, good, bad) in [
            ("Hidden", &["x"][..], &["", "y", "=x"][..]),
            ("Dropdown", &["x", "", "=x", "{=Document:X}"], &["y", "X"]),
            ("Number", &["1", "-2.5", "", "= a", "{{secrets.N}}"], &["one", "1,5"]),
            ("Boolean", &["true", "false", "", "=a"], &["yes", "TRUE"]),
            ("String", &["", "y", "=("], &[]),
        ] {
            for text in good {
                assert_eq!(told(of(kind), Given::Text(text)), None, "{kind} {text}");
            }
            for text in bad {
                assert!(told(of(kind), Given::Text(text)).is_some(), "{kind} {text}");
            }
        }
        assert!(told(of("Hidden"), Given::Missing).is_some());
        let optional = json!({"id": "a", "optional": true, "constraints": {"minLength": 3, "pattern": "^a"}});
        assert_eq!(told(optional, Given::Missing), None);
        let name = json!({"id": "a", "constraints": {"pattern": {"value": "^$|^[a-z\\u0080-\\uFFFF]+$"}}});
        for (text, fits) in [("", true), ("имя", true), ("two words", false)] {
            assert_eq!(told(name.clone(), Given::Text(text)).is_none(), fits, "{text}");
        }
        assert_eq!(spelled("a\\u00e9\\u0041\\uX\\u"), "aé\\u0041\\uX\\u");
    }

    #[test]
    fn a_property_under_a_condition_is_only_sometimes_there() {
        let at = |condition: Json, mode: &'static str| {
            let properties = json!({"properties": [
                {"id": "mode", "binding": {"at": "mode"}},
                {"id": "url", "condition": condition, "constraints": {"notEmpty": true}, "binding": {"at": "url"}},
            ]});
            let given = |b: &Json| if b["at"] == "mode" { Given::Text(mode) } else { Given::Missing };
            !check(&properties, &given).is_empty()
        };
        let equals = json!({"property": "mode", "equals": "web"});
        assert!(at(equals.clone(), "web") && !at(equals.clone(), "file") && !at(equals.clone(), ""));
        let one_of = json!({"property": "mode", "oneOf": ["web", 7, true]});
        assert!(at(one_of.clone(), "7") && at(one_of.clone(), "true") && !at(one_of.clone(), "8"));
        assert!(at(json!({"allMatch": [equals, one_of]}), "web"));
        assert!(at(json!({"property": "mode", "isActive": true}), "") && !at(json!({"property": "none"}), ""));
        // One that depends on itself is never known to be there.
        assert!(!at(json!({"property": "url", "isActive": true}), ""));
    }
}

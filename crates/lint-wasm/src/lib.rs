//! The importer and its rules for the browser: the designer checks a drawing with the code that the server checks with.
//!
//! WebAssembly knows numbers and one memory, so a text is handed over in three steps: [`lint_reserve`] gives a place
//! for its bytes, [`lint_check`] reads them and says how long the answer is, [`lint_result`] says where. The
//! answer is the JSON of `POST /api/v1/diagnostics`. The element templates of apps, as `GET /api/v1/element-templates`
//! gives them, are handed over in the same way, once: [`lint_templates`] keeps them.
//!
//! Invariant: what [`check`] finds is what `formats::import` finds on the server, JavaScript's syntax aside.
//! Never: looks at what the server knows (other processes, decisions, forms, the clock).

use formats::Around;
use model::limits::Limits;
use serde_json::{Value as Json, json};
use std::cell::RefCell;

#[derive(Default)]
struct Memory {
    source: Vec<u8>,
    result: String,
    templates: Option<Vec<Json>>,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The findings about a text, as JSON: `{"diagnostics":[…],"deployable":true}`; without `templates` those of apps are
/// not known.
pub fn check(source: &str, templates: Option<&[Json]>) -> String {
    let around = Around { templates, ..Around::default() };
    let (diagnostics, deployable) = match formats::import_text(source, &around, &Limits::default()) {
        Ok(imported) => {
            let deployable = imported.deployable();
            (imported.diagnostics, deployable)
        }
        Err(refused) => (refused, false),
    };
    json!({ "diagnostics": diagnostics, "deployable": deployable }).to_string()
}

/// A place for a text of `len` bytes of UTF-8; it holds until the next call of this function.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_reserve(len: usize) -> *mut u8 {
    MEMORY.with_borrow_mut(|memory| {
        memory.source.clear();
        memory.source.resize(len, 0);
        memory.source.as_mut_ptr()
    })
}

/// Checks the text that was put there; the length of the answer in bytes.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_check() -> usize {
    MEMORY.with_borrow_mut(|memory| {
        memory.result = check(&String::from_utf8_lossy(&memory.source), memory.templates.as_deref());
        memory.result.len()
    })
}

/// Keeps the element templates, a JSON list, that were put there; how many they are.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_templates() -> usize {
    MEMORY.with_borrow_mut(|memory| {
        memory.templates = serde_json::from_slice(&memory.source).ok();
        memory.templates.as_ref().map_or(0, Vec::len)
    })
}

/// Where the answer is; it holds until the next call of any function.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_result() -> *const u8 {
    MEMORY.with_borrow(|memory| memory.result.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::element_template::{AppActivitySpec, AppProperty, for_app_activity};

    fn told(answer: &str) -> Json {
        serde_json::from_str(answer).unwrap()
    }

    #[test]
    fn an_answer_is_that_of_the_api() {
        let answer = told(&check("<definitions/>", None));
        assert_eq!(answer["deployable"], false);
        let first = &answer["diagnostics"][0];
        assert_eq!((&first["code"], &first["severity"]), (&json!("LN-01"), &json!("refused")), "{first}");
        assert!(first["messageRu"].is_string() && first["element"].is_null() && first["line"].is_number(), "{first}");
    }

    #[test]
    fn a_text_goes_in_and_out_by_memory() {
        assert!(!lint_reserve(0).is_null());
        assert_eq!(lint_check(), check("", None).len());
        assert!(!lint_result().is_null());
    }

    fn put(text: &str) {
        MEMORY.with_borrow_mut(|memory| memory.source = text.as_bytes().to_vec());
    }

    #[test]
    fn templates_of_apps_are_checked_once_they_are_known() {
        let property = AppProperty { key: "text".into(), required: true, ..AppProperty::default() };
        let spec = AppActivitySpec {
            client_id: "local.1".into(),
            code: "md5".into(),
            job_type: "rest_1".into(),
            version: 1,
            name: "MD5".into(),
            properties: vec![property],
            ..AppActivitySpec::default()
        };
        let model = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
            xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="p" isExecutable="true">
            <startEvent id="s"/><serviceTask id="t" zeebe:modelerTemplate="app.local.1.md5"><extensionElements>
            <zeebe:taskDefinition type="rest_1"/></extensionElements></serviceTask>
            <sequenceFlow id="f" sourceRef="s" targetRef="t"/></process></definitions>"#;
        let checked = || {
            put(model);
            lint_check();
            MEMORY.with_borrow(|memory| told(&memory.result))
        };
        assert_eq!(checked()["deployable"], true);
        put(&json!([for_app_activity(&spec)]).to_string());
        assert_eq!(lint_templates(), 1);
        let answer = checked();
        assert_eq!(answer["deployable"], false);
        let found = answer["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == "LN-28").unwrap();
        assert_eq!((&found["element"], &found["message"]), (&json!("t"), &json!("`text` must be filled in")));
        put("[");
        assert_eq!((lint_templates(), &checked()["deployable"]), (0, &json!(true)));
    }
}

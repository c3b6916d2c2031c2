//! The committed OpenAPI document is the code's.

use serde_json::Value;

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/openapi.json");
    let generated = api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    let hint = "run: cargo run -q -p api --example openapi > docs/api/openapi.json";
    assert!(committed == generated, "docs/api/openapi.json is out of date; {hint}");
}

#[test]
fn every_route_is_documented_and_every_operation_is_routed() {
    let document: Value = serde_json::to_value(api::openapi()).unwrap();
    let mut documented: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        documented.extend(item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let mut routed: Vec<String> = api::routes().iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed);
}

#[test]
fn every_operation_says_what_it_does_who_may_and_what_its_parameters_mean() {
    let document: Value = serde_json::to_value(api::openapi()).unwrap();
    let said = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let mut silent = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let allowed = operation["description"].as_str().is_some_and(|text| text.contains("Allowed: "));
            if !said(&operation["summary"]) || !allowed {
                silent.push(format!("{method} {path}: no summary, or not who may"));
            }
            let asked = operation["parameters"].as_array().into_iter().flatten();
            for parameter in asked.filter(|p| p["in"] == "query" && !said(&p["description"])) {
                silent.push(format!("{method} {path}: {}", parameter["name"]));
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let fields = schema["properties"].as_object().into_iter().flatten();
        // A field of another schema may be told by that.
        let plain = fields.filter(|(_, field)| !field.to_string().contains("$ref"));
        silent.extend(plain.filter(|(_, f)| !said(&f["description"])).map(|(field, _)| format!("{name}.{field}")));
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

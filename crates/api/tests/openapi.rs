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

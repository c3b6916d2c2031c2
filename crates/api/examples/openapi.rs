//! Prints the OpenAPI document: `cargo run -q -p api --example openapi > docs/api/openapi.json`.

fn main() {
    let text = api::openapi().to_pretty_json().unwrap_or_else(|e| format!("{{\"error\": \"{e}\"}}"));
    println!("{text}");
}

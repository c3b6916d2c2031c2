//! Dependencies point inward: the arrows of `ARCHITECTURE.md`, checked against the manifests.

use std::{collections::BTreeSet, process::Command};

/// Crate → workspace crates it may import, and third-party crates that nobody else may.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("expr", &["model"]),
    ("dmn", &["model", "expr"]),
    ("formats", &["model", "expr", "dmn"]),
    ("lint-wasm", &["model", "formats"]),
    ("engine", &["model", "expr"]),
    ("store", &["model"]),
    ("store-postgres", &["model", "store"]),
    ("platform", &["model", "expr", "store"]),
    ("runtime", &["model", "engine", "expr", "dmn", "formats", "platform", "store"]),
    ("api", &["model", "platform", "runtime", "store", "formats"]),
    ("bitrix", &["model", "platform", "runtime", "store", "formats"]),
    ("bench", &["model", "engine", "formats", "platform", "runtime", "store", "store-postgres"]),
    (
        "server",
        &[
            "model",
            "expr",
            "engine",
            "formats",
            "store",
            "store-postgres",
            "platform",
            "runtime",
            "api",
            "bitrix",
            "bench",
        ],
    ),
];

/// Third-party crate → the crates that may import it.
const KEPT_APART: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("tokio-postgres", &["store-postgres"]),
    ("tokio-postgres-rustls", &["store-postgres"]),
    ("axum", &["api", "bitrix", "server"]),
    ("reqwest", &["runtime", "server"]),
    ("rquickjs", &["expr"]),
    ("roxmltree", &["dmn", "formats"]),
    ("tokio", &["store", "store-postgres", "platform", "runtime", "api", "bitrix", "bench", "server"]),
    ("anyhow", &["server", "bench"]),
];

fn manifest() -> serde_json::Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .expect("cargo metadata runs");
    serde_json::from_slice(&out.stdout).expect("cargo metadata is JSON")
}

fn normal_dependencies(package: &serde_json::Value) -> BTreeSet<&str> {
    let all = package["dependencies"].as_array().expect("dependencies");
    all.iter().filter(|d| d["kind"].is_null()).filter_map(|d| d["name"].as_str()).collect()
}

#[test]
fn crates_import_only_what_lies_inward() {
    let metadata = manifest();
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name");
        let Some((_, allowed)) = ARROWS.iter().find(|(n, _)| *n == name) else {
            broken.push(format!("{name} stands in no arrow: add it to ARCHITECTURE.md and here"));
            continue;
        };
        for dependency in normal_dependencies(package) {
            if ARROWS.iter().any(|(n, _)| *n == dependency) && !allowed.contains(&dependency) {
                broken.push(format!("{name} may not import {dependency}"));
            }
            if let Some((_, owners)) = KEPT_APART.iter().find(|(n, _)| *n == dependency)
                && !owners.contains(&name)
            {
                broken.push(format!("{name} may not import {dependency}: only {owners:?} may"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

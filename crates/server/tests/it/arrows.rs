//! Dependencies point inward: the arrows of `ARCHITECTURE.md`, checked against the manifests.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// Crate → workspace crates it imports, as `ARCHITECTURE.md` draws it. `server → everything` means: whatever it needs.
fn drawn() -> BTreeMap<String, BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).expect("ARCHITECTURE.md can be read");
    let block = text.split("```").find(|block| block.contains("expr      → ")).expect("the block of arrows");
    let mut arrows = BTreeMap::from([("model".to_owned(), BTreeSet::new())]);
    for line in block.lines() {
        let line = line.split('(').next().unwrap_or_default();
        // Several arrows of a line stand apart by two spaces or more.
        let mut parts = line.split("  ").map(str::trim).filter(|part| !part.is_empty()).peekable();
        while let Some(part) = parts.next() {
            let whole = match part.contains('→') {
                true => part.to_owned(),
                false => format!("{part} {}", parts.next().unwrap_or_default()),
            };
            let (from, to) = whole.split_once('→').unwrap_or_else(|| panic!("no arrow in `{line}`"));
            let to = to.split(',').map(|name| name.trim().to_owned()).collect();
            arrows.insert(from.trim().to_owned(), to);
        }
    }
    arrows
}

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
fn crates_import_what_the_architecture_draws() {
    let (metadata, drawn) = (manifest(), drawn());
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name");
        let Some(arrows) = drawn.get(name) else {
            broken.push(format!("{name} stands in no arrow of ARCHITECTURE.md"));
            continue;
        };
        let imported = normal_dependencies(package);
        for dependency in &imported {
            if drawn.contains_key(*dependency) && !arrows.contains(*dependency) && !arrows.contains("everything") {
                broken.push(format!("{name} may not import {dependency}"));
            }
            if let Some((_, owners)) = KEPT_APART.iter().find(|(n, _)| n == dependency)
                && !owners.contains(&name)
            {
                broken.push(format!("{name} may not import {dependency}: only {owners:?} may"));
            }
        }
        let kept = |arrow: &&String| drawn.contains_key(*arrow) && !imported.contains(arrow.as_str());
        broken.extend(arrows.iter().filter(kept).map(|arrow| format!("{name} no longer imports {arrow}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_map_has_every_crate() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md"));
    let text = text.expect("ARCHITECTURE.md can be read");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `crates/")?.split('`').next());
    let told: BTreeSet<&str> = rows.collect();
    let metadata = manifest();
    let packages = metadata["packages"].as_array().expect("packages");
    assert_eq!(told, packages.iter().filter_map(|package| package["name"].as_str()).collect());
}

//! The page's shape: sizes that only shrink, no stray markers, documents that name files which exist.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;
const LINE_CHARS: usize = 120;

/// Files over a limit today: (path, file lines, longest function). The numbers may only shrink.
const ALLOWED: &[(&str, usize, usize)] = &[];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Files that git knows or would add.
fn files() -> Vec<String> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists files");
    String::from_utf8_lossy(&out.stdout).lines().filter(|f| root().join(f).is_file()).map(str::to_owned).collect()
}

fn is_test_or_table(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("_tests.rs") || path.contains("/benches/")
}

/// Lines of production code: everything before the file's test module.
fn production_lines(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.iter().position(|l| l.trim() == "#[cfg(test)]").unwrap_or(lines.len());
    lines[..end].to_vec()
}

/// Length of the longest function, by matching the indentation of `fn` with its closing brace.
fn longest_function(lines: &[&str]) -> usize {
    let mut longest = 0;
    for (i, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let starts = ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(crate) fn ", "pub(super) fn ", "const fn "]
            .iter()
            .any(|p| body.starts_with(p));
        if !starts || body.ends_with(';') || body.ends_with('}') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        if let Some(n) = lines[i..].iter().position(|l| *l == close) {
            longest = longest.max(n + 1);
        }
    }
    longest
}

#[test]
fn rust_files_and_functions_can_be_read_in_one_sitting() {
    let mut broken = Vec::new();
    for path in files().iter().filter(|p| p.ends_with(".rs") && !is_test_or_table(p)) {
        let text = fs::read_to_string(root().join(path)).expect("file can be read");
        let lines = production_lines(&text);
        let (file_max, function_max) = ALLOWED
            .iter()
            .find(|(p, ..)| p == path)
            .map_or((FILE_LINES, FUNCTION_LINES), |(_, a, b)| ((*a).max(FILE_LINES), (*b).max(FUNCTION_LINES)));
        if lines.len() > file_max {
            broken.push(format!("{path}: {} lines (at most {file_max})", lines.len()));
        }
        let longest = longest_function(&lines);
        if longest > function_max {
            broken.push(format!("{path}: a function of {longest} lines (at most {function_max})"));
        }
        for (i, line) in lines.iter().enumerate() {
            if line.chars().count() > LINE_CHARS && !line.contains("http") && !line.contains('"') {
                broken.push(format!("{path}:{}: longer than {LINE_CHARS} characters", i + 1));
            }
        }
    }
    assert!(broken.is_empty(), "{} places\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn web_files_can_be_read_in_one_sitting() {
    let long: Vec<String> = files()
        .iter()
        .filter(|p| p.starts_with("web/src") && (p.ends_with(".ts") || p.ends_with(".tsx")))
        .filter(|p| !p.contains("__generated__") && !p.contains("/i18n/") && !p.contains(".test."))
        .filter_map(|p| {
            let n = fs::read_to_string(root().join(p)).ok()?.lines().count();
            (n > FILE_LINES).then(|| format!("{p}: {n} lines (at most {FILE_LINES})"))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_markers_are_left_behind() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX:")];
    let left: Vec<String> = files()
        .iter()
        .filter(|p| [".rs", ".ts", ".tsx", ".md", ".toml"].iter().any(|e| p.ends_with(e)))
        .filter(|p| !p.ends_with("tidy.rs") && !p.contains("__generated__"))
        .filter_map(|p| {
            let text = fs::read_to_string(root().join(p)).ok()?;
            marks.iter().find(|m| text.contains(*m)).map(|m| format!("{p}: {m}"))
        })
        .collect();
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn documents_name_paths_that_exist() {
    let mut missing = Vec::new();
    for doc in files().iter().filter(|p| p.ends_with(".md")) {
        let text = fs::read_to_string(root().join(doc)).expect("document can be read");
        for name in text.split('`').skip(1).step_by(2) {
            let known = ["crates/", "web/", "docs/", "e2e/", "examples/", "bench/", "faults/", "tools/", ".ci/"];
            let path = name.trim_end_matches('/').split(['#', ':']).next().unwrap_or_default();
            let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if plain && known.iter().any(|k| name.starts_with(k)) && !root().join(path).exists() {
                missing.push(format!("{doc}: `{name}`"));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with('/') || target.starts_with("mailto:") {
                continue;
            }
            let base = root().join(doc).parent().map(Path::to_path_buf).unwrap_or_default();
            if !base.join(target).exists() {
                missing.push(format!("{doc}: link to {link}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

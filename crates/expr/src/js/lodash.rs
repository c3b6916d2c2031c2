//! The definitions of `lodash.js` that one script needs.
//!
//! Reading all of them takes longer than most scripts run. A script that writes `_.name` only gets those names and
//! what they are made of; any other use of `_` gets everything.

use std::collections::HashMap;
use std::sync::OnceLock;

const SOURCE: &str = include_str!("lodash.js");
const BEGIN: &str = "(function () {\n\"use strict\";\nconst _ = {};\n";
const END: &str = "Object.defineProperty(globalThis, \"_\", { value: _, writable: true, configurable: true });\n})()";
/// `_.chain(v).map(f).value()` and `_(v).map(f).value()`.
const END_OF_ALL: &str = r#"
const chain = (v) => {
  const out = {};
  for (const end of ["value", "valueOf", "toJSON"]) out[end] = () => v;
  for (const name of Object.keys(_)) out[name] = (...args) => chain(_[name](v, ...args));
  return out;
};
const lodash = Object.assign(function _(v) { return chain(v); }, _, { chain });
Object.defineProperty(globalThis, "_", { value: lodash, writable: true, configurable: true });
})()"#;

/// One definition.
struct Definition {
    /// `get` or `_.get`.
    name: &'static str,
    text: &'static str,
    /// Positions of the definitions it mentions.
    needs: Vec<usize>,
}

/// What to evaluate before `script`, which mentions `_`.
pub(super) fn source(script: &str) -> String {
    let all = definitions();
    let Some(mentioned) = members(script) else {
        let texts: String = all.iter().map(|d| d.text).collect();
        return format!("{BEGIN}{texts}{END_OF_ALL}");
    };
    let mut wanted = vec![false; all.len()];
    let mut open: Vec<usize> =
        (0..all.len()).filter(|i| all[*i].name.strip_prefix("_.").is_some_and(|n| mentioned.contains(&n))).collect();
    while let Some(i) = open.pop() {
        if !std::mem::replace(&mut wanted[i], true) {
            open.extend(&all[i].needs);
        }
    }
    let texts: String = all.iter().zip(wanted).filter(|(_, w)| *w).map(|(d, _)| d.text).collect();
    format!("{BEGIN}{texts}{END}")
}

/// The names behind `_.`; none when `_` is used otherwise.
fn members(script: &str) -> Option<Vec<&str>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut out = Vec::new();
    let mut before = ' ';
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        if !is_part(c) {
            before = c;
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(len);
        if word == "_" {
            let name = after.strip_prefix('.').filter(|_| before != '.')?;
            let name = &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())];
            if matches!(name, "" | "chain") {
                return None;
            }
            out.push(name);
        }
        before = word.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    Some(out)
}

fn definitions() -> &'static [Definition] {
    static ALL: OnceLock<Vec<Definition>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<Definition> = Vec::new();
        let mut starts: Vec<usize> = SOURCE.match_indices('\n').map(|(i, _)| i + 1).collect();
        starts.retain(|i| SOURCE[*i..].starts_with("const ") || SOURCE[*i..].starts_with("_."));
        for (i, start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(SOURCE.len());
            let text = &SOURCE[*start..end];
            let name = text.trim_start_matches("const ").split(' ').next().unwrap_or_default();
            all.push(Definition { name, text, needs: Vec::new() });
        }
        let by_name: HashMap<&str, usize> = all.iter().enumerate().map(|(i, d)| (d.name, i)).collect();
        for definition in &mut all {
            let words = definition.text.split(|c: char| !(c.is_alphanumeric() || "_.$".contains(c)));
            let known = words.flat_map(|word| {
                let member = by_name.get(word);
                let first = word.trim_start_matches('.').split('.').next().and_then(|w| by_name.get(w));
                member.into_iter().chain(first)
            });
            definition.needs = known.copied().collect();
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gets_what_it_mentions() {
        assert_eq!(members("_.get(a, 'b') + _.sumBy(c)"), Some(vec!["get", "sumBy"]));
        assert_eq!(members("a_.b + _a.c"), Some(vec![]));
        for all in ["_(a).map()", "_.chain(a)", "const l = _;", "_['get']", "vars._.x"] {
            assert_eq!(members(all), None, "{all}");
        }
        let some = source("_.get(a, 'b')");
        assert!(some.contains("\nconst toPath =") && some.contains("\n_.get =") && !some.contains("_.camelCase"));
        assert!(source("_.unzip(a)").contains("\n_.zip ="));
        assert!(source("_(a)").contains("_.camelCase"));
    }
}

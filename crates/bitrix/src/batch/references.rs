//! References of a batch: `$result[key][part]`, also `$total`, `$next`, `$error`, `$time` (contract 1.7).
//!
//! A value that is nothing but one reference keeps its type; inside longer text it is replaced by its text. A path
//! that can not be followed to its end gives null.

use crate::wire::{Array, Param};
use serde_json::{Map, Value as Json};

/// What commands gave so far, by command key, in order.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// Their results.
    pub result: Map<String, Json>,
    /// Their failures.
    pub error: Map<String, Json>,
    /// Their totals.
    pub total: Map<String, Json>,
    /// Their next offsets.
    pub next: Map<String, Json>,
    /// Their time blocks.
    pub time: Map<String, Json>,
}

impl Results {
    fn part(&self, name: &str) -> Option<&Map<String, Json>> {
        match name {
            "result" => Some(&self.result),
            "error" => Some(&self.error),
            "total" => Some(&self.total),
            "next" => Some(&self.next),
            "time" => Some(&self.time),
            _ => None,
        }
    }

    /// The value at the path, null when it can not be followed.
    fn follow(&self, reference: &Reference<'_>) -> Json {
        let mut steps = reference.path.iter();
        let first = steps.next().and_then(|key| self.part(reference.part)?.get(*key));
        steps.fold(first, |value, step| value.and_then(|v| step_into(v, step))).cloned().unwrap_or(Json::Null)
    }

    /// Replaces the references in all keys and values.
    pub fn resolve(&self, array: &Array) -> Array {
        array.iter().map(|(key, value)| (self.resolve_text(key), self.resolve_param(value))).collect()
    }

    fn resolve_param(&self, param: &Param) -> Param {
        match param {
            Param::Array(array) => Param::Array(self.resolve(array)),
            Param::Text(text) => match reference_at(text) {
                Some(reference) if reference.len == text.len() => Param::from_json(&self.follow(&reference)),
                _ => Param::Text(self.resolve_text(text)),
            },
            other => other.clone(),
        }
    }

    fn resolve_text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let len = match reference_at(rest) {
                Some(reference) => {
                    let value = Param::from_json(&self.follow(&reference));
                    out.push_str(&value.as_text().unwrap_or_else(|| rest[..reference.len].to_owned()));
                    reference.len
                }
                None => {
                    out.push('$');
                    1
                }
            };
            rest = &rest[len..];
        }
        out.push_str(rest);
        out
    }
}

fn step_into<'a>(value: &'a Json, step: &str) -> Option<&'a Json> {
    match value {
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        Json::Object(map) => map.get(step),
        _ => None,
    }
}

struct Reference<'a> {
    part: &'a str,
    path: Vec<&'a str>,
    len: usize,
}

/// The reference that `text` begins with.
fn reference_at(text: &str) -> Option<Reference<'_>> {
    let name = text.strip_prefix('$')?;
    let open = name.find('[')?;
    let part = ["result", "error", "total", "next", "time"].into_iter().find(|p| *p == &name[..open])?;
    let mut path = Vec::new();
    let mut rest = &name[open..];
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(close) = inner.find(']') else { break };
        path.push(&inner[..close]);
        rest = &inner[close + 1..];
    }
    (!path.is_empty()).then_some(Reference { part, path, len: text.len() - rest.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::form;
    use serde_json::json;

    fn results() -> Results {
        let map = |json: Json| json.as_object().unwrap().clone();
        Results {
            result: map(json!({"u": {"ID": "5", "L": [1, "b"], "N": 7}, "0": [{"ID": "9"}], "t": true})),
            total: map(json!({"u": 120})),
            ..Results::default()
        }
    }

    #[test]
    fn references_in_commands() {
        for (query, want) in [
            ("ID=$result[u][ID]", json!({"ID": "5"})),
            ("ID=$result[u][N]", json!({"ID": 7})),
            ("ID=$result[u][L]", json!({"ID": [1, "b"]})),
            ("ID=$result[u]", json!({"ID": {"ID": "5", "L": [1, "b"], "N": 7}})),
            ("ID=%24result%5B0%5D%5B0%5D%5BID%5D", json!({"ID": "9"})),
            ("ID=user_$result[u][ID]!", json!({"ID": "user_5!"})),
            ("ID=x$result[u][L]", json!({"ID": "x$result[u][L]"})),
            ("ID=$result[u][ID]$total[u]", json!({"ID": "5120"})),
            ("ID=$total[u]", json!({"ID": 120})),
            ("ID=$result[u][NOPE][x]", json!({"ID": null})),
            ("ID=$result[0][49][ID]", json!({"ID": null})),
            ("filter[%3EID]=$result[0][0][ID]", json!({"filter": {">ID": "9"}})),
            ("ID=a$result[gone][x]b", json!({"ID": "ab"})),
            ("ID=$5 $result $other[u]", json!({"ID": "$5 $result $other[u]"})),
            ("ID=$result[u", json!({"ID": "$result[u"})),
            ("ID=$result[t]", json!({"ID": true})),
            ("%24result%5Bu%5D%5BID%5D=1", json!({"$result": {"u": {"ID": "1"}}})),
        ] {
            let decoded = form::decode(query.as_bytes()).unwrap();
            assert_eq!(Param::Array(results().resolve(&decoded)).to_json(), want, "{query}");
        }
    }
}

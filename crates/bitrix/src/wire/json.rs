//! JSON bodies, and JSON as PHP writes it.

use super::{Array, MAX_DEPTH, MAX_KEYS, Param, TooComplex};
use serde_json::Value as Json;

/// Decodes a JSON body. A body that is no object, or broken, counts as no parameters (contract 1.2).
pub fn decode(body: &[u8]) -> Result<Array, TooComplex> {
    if depth(body) > MAX_DEPTH {
        return Err(TooComplex::Depth);
    }
    let Ok(json @ (Json::Object(_) | Json::Array(_))) = serde_json::from_slice::<Json>(body) else {
        return Ok(Array::new());
    };
    if count_keys(&json) > MAX_KEYS {
        return Err(TooComplex::Keys);
    }
    match Param::from_json(&json) {
        Param::Array(map) if json.is_object() => Ok(map),
        _ => Ok(Array::new()),
    }
}

/// The deepest nesting of brackets outside strings; looked at before parsing, so that depth is refused by name.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn count_keys(json: &Json) -> usize {
    match json {
        Json::Array(items) => items.len() + items.iter().map(count_keys).sum::<usize>(),
        Json::Object(map) => map.len() + map.values().map(count_keys).sum::<usize>(),
        _ => 0,
    }
}

/// Turns maps that PHP would write as lists into lists: the empty map, and keys `0..n-1` in order (contract 1.5).
#[must_use]
pub fn as_php(json: Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.into_iter().map(as_php).collect()),
        Json::Object(map) => {
            let is_list = map.keys().enumerate().all(|(i, k)| *k == i.to_string());
            let entries = map.into_iter().map(|(k, v)| (k, as_php(v)));
            if is_list { Json::Array(entries.map(|(_, v)| v).collect()) } else { Json::Object(entries.collect()) }
        }
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_broken_body_counts_as_empty() {
        for body in ["", "x", "5", "[1]", "null", "{\"a\":", "\"[[[\""] {
            assert!(decode(body.as_bytes()).unwrap().is_empty(), "{body}");
        }
        let order = r#"{"10":"a","2":"b","1":{"x":null}}"#;
        assert_eq!(Param::Array(decode(order.as_bytes()).unwrap()).to_json().to_string(), order);
    }

    #[test]
    fn limits() {
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(decode(deep(63).as_bytes()).is_ok());
        for n in [64, 500, 100_000] {
            assert_eq!(decode(deep(n).as_bytes()), Err(TooComplex::Depth));
        }
        let wide = json!({"a": vec![1; MAX_KEYS]}).to_string();
        assert_eq!(decode(wide.as_bytes()), Err(TooComplex::Keys));
    }

    #[test]
    fn php_writes_lists_for_integer_keys() {
        for (given, want) in [
            (json!({}), json!([])),
            (json!({"0": 1, "1": {}}), json!([1, []])),
            (json!({"1": 1, "0": 2}), json!({"1": 1, "0": 2})),
            (json!({"a": {"0": "x"}}), json!({"a": ["x"]})),
        ] {
            assert_eq!(as_php(given), want);
        }
    }
}

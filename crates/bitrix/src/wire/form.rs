//! Forms as PHP reads and writes them: `a[b][0]=x`, `a[]=x`, the last of equal keys wins.

use super::{Array, MAX_DEPTH, MAX_KEYS, Param, TooComplex};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Decodes a form or a query string.
pub fn decode(input: &[u8]) -> Result<Array, TooComplex> {
    let mut root = Array::new();
    let mut keys = 0;
    for pair in input.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        let (name, value) = match pair.iter().position(|b| *b == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        insert(&mut root, &unescape(name), Param::Text(unescape(value)), &mut keys)?;
    }
    Ok(root)
}

/// Puts `value` under a name such as `a[b][]`; `keys` counts over the whole request.
pub fn insert(root: &mut Array, name: &str, value: Param, keys: &mut usize) -> Result<(), TooComplex> {
    let name = name.trim_start();
    if name.is_empty() {
        return Ok(());
    }
    let (base, parts) = split_name(name);
    if parts.len() + 1 > MAX_DEPTH {
        return Err(TooComplex::Depth);
    }
    *keys += 1 + parts.len();
    if *keys > MAX_KEYS {
        return Err(TooComplex::Keys);
    }
    let mut map = root;
    let mut key = base.to_owned();
    for part in parts {
        let slot = map.entry(&key, || Param::Array(Array::new()));
        if !matches!(slot, Param::Array(_)) {
            *slot = Param::Array(Array::new());
        }
        let Param::Array(inner) = slot else { return Ok(()) };
        key = if part.is_empty() { inner.next_key() } else { part.to_owned() };
        map = inner;
    }
    map.set(key, value);
    Ok(())
}

/// `a[b][]` → `a`, `["b", ""]`. A bracket that is never closed belongs to the name.
fn split_name(name: &str) -> (&str, Vec<&str>) {
    let Some(open) = name.find('[').filter(|at| *at > 0) else { return (name, Vec::new()) };
    let mut parts = Vec::new();
    let mut rest = &name[open..];
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(close) = inner.find(']') else { break };
        parts.push(&inner[..close]);
        rest = &inner[close + 1..];
    }
    if parts.is_empty() { (name, parts) } else { (&name[..open], parts) }
}

fn unescape(raw: &[u8]) -> String {
    let spaced: Vec<u8> = raw.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    String::from_utf8_lossy(&percent_decode(&spaced).collect::<Vec<u8>>()).into_owned()
}

/// What `application/x-www-form-urlencoded` leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b' ');

/// Encodes in order; an empty map or list is sent as an empty text, because a form cannot express it.
pub fn encode(map: &Array) -> String {
    let mut out = String::new();
    for (key, value) in map.iter() {
        encode_into(&mut out, key, value);
    }
    out
}

fn encode_into(out: &mut String, name: &str, value: &Param) {
    match value {
        Param::Array(array) if !array.is_empty() => {
            for (key, inner) in array.iter() {
                encode_into(out, &format!("{name}[{key}]"), inner);
            }
        }
        scalar => {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(&escape(name));
            out.push('=');
            out.push_str(&escape(&scalar.as_text().unwrap_or_default()));
        }
    }
}

/// One name or value, escaped for a form or a query.
pub fn escape(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn php_arrays() {
        for (form, want) in [
            ("a=1&b=x+y%21", json!({"a": "1", "b": "x y!"})),
            ("a=x&a=y", json!({"a": "y"})),
            ("a[b][0]=x&a[b][1]=y", json!({"a": {"b": ["x", "y"]}})),
            ("a[]=x&a[]=y", json!({"a": ["x", "y"]})),
            ("a[5]=x&a[]=y", json!({"a": {"5": "x", "6": "y"}})),
            ("a[k]=x&a[]=y", json!({"a": {"k": "x", "0": "y"}})),
            ("a[][n]=1&a[][n]=2", json!({"a": [{"n": "1"}, {"n": "2"}]})),
            ("FILTER%5B%3EID%5D=5&", json!({"FILTER": {">ID": "5"}})),
            ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
            ("a[b]=2&a=1", json!({"a": "1"})),
            ("a&b=&=3&&", json!({"a": "", "b": ""})),
            ("a[b=1", json!({"a[b": "1"})),
            ("[x]=1", json!({"[x]": "1"})),
            ("a[b]c=1", json!({"a": {"b": "1"}})),
            ("a=%zz%D0%9F", json!({"a": "%zzП"})),
            ("a[]=", json!({"a": [""]})),
            ("a[01]=x", json!({"a": {"01": "x"}})),
            ("z=1&y=2&x=3", json!({"z": "1", "y": "2", "x": "3"})),
        ] {
            let got = Param::Array(decode(form.as_bytes()).unwrap());
            assert_eq!(got.to_json().to_string(), want.to_string(), "{form}");
        }
    }

    #[test]
    fn limits_of_depth_and_keys() {
        let deep = |n: usize| format!("a{}=1", "[x]".repeat(n));
        assert!(decode(deep(63).as_bytes()).is_ok());
        assert_eq!(decode(deep(64).as_bytes()), Err(TooComplex::Depth));
        let many = |n: usize| "a=1&".repeat(n);
        assert!(decode(many(MAX_KEYS).as_bytes()).is_ok());
        assert_eq!(decode(many(MAX_KEYS + 1).as_bytes()), Err(TooComplex::Keys));
        let wide: String = (0..40_000).map(|_| "a[]=1&").collect();
        assert_eq!(decode(wide.as_bytes()).unwrap().get("a").unwrap().items().len(), 40_000);
    }

    #[test]
    fn encodes_as_php_does() {
        let tree = Param::from_json(&json!({
            "code": "md5", "document_id": ["lists", "BizprocDocument", "7"], "properties": {"inputString": "a b&ё"},
            "none": [], "t": true, "n": 5
        }));
        assert_eq!(
            encode(tree.as_array().unwrap()),
            "code=md5&document_id%5B0%5D=lists&document_id%5B1%5D=BizprocDocument&document_id%5B2%5D=7&\
             properties%5BinputString%5D=a+b%26%D1%91&none=&t=1&n=5"
        );
    }

    proptest! {
        #[test]
        fn decode_never_fails_within_limits(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode(&bytes).is_ok());
        }

        #[test]
        fn what_is_encoded_decodes_to_the_same(
            map in proptest::collection::btree_map("[a-zA-Z_]{1,8}", proptest::collection::vec(".{0,12}", 1..4), 0..6)
        ) {
            let array: Array =
                map.into_iter().map(|(k, v)| (k, Param::list(v.into_iter().map(Param::Text)))).collect();
            prop_assert_eq!(decode(encode(&array).as_bytes()).unwrap(), array);
        }
    }
}

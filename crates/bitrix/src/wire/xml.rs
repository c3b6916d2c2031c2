//! Answers as XML (`.xml`): root `<response>`, children by key, numeric keys become `<item>` (contract 1.5).

use serde_json::Value as Json;

/// Writes a body.
pub fn encode(body: &Json) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut out, "response", body);
    out
}

fn element(out: &mut String, name: &str, value: &Json) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    match value {
        Json::Null => {}
        Json::Bool(b) => out.push_str(if *b { "1" } else { "0" }),
        Json::Number(n) => out.push_str(&n.to_string()),
        Json::String(s) => text(out, s),
        Json::Array(items) => items.iter().for_each(|item| element(out, "item", item)),
        Json::Object(map) => map.iter().for_each(|(key, item)| element(out, tag(key), item)),
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// The key itself when it can name an element, `item` otherwise.
fn tag(key: &str) -> &str {
    let mut chars = key.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let goes_on = chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if starts && goes_on { key } else { "item" }
}

fn text(out: &mut String, s: &str) {
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(c),
            // XML 1.0 can not hold other control characters in any form.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_elements() {
        let body = serde_json::json!({"result": ["a<b", {"ID": 5, "ok": true, "1x": null}], "total": 2});
        assert_eq!(
            encode(&body),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<response><result><item>a&lt;b</item><item><ID>5</ID><ok>1</ok>\
             <item></item></item></result><total>2</total></response>"
        );
    }
}

//! `event_token`: what an app's handler answers with (contract 3.3).
//!
//! `{workflow_id}|{activity_name}|{event_id}.{signature}`, the signature an HMAC-SHA256 under a key of this
//! installation. The token alone gives the right to answer one execution of one element; it has no clock limit.

use crate::workflow_id;
use model::InstanceId;
use platform::identity::secrets;

/// What a genuine token names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventToken {
    /// The instance.
    pub instance: InstanceId,
    /// Id of the element.
    pub element_id: String,
    /// The execution of the element.
    pub event_id: String,
}

impl EventToken {
    /// The signed token.
    pub fn sign(&self, key: &[u8]) -> String {
        let facts = format!("{}|{}|{}", workflow_id::encode(self.instance), self.element_id, self.event_id);
        let signature = secrets::hmac_hex(key, facts.as_bytes());
        format!("{facts}.{signature}")
    }

    /// Reads a token; `None` when it is malformed or its signature is wrong.
    pub fn verify(text: &str, key: &[u8]) -> Option<Self> {
        let (facts, signature) = text.rsplit_once('.')?;
        let expected = secrets::hmac_hex(key, facts.as_bytes());
        if !secrets::same(expected.as_bytes(), signature.as_bytes()) {
            return None;
        }
        let (workflow, rest) = facts.split_once('|')?;
        let (element, event) = rest.rsplit_once('|')?;
        let instance = workflow_id::decode(workflow)?;
        Some(Self { instance, element_id: element.to_owned(), event_id: event.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_genuine_tokens_are_read() {
        let key = [7; 32];
        let token = EventToken {
            instance: InstanceId(99),
            element_id: "Task.1|odd".into(),
            event_id: "abcDEF0123456789abcDEF0123456789".into(),
        };
        let text = token.sign(&key);
        assert!(text.len() < 255);
        assert_eq!(EventToken::verify(&text, &key), Some(token));
        assert_eq!(EventToken::verify(&text, &[8; 32]), None);
        assert_eq!(EventToken::verify(&text.replace("Task", "Tusk"), &key), None);
        for bad in ["", ".", "a|b|c.d", &text[..text.len() - 1], &format!("{text}0")] {
            assert_eq!(EventToken::verify(bad, &key), None, "{bad}");
        }
    }
}

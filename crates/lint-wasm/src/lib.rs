//! The importer and its rules for the browser: the designer checks a drawing with the code that the server checks with.
//!
//! WebAssembly knows numbers and one memory, so a text is handed over in three steps: [`lint_reserve`] gives a place
//! for its bytes, [`lint_check`] reads them and says how long the answer is, [`lint_result`] says where. The
//! answer is the JSON of `POST /api/v1/diagnostics`.
//!
//! Invariant: what [`check`] finds is what `formats::import` finds on the server, JavaScript's syntax aside.
//! Never: looks at what the server knows (other processes, decisions, forms, the clock).

use model::limits::Limits;
use serde_json::json;
use std::cell::RefCell;

#[derive(Default)]
struct Memory {
    source: Vec<u8>,
    result: String,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The findings about a text, as JSON: `{"diagnostics":[…],"deployable":true}`.
pub fn check(source: &str) -> String {
    let (diagnostics, deployable) = match formats::import_text(source, &Limits::default()) {
        Ok(imported) => {
            let deployable = imported.deployable();
            (imported.diagnostics, deployable)
        }
        Err(refused) => (refused, false),
    };
    json!({ "diagnostics": diagnostics, "deployable": deployable }).to_string()
}

/// A place for a text of `len` bytes of UTF-8; it holds until the next call of this function.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_reserve(len: usize) -> *mut u8 {
    MEMORY.with_borrow_mut(|memory| {
        memory.source.clear();
        memory.source.resize(len, 0);
        memory.source.as_mut_ptr()
    })
}

/// Checks the text that was put there; the length of the answer in bytes.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_check() -> usize {
    MEMORY.with_borrow_mut(|memory| {
        memory.result = check(&String::from_utf8_lossy(&memory.source));
        memory.result.len()
    })
}

/// Where the answer is; it holds until the next call of any function.
#[allow(unsafe_code, reason = "only the name of the function is given out as it is")]
#[unsafe(no_mangle)]
pub extern "C" fn lint_result() -> *const u8 {
    MEMORY.with_borrow(|memory| memory.result.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_that_of_the_api() {
        let answer = check("<definitions/>");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["deployable"], false);
        let first = &answer["diagnostics"][0];
        assert_eq!((&first["code"], &first["severity"]), (&json!("LN-01"), &json!("refused")), "{first}");
        assert!(first["messageRu"].is_string() && first["element"].is_null() && first["line"].is_number(), "{first}");
    }

    #[test]
    fn a_text_goes_in_and_out_by_memory() {
        assert!(!lint_reserve(0).is_null());
        assert_eq!(lint_check(), check("").len());
        assert!(!lint_result().is_null());
    }
}

//! `batch`: up to fifty commands in one request, in order, with references to earlier results (contract 1.7).

mod references;

use crate::call::{self, Caller};
use crate::state::BitrixState;
use crate::wire::{Answer, Array, Param, Params, WireError, form};
use references::Results;
use serde_json::{Map, Value as Json, json};

/// Commands that run; each one past them gets an error of its own.
const MAX_COMMANDS: usize = 50;

/// Runs a batch.
pub async fn run(state: &BitrixState, caller: &Caller, map: Array) -> Result<Answer, WireError> {
    let params = Params { map, fold_case: true };
    let commands = params.array("cmd").filter(|cmd| !cmd.is_empty()).ok_or_else(|| WireError::argument("cmd"))?;
    let halt = params.flag("halt");
    let mut results = Results::default();
    let texts = commands.iter().filter_map(|(key, value)| match value {
        Param::Text(text) => Some((key, text)),
        _ => None,
    });
    for (position, (key, text)) in texts.enumerate() {
        let outcome = if position < MAX_COMMANDS {
            command(state, caller, text, &results).await
        } else {
            Err(WireError::batch_length())
        };
        let failed = outcome.is_err();
        note(&mut results, key, outcome);
        if failed && halt {
            break;
        }
    }
    Ok(Answer::from(json!({
        "result": shape(results.result),
        "result_error": shape(results.error),
        "result_total": shape(results.total),
        "result_next": shape(results.next),
        "result_time": shape(results.time),
    })))
}

fn shape(map: Map<String, Json>) -> Json {
    Json::Object(map)
}

async fn command(
    state: &BitrixState,
    caller: &Caller,
    text: &str,
    results: &Results,
) -> Result<(Answer, Json), WireError> {
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    let name = name.trim().trim_matches('/');
    if name.eq_ignore_ascii_case("batch") {
        return Err(WireError::not_in_batch());
    }
    let decoded = form::decode(query.as_bytes()).map_err(WireError::too_complex)?;
    let mut map = results.resolve(&decoded);
    call::strip_transport(&mut map);
    call::run(state, caller, name, map).await
}

fn note(results: &mut Results, key: &str, outcome: Result<(Answer, Json), WireError>) {
    match outcome {
        Ok((answer, time)) => {
            // References see what clients see: lists where the wire has lists.
            results.result.insert(key.to_owned(), crate::wire::json::as_php(answer.result));
            if let Some(total) = answer.total {
                results.total.insert(key.to_owned(), total.into());
            }
            if let Some(next) = answer.next {
                results.next.insert(key.to_owned(), next.into());
            }
            results.time.insert(key.to_owned(), time);
        }
        Err(error) => {
            results.error.insert(key.to_owned(), error.to_json());
        }
    }
}

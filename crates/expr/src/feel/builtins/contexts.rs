//! Contexts, null and marks.

use super::super::machine::{Machine, expected};
use super::super::operators::{Outcome, null};
use super::super::value::{Feel, NULL};
use super::{Builtin, arg, given, list, text};
use std::sync::Arc;

pub(super) fn all() -> Vec<Builtin> {
    const PUT: &[&[&str]] = &[&["context", "key", "value"], &["context", "keys", "value"]];
    vec![
        Builtin::new("get value", &[&["context", "key"], &["context", "keys"], &["m", "key"]], get_value).quick(),
        Builtin::new("get entries", &[&["context"], &["m"]], get_entries),
        Builtin::new("context put", PUT, put),
        Builtin::new("put", PUT, put),
        Builtin::new("context merge", &[&["contexts"]], merge),
        Builtin::new("put all", &[&["contexts…"]], merge),
        Builtin::new("context", &[&["entries"]], from_entries),
        Builtin::new("not", &[&["negand"]], |_, a| match a[0].as_bool() {
            Some(b) => Ok(Feel::from(!b)),
            None => expected("a boolean", a.first()),
        }),
        Builtin::new("is defined", &[&["value"]], |_, a| Ok(Feel::from(!a[0].is_null()))).expecting_null().quick(),
        Builtin::new("get or else", &[&["value", "default"]], |_, a| {
            Ok(if a[0].is_null() { arg(a, 1) } else { arg(a, 0) })
        })
        .expecting_null()
        .quick(),
        Builtin::new("assert", &[&["value", "condition", "cause?"]], |_, a| {
            if a[1].is_true() {
                return Ok(arg(a, 0));
            }
            let cause = if given(a, 2) { text(a, 2)?.to_string() } else { "the condition is not met".to_owned() };
            Err(super::super::operators::Stop::Error(crate::EvalError::Failed { message: cause }))
        }),
        Builtin::new("fromAi", &[&["value", "description?", "type?", "schema?", "options?"]], |_, a| Ok(arg(a, 0))),
        Builtin::new("bpmnError", &[&["code", "message?", "variables?"]], |_, a| {
            Ok(error("bpmnError", &["code", "message", "variables"], a))
        })
        .expecting_null()
        .quick(),
        Builtin::new("jobError", &[&["message", "variables?", "retries?", "retryBackoff?"]], |_, a| {
            Ok(error("jobError", &["message", "variables", "retries", "retryBackoff"], a))
        })
        .expecting_null()
        .quick(),
    ]
}

/// What an error expression of a job gives: which kind of error, and what was said of it.
fn error(kind: &str, names: &[&str], args: &[Feel]) -> Feel {
    let given = names.iter().zip(args).map(|(name, value)| (Arc::from(*name), value.clone()));
    let kind = (Arc::from("errorType"), Feel::from(kind.to_owned()));
    Feel::context(std::iter::once(kind).chain(given).collect())
}

fn context(args: &[Feel], i: usize) -> Outcome<Vec<(Arc<str>, Feel)>> {
    match args.get(i).and_then(Feel::entries) {
        Some(entries) => Ok(entries),
        None => expected("a context", args.get(i)),
    }
}

fn get_value(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    if !args.first().is_some_and(Feel::is_context) {
        return expected("a context", args.first());
    }
    let Some(keys) = args.get(1).filter(|k| k.is_list()) else {
        return Ok(args[0].entry(&text(args, 1)?).unwrap_or(NULL));
    };
    let mut here = Some(arg(args, 0));
    let mut any = false;
    for key in keys.items().into_iter().flatten() {
        any = true;
        let Some(key) = key.as_text() else { return expected("a list of strings", Some(&key)) };
        here = here.and_then(|c| c.entry(key));
    }
    Ok(here.filter(|_| any).unwrap_or(NULL))
}

fn get_entries(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let entries = context(args, 0)?;
    machine.burn(entries.len() as u64)?;
    let pair = |(k, v): (Arc<str>, Feel)| {
        Feel::context(vec![(Arc::from("key"), Feel::Data(model::Value::String(k))), (Arc::from("value"), v)])
    };
    Ok(Feel::list(entries.into_iter().map(pair).collect::<Vec<_>>()))
}

fn put(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    if !args[1].is_list() {
        let key = text(args, 1)?;
        return put_path(machine, &arg(args, 0), &[key], &arg(args, 2));
    }
    let keys: Option<Vec<Arc<str>>> = list(args, 1)?.iter().map(|k| k.as_text().cloned()).collect();
    let Some(keys) = keys else { return null("the keys must be strings") };
    if keys.is_empty() {
        return null("there are no keys");
    }
    if keys.len() as u64 > u64::from(machine.max_value_depth()) {
        return Err(super::super::operators::Stop::Error(crate::EvalError::Depth));
    }
    put_path(machine, &arg(args, 0), &keys, &arg(args, 2))
}

fn put_path(machine: &mut Machine, base: &Feel, keys: &[Arc<str>], value: &Feel) -> Outcome<Feel> {
    let [key, rest @ ..] = keys else { return Ok(value.clone()) };
    let mut entries = context(std::slice::from_ref(base), 0)?;
    machine.burn(entries.len() as u64)?;
    let inner = match rest {
        [] => value.clone(),
        _ => {
            let below = base.entry(key).filter(|b| !b.is_null()).unwrap_or_else(|| Feel::context(Vec::new()));
            put_path(machine, &below, rest, value)?
        }
    };
    match entries.iter_mut().find(|(k, _)| k == key) {
        Some(entry) => entry.1 = inner,
        None => entries.push((key.clone(), inner)),
    }
    Ok(Feel::context(entries))
}

fn merge(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut out: Vec<(Arc<str>, Feel)> = Vec::new();
    for context in super::list_or_all(args)? {
        let Some(entries) = context.entries() else { return expected("a list of contexts", Some(&context)) };
        machine.burn(entries.len() as u64)?;
        out.extend(entries);
    }
    Ok(Feel::context(out))
}

fn from_entries(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut out: Vec<(Arc<str>, Feel)> = Vec::new();
    for entry in list(args, 0)? {
        machine.burn(1 + out.len() as u64 / 8)?;
        let (Some(key), Some(value)) = (entry.entry("key"), entry.entry("value")) else {
            return null("each entry needs `key` and `value`");
        };
        let Some(key) = key.as_text() else { return expected("a string as `key`", Some(&key)) };
        if out.iter().any(|(k, _)| k == key) {
            return null(format!("the key `{key}` appears twice"));
        }
        out.push((key.clone(), value));
    }
    Ok(Feel::context(out))
}

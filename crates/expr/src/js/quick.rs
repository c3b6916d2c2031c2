//! Expressions that only compute, kept compiled in one context of their thread.
//!
//! Invariant: gives a value only where a fresh context would give the same; in every other case (a missing variable, an
//! exception, a limit) it gives nothing, and the caller runs the script the slow way.

use super::Script;
use super::sandbox::{Engine, engine, keep, options};
use super::words::HARMLESS_GLOBALS;
use crate::env::Env;
use model::{Number, Value};
use rquickjs::{Context, Ctx, Function, Object, Persistent};
use std::collections::HashMap;
use std::sync::Arc;

/// Expressions kept on one thread; when there are more, all are forgotten.
const EXPRESSIONS: usize = 512;
/// Interrupt ticks of one run.
const TICKS: u32 = 4;

/// The context and what is compiled in it. Fields are dropped in this order.
pub(super) struct Kept {
    /// By the script's id; `None` for those that need a fresh context.
    functions: HashMap<u64, Option<Persistent<Function<'static>>>>,
    context: Context,
}

/// The value of an expression with these variables.
pub(super) fn run(script: &Script, free: &[Arc<str>], env: &Env) -> Option<Value> {
    let mut values = Vec::with_capacity(free.len());
    for name in free {
        values.push(env.scope.variable(name)?);
    }
    let mut engine = engine(env.limits).ok()?;
    let mut ticks = 0;
    engine.runtime.set_interrupt_handler(Some(Box::new(move || {
        ticks += 1;
        ticks > TICKS
    })));
    if engine.kept.as_ref().is_none_or(|k| k.functions.len() >= EXPRESSIONS) {
        engine.kept = None;
        engine.kept = Some(Kept { functions: HashMap::new(), context: Context::full(&engine.runtime).ok()? });
    }
    let result = evaluate(&mut engine, script, free, &values, env.limits.instance_bytes);
    // After anything else than a value nothing is known of the context.
    match result {
        Some(value) => {
            keep(engine);
            value
        }
        None => {
            drop(engine);
            None
        }
    }
}

/// `None`: the engine is not to be used again; `Some(None)`: it is, but this script needs a fresh context.
fn evaluate(
    engine: &mut Engine,
    script: &Script,
    free: &[Arc<str>],
    values: &[Value],
    max_result: usize,
) -> Option<Option<Value>> {
    let Kept { functions, context } = engine.kept.as_mut()?;
    context.with(|ctx| {
        let function = match functions.get(&script.id) {
            Some(known) => known.clone(),
            None => {
                let made = compile(&ctx, script, free).map(|f| Persistent::save(&ctx, f));
                functions.insert(script.id, made.clone());
                made
            }
        };
        let Some(function) = function else { return Some(None) };
        let function = function.restore(&ctx).ok()?;
        let mut args = rquickjs::function::Args::new(ctx.clone(), values.len());
        for value in values {
            args.push_arg(given(&ctx, value)?).ok()?;
        }
        let result: rquickjs::Value = function.call_arg(args).ok()?;
        result_of(&ctx, result, max_result).map(Some)
    })
}

/// The expression as a function of its variables; none when one of them is a global, which comes before variables.
fn compile<'js>(ctx: &Ctx<'js>, script: &Script, free: &[Arc<str>]) -> Option<Function<'js>> {
    let globals = ctx.globals();
    let prototype: Object = globals.get_prototype()?;
    let is_global =
        |name: &str| globals.contains_key(name).unwrap_or(true) || prototype.contains_key(name).unwrap_or(true);
    if free.iter().any(|n| HARMLESS_GLOBALS.contains(&&**n) || is_global(n)) {
        return None;
    }
    let body = script.wrapped.strip_prefix(super::EXPRESSION.0)?;
    let source = format!("(function({}){{return ({body}", free.join(","));
    ctx.eval_with_options(source, options()).ok()
}

fn given<'js>(ctx: &Ctx<'js>, value: &Value) -> Option<rquickjs::Value<'js>> {
    Some(match value {
        Value::Null => rquickjs::Value::new_null(ctx.clone()),
        Value::Bool(b) => rquickjs::Value::new_bool(ctx.clone(), *b),
        Value::String(s) => rquickjs::String::from_str(ctx.clone(), s).ok()?.into_value(),
        Value::Number(n) => match n.to_i64().and_then(|n| i32::try_from(n).ok()) {
            Some(n) => rquickjs::Value::new_int(ctx.clone(), n),
            None => ctx.json_parse(value.to_json().to_string()).ok()?,
        },
        other => ctx.json_parse(other.to_json().to_string()).ok()?,
    })
}

fn result_of<'js>(ctx: &Ctx<'js>, result: rquickjs::Value<'js>, max_result: usize) -> Option<Value> {
    if let Some(b) = result.as_bool() {
        return Some(Value::Bool(b));
    }
    if let Some(n) = result.as_int() {
        return Some(Value::Number(Number::from(i64::from(n))));
    }
    let Some(json) = ctx.json_stringify(result).ok()? else { return Some(Value::Null) };
    let json = json.to_string().ok()?;
    if json.len() > max_result {
        return None;
    }
    serde_json::from_str(&json).ok().map(|json| Value::from_json(&json))
}

//! Text. Positions count characters from 1; negative ones from the end.

use super::super::machine::Machine;
use super::super::operators::{Outcome, Stop, null};
use super::super::patterns::{Groups, Pattern};
use super::super::value::Feel;
use super::{Builtin, given, int, integer, list, text};
use model::Value;
use std::sync::Arc;

/// Steps for a pattern that can not be compiled.
const PATTERN_REFUSED: u64 = 2_000;

pub(super) fn all() -> Vec<Builtin> {
    vec![
        Builtin::new("substring", &[&["string", "start position", "length?"]], substring),
        Builtin::new("string length", &[&["string"]], |_, a| Ok(int(text(a, 0)?.chars().count()))),
        Builtin::new("upper case", &[&["string"]], |m, a| {
            let s = text(a, 0)?;
            m.grow(s.len())?;
            Ok(Feel::from(s.to_uppercase()))
        }),
        Builtin::new("lower case", &[&["string"]], |m, a| {
            let s = text(a, 0)?;
            m.grow(s.len())?;
            Ok(Feel::from(s.to_lowercase()))
        }),
        Builtin::new("trim", &[&["string"]], |_, a| Ok(Feel::from(text(a, 0)?.trim().to_owned()))),
        Builtin::new("substring before", &[&["string", "match"]], |_, a| {
            let (s, m) = (text(a, 0)?, text(a, 1)?);
            Ok(Feel::from(s.split_once(&*m).map_or("", |(before, _)| before).to_owned()))
        }),
        Builtin::new("substring after", &[&["string", "match"]], |_, a| {
            let (s, m) = (text(a, 0)?, text(a, 1)?);
            Ok(Feel::from(s.split_once(&*m).map_or("", |(_, after)| after).to_owned()))
        }),
        Builtin::new("contains", &[&["string", "match"]], |m, a| {
            let (s, part) = (text(a, 0)?, text(a, 1)?);
            m.grow(s.len())?;
            Ok(Feel::from(s.contains(&*part)))
        }),
        Builtin::new("starts with", &[&["string", "match"]], |_, a| Ok(text(a, 0)?.starts_with(&*text(a, 1)?).into())),
        Builtin::new("ends with", &[&["string", "match"]], |_, a| Ok(text(a, 0)?.ends_with(&*text(a, 1)?).into())),
        Builtin::new("matches", &[&["input", "pattern", "flags?"]], matches),
        Builtin::new("replace", &[&["input", "pattern", "replacement", "flags?"]], replace),
        Builtin::new("split", &[&["string", "delimiter"]], split),
        Builtin::new("extract", &[&["string", "pattern"]], extract),
        Builtin::new("string join", &[&["list", "delimiter?"], &["list", "delimiter", "prefix", "suffix"]], join),
        Builtin::new("is blank", &[&["string"]], |_, a| Ok(text(a, 0)?.trim().is_empty().into())),
        Builtin::new("to base64", &[&["value"], &["string"]], |m, a| {
            let s = text(a, 0)?;
            m.grow(s.len() / 3 * 4 + 4)?;
            Ok(Feel::from(base64(s.as_bytes())))
        }),
        Builtin::new("uuid", &[&[]], |m, _| Ok(Feel::from(uuid(m.kept.random(), m.kept.random())))).varying(),
        Builtin::new("string format", &[&["template", "values"]], format_text),
    ]
}

fn substring(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let (s, start) = (text(args, 0)?, integer(args, 1)?);
    let chars = i64::try_from(s.chars().count()).unwrap_or(i64::MAX);
    if start == 0 || start.unsigned_abs() > chars.unsigned_abs() {
        return null(format!("the text of {chars} characters has no position {start}"));
    }
    let skip = if start > 0 { start - 1 } else { chars + start };
    let length = if given(args, 2) { integer(args, 2)? } else { chars };
    if length < 1 {
        return null("the length must be at least 1");
    }
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Feel::from(s.chars().skip(skip).take(length).collect::<String>()))
}

fn pattern(machine: &mut Machine, args: &[Feel], flags: usize) -> Outcome<Pattern> {
    let flags = if given(args, flags) { text(args, flags)? } else { Arc::from("") };
    match Pattern::new(&text(args, 1)?, &flags) {
        Ok(pattern) => {
            machine.burn(pattern.size() as u64 / 8)?;
            Ok(pattern)
        }
        Err(why) => {
            // It may have grown far before it was refused.
            machine.burn(PATTERN_REFUSED)?;
            null(why)
        }
    }
}

fn characters(machine: &mut Machine, args: &[Feel]) -> Outcome<Vec<char>> {
    let s = text(args, 0)?;
    machine.grow(s.len())?;
    Ok(s.chars().collect())
}

/// All matches that do not overlap.
fn all_matches(machine: &mut Machine, pattern: &Pattern, chars: &[char]) -> Outcome<Vec<Groups>> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(groups) = pattern.find(chars, from, &mut |steps| machine.burn(steps))? {
        let Some(Some((start, end))) = groups.first().copied() else { break };
        from = if end == start { end + 1 } else { end };
        out.push(groups);
        if from > chars.len() {
            break;
        }
    }
    Ok(out)
}

fn matches(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let pattern = pattern(machine, args, 2)?;
    let chars = characters(machine, args)?;
    let found = pattern.find(&chars, 0, &mut |steps| machine.burn(steps))?;
    Ok(Feel::from(found.is_some()))
}

fn replace(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let compiled = pattern(machine, args, 3)?;
    let replacement: Vec<char> = text(args, 2)?.chars().collect();
    let literal = given(args, 3) && text(args, 3)?.contains('q');
    let chars = characters(machine, args)?;
    let found = all_matches(machine, &compiled, &chars)?;
    let mut out = String::new();
    let mut from = 0;
    for groups in &found {
        let Some(Some((start, end))) = groups.first().copied() else { continue };
        out.extend(&chars[from..start]);
        if literal {
            out.extend(&replacement);
        } else {
            substitute(&replacement, groups, &chars, &mut out);
        }
        from = end;
        machine.burn(1 + replacement.len() as u64 / 64)?;
        if out.len() > machine.value_limit() {
            return Err(Stop::Error(crate::EvalError::Size));
        }
    }
    out.extend(&chars[from..]);
    machine.grow(out.len())?;
    Ok(Feel::from(out))
}

/// Appends a replacement in which `$1` stands for a group.
fn substitute(replacement: &[char], groups: &Groups, chars: &[char], out: &mut String) {
    let mut i = 0;
    while let Some(c) = replacement.get(i) {
        i += 1;
        let next = replacement.get(i).copied();
        match (c, next) {
            ('\\', Some(escaped)) => {
                out.push(escaped);
                i += 1;
            }
            ('$', Some(digit)) if digit.is_ascii_digit() => {
                i += 1;
                let mut group = digit.to_digit(10).unwrap_or(0) as usize;
                // `$12` is group 12 only when there is one.
                if let Some(second) = replacement.get(i).and_then(|c| c.to_digit(10)) {
                    let both = group * 10 + second as usize;
                    if both < groups.len() {
                        group = both;
                        i += 1;
                    }
                }
                if let Some(Some((a, b))) = groups.get(group) {
                    out.extend(&chars[*a..*b]);
                }
            }
            _ => out.push(*c),
        }
    }
}

fn split(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let compiled = pattern(machine, args, 2)?;
    let chars = characters(machine, args)?;
    let mut parts = Vec::new();
    let mut from = 0;
    for groups in all_matches(machine, &compiled, &chars)? {
        let Some(Some((start, end))) = groups.first().copied() else { continue };
        if end == start && (start == 0 || start == chars.len()) {
            continue;
        }
        parts.push(Feel::from(chars[from..start].iter().collect::<String>()));
        from = end;
    }
    parts.push(Feel::from(chars[from..].iter().collect::<String>()));
    machine.burn(parts.len() as u64)?;
    Ok(Feel::list(parts))
}

fn extract(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let compiled = pattern(machine, args, 2)?;
    let chars = characters(machine, args)?;
    let found = all_matches(machine, &compiled, &chars)?;
    machine.burn(found.len() as u64)?;
    let texts = found.iter().filter_map(|g| g.first().copied().flatten());
    Ok(Feel::list(texts.map(|(a, b)| Feel::from(chars[a..b].iter().collect::<String>())).collect::<Vec<_>>()))
}

fn join(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let items = list(args, 0)?;
    let part = |i: usize| if given(args, i) { text(args, i) } else { Ok(Arc::from("")) };
    let (delimiter, prefix, suffix) = (part(1)?, part(2)?, part(3)?);
    let mut out = String::from(&*prefix);
    let mut first = true;
    for item in &items {
        machine.burn(1)?;
        if item.is_null() {
            continue;
        }
        let Some(piece) = item.as_text() else {
            return null(format!("the list holds a {}, only strings can be joined", item.type_name()));
        };
        if !first {
            out.push_str(&delimiter);
        }
        first = false;
        out.push_str(piece);
        if out.len() > machine.value_limit() {
            return Err(Stop::Error(crate::EvalError::Size));
        }
    }
    out.push_str(&suffix);
    machine.grow(out.len())?;
    Ok(Feel::from(out))
}

/// `{{name}}` or `{name}` in a template replaced by entries of a context.
fn format_text(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let template = text(args, 0)?;
    let Some(values) = args.get(1).filter(|v| v.entries().is_some()) else {
        return super::expected("a context", args.get(1));
    };
    let mut out = String::new();
    let mut rest: &str = &template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let double = rest[open..].starts_with("{{");
        let (skip, close) = if double { (2, "}}") } else { (1, "}") };
        let inner = &rest[open + skip..];
        let Some(end) = inner.find(close) else {
            out.push_str(&rest[open..]);
            rest = "";
            break;
        };
        let name = inner[..end].trim();
        match values.entry(name) {
            Some(value) => out.push_str(&machine.text_of(&value)?),
            None => out.push_str(&rest[open..open + skip + end + close.len()]),
        }
        if out.len() > machine.value_limit() {
            return Err(Stop::Error(crate::EvalError::Size));
        }
        rest = &inner[end + close.len()..];
    }
    out.push_str(rest);
    machine.grow(out.len())?;
    Ok(Feel::Data(Value::String(Arc::from(out))))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(LETTERS[(word >> (18 - 6 * i) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// A UUID of version 4.
fn uuid(high: u64, low: u64) -> String {
    let high = high & !0xF000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let (a, b, c) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF);
    format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xFFFF_FFFF_FFFF)
}

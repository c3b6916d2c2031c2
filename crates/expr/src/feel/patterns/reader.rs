//! Text of a pattern to its program.
//!
//! Invariant: the program's size and the nesting are bounded; an alternative or repetition is laid out as splits.

use super::{Class, KindOfChar, Step};

/// A compiled pattern has at most so many instructions.
const MAX_PROGRAM: usize = 20_000;
/// A pattern nests at most so deep.
const MAX_DEPTH: u32 = 50;

/// Compiles one pattern.
pub(super) struct Reader {
    chars: Vec<char>,
    at: usize,
    pub(super) program: Vec<Step>,
    pub(super) groups: usize,
    pub(super) registers: usize,
    depth: u32,
    dot_all: bool,
    lines: bool,
}

type Read<T> = Result<T, String>;

impl Reader {
    pub(super) fn new(pattern: &str, dot_all: bool, lines: bool, extended: bool) -> Self {
        // XPath's flag `x` drops blanks before anything is read; those in a class stay.
        let chars = if extended { without_blanks(pattern) } else { pattern.chars().collect() };
        Self { chars, at: 0, program: Vec::new(), groups: 1, registers: 0, depth: 0, dot_all, lines }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn emit(&mut self, step: Step) -> Read<usize> {
        if self.program.len() >= MAX_PROGRAM {
            return Err("the pattern is too large".to_owned());
        }
        self.program.push(step);
        Ok(self.program.len() - 1)
    }

    fn insert_split(&mut self, at: usize) -> Read<()> {
        if self.program.len() >= MAX_PROGRAM {
            return Err("the pattern is too large".to_owned());
        }
        self.program.insert(at, Step::Split(at + 1, 0));
        for step in &mut self.program[at + 1..] {
            shift(step, at, 1);
        }
        Ok(())
    }

    pub(super) fn alternatives(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the pattern is nested too deeply".to_owned());
        }
        let mut ends = Vec::new();
        loop {
            let start = self.program.len();
            self.sequence()?;
            if !self.take('|') {
                break;
            }
            self.insert_split(start)?;
            ends.push(self.emit(Step::Jump(0))?);
            let next = self.program.len();
            self.program[start] = Step::Split(start + 1, next);
        }
        let end = self.program.len();
        for jump in ends {
            self.program[jump] = Step::Jump(end);
        }
        self.depth -= 1;
        Ok(())
    }

    fn sequence(&mut self) -> Read<()> {
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let start = self.program.len();
            self.atom()?;
            self.quantifier(start)?;
        }
        Ok(())
    }

    fn atom(&mut self) -> Read<()> {
        let c = self.peek().unwrap_or('\0');
        self.at += 1;
        let step = match c {
            '.' => Step::Any { newline: self.dot_all },
            '^' => Step::Start { lines: self.lines },
            '$' => Step::End { lines: self.lines },
            '[' => Step::Class(self.class()?),
            '(' => return self.group(),
            '\\' => self.escape()?,
            '*' | '+' | '?' => return Err(format!("nothing to repeat before `{c}`")),
            _ => Step::Char(c),
        };
        self.emit(step).map(|_| ())
    }

    fn group(&mut self) -> Read<()> {
        let capture = if self.take('?') {
            if !self.take(':') {
                return Err("groups beginning with `(?` other than `(?:` are not available".to_owned());
            }
            None
        } else {
            self.groups += 1;
            Some(self.groups - 1)
        };
        if let Some(group) = capture {
            self.emit(Step::Save(group * 2))?;
        }
        self.alternatives()?;
        if !self.take(')') {
            return Err("the pattern has a `(` too many".to_owned());
        }
        if let Some(group) = capture {
            self.emit(Step::Save(group * 2 + 1))?;
        }
        Ok(())
    }

    fn escape(&mut self) -> Read<Step> {
        let Some(c) = self.peek() else { return Err("the pattern ends with a backslash".to_owned()) };
        self.at += 1;
        if let Some(digit) = c.to_digit(10).filter(|d| *d > 0) {
            let group = digit as usize;
            return if group < self.groups { Ok(Step::BackReference(group)) } else { Err(format!("no group {group}")) };
        }
        if c == 'b' || c == 'B' {
            return Ok(Step::WordEdge { is: c == 'b' });
        }
        if let Some(kind) = self.kind_of(c)? {
            return Ok(Step::Class(Class { kinds: vec![kind], ..Class::default() }));
        }
        Ok(Step::Char(plain_escape(c)))
    }

    fn kind_of(&mut self, c: char) -> Read<Option<(KindOfChar, bool)>> {
        let kind = match c.to_ascii_lowercase() {
            'd' => KindOfChar::Digit,
            'w' => KindOfChar::Word,
            's' => KindOfChar::Space,
            'i' => KindOfChar::NameStart,
            'c' => KindOfChar::NameChar,
            'p' => {
                if !self.take('{') {
                    return Err("a property is written `\\p{L}`".to_owned());
                }
                let end = self.chars[self.at..].iter().position(|c| *c == '}').ok_or("a property has no `}`")?;
                let name: String = self.chars[self.at..self.at + end].iter().collect();
                self.at += end + 1;
                KindOfChar::of_property(&name).ok_or_else(|| format!("no property `{name}` of characters"))?
            }
            _ => return Ok(None),
        };
        Ok(Some((kind, c.is_lowercase())))
    }

    fn class(&mut self) -> Read<Class> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the pattern is nested too deeply".to_owned());
        }
        let mut class = Class { negated: self.take('^'), ..Class::default() };
        let mut first = true;
        loop {
            let Some(c) = self.peek() else { return Err("a `[` of the pattern has no `]`".to_owned()) };
            self.at += 1;
            match c {
                ']' if !first => break,
                '-' if self.peek() == Some('[') => {
                    self.at += 1;
                    class.minus = Some(Box::new(self.class()?));
                    if !self.take(']') {
                        return Err("a subtracted class ends the class".to_owned());
                    }
                    break;
                }
                _ => self.class_item(c, &mut class)?,
            }
            first = false;
        }
        self.depth -= 1;
        Ok(class)
    }

    fn class_item(&mut self, c: char, class: &mut Class) -> Read<()> {
        let from = match self.class_char(c, class)? {
            Some(from) => from,
            None => return Ok(()),
        };
        let ranges = self.peek() == Some('-') && !matches!(self.chars.get(self.at + 1), None | Some(']' | '['));
        if !ranges {
            class.ranges.push((from, from));
            return Ok(());
        }
        self.at += 1;
        let next = self.peek().unwrap_or(']');
        self.at += 1;
        let Some(to) = self.class_char(next, class)? else { return Err("a range of characters has no end".to_owned()) };
        if to < from {
            return Err(format!("the range `{from}-{to}` is backwards"));
        }
        class.ranges.push((from, to));
        Ok(())
    }

    /// A character of a class, or `None` when it was a kind, which is added.
    fn class_char(&mut self, c: char, class: &mut Class) -> Read<Option<char>> {
        if c != '\\' {
            return Ok(Some(c));
        }
        let Some(escaped) = self.peek() else { return Err("the pattern ends with a backslash".to_owned()) };
        self.at += 1;
        if escaped.is_ascii_digit() {
            return Err("a group can not be repeated inside of a class".to_owned());
        }
        if let Some(kind) = self.kind_of(escaped)? {
            class.kinds.push(kind);
            return Ok(None);
        }
        Ok(Some(plain_escape(escaped)))
    }

    fn quantifier(&mut self, start: usize) -> Read<()> {
        let (min, max) = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                (usize::from(c == '+'), if c == '?' { Some(1) } else { None })
            }
            Some('{') => match self.counts()? {
                Some(counts) => counts,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let lazy = self.take('?');
        let body: Vec<Step> = self.program.drain(start..).collect();
        for _ in 0..min {
            self.append(&body, start)?;
        }
        match max {
            None => self.repeat_forever(&body, start, lazy),
            Some(max) => self.repeat_up_to(&body, start, (max - min, lazy)),
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`; anything else in braces is plain text.
    fn counts(&mut self) -> Read<Option<(usize, Option<usize>)>> {
        let Some(len) = self.chars[self.at..].iter().position(|c| *c == '}') else { return Ok(None) };
        let inner: String = self.chars[self.at + 1..self.at + len].iter().collect();
        let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
        let Ok(min) = low.trim().parse::<usize>() else { return Err("a count in braces is no number".to_owned()) };
        let max = if high.trim().is_empty() { None } else { high.trim().parse::<usize>().ok() };
        if min > 1000 || max.is_some_and(|m| m > 1000 || m < min) {
            return Err("a count in braces is out of range".to_owned());
        }
        self.at += len + 1;
        Ok(Some((min, max)))
    }

    /// Appends a copy of `body`, which was compiled at `origin`.
    fn append(&mut self, body: &[Step], origin: usize) -> Read<()> {
        let moved = self.program.len() as isize - origin as isize;
        for step in body {
            let mut step = step.clone();
            shift_by(&mut step, moved);
            self.emit(step)?;
        }
        Ok(())
    }

    fn repeat_forever(&mut self, body: &[Step], origin: usize, lazy: bool) -> Read<()> {
        let register = self.registers;
        self.registers += 1;
        let split = self.emit(Step::Jump(0))?;
        self.emit(Step::Mark(register))?;
        self.append(body, origin)?;
        self.emit(Step::Progress(register))?;
        self.emit(Step::Jump(split))?;
        let end = self.program.len();
        self.program[split] = if lazy { Step::Split(end, split + 1) } else { Step::Split(split + 1, end) };
        Ok(())
    }

    fn repeat_up_to(&mut self, body: &[Step], origin: usize, (times, lazy): (usize, bool)) -> Read<()> {
        let mut splits = Vec::new();
        for _ in 0..times {
            splits.push(self.emit(Step::Jump(0))?);
            self.append(body, origin)?;
        }
        let end = self.program.len();
        for split in splits {
            self.program[split] = if lazy { Step::Split(end, split + 1) } else { Step::Split(split + 1, end) };
        }
        Ok(())
    }
}

/// Moves jumps behind `from` by `by` because a step was inserted there.
fn shift(step: &mut Step, from: usize, by: usize) {
    let moved = |to: &mut usize| {
        if *to >= from {
            *to += by;
        }
    };
    match step {
        Step::Split(a, b) => {
            moved(a);
            moved(b);
        }
        Step::Jump(to) => moved(to),
        _ => {}
    }
}

/// Moves all jumps, because the steps were copied elsewhere.
fn shift_by(step: &mut Step, by: isize) {
    match step {
        Step::Split(a, b) => (*a, *b) = (a.wrapping_add_signed(by), b.wrapping_add_signed(by)),
        Step::Jump(to) => *to = to.wrapping_add_signed(by),
        _ => {}
    }
}

fn without_blanks(pattern: &str) -> Vec<char> {
    let (mut open, mut escaped) = (0usize, false);
    let keep = |c: &char| {
        let keep = open > 0 || !c.is_whitespace();
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => open += 1,
            ']' => open = open.saturating_sub(1),
            _ => {}
        }
        keep
    };
    pattern.chars().filter(keep).collect()
}

fn plain_escape(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        other => other,
    }
}

//! Regular expressions for `matches`, `replace`, `split` and `extract`: the common part of XPath's and Java's.
//!
//! A small backtracking machine of our own, because its steps must count as fuel and a pattern comes from the user:
//! a library would either refuse back-references or run without our limit.
//! Invariant: matching never recurses; every step is paid for.

mod reader;

use crate::env::EvalError;
use reader::Reader;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    program: Vec<Step>,
    groups: usize,
    registers: usize,
    ignore_case: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Char(char),
    Any {
        newline: bool,
    },
    Class(Class),
    Start {
        lines: bool,
    },
    End {
        lines: bool,
    },
    WordEdge {
        is: bool,
    },
    Save(usize),
    /// Try the first, then the second.
    Split(usize, usize),
    Jump(usize),
    BackReference(usize),
    /// Remember the position in a register.
    Mark(usize),
    /// Fail when nothing was read since the mark: ends empty loops.
    Progress(usize),
    Match,
}

#[derive(Debug, Clone, Default)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
    kinds: Vec<(KindOfChar, bool)>,
    minus: Option<Box<Class>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum KindOfChar {
    Digit,
    Word,
    Space,
    Letter,
    Upper,
    Lower,
    Number,
    Punctuation,
    NameStart,
    NameChar,
    BasicLatin,
}

/// Where the groups lie, in characters; `[0]` is the whole match.
pub(super) type Groups = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// Compiles a pattern with flags `s`, `m`, `i`, `x`, `q`.
    pub(super) fn new(pattern: &str, flags: &str) -> Result<Self, String> {
        if let Some(bad) = flags.chars().find(|c| !"smixq".contains(*c)) {
            return Err(format!("unknown flag `{bad}` of a pattern"));
        }
        let has = |c| flags.contains(c);
        let mut reader = Reader::new(pattern, has('s'), has('m'), has('x'));
        reader.emit(Step::Save(0))?;
        if has('q') {
            for c in pattern.chars() {
                reader.emit(Step::Char(c))?;
            }
        } else {
            reader.alternatives()?;
            if !reader.is_at_end() {
                return Err("the pattern has a `)` too many".to_owned());
            }
        }
        reader.emit(Step::Save(1))?;
        reader.emit(Step::Match)?;
        Ok(Self { program: reader.program, groups: reader.groups, registers: reader.registers, ignore_case: has('i') })
    }

    /// How many instructions it has.
    pub(super) fn size(&self) -> usize {
        self.program.len()
    }

    /// The first match at or after `from`. `pay` is called with the steps taken.
    pub(super) fn find(
        &self,
        text: &[char],
        from: usize,
        pay: &mut dyn FnMut(u64) -> Result<(), EvalError>,
    ) -> Result<Option<Groups>, EvalError> {
        for start in from..=text.len() {
            if let Some(groups) = self.match_at(text, start, pay)? {
                return Ok(Some(groups));
            }
        }
        Ok(None)
    }

    fn match_at(
        &self,
        text: &[char],
        start: usize,
        pay: &mut dyn FnMut(u64) -> Result<(), EvalError>,
    ) -> Result<Option<Groups>, EvalError> {
        let mut saves: Vec<Option<usize>> = vec![None; self.groups * 2];
        let mut marks: Vec<Option<usize>> = vec![None; self.registers];
        let mut back: Vec<Undo> = Vec::new();
        let (mut pc, mut at) = (0, start);
        loop {
            pay(1)?;
            let went_on = match &self.program[pc] {
                Step::Match => {
                    let pairs = saves.chunks(2).map(|pair| Some((pair[0]?, pair[1]?)));
                    return Ok(Some(pairs.collect()));
                }
                Step::Save(slot) => {
                    back.push(Undo::Save(*slot, saves[*slot]));
                    saves[*slot] = Some(at);
                    true
                }
                Step::Mark(register) => {
                    back.push(Undo::Mark(*register, marks[*register]));
                    marks[*register] = Some(at);
                    true
                }
                Step::Progress(register) => marks[*register] != Some(at),
                Step::Split(first, second) => {
                    back.push(Undo::Branch(*second, at));
                    pc = *first;
                    continue;
                }
                Step::Jump(to) => {
                    pc = *to;
                    continue;
                }
                Step::BackReference(group) => match saves[group * 2].zip(saves[group * 2 + 1]) {
                    None => true,
                    Some((a, b)) => {
                        let len = b - a;
                        pay(len as u64)?;
                        let same =
                            at + len <= text.len() && (0..len).all(|i| self.same_char(text[a + i], text[at + i]));
                        if same {
                            at += len;
                        }
                        same
                    }
                },
                single => match self.step_one(single, text, at) {
                    Some(read) => {
                        at += read;
                        true
                    }
                    None => false,
                },
            };
            if went_on {
                pc += 1;
                continue;
            }
            match turn_back(&mut back, &mut saves, &mut marks) {
                None => return Ok(None),
                Some(branch) => (pc, at) = branch,
            }
        }
    }

    /// How many characters a single step reads; `None` when it does not match.
    fn step_one(&self, step: &Step, text: &[char], at: usize) -> Option<usize> {
        let here = text.get(at).copied();
        let holds = |yes: bool, read: usize| if yes { Some(read) } else { None };
        match step {
            Step::Char(c) => holds(here.is_some_and(|h| self.same_char(*c, h)), 1),
            Step::Any { newline } => holds(here.is_some_and(|h| *newline || !matches!(h, '\n' | '\r')), 1),
            Step::Class(class) => holds(here.is_some_and(|h| self.class_holds(class, h)), 1),
            Step::Start { lines } => holds(at == 0 || (*lines && text[at - 1] == '\n'), 0),
            Step::End { lines } => holds(at == text.len() || (*lines && here == Some('\n')), 0),
            Step::WordEdge { is } => {
                let word = |c: Option<&char>| c.is_some_and(|c| KindOfChar::Word.holds(*c));
                let before = at.checked_sub(1).and_then(|i| text.get(i));
                holds((word(before) != word(text.get(at))) == *is, 0)
            }
            _ => None,
        }
    }

    fn same_char(&self, a: char, b: char) -> bool {
        a == b || (self.ignore_case && a.to_lowercase().eq(b.to_lowercase()))
    }

    fn class_holds(&self, class: &Class, c: char) -> bool {
        let other = if !self.ignore_case {
            None
        } else if c.is_uppercase() {
            c.to_lowercase().next()
        } else {
            c.to_uppercase().next()
        };
        class.holds(c, other)
    }
}

enum Undo {
    Save(usize, Option<usize>),
    Mark(usize, Option<usize>),
    Branch(usize, usize),
}

/// Undoes steps up to the last choice; gives where its other way begins.
fn turn_back(back: &mut Vec<Undo>, saves: &mut [Option<usize>], marks: &mut [Option<usize>]) -> Option<(usize, usize)> {
    loop {
        match back.pop()? {
            Undo::Save(slot, old) => saves[slot] = old,
            Undo::Mark(register, old) => marks[register] = old,
            Undo::Branch(to, position) => return Some((to, position)),
        }
    }
}

impl Class {
    /// Whether the character belongs to it, or (when case does not matter) its `other` case does.
    fn holds(&self, c: char, other: Option<char>) -> bool {
        let listed = |c: char| {
            self.ranges.iter().any(|(a, b)| (*a..=*b).contains(&c))
                || self.kinds.iter().any(|(kind, is)| kind.holds(c) == *is)
        };
        let inside = listed(c) || other.is_some_and(listed);
        inside != self.negated && !self.minus.as_ref().is_some_and(|m| m.holds(c, other))
    }
}

impl KindOfChar {
    fn holds(self, c: char) -> bool {
        match self {
            Self::Digit => c.is_ascii_digit(),
            Self::Word => c.is_alphanumeric() || c == '_',
            Self::Space => c.is_whitespace(),
            Self::Letter => c.is_alphabetic(),
            Self::Upper => c.is_uppercase(),
            Self::Lower => c.is_lowercase(),
            Self::Number => c.is_numeric(),
            Self::Punctuation => {
                c.is_ascii_punctuation() || ('\u{2010}'..='\u{2027}').contains(&c) || "«»¿¡".contains(c)
            }
            Self::NameStart => c.is_alphabetic() || c == '_' || c == ':',
            Self::BasicLatin => c.is_ascii(),
            Self::NameChar => c.is_alphanumeric() || "_:-.".contains(c),
        }
    }

    fn of_property(name: &str) -> Option<Self> {
        Some(match name {
            "L" | "Alpha" | "IsAlphabetic" => Self::Letter,
            "Lu" | "Upper" => Self::Upper,
            "Ll" | "Lower" => Self::Lower,
            "N" => Self::Number,
            "Nd" | "Digit" => Self::Digit,
            "P" | "Punct" => Self::Punctuation,
            "Z" | "Zs" | "Space" => Self::Space,
            "Alnum" => Self::Word,
            "IsBasicLatin" | "ASCII" => Self::BasicLatin,
            _ => return None,
        })
    }
}

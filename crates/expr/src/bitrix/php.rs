//! PHP's ways that templates rely on: letters of date formats, of intervals, numbers in front of a text.

use super::dates::Moment;
use crate::english;
use jiff::civil::{Date, DateTime};
use model::Number;
use model::value::Zone;
use std::fmt::Write;

/// Names of days and months.
pub(super) struct Words {
    days: [&'static str; 7],
    days_short: [&'static str; 7],
    months: [&'static str; 12],
    months_alone: [&'static str; 12],
    months_short: [&'static str; 12],
}

/// English, as PHP's `date` writes.
pub(super) const ENGLISH: Words = Words {
    days: english::DAYS,
    days_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: english::MONTHS,
    months_alone: english::MONTHS,
    months_short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
};

/// Russian; `F` is the form after a day ("5 января"), `f` the name alone.
pub(super) const RUSSIAN: Words = Words {
    days: ["Понедельник", "Вторник", "Среда", "Четверг", "Пятница", "Суббота", "Воскресенье"],
    days_short: ["Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"],
    months: [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    months_alone: [
        "Январь",
        "Февраль",
        "Март",
        "Апрель",
        "Май",
        "Июнь",
        "Июль",
        "Август",
        "Сентябрь",
        "Октябрь",
        "Ноябрь",
        "Декабрь",
    ],
    months_short: ["янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"],
};

/// `date(format)`.
pub(super) fn format(format: &str, moment: &Moment, words: &Words) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            out.extend(chars.next());
            continue;
        }
        if !date_letter(c, moment.local.date(), words, &mut out) && !clock_letter(c, moment, words, &mut out) {
            out.push(c);
        }
    }
    out
}

fn date_letter(c: char, date: Date, words: &Words, out: &mut String) -> bool {
    let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs()) % 7;
    let month = usize::from(date.month().unsigned_abs() - 1) % 12;
    let iso = date.iso_week_date();
    let _ = match c {
        'd' => write!(out, "{:02}", date.day()),
        'D' => write!(out, "{}", words.days_short[weekday]),
        'j' => write!(out, "{}", date.day()),
        'l' => write!(out, "{}", words.days[weekday]),
        'N' => write!(out, "{}", weekday + 1),
        'S' => write!(out, "{}", ordinal(date.day())),
        'w' => write!(out, "{}", (weekday + 1) % 7),
        'z' => write!(out, "{}", date.day_of_year() - 1),
        'W' => write!(out, "{:02}", iso.week()),
        'F' => write!(out, "{}", words.months[month]),
        'f' => write!(out, "{}", words.months_alone[month]),
        'm' => write!(out, "{:02}", date.month()),
        'M' => write!(out, "{}", words.months_short[month]),
        'n' => write!(out, "{}", date.month()),
        't' => write!(out, "{}", date.days_in_month()),
        'L' => write!(out, "{}", u8::from(date.in_leap_year())),
        'o' => write!(out, "{}", iso.year()),
        'Y' => write!(out, "{:04}", date.year()),
        'y' => write!(out, "{:02}", date.year().rem_euclid(100)),
        _ => return false,
    };
    true
}

fn clock_letter(c: char, moment: &Moment, words: &Words, out: &mut String) -> bool {
    let time = moment.local.time();
    let twelve = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
    let afternoon = time.hour() >= 12;
    let _ = match c {
        'a' => write!(out, "{}", if afternoon { "pm" } else { "am" }),
        'A' => write!(out, "{}", if afternoon { "PM" } else { "AM" }),
        'g' => write!(out, "{twelve}"),
        'h' => write!(out, "{twelve:02}"),
        'G' => write!(out, "{}", time.hour()),
        'H' => write!(out, "{:02}", time.hour()),
        'i' => write!(out, "{:02}", time.minute()),
        's' => write!(out, "{:02}", time.second()),
        'u' => write!(out, "{:06}", time.subsec_nanosecond() / 1000),
        'v' => write!(out, "{:03}", time.subsec_nanosecond() / 1_000_000),
        'e' | 'T' => match &moment.zone {
            Zone::Named(name) => write!(out, "{name}"),
            Zone::Offset(0) => write!(out, "UTC"),
            Zone::Offset(_) => write!(out, "{}", offset(moment, ":")),
        },
        'O' => write!(out, "{}", offset(moment, "")),
        'P' => write!(out, "{}", offset(moment, ":")),
        'p' if moment.offset() == 0 => write!(out, "Z"),
        'p' => write!(out, "{}", offset(moment, ":")),
        'Z' => write!(out, "{}", moment.offset()),
        'U' => write!(out, "{}", moment.at.as_second()),
        'c' => write!(out, "{}", format("Y-m-d\\TH:i:sP", moment, words)),
        'r' => write!(out, "{}", format("D, d M Y H:i:s O", moment, &ENGLISH)),
        _ => return false,
    };
    true
}

fn offset(moment: &Moment, colon: &str) -> String {
    let seconds = moment.offset();
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}{colon}{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

fn ordinal(day: i8) -> &'static str {
    match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    }
}

/// `DateInterval::format` for what lies between two local readings.
pub(super) fn interval(format: &str, from: DateTime, to: DateTime) -> String {
    let inverted = to < from;
    let (early, late) = if inverted { (to, from) } else { (from, to) };
    let total_days = late.date().duration_since(early.date()).as_hours() / 24 - i64::from(late.time() < early.time());
    let (months, rest) = months_and_rest(early, late);
    let seconds = rest % 86_400;
    let parts = [months / 12, months % 12, rest / 86_400, seconds / 3600, seconds / 60 % 60, seconds % 60];
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(letter) = chars.next() else {
            out.push('%');
            break;
        };
        let index = "ymdhis".find(letter.to_ascii_lowercase());
        let _ = match (letter, index) {
            ('%', _) => write!(out, "%"),
            ('a', _) => write!(out, "{total_days}"),
            ('R', _) => write!(out, "{}", if inverted { '-' } else { '+' }),
            ('r', _) => write!(out, "{}", if inverted { "-" } else { "" }),
            ('f' | 'F', _) => write!(out, "0"),
            (upper, Some(i)) if upper.is_ascii_uppercase() => write!(out, "{:02}", parts[i]),
            (_, Some(i)) => write!(out, "{}", parts[i]),
            (other, None) => write!(out, "%{other}"),
        };
    }
    out
}

/// Whole months between, and the seconds that remain.
fn months_and_rest(early: DateTime, late: DateTime) -> (i64, i64) {
    let mut months =
        (i64::from(late.year()) - i64::from(early.year())) * 12 + i64::from(late.month()) - i64::from(early.month());
    loop {
        let span = jiff::Span::new().try_months(months);
        let reached = span.ok().and_then(|s| early.checked_add(s).ok());
        match reached {
            Some(reached) if reached <= late => return (months, late.duration_since(reached).as_secs()),
            _ if months > 0 => months -= 1,
            _ => return (0, late.duration_since(early).as_secs()),
        }
    }
}

/// The number that a text begins with; 0 when it begins with none.
pub(super) fn leading_number(text: &str) -> Number {
    let text = text.trim_start();
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut end = digits(sign);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) && end > sign {
        let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(from);
        end = if exponent > from { exponent } else { end };
    }
    text[..end].trim_end_matches('.').parse().unwrap_or(Number::ZERO)
}

/// `urlencode`.
pub(super) fn urlencode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

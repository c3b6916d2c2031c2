//! Numbers as text: reading, printing, and with it their stored form.
//!
//! Invariant: what is printed reads back as the same number.

use super::{Exact, Number, NumberParseError, TOP, wide::Wide};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

impl FromStr for Number {
    type Err = NumberParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 400 {
            return Err(NumberParseError);
        }
        let (mantissa, power) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().map_err(|_| NumberParseError)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.as_bytes().first() {
            Some(b'-') => (true, &mantissa[1..]),
            Some(b'+') => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || whole.len() + fraction.len() == 0 {
            return Err(NumberParseError);
        }
        let mut coefficient = 0u128;
        let (mut dropped, mut more) = (0i32, false);
        for digit in whole.bytes().chain(fraction.bytes()).map(|b| u128::from(b - b'0')) {
            // Two digits more than are kept decide the rounding together with whether anything follows.
            if coefficient < TOP * 100 {
                coefficient = coefficient * 10 + digit;
            } else {
                dropped += 1;
                more |= digit != 0;
            }
        }
        let fraction_len = i32::try_from(fraction.len()).map_err(|_| NumberParseError)?;
        let exponent = power.saturating_sub(fraction_len).saturating_add(dropped).clamp(-1_000_000, 1_000_000);
        Exact { negative, wide: Wide::new(coefficient), exponent, more }.round().ok_or(NumberParseError)
    }
}
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = self.coefficient().to_string();
        let exponent = self.exponent();
        if !(-40..=40).contains(&exponent) {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return write!(f, "{sign}{first}{point}{rest}e{}", self.magnitude());
        }
        if exponent >= 0 {
            return write!(f, "{sign}{digits}{}", "0".repeat(usize::try_from(exponent).unwrap_or(0)));
        }
        let places = usize::try_from(-exponent).unwrap_or(0);
        match digits.len().checked_sub(places) {
            Some(at) if at > 0 => write!(f, "{sign}{}.{}", &digits[..at], &digits[at..]),
            _ => write!(f, "{sign}0.{}{digits}", "0".repeat(places - digits.len())),
        }
    }
}
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

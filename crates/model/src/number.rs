//! Decimal numbers of 34 significant digits (BPMN VA-1, DMN decimal128).

use fastnum::{D128, decimal::Context};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{cmp::Ordering, fmt, hash::Hash, str::FromStr};

const DIGITS: i32 = 34;

fn context() -> Context {
    Context::default().without_traps()
}

/// A finite decimal number. Every operation gives at most 34 significant digits, rounded half to even;
/// what has no finite result (division by zero, overflow) gives `None`.
#[derive(Debug, Clone, Copy)]
pub struct Number(D128);

/// The text is no decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct NumberParseError;

/// What becomes of the digits that are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a half to the even neighbour.
    HalfEven,
    /// To the nearest; a half away from zero.
    HalfUp,
    /// To the nearest; a half towards zero.
    HalfDown,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards minus infinity.
    Floor,
    /// Towards plus infinity.
    Ceiling,
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self(D128::ZERO);

    fn finite(d: D128) -> Option<Self> {
        if d.is_nan() || d.is_infinite() {
            return None;
        }
        let d = d.with_ctx(context());
        let over = d.digits_count() as i32 - DIGITS;
        let d = if over > 0 { d.round((i32::from(d.fractional_digits_count()) - over) as i16) } else { d };
        Some(Self(d.reduce()))
    }

    /// The sum.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::finite(self.0 + other.0)
    }
    /// The difference.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::finite(self.0 - other.0)
    }
    /// The product.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Self::finite(self.0 * other.0)
    }
    /// The quotient; `None` for a division by zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if other.0.is_zero() { None } else { Self::finite(self.0 / other.0) }
    }
    /// The remainder with the sign of the dividend; `None` for a division by zero.
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        if other.0.is_zero() { None } else { Self::finite(self.0 % other.0) }
    }
    /// The power.
    pub fn checked_pow(self, exponent: Self) -> Option<Self> {
        match exponent.to_i64().and_then(|n| i32::try_from(n).ok()) {
            Some(n) => Self::finite(self.0.powi(n)),
            None => Self::finite(self.0.pow(exponent.0)),
        }
    }
    /// The negation.
    #[must_use]
    pub fn negate(self) -> Self {
        Self(-self.0)
    }
    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        if self < Self::ZERO { self.negate() } else { self }
    }
    /// With at most `scale` digits after the point; a negative `scale` rounds before it.
    pub fn rounded(self, scale: i32, rounding: Rounding) -> Option<Self> {
        let own = i32::from(self.0.fractional_digits_count());
        if scale >= own {
            return Some(self);
        }
        let scale16 = i16::try_from(scale).ok()?;
        if own - scale > 2 * DIGITS {
            // So far below the place that only its sign matters.
            return Self::ZERO.stepped(self, scale, Self::direction(self, rounding, true, Ordering::Less));
        }
        let cut = Self::finite(self.0.trunc_with_scale(scale16))?;
        let rest = self.checked_sub(cut)?;
        if rest == Self::ZERO {
            return Some(cut);
        }
        let unit = Self::unit(scale)?;
        let half = rest.abs().checked_mul(Self::from(2))?.cmp(&unit);
        let even = cut.checked_div(unit)?.checked_rem(Self::from(2))? == Self::ZERO;
        cut.stepped(self, scale, Self::direction(self, rounding, even, half))
    }
    /// Whether the dropped digits carry one step away from zero.
    fn direction(original: Self, rounding: Rounding, even: bool, half: Ordering) -> bool {
        let negative = original < Self::ZERO;
        match rounding {
            Rounding::HalfEven => half == Ordering::Greater || (half == Ordering::Equal && !even),
            Rounding::HalfUp => half != Ordering::Less,
            Rounding::HalfDown => half == Ordering::Greater,
            Rounding::Up => original != Self::ZERO,
            Rounding::Down => false,
            Rounding::Floor => negative,
            Rounding::Ceiling => !negative && original != Self::ZERO,
        }
    }
    fn stepped(self, original: Self, scale: i32, carry: bool) -> Option<Self> {
        if !carry {
            return Some(self);
        }
        let unit = Self::unit(scale)?;
        if original < Self::ZERO { self.checked_sub(unit) } else { self.checked_add(unit) }
    }
    /// Ten to the power of minus `scale`.
    fn unit(scale: i32) -> Option<Self> {
        format!("1e{}", -i64::from(scale)).parse().ok()
    }
    /// The nearest integer (a half to the even one), when it fits.
    pub fn rounded_to_i64(self) -> Option<i64> {
        self.rounded(0, Rounding::HalfEven)?.to_i64()
    }
    /// The remainder with the sign of the divisor (DMN `modulo`); `None` for a division by zero.
    pub fn checked_modulo(self, divisor: Self) -> Option<Self> {
        let rest = self.checked_rem(divisor)?;
        let other_side = (rest < Self::ZERO) != (divisor < Self::ZERO);
        if rest != Self::ZERO && other_side { rest.checked_add(divisor) } else { Some(rest) }
    }
    /// The square root; `None` below zero.
    pub fn checked_sqrt(self) -> Option<Self> {
        if self < Self::ZERO { None } else { Self::finite(self.0.sqrt()) }
    }
    /// The natural logarithm; `None` for zero and below.
    pub fn checked_ln(self) -> Option<Self> {
        if self <= Self::ZERO { None } else { Self::finite(self.0.ln()) }
    }
    /// e to this power; `None` when the result is not finite.
    pub fn checked_exp(self) -> Option<Self> {
        if self.abs() > Self::from(10_000) { None } else { Self::finite(self.0.exp()) }
    }
    /// The underlying decimal, for functions that are not here.
    pub fn decimal(self) -> D128 {
        self.0
    }
    /// From a decimal; `None` when it is not finite.
    pub fn from_decimal(d: D128) -> Option<Self> {
        Self::finite(d)
    }
    /// Whether there is no fraction.
    pub fn is_integer(self) -> bool {
        self.0.is_integral()
    }
    /// The integer, when there is no fraction and it fits.
    pub fn to_i64(self) -> Option<i64> {
        if self.0.is_integral() { self.0.to_i64().ok() } else { None }
    }
    /// The nearest binary number.
    pub fn to_f64(self) -> f64 {
        self.0.to_f64()
    }
    /// From a binary number by its shortest decimal form; `None` when it is not finite.
    pub fn from_f64(f: f64) -> Option<Self> {
        if f.is_finite() { f.to_string().parse().ok() } else { None }
    }
    /// From a JSON number, rounded to 34 digits.
    pub fn from_json(n: &serde_json::Number) -> Self {
        n.as_i64().map(Self::from).or_else(|| n.to_string().parse().ok()).unwrap_or(Self::ZERO)
    }
    /// A JSON number: an integer when it is one and fits 64 bits, else the nearest binary number.
    pub fn to_json(self) -> serde_json::Value {
        match self.to_i64() {
            Some(i) => i.into(),
            None => serde_json::Number::from_f64(self.to_f64()).map_or(serde_json::Value::Null, Into::into),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(D128::from_i64(value).with_ctx(context()))
    }
}
impl FromStr for Number {
    type Err = NumberParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.len() <= 400 && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        if !plain || !text.bytes().any(|b| b.is_ascii_digit()) {
            return Err(NumberParseError);
        }
        let d = D128::from_str(text, context()).map_err(|_| NumberParseError)?;
        Self::finite(d).ok_or(NumberParseError)
    }
}
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.0.fractional_digits_count();
        if (-40..=40).contains(&scale) {
            if scale <= 0 { write!(f, "{:.0}", self.0) } else { write!(f, "{:.*}", scale as usize, self.0) }
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq(&other.0)
    }
}
impl Eq for Number {}
impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        Ord::cmp(&self.0, &other.0)
    }
}
impl Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn prints_plainly() {
        for (text, shown) in
            [("1.50", "1.5"), ("100", "100"), ("-0.001", "-0.001"), ("1e3", "1000"), ("0", "0"), ("1200.00", "1200")]
        {
            assert_eq!(n(text).to_string(), shown);
        }
    }

    #[test]
    fn rounds_by_every_rule() {
        use Rounding::{Ceiling, Down, Floor, HalfDown, HalfEven, HalfUp, Up};
        for (text, scale, rounding, shown) in [
            ("2.5", 0, HalfEven, "2"),
            ("3.5", 0, HalfEven, "4"),
            ("2.5", 0, HalfUp, "3"),
            ("-2.5", 0, HalfUp, "-3"),
            ("2.5", 0, HalfDown, "2"),
            ("2.51", 0, HalfDown, "3"),
            ("1.001", 1, Up, "1.1"),
            ("-1.001", 1, Up, "-1.1"),
            ("1.09", 1, Down, "1"),
            ("-1.5", 0, Floor, "-2"),
            ("-1.5", 0, Ceiling, "-1"),
            ("1.01", 0, Ceiling, "2"),
            ("1250", -2, HalfEven, "1200"),
            ("1350", -2, HalfEven, "1400"),
            ("0.0000001", 2, Up, "0.01"),
            ("1e-200", 2, Up, "0.01"),
            ("1e-200", 2, HalfUp, "0"),
            ("5", -1, HalfUp, "10"),
            ("7", 3, Down, "7"),
        ] {
            assert_eq!(n(text).rounded(scale, rounding).unwrap().to_string(), shown, "{text} {scale} {rounding:?}");
        }
        assert_eq!(n("-7").checked_modulo(n("3")), Some(n("2")));
        assert_eq!(n("7").checked_modulo(n("-3")), Some(n("-2")));
    }

    #[test]
    fn arithmetic_is_decimal() {
        assert_eq!(n("0.1").checked_add(n("0.2")), Some(n("0.3")));
        assert_eq!(n("1").checked_div(n("3")).unwrap().to_string(), "0.3333333333333333333333333333333333");
        assert_eq!(n("1").checked_div(n("0")), None);
        assert_eq!(n("2").checked_pow(n("10")), Some(n("1024")));
        assert_eq!(n("9007199254740993").to_i64(), Some(9_007_199_254_740_993));
        assert!("1.2.3".parse::<Number>().is_err());
        assert!("NaN".parse::<Number>().is_err());
    }
}

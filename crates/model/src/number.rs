//! Decimal numbers of 34 significant digits (BPMN VA-1, DMN decimal128).
//!
//! Own arithmetic on a coefficient below 10^34 and a power of ten: exact intermediate results, rounded once, half to
//! even. Logarithm, exponential and broken powers come from `fastnum` on arguments that are reduced before.
//! Invariant: canonical (no trailing zeros, one zero), so equality and hash are those of the fields; no panic.

mod text;
mod wide;

use fastnum::{D256, decimal::Context};
use std::cmp::Ordering;
use wide::Wide;

const DIGITS: u32 = 34;
/// Ten to the power of 34: no coefficient reaches it.
const TOP: u128 = 10u128.pow(DIGITS);
/// The largest power of ten of a first digit.
const MAX_EXPONENT: i32 = 6144;
/// The smallest; below it lies zero.
const MIN_EXPONENT: i32 = -6176;

/// A finite decimal number. Every operation gives at most 34 significant digits, rounded half to even;
/// what has no finite result (division by zero, overflow) gives `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// The coefficient in two halves, so that the type needs no alignment of 16.
    high: u64,
    low: u64,
    exponent: i16,
    negative: bool,
}

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

fn digits_of(n: u128) -> u32 {
    n.checked_ilog10().map_or(0, |d| d + 1)
}

/// A value before it is rounded.
struct Exact {
    negative: bool,
    wide: Wide,
    exponent: i32,
    /// Whether the true value lies a little beyond `wide`.
    more: bool,
}

impl Exact {
    fn round(mut self) -> Option<Number> {
        let bits = u32::try_from(self.wide.bits()).unwrap_or(0);
        // Never more than there are; one less is mended below.
        let estimate = (bits.saturating_sub(1)) * 1233 / 4096 + 1;
        let (mut last, mut more) = (0, self.more);
        if estimate > DIGITS {
            let (digit, lost) = self.wide.drop_digits(estimate - DIGITS);
            self.exponent += i32::try_from(estimate - DIGITS).unwrap_or(0);
            (last, more) = (digit, more || lost);
        }
        let mut coefficient = self.wide.to_u128()?;
        while coefficient >= TOP {
            more |= last != 0;
            last = (coefficient % 10) as u64;
            coefficient /= 10;
            self.exponent += 1;
        }
        if last > 5 || (last == 5 && (more || coefficient % 2 == 1)) {
            coefficient += 1;
        }
        Number::canonical(self.negative, coefficient, self.exponent)
    }
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self { high: 0, low: 0, exponent: 0, negative: false };

    /// From a coefficient of at most 10^34; `None` beyond the largest number.
    fn canonical(negative: bool, mut coefficient: u128, mut exponent: i32) -> Option<Self> {
        if coefficient == 0 {
            return Some(Self::ZERO);
        }
        while let Ok(small) = u64::try_from(coefficient) {
            if small % 10 != 0 {
                break;
            }
            coefficient = u128::from(small / 10);
            exponent += 1;
        }
        if u64::try_from(coefficient).is_err() {
            while coefficient.is_multiple_of(10) {
                coefficient /= 10;
                exponent += 1;
            }
        }
        let first_digit =
            exponent.clamp(-2_000_000, 2_000_000) + i32::try_from(digits_of(coefficient)).unwrap_or(0) - 1;
        if first_digit > MAX_EXPONENT {
            return None;
        }
        if first_digit < MIN_EXPONENT {
            return Some(Self::ZERO);
        }
        let exponent = i16::try_from(exponent).ok()?;
        Some(Self { high: (coefficient >> 64) as u64, low: coefficient as u64, exponent, negative })
    }

    fn coefficient(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn exponent(self) -> i32 {
        i32::from(self.exponent)
    }

    fn is_zero(self) -> bool {
        self.high == 0 && self.low == 0
    }

    /// The power of ten of the first digit.
    fn magnitude(self) -> i32 {
        self.exponent() + i32::try_from(digits_of(self.coefficient())).unwrap_or(0) - 1
    }

    /// The sum.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.is_zero() {
            return Some(other);
        }
        if other.is_zero() {
            return Some(self);
        }
        let (upper, lower) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let shift = u32::try_from(upper.exponent() - lower.exponent()).ok()?;
        if shift > 2 * DIGITS {
            // What is added lies below half of the last of 34 digits.
            return Some(if upper.magnitude() >= lower.magnitude() { upper } else { lower });
        }
        let (mut a, b) = (Wide::new(upper.coefficient()), Wide::new(lower.coefficient()));
        a.scale(shift);
        let (negative, wide) = if upper.negative == lower.negative {
            a.add(&b);
            (upper.negative, a)
        } else if a.compare(&b) == Ordering::Less {
            let mut rest = b;
            rest.sub(&a);
            (lower.negative, rest)
        } else {
            a.sub(&b);
            (upper.negative, a)
        };
        Exact { negative, wide, exponent: lower.exponent(), more: false }.round()
    }
    /// The difference.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negate())
    }
    /// The product.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let negative = self.negative != other.negative;
        let exponent = self.exponent() + other.exponent();
        if self.high == 0 && other.high == 0 {
            let product = u128::from(self.low) * u128::from(other.low);
            if product < TOP {
                return Self::canonical(negative, product, exponent);
            }
        }
        let wide = Wide::product(self.coefficient(), other.coefficient());
        Exact { negative, wide, exponent, more: false }.round()
    }
    /// The quotient; `None` for a division by zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        if self.is_zero() {
            return Some(Self::ZERO);
        }
        let (a, b) = (self.coefficient(), other.coefficient());
        // Two digits more than are kept: the rounding sees a digit and whether anything follows.
        let shift = DIGITS + 2 + digits_of(b) - digits_of(a);
        let mut dividend = Wide::new(a);
        dividend.scale(shift);
        let (wide, rest) = dividend.div_rem(b);
        let exponent = self.exponent() - other.exponent() - i32::try_from(shift).ok()?;
        Exact { negative: self.negative != other.negative, wide, exponent, more: rest != 0 }.round()
    }
    /// The remainder with the sign of the dividend; `None` for a division by zero.
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let (a, b) = (self.coefficient(), other.coefficient());
        let shift = self.exponent() - other.exponent();
        if shift >= 0 {
            let rest = times_power_of_ten_modulo(a, u32::try_from(shift).ok()?, b);
            return Self::canonical(self.negative, rest, other.exponent());
        }
        let mut divisor = Wide::new(b);
        divisor.scale(u32::try_from(-shift).ok()?.min(2 * DIGITS));
        match divisor.to_u128() {
            Some(divisor) => Self::canonical(self.negative, a % divisor, self.exponent()),
            None => Some(self),
        }
    }
    /// The power; `None` when it has no finite real value.
    pub fn checked_pow(self, exponent: Self) -> Option<Self> {
        if exponent.is_zero() {
            return Some(Self::from(1));
        }
        if self.is_zero() {
            return if exponent.negative { None } else { Some(Self::ZERO) };
        }
        match exponent.to_i64() {
            Some(n) if n > 0 => self.whole_power(n.unsigned_abs()),
            // What is beyond the largest number has an inverse below the smallest.
            Some(n) => self.whole_power(n.unsigned_abs()).map_or(Some(Self::ZERO), |p| Self::from(1).checked_div(p)),
            None => {
                let rounded = self.checked_ln()?.checked_mul(exponent)?;
                if rounded.magnitude() >= 5 {
                    return rounded.checked_exp();
                }
                rounded.exp_of(self.precise_ln()? * precise(exponent)?)
            }
        }
    }
    fn whole_power(self, mut n: u64) -> Option<Self> {
        let (mut result, mut base) = (Self::from(1), self);
        loop {
            if n & 1 == 1 {
                result = result.checked_mul(base)?;
            }
            n >>= 1;
            // Zero by underflow, and one, stay what they are.
            if n == 0 || result.is_zero() {
                return Some(result);
            }
            base = base.checked_mul(base)?;
        }
    }
    /// The negation.
    #[must_use]
    pub fn negate(self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..self }
    }
    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self { negative: false, ..self }
    }
    /// With at most `scale` digits after the point; a negative `scale` rounds before it.
    pub fn rounded(self, scale: i32, rounding: Rounding) -> Option<Self> {
        let drop = (-self.exponent()).saturating_sub(scale);
        if drop <= 0 {
            return Some(self);
        }
        let drop = u32::try_from(drop).ok()?;
        // Beyond 35 digits nothing remains, and what was there lies below a half.
        let mut wide = Wide::new(self.coefficient());
        let (last, mut more) = wide.drop_digits(drop.min(DIGITS + 2));
        more |= drop > DIGITS + 2;
        let cut = wide.to_u128()?;
        let away = match rounding {
            Rounding::HalfEven => last > 5 || (last == 5 && (more || cut % 2 == 1)),
            Rounding::HalfUp => last >= 5,
            Rounding::HalfDown => last > 5 || (last == 5 && more),
            Rounding::Up => last > 0 || more,
            Rounding::Down => false,
            Rounding::Floor => self.negative && (last > 0 || more),
            Rounding::Ceiling => !self.negative && (last > 0 || more),
        };
        Self::canonical(self.negative, cut + u128::from(away), scale.saturating_neg())
    }
    /// The nearest integer (a half to the even one), when it fits.
    pub fn rounded_to_i64(self) -> Option<i64> {
        self.rounded(0, Rounding::HalfEven)?.to_i64()
    }
    /// The remainder with the sign of the divisor (DMN `modulo`); `None` for a division by zero.
    pub fn checked_modulo(self, divisor: Self) -> Option<Self> {
        let rest = self.checked_rem(divisor)?;
        if !rest.is_zero() && rest.negative != divisor.negative { rest.checked_add(divisor) } else { Some(rest) }
    }
    /// The square root; `None` below zero.
    pub fn checked_sqrt(self) -> Option<Self> {
        if self.negative {
            return None;
        }
        // An even power of ten, and twice the digits that are kept.
        let mut shift = 2 * DIGITS + 4 - digits_of(self.coefficient());
        if (self.exponent() - i32::try_from(shift).ok()?) % 2 != 0 {
            shift += 1;
        }
        let mut wide = Wide::new(self.coefficient());
        wide.scale(shift);
        let (root, exact) = wide.sqrt();
        let exponent = (self.exponent() - i32::try_from(shift).ok()?) / 2;
        Exact { negative: false, wide: Wide::new(root), exponent, more: !exact }.round()
    }
    /// The natural logarithm; `None` for zero and below.
    pub fn checked_ln(self) -> Option<Self> {
        from_precise(self.precise_ln()?)
    }
    fn precise_ln(self) -> Option<D256> {
        if self.negative || self.is_zero() {
            return None;
        }
        let magnitude = self.magnitude();
        let mantissa = Self { exponent: i16::try_from(self.exponent() - magnitude).ok()?, ..self };
        Some(precise(mantissa)?.ln() + from_i32(magnitude) * ten_ln())
    }
    /// e to this power; `None` when the result is not finite.
    pub fn checked_exp(self) -> Option<Self> {
        // Beyond, the result is known without a series, which takes no such arguments.
        if self.magnitude() >= 5 { self.exp_of(from_i32(0)) } else { self.exp_of(precise(self)?) }
    }
    /// e to the power `exact`, of which `self` is the rounded value.
    fn exp_of(self, exact: D256) -> Option<Self> {
        if self.magnitude() >= 5 {
            return if self.negative { Some(Self::ZERO) } else { None };
        }
        if self.magnitude() < -40 {
            return Some(Self::from(1));
        }
        let tens = i32::try_from(self.checked_div(from_precise(ten_ln())?)?.rounded_to_i64()?).ok()?;
        let rest = exact - from_i32(tens) * ten_ln();
        let small = from_precise(rest.exp())?;
        Self::canonical(small.negative, small.coefficient(), small.exponent() + tens)
    }
    /// Whether there is no fraction.
    pub fn is_integer(self) -> bool {
        self.exponent >= 0
    }
    /// The integer, when there is no fraction and it fits.
    pub fn to_i64(self) -> Option<i64> {
        if !(0..=18).contains(&self.exponent) {
            return None;
        }
        let whole = self.coefficient().checked_mul(10u128.pow(u32::try_from(self.exponent).ok()?))?;
        let whole = i128::try_from(whole).ok()?;
        i64::try_from(if self.negative { -whole } else { whole }).ok()
    }
    /// The nearest binary number.
    pub fn to_f64(self) -> f64 {
        let text = format!("{}{}e{}", if self.negative { "-" } else { "" }, self.coefficient(), self.exponent);
        text.parse().unwrap_or(0.0)
    }
    /// From a binary number by its shortest decimal form; `None` when it is not finite.
    pub fn from_f64(f: f64) -> Option<Self> {
        if f.is_finite() { format!("{f:e}").parse().ok() } else { None }
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

/// `a * 10^power mod by`.
fn times_power_of_ten_modulo(a: u128, mut power: u32, by: u128) -> u128 {
    let times = |a: u128, b: u128| Wide::product(a, b).div_rem(by).1;
    let (mut result, mut base) = (a % by, 10 % by);
    while power > 0 {
        if power & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        power >>= 1;
    }
    result
}

// The few functions that need a series: on arguments near one, with twice the digits.

fn precise(n: Number) -> Option<D256> {
    let text = format!("{}{}e{}", if n.negative { "-" } else { "" }, n.coefficient(), n.exponent);
    D256::from_str(&text, Context::default().without_traps()).ok()
}

fn from_precise(d: D256) -> Option<Number> {
    format!("{d:e}").parse().ok()
}

fn from_i32(n: i32) -> D256 {
    D256::from_i32(n).with_ctx(Context::default().without_traps())
}

/// The natural logarithm of ten.
fn ten_ln() -> D256 {
    const TEXT: &str = "2.3025850929940456840179914546843642076011014886287729760333279009675726";
    D256::from_str(TEXT, Context::default().without_traps()).unwrap_or(D256::LN_10)
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::canonical(value < 0, u128::from(value.unsigned_abs()), 0).unwrap_or(Self::ZERO)
    }
}
impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.negative != other.negative {
            return other.negative.cmp(&self.negative);
        }
        let sizes = match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ if self.exponent == other.exponent => self.coefficient().cmp(&other.coefficient()),
            _ => self.magnitude().cmp(&other.magnitude()).then_with(|| self.aligned().cmp(&other.aligned())),
        };
        if self.negative { sizes.reverse() } else { sizes }
    }
}
impl Number {
    /// The coefficient with exactly 34 digits, to compare numbers of one magnitude.
    fn aligned(self) -> u128 {
        let coefficient = self.coefficient();
        coefficient * 10u128.pow(DIGITS - digits_of(coefficient).min(DIGITS))
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
    fn wide_numbers_keep_34_digits() {
        let check = |shown: &str, result: Option<Number>| {
            assert_eq!(result.map_or("none".to_owned(), |r| r.to_string()), shown);
        };
        check("1234567890123456789012345678901235000000", "1234567890123456789012345678901234567890".parse().ok());
        check("1e300", n("1e300").checked_add(n("1e-300")));
        check("1e41", n("1e41").checked_sub(n("1")));
        check("9999999999999999999999999999999999000000", n("1e40").checked_sub(n("1e6")));
        check("4", n("1e300").checked_rem(n("6")));
        check("-1", n("-7").checked_rem(n("3")));
        check("1", n("1").checked_rem(n("1e40")));
        check("0.6666666666666666666666666666666667", n("2").checked_div(n("3")));
        check("none", n("1e6144").checked_mul(n("10")));
        check("0", n("1e-6000").checked_mul(n("1e-6000")));
        check("1.414213562373095048801688724209698", n("2").checked_sqrt());
        check("3e50", n("9e100").checked_sqrt());
        check("0.6931471805599453094172321214581766", n("2").checked_ln());
        check("2.718281828459045235360287471352662", n("1").checked_exp());
        check("3.162277660168379331998893544432719e3307", n("1e63").checked_pow(n("52.5")));
        check("0", n("10").checked_pow(n("-7000")));
        check("none", n("10").checked_pow(n("7000")));
        check("none", n("-8").checked_pow(n("0.5")));
        check("1", n("0").checked_pow(n("0")));
        check("1.7976931348623157e308", Number::from_f64(f64::MAX));
        check("5e-324", Number::from_f64(5e-324));
        for text in ["", "-", ".", "e5", "1e", "0x1", "1_0", "+-1", "1e99999"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn order_is_that_of_values() {
        let sorted = ["-1e10", "-12", "-1.5", "0", "1e-300", "0.1", "0.15", "1", "1.5", "12", "100", "1e30", "1e31"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(n(a).cmp(&n(b)), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(n("1.0"), n("1"));
        assert_eq!(n("-0"), n("0"));
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

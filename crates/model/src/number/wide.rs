//! Whole numbers of 384 bits: the intermediate results of [`super::Number`].
//!
//! Owns: exact products, aligned sums, scaled dividends. Invariant: callers stay below 10^115, so nothing overflows.

use std::cmp::Ordering;

const LIMBS: usize = 6;
/// The largest power of ten in a limb.
const CHUNK: u32 = 19;

/// A whole number, lowest limb first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide([u64; LIMBS]);

pub(super) fn pow10_u64(n: u32) -> u64 {
    10u64.pow(n.min(CHUNK))
}

impl Wide {
    pub(super) fn new(n: u128) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = n as u64;
        limbs[1] = (n >> 64) as u64;
        Self(limbs)
    }

    /// The product of two numbers.
    pub(super) fn product(a: u128, b: u128) -> Self {
        let mut out = Self::new(a);
        let mut high = out;
        out.mul(b as u64);
        high.mul((b >> 64) as u64);
        let mut shifted = [0; LIMBS];
        shifted[1..].copy_from_slice(&high.0[..LIMBS - 1]);
        out.add(&Self(shifted));
        out
    }

    fn mul(&mut self, by: u64) {
        let mut carry = 0u128;
        for limb in &mut self.0 {
            let wide = u128::from(*limb) * u128::from(by) + carry;
            *limb = wide as u64;
            carry = wide >> 64;
        }
    }

    /// Times ten to the power of `n`.
    pub(super) fn scale(&mut self, mut n: u32) {
        while n > 0 {
            let step = n.min(CHUNK);
            self.mul(pow10_u64(step));
            n -= step;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (a, b) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = a.overflowing_add(b);
            let (sum, more) = sum.overflowing_add(u64::from(carry));
            *a = sum;
            carry = over || more;
        }
    }

    /// Less a smaller number.
    pub(super) fn sub(&mut self, other: &Self) {
        let mut borrow = false;
        for (a, b) in self.0.iter_mut().zip(other.0) {
            let (rest, under) = a.overflowing_sub(b);
            let (rest, more) = rest.overflowing_sub(u64::from(borrow));
            *a = rest;
            borrow = under || more;
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    /// Divides in place; gives the remainder.
    pub(super) fn div(&mut self, by: u64) -> u64 {
        let mut rest = 0u128;
        for limb in self.0.iter_mut().rev() {
            let wide = rest << 64 | u128::from(*limb);
            *limb = (wide / u128::from(by)) as u64;
            rest = wide % u128::from(by);
        }
        rest as u64
    }

    /// Quotient and remainder.
    pub(super) fn div_rem(mut self, by: u128) -> (Self, u128) {
        if let Ok(small) = u64::try_from(by) {
            let rest = self.div(small);
            return (self, u128::from(rest));
        }
        let mut quotient = Self::new(0);
        let mut rest = 0u128;
        for bit in (0..self.bits()).rev() {
            // Divisors stay below 10^34 < 2^113, so the remainder never overflows.
            rest = rest << 1 | u128::from(self.0[bit / 64] >> (bit % 64) & 1);
            if rest >= by {
                rest -= by;
                quotient.0[bit / 64] |= 1 << (bit % 64);
            }
        }
        (quotient, rest)
    }

    /// How many bits it takes.
    pub(super) fn bits(&self) -> usize {
        self.0.iter().rposition(|l| *l != 0).map_or(0, |i| i * 64 + 64 - self.0[i].leading_zeros() as usize)
    }

    /// Drops `n` decimal digits, `n` at least 1: the highest dropped digit, and whether more was lost below it.
    pub(super) fn drop_digits(&mut self, n: u32) -> (u64, bool) {
        let mut lost = false;
        let mut left = n - 1;
        while left > 0 {
            let step = left.min(CHUNK);
            lost |= self.div(pow10_u64(step)) != 0;
            left -= step;
        }
        (self.div(10), lost)
    }

    /// The number, when it fits.
    pub(super) fn to_u128(self) -> Option<u128> {
        if self.0[2..].iter().any(|l| *l != 0) {
            return None;
        }
        Some(u128::from(self.0[1]) << 64 | u128::from(self.0[0]))
    }

    /// The whole square root, and whether it is exact.
    pub(super) fn sqrt(self) -> (u128, bool) {
        let mut root = 0u128;
        for bit in (0..self.bits().div_ceil(2).min(127)).rev() {
            let candidate = root | 1 << bit;
            if Self::product(candidate, candidate).compare(&self) != Ordering::Greater {
                root = candidate;
            }
        }
        (root, Self::product(root, root) == self)
    }
}

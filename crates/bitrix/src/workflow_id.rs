//! Ids of process instances as Bitrix24 clients know them: 14 hex digits, a dot, 8 digits.
//!
//! A bijection without a table: the hex part is the instance's id under a fixed top, the digits are a check that a
//! mistyped or invented id fails. Ids keep their order as text.

use model::InstanceId;

/// The hex part starts with 6 or 7, as ids made from a clock do; the 53 bits below are the instance's id.
const TOP: u64 = 0b011 << 53;

/// The id on the wire: `65f1a2b3c4d5e6.12345678`.
pub fn encode(id: InstanceId) -> String {
    let low = id.0.unsigned_abs() & (TOP_MASK - 1);
    format!("{:014x}.{:08}", TOP | low, check_digits(low))
}

const TOP_MASK: u64 = 1 << 53;

/// Reads [`encode`]; `None` for anything else.
pub fn decode(text: &str) -> Option<InstanceId> {
    let (hex, digits) = text.split_once('.')?;
    let lower = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if hex.len() != 14 || !lower || digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = u64::from_str_radix(hex, 16).ok()?;
    let low = number & (TOP_MASK - 1);
    let genuine = number & !(TOP_MASK - 1) == TOP && digits.parse() == Ok(check_digits(low)) && low > 0;
    genuine.then(|| InstanceId(i64::try_from(low).unwrap_or_default()))
}

/// Eight digits that depend on every bit of the id.
fn check_digits(low: u64) -> u64 {
    let mut x = low ^ 0x9e37_79b9_7f4a_7c15;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) % 100_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ways(id in 1_i64..(1 << 53)) {
            let text = encode(InstanceId(id));
            prop_assert_eq!(text.len(), 23);
            prop_assert!(text.starts_with('6') || text.starts_with('7'));
            prop_assert_eq!(decode(&text), Some(InstanceId(id)));
        }

        #[test]
        fn order_is_kept(a in 1_i64..(1 << 53), b in 1_i64..(1 << 53)) {
            prop_assert_eq!(encode(InstanceId(a)).cmp(&encode(InstanceId(b))), a.cmp(&b));
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn invented_ids_are_refused() {
        let real = encode(InstanceId(0xabc_def));
        assert!(decode(&real).is_some());
        for bad in ["", ".", "65f1a2b3c4d5e6.12345678", "66e412fdc9bd44.36306599", &real.to_uppercase(), &real[1..]] {
            assert!(decode(bad).is_none(), "{bad}");
        }
    }
}

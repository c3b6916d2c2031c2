//! Dates as the contract writes and reads them (1.5): `2025-02-05T08:58:14+03:00`, never with fractions or `Z`.

use jiff::{Zoned, civil, tz::TimeZone};
use model::Timestamp;

/// An instant in the server's zone with a numeric offset.
pub fn iso(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A date in the portal's own format: `05.02.2025`.
pub fn portal_date(date: civil::Date) -> String {
    date.strftime("%d.%m.%Y").to_string()
}

/// A date and time in the portal's own format: `05.02.2025 08:58:14`.
pub fn portal_date_time(at: civil::DateTime) -> String {
    at.strftime("%d.%m.%Y %H:%M:%S").to_string()
}

/// Reads ISO 8601 with or without offset, `Y-m-d H:i:s`, `Y-m-d`, `d.m.Y H:i:s`, `d.m.Y`; no offset means `zone`.
pub fn parse(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    let local = parse_local(text)?;
    let zoned: Zoned = local.to_zoned(zone.clone()).ok()?;
    Some(zoned.timestamp().into())
}

fn parse_local(text: &str) -> Option<civil::DateTime> {
    const WITH_TIME: [&str; 5] =
        ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"];
    const DATE_ONLY: [&str; 2] = ["%d.%m.%Y", "%Y-%m-%d"];
    let with_time = WITH_TIME.iter().find_map(|f| civil::DateTime::strptime(f, text).ok());
    with_time
        .or_else(|| DATE_ONLY.iter().find_map(|f| civil::Date::strptime(f, text).ok()).map(|d| d.at(0, 0, 0, 0)))
        .or_else(|| text.parse::<civil::DateTime>().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_offsets_without_fractions() {
        let at = Timestamp::parse_iso("2025-02-05T05:58:14.123Z").unwrap();
        assert_eq!(iso(at, &TimeZone::UTC), "2025-02-05T05:58:14+00:00");
        assert_eq!(iso(at, &TimeZone::fixed(jiff::tz::offset(3))), "2025-02-05T08:58:14+03:00");
    }

    #[test]
    fn reads_every_form() {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        let at = Timestamp::parse_iso("2025-02-05T05:58:14Z").unwrap();
        for text in [
            "2025-02-05T08:58:14+03:00",
            "2025-02-05T05:58:14Z",
            "2025-02-05T08:58:14",
            "2025-02-05 08:58:14",
            "05.02.2025 08:58:14",
            " 05.02.2025 08:58:14 ",
        ] {
            assert_eq!(parse(text, &zone), Some(at), "{text}");
        }
        let midnight = Timestamp::parse_iso("2025-02-04T21:00:00Z");
        assert_eq!(parse("2025-02-05", &zone), midnight);
        assert_eq!(parse("05.02.2025", &zone), midnight);
        for bad in ["", "x", "2025-13-40", "null", "99.99.2025"] {
            assert_eq!(parse(bad, &zone), None, "{bad}");
        }
    }
}

//! Moments: instants with what the clock shows, read from and written as the portal's text.
//!
//! The server's zone is the evaluation's. A date without a time is its midnight.

use super::{Session, convert};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use model::Value;
use model::value::Zone;

/// An instant and its local reading.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) local: DateTime,
    /// The zone of `local`.
    pub(super) zone: Zone,
    /// Whether it came from a date without a time.
    pub(super) is_date: bool,
}

/// The instant of the evaluation.
pub(super) fn now(session: &Session) -> Moment {
    let at = session.env.now.to_jiff();
    Moment { at, local: session.env.zone.to_datetime(at), zone: convert::zones(session).own_zone(), is_date: false }
}

/// `31.01.2026`
pub(super) fn portal_date(date: Date) -> String {
    format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year())
}

impl Moment {
    /// A local date-time in the server's zone.
    pub(super) fn local(session: &Session, local: DateTime) -> Option<Self> {
        let zones = convert::zones(session);
        let at = zones.instant(local, None)?;
        Some(Self { at, local: zones.local(at, None)?, zone: zones.own_zone(), is_date: false })
    }

    /// An instant in the server's zone.
    pub(super) fn instant(session: &Session, at: Timestamp) -> Self {
        let zone = convert::zones(session).own_zone();
        Self { at, local: session.env.zone.to_datetime(at), zone, is_date: false }
    }

    /// Out of a date, a date-time, a text, or Unix seconds.
    pub(super) fn of(session: &Session, value: &Value) -> Option<Self> {
        match value {
            Value::Date(date) => {
                let mut made = Self::local(session, date.to_datetime(Time::midnight()))?;
                made.is_date = true;
                Some(made)
            }
            Value::DateTime(local, None) => Self::local(session, *local),
            Value::DateTime(local, Some(zone)) => {
                let at = convert::zones(session).instant(*local, Some(zone))?;
                Some(Self { at, local: *local, zone: zone.clone(), is_date: false })
            }
            Value::Number(seconds) => {
                let at = Timestamp::from_second(seconds.rounded_to_i64()?).ok()?;
                Some(Self::instant(session, at))
            }
            Value::String(text) => Self::of_text(session, text),
            Value::List(items) => Self::of(session, items.first()?),
            _ => None,
        }
    }

    /// Out of ISO 8601, `Y-m-d H:i:s`, `d.m.Y`, `d.m.Y H:i:s` or `d.m.Y H:i:s [seconds of the zone]`.
    pub(super) fn of_text(session: &Session, text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(value) = convert::iso(text) {
            return Self::of(session, &value);
        }
        let (text, offset) = match text.strip_suffix(']').and_then(|t| t.rsplit_once('[')) {
            Some((rest, seconds)) => (rest.trim(), Some(seconds.trim().parse::<i32>().ok()?)),
            None => (text, None),
        };
        let (day, clock) = text.split_once(' ').map_or((text, None), |(d, c)| (d, Some(c.trim())));
        let date = dotted(day).or_else(|| crate::feel::temporal::parse_date(day))?;
        let Some(clock) = clock else { return Self::of(session, &Value::Date(date)) };
        let (time, zone) = crate::feel::temporal::parse_time(clock)?;
        let zone = offset.map(Zone::Offset).or(zone);
        Self::of(session, &Value::DateTime(date.to_datetime(time), zone))
    }

    /// The same instant in the server's zone.
    pub(super) fn in_zone(&self, session: &Session) -> Self {
        Self::instant(session, self.at)
    }

    /// As a typed value: a date stays one.
    pub(super) fn value(&self) -> Value {
        if self.is_date { Value::Date(self.local.date()) } else { Value::DateTime(self.local, Some(self.zone.clone())) }
    }

    /// `31.01.2026 10:00:00`
    pub(super) fn portal(&self) -> String {
        let (date, t) = (portal_date(self.local.date()), self.local.time());
        if self.is_date { date } else { format!("{date} {:02}:{:02}:{:02}", t.hour(), t.minute(), t.second()) }
    }

    /// Another local reading in the same zone.
    pub(super) fn with_local(&self, session: &Session, local: DateTime) -> Option<Self> {
        let zones = convert::zones(session);
        let at = zones.instant(local, Some(&self.zone))?;
        Some(Self { at, local: zones.local(at, Some(&self.zone))?, zone: self.zone.clone(), is_date: self.is_date })
    }

    /// Moved by exact seconds.
    pub(super) fn plus_seconds(&self, session: &Session, seconds: i64) -> Option<Self> {
        let at = self.at.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
        let local = convert::zones(session).local(at, Some(&self.zone))?;
        Some(Self { at, local, zone: self.zone.clone(), is_date: self.is_date && seconds == 0 })
    }

    /// Seconds east of UTC.
    pub(super) fn offset(&self) -> i32 {
        let as_utc = Offset::UTC.to_timestamp(self.local).map_or(0, Timestamp::as_second);
        i32::try_from(as_utc - self.at.as_second()).unwrap_or(0)
    }
}

/// `31.01.2026`, also `1.2.2026`.
fn dotted(text: &str) -> Option<Date> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = [day, month, year].iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    if parts.next().is_some() || !digits || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

//! What a decision is given from outside: time, ids, the document, the installation's facts.

use crate::calendar::Calendars;
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{IdSource, Object, Timestamp};
use std::sync::Arc;

/// Everything a decision may know besides the program, the instance and the command. The same environment and inputs
/// give the same events (BPMN TK-4).
#[derive(Debug)]
pub struct Env<'a> {
    /// The instant of the step.
    pub now: Timestamp,
    /// Where ids come from.
    pub ids: &'a mut IdSource,
    /// The document's fields as they are now.
    pub document: Option<Arc<Object>>,
    /// The zone of dates and times without one.
    pub zone: &'a TimeZone,
    /// The limits.
    pub limits: &'a Limits,
    /// Facts about the installation that expressions may read.
    pub server: &'a ServerFacts,
    /// Business calendars by their names (BPMN TM-10).
    pub calendars: &'a Calendars,
}

/// Facts about the installation that expressions may read.
#[derive(Debug, Clone, Default)]
pub struct ServerFacts {
    /// `{=System:HostUrl}`: what links begin with.
    pub host_url: String,
}

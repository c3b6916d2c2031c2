//! The registry of stable error codes.
//!
//! A code is never reused and never changes its meaning. Each has a page `docs/errors/CODE.md` (cause, who mends it,
//! how); a test fails when a code has no page or a page no code. `ENG` the engine's incidents and rejections, `DEF`
//! definitions, `EXP` expressions and scripts, `DOC` catalogs and records, `IDN` identity and rights, `RUN` the
//! runtime, `OUT` outgoing calls, `API` the HTTP edge, `CLU` the cluster, `STO` the
//! store.

use std::{fmt, sync::Arc};

/// What the caller can do about a fault; edges map it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The input is wrong: mend it (HTTP 400 or 422).
    Invalid,
    /// Nobody is signed in, or the credential is wrong (401).
    Unauthenticated,
    /// Known, but not allowed (403).
    Forbidden,
    /// No such thing, or not for this caller (404).
    NotFound,
    /// It changed meanwhile, or is not in a state for this (409).
    Conflict,
    /// Over a limit of size (413).
    TooLarge,
    /// Too much at once: try again later (429).
    Limited,
    /// Not now (503).
    Unavailable,
    /// Our fault (500).
    Internal,
}

/// One registered code.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The stable code, for example `ENG-0012`.
    pub code: &'static str,
    /// What the caller can do.
    pub kind: FaultKind,
    /// One line in English: the title of the code's page.
    pub title: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $kind:ident, $title:literal;)*) => {
        /// The codes by name.
        pub mod codes {
            use super::{ErrorCode, FaultKind};
            $(
                #[doc = $title]
                pub static $name: ErrorCode = ErrorCode { code: $code, kind: FaultKind::$kind, title: $title };
            )*
            /// Every registered code.
            pub static ALL: &[&ErrorCode] = &[$(&$name),*];
        }
    };
}

codes! {
    // Engine: rejections (nothing changed) and incidents (an element waits for a person).
    NOT_ACTIVE = "ENG-0001", Conflict, "The instance or element is no longer waiting for this";
    NO_FLOW = "ENG-0002", Conflict, "No outgoing sequence flow could be taken";
    CONDITION_FAILED = "ENG-0003", Conflict, "A condition could not be evaluated";
    MAPPING_FAILED = "ENG-0004", Conflict, "An input or output mapping could not be evaluated";
    SCRIPT_FAILED = "ENG-0005", Conflict, "A script failed";
    STEP_BUDGET = "ENG-0006", Conflict, "One step passed too many elements without waiting";
    UNHANDLED_ERROR = "ENG-0007", Conflict, "A business error was not caught";
    JOB_FAILED = "ENG-0008", Conflict, "A job has no retries left";
    VARIABLE_TOO_LARGE = "ENG-0009", TooLarge, "A variable or all variables together are over their limit";
    TIMER_INVALID = "ENG-0010", Conflict, "A timer's expression gives no date, duration or cycle";
    ASSIGNEE_NOT_FOUND = "ENG-0011", Conflict, "A user task has nobody to do it";
    QUARANTINED = "ENG-0012", Internal, "The instance broke an invariant and was set aside";
    JOIN_STUCK = "ENG-0013", Conflict, "Tokens wait at a join for flows that nothing can take any more";
    MESSAGE_KEY = "ENG-0014", Conflict, "The name or correlation key of a message or signal can not be used";
    JOIN_DEADLOCK = "ENG-0015", Conflict, "Joins wait for each other and nothing else can move";
    CALL_DEPTH = "ENG-0020", Conflict, "Too many calls of processes inside each other";
    CALL_ENDED = "ENG-0021", Conflict, "The called process could not be started or did not end by itself";
    TURNS_INVALID = "ENG-0022", Conflict, "The turns of a repeated activity can not be counted";
    LOOP_GUARD = "ENG-0023", Conflict, "A loop without a maximum ran too often";
    MODIFICATION_REFUSED = "ENG-0025", Conflict, "The instance can not be changed like this";
    MIGRATION_REFUSED = "ENG-0026", Conflict, "The instance can not go on with this version";
    NOT_COMPENSABLE = "ENG-0027", Conflict, "The instance can not be compensated";
    // Definitions.
    DEFINITION_REFUSED = "DEF-0001", Invalid, "The file can not be stored";
    DEFINITION_NOT_DEPLOYABLE = "DEF-0002", Invalid, "The definition has errors and can not be deployed";
    DEFINITION_NOT_FOUND = "DEF-0003", NotFound, "No such process definition";
    DEFINITION_UNAVAILABLE_NODES = "DEF-0004", Conflict, "The template uses elements that are not available here";
    PARAMETER_REQUIRED = "DEF-0005", Invalid, "A required parameter is missing or of the wrong type";
    MODEL_NOT_FOUND = "DEF-0006", NotFound, "No such model";
    MODEL_CONFLICT = "DEF-0007", Conflict, "The model was changed by somebody else";
    DEFINITION_IN_USE = "DEF-0008", Conflict, "The definition has running instances";
    DEFINITION_NOT_OWNER = "DEF-0009", Forbidden, "The template belongs to another app";
    DEFINITION_CALLED = "DEF-0012", Conflict, "Other processes call this version";
    VERSION_TAG_TAKEN = "DEF-0013", Conflict, "Another version of the process has this version tag";
    DECISION_NOT_FOUND = "DEF-0011", NotFound, "No such decision";
    DEFINITION_TOO_LARGE = "DEF-0010", TooLarge, "The file is over the limit of size, elements or nesting";
    // Expressions.
    EXPRESSION_SYNTAX = "EXP-0001", Invalid, "The expression can not be read";
    EXPRESSION_FUEL = "EXP-0002", Conflict, "The expression used up its steps";
    EXPRESSION_DEPTH = "EXP-0003", Conflict, "The expression or its value is nested too deeply";
    SCRIPT_TIME = "EXP-0004", Conflict, "The script ran longer than allowed";
    SCRIPT_MEMORY = "EXP-0005", Conflict, "The script used more memory than allowed";
    EXPRESSION_SIZE = "EXP-0006", Conflict, "The expression builds a value over the limit of size";
    SCRIPT_THREW = "EXP-0007", Conflict, "The script threw an error";
    EXPRESSION_FAILED = "EXP-0008", Conflict, "The expression could not be evaluated";
    DECISION_FAILED = "EXP-0009", Conflict, "The decision gave no usable result";
    // Catalogs and records.
    CATALOG_NOT_FOUND = "DOC-0001", NotFound, "No such catalog";
    RECORD_NOT_FOUND = "DOC-0002", NotFound, "No such record";
    FIELD_UNKNOWN = "DOC-0003", Invalid, "The catalog has no such field";
    FIELD_INVALID = "DOC-0004", Invalid, "A field's value is missing or of the wrong type";
    RECORD_CONFLICT = "DOC-0005", Conflict, "The record was changed by somebody else";
    CATALOG_INVALID = "DOC-0006", Invalid, "The catalog's description is wrong";
    // Identity.
    NOT_SIGNED_IN = "IDN-0001", Unauthenticated, "Nobody is signed in";
    WRONG_CREDENTIALS = "IDN-0002", Unauthenticated, "Login or password is wrong";
    TOKEN_EXPIRED = "IDN-0003", Unauthenticated, "The token has expired";
    TOKEN_UNKNOWN = "IDN-0004", Unauthenticated, "The token is unknown or was revoked";
    NOT_ALLOWED = "IDN-0005", Forbidden, "Not allowed for this person";
    SCOPE_MISSING = "IDN-0006", Forbidden, "The token lacks the scope";
    CSRF = "IDN-0007", Forbidden, "The request lacks the session's CSRF token";
    USER_NOT_FOUND = "IDN-0008", NotFound, "No such person";
    LOGIN_TAKEN = "IDN-0009", Conflict, "The login is taken";
    APP_NOT_FOUND = "IDN-0010", NotFound, "No such app";
    USER_INVALID = "IDN-0011", Invalid, "The person's data is wrong";
    APP_INVALID = "IDN-0012", Invalid, "The app's or webhook's data is wrong";
    USER_DISMISSED = "IDN-0013", Unauthenticated, "The person may no longer sign in";
    OAUTH_GRANT = "IDN-0014", Invalid, "The code or refresh token is wrong, used or expired";
    OAUTH_CLIENT = "IDN-0015", Unauthenticated, "The client id or secret is wrong";
    TOO_MANY_SIGN_INS = "IDN-0016", Limited, "Too many failed sign-ins";
    // Runtime.
    INSTANCE_NOT_FOUND = "RUN-0001", NotFound, "No such process instance";
    TASK_NOT_FOUND = "RUN-0002", NotFound, "No such task";
    TASK_COMPLETED = "RUN-0003", Conflict, "The task is already completed";
    TASK_OUTCOME = "RUN-0004", Invalid, "The task does not offer this outcome";
    TASK_FIELD = "RUN-0005", Invalid, "A field of the task's form is missing or wrong";
    JOB_NOT_FOUND = "RUN-0006", NotFound, "No such job, or it is no longer active";
    QUEUE_FULL = "RUN-0007", Limited, "Too many commands wait";
    SHUTTING_DOWN = "RUN-0008", Unavailable, "The server is shutting down";
    EVENT_TOKEN = "RUN-0009", Forbidden, "The event token is malformed or its signature is wrong";
    INCIDENT_NOT_FOUND = "RUN-0010", NotFound, "No such open incident";
    ACTIVITY_NOT_FOUND = "RUN-0011", NotFound, "The app's activity is not registered";
    ACTIVITY_EXISTS = "RUN-0012", Conflict, "An activity or robot with this code exists";
    ACTIVITY_INVALID = "RUN-0013", Invalid, "The activity's description is wrong";
    RETENTION_INVALID = "RUN-0014", Invalid, "The retention rules are wrong";
    INSTANCE_UNREADABLE = "RUN-0015", Internal, "What is stored of the instance can not be read: it was set aside";
    INSTANCE_UNSTORABLE = "RUN-0016", Internal, "The database refuses what the instance writes: it was set aside";
    MESSAGE_DOUBLE = "RUN-0017", Conflict, "A message with this id was published before";
    NOT_CORRELATED = "RUN-0018", Conflict, "Nobody takes the message";
    CORRELATION_AMBIGUOUS = "RUN-0019", Conflict, "Several take the message";
    MESSAGE_INVALID = "RUN-0020", Invalid, "The message, signal or condition is described wrongly";
    MESSAGE_NOT_FOUND = "RUN-0021", NotFound, "No such kept message";
    // Outgoing calls.
    CALL_FAILED = "OUT-0001", Unavailable, "The handler could not be reached";
    CALL_STATUS = "OUT-0002", Conflict, "The handler answered with an error";
    CALL_FORBIDDEN_ADDRESS = "OUT-0003", Forbidden, "The address lies in a network that outgoing calls may not reach";
    CALL_TIMEOUT = "OUT-0004", Unavailable, "The handler did not answer in time";
    CALL_GAVE_UP = "OUT-0005", Conflict, "The handler failed for longer than calls are retried";
    // The edge.
    REQUEST_INVALID = "API-0001", Invalid, "The request can not be read";
    REQUEST_TOO_LARGE = "API-0002", TooLarge, "The request is too large";
    ROUTE_NOT_FOUND = "API-0003", NotFound, "No such address";
    METHOD_NOT_ALLOWED = "API-0004", Invalid, "The address does not take this method";
    // Nodes.
    PARTITION_UNSERVED = "CLU-0001", Unavailable, "The node that serves this can not be reached at the moment";
    OUTCOME_UNKNOWN = "CLU-0002", Unavailable, "The node that does this fell silent: it may have been done";
    // The store.
    STORE_FAILED = "STO-0001", Unavailable, "The database could not do it";
    STORE_CONFLICT = "STO-0002", Conflict, "The row was changed meanwhile";
    STORE_NEWER_SCHEMA = "STO-0003", Unavailable, "The database was made by a newer version";
    STORE_CORRUPT = "STO-0004", Internal, "A stored row can not be read";
    STORE_UNREACHABLE = "STO-0005", Unavailable, "The database can not be reached";
}

/// A refused request or a failed element: a registered code, a public message, and what caused it.
///
/// The message holds no internals; the source chain goes to logs only.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The registered code.
    pub code: &'static ErrorCode,
    /// What is wrong, where, and how to mend it; English, public.
    pub message: String,
    /// Machine-readable particulars (`{"field":"NAME"}`), public.
    pub details: Option<serde_json::Value>,
    /// Internal cause, for logs.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault of `code` with a public message.
    pub fn new(code: &'static ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, source: None }
    }

    /// A fault with the code's own title as message.
    pub fn of(code: &'static ErrorCode) -> Self {
        Self::new(code, code.title)
    }

    /// Adds machine-readable particulars.
    #[must_use]
    pub fn with_details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Adds the internal cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Says in how many seconds trying again makes sense; edges answer it as `Retry-After`.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_details(serde_json::json!({"retryAfter": seconds}))
    }

    /// In how many seconds trying again makes sense, as far as that was estimated.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.details.as_ref()?.get("retryAfter")?.as_u64()
    }

    /// Whether this fault is of `code`.
    pub fn is(&self, code: &ErrorCode) -> bool {
        self.code.code == code.code
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.code, self.message)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for code in super::codes::ALL {
            assert!(seen.insert(code.code), "{} is registered twice", code.code);
        }
    }
}

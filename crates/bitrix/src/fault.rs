//! How faults of the crates below look to clients of this face.
//!
//! [`general`] knows every code; a method family first maps the few codes that the contract names for it.

use crate::wire::WireError;
use model::Fault;
use model::error::{FaultKind, codes};

/// The failure for a fault that the method family has no own words for.
pub fn general(fault: &Fault) -> WireError {
    if let Some(error) = by_code(fault) {
        return error;
    }
    match fault.code.kind {
        FaultKind::Invalid | FaultKind::Conflict => WireError::bad("ERROR_CORE", &fault.message),
        FaultKind::NotFound => WireError::plain(&fault.message),
        FaultKind::Unauthenticated => WireError::no_auth(),
        FaultKind::Forbidden => WireError::access_denied(),
        FaultKind::TooLarge => WireError::new(413, "ERROR_ARGUMENT", &fault.message),
        FaultKind::Limited => again_later(fault, WireError::too_many_requests()),
        FaultKind::Unavailable => again_later(fault, WireError::overloaded()),
        FaultKind::Internal => {
            tracing::error!(code = fault.code.code, error = ?fault.source, "a call failed: {}", fault.message);
            WireError::internal()
        }
    }
}

/// Says when to try again, as far as that was estimated.
fn again_later(fault: &Fault, error: WireError) -> WireError {
    match fault.retry_after_s() {
        Some(seconds) => error.after(seconds),
        None => error,
    }
}

/// The codes that have words of their own on every method.
fn by_code(fault: &Fault) -> Option<WireError> {
    let error = if fault.is(&codes::TOKEN_EXPIRED) {
        WireError::expired_token()
    } else if fault.is(&codes::TOKEN_UNKNOWN) {
        WireError::invalid_token()
    } else if fault.is(&codes::USER_DISMISSED) {
        WireError::dismissed()
    } else if fault.is(&codes::APP_NOT_FOUND) {
        WireError::application_not_found()
    } else if fault.is(&codes::SCOPE_MISSING) {
        WireError::insufficient_scope("access")
    } else if fault.is(&codes::EVENT_TOKEN) {
        WireError::access_denied()
    } else {
        return None;
    };
    Some(error)
}

/// `bizproc.activity.*` and `bizproc.robot.*`.
pub fn activity(fault: &Fault) -> WireError {
    if fault.is(&codes::ACTIVITY_EXISTS) {
        WireError::bad("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!")
    } else if fault.is(&codes::ACTIVITY_NOT_FOUND) {
        WireError::bad("ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!")
    } else if fault.is(&codes::ACTIVITY_INVALID) {
        WireError::bad("ERROR_ACTIVITY_VALIDATION_FAILURE", &fault.message)
    } else {
        general(fault)
    }
}

/// `bizproc.event.send` and `bizproc.activity.log`.
pub fn event(fault: &Fault) -> WireError {
    if fault.is(&codes::INSTANCE_NOT_FOUND) || fault.is(&codes::NOT_ACTIVE) || fault.is(&codes::JOB_NOT_FOUND) {
        WireError::bad("404", PROCESS_NOT_FOUND)
    } else {
        general(fault)
    }
}

const PROCESS_NOT_FOUND: &str = "The business process is not found.";

/// `bizproc.workflow.*`.
pub fn workflow(fault: &Fault) -> WireError {
    if fault.is(&codes::DEFINITION_NOT_FOUND) {
        WireError::bad("ERROR_WRONG_WORKFLOW_ID", "Template not found")
    } else if fault.is(&codes::INSTANCE_NOT_FOUND) || fault.is(&codes::NOT_ACTIVE) {
        WireError::plain(PROCESS_NOT_FOUND)
    } else if fault.is(&codes::RECORD_NOT_FOUND) || fault.is(&codes::CATALOG_NOT_FOUND) {
        WireError::plain("Wrong DOCUMENT_ID!")
    } else if matches!(fault.code.kind, FaultKind::Invalid | FaultKind::Conflict) {
        WireError::plain(&fault.message)
    } else {
        general(fault)
    }
}

/// `bizproc.workflow.template.*`.
pub fn template(fault: &Fault) -> WireError {
    if fault.is(&codes::DEFINITION_NOT_FOUND) {
        WireError::bad("ERROR_TEMPLATE_NOT_FOUND", "Workflow template not found.")
    } else if fault.is(&codes::DEFINITION_NOT_OWNER) {
        WireError::bad("ERROR_TEMPLATE_NOT_OWNER", "You can update ONLY templates created by current application")
    } else if fault.is(&codes::CATALOG_NOT_FOUND) {
        WireError::bad("ERROR_TEMPLATE_VALIDATION_FAILURE", "Incorrect field DOCUMENT_TYPE!")
    } else if matches!(fault.code.kind, FaultKind::Invalid | FaultKind::Conflict | FaultKind::TooLarge) {
        WireError::plain(&fault.message)
    } else {
        general(fault)
    }
}

/// `bizproc.task.*`.
pub fn task(fault: &Fault) -> WireError {
    if fault.is(&codes::TASK_NOT_FOUND) || fault.is(&codes::INSTANCE_NOT_FOUND) {
        WireError::bad("ERROR_TASK_NOT_FOUND", "Task not found")
    } else if fault.is(&codes::TASK_COMPLETED) || fault.is(&codes::NOT_ACTIVE) {
        WireError::bad("ERROR_TASK_COMPLETED", "Task already completed")
    } else if fault.is(&codes::TASK_OUTCOME) {
        WireError::bad("ERROR_TASK_EXECUTION", "No action specified.")
    } else if matches!(fault.code.kind, FaultKind::Invalid | FaultKind::Conflict | FaultKind::TooLarge) {
        WireError::bad("ERROR_TASK_EXECUTION", &fault.message)
    } else {
        general(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overload_says_when_to_come_again() {
        let full = general(&Fault::of(&codes::QUEUE_FULL).retry_after(3));
        assert_eq!((full.status, full.retry_after), (503, Some(3)));
        assert_eq!(general(&Fault::of(&codes::SHUTTING_DOWN)).retry_after, Some(5));
        assert_eq!(general(&Fault::of(&codes::JOB_NOT_FOUND)).retry_after, None);
    }

    #[test]
    fn every_code_has_a_failure() {
        for family in [general, activity, event, workflow, template, task] {
            for code in codes::ALL {
                let error = family(&Fault::of(code));
                assert!((400..600).contains(&error.status), "{}", code.code);
                let is_token = code.kind == FaultKind::Unauthenticated || code.code == codes::APP_NOT_FOUND.code;
                assert_eq!(error.status == 401, is_token, "only tokens may give 401: {}", code.code);
            }
        }
    }
}

//! Connectors: who performs an effect that leaves the server.
//!
//! A connector makes one try of one delivery. Invariant: it may be asked to make the same delivery again (after a
//! failure, after a crash), always with the same ids, so whatever it sends carries them as idempotency key. Never:
//! retries by itself, touches instances, or decides when to give up: the outbox does.

mod guard;
mod http;
mod outbound;

pub use guard::{AddressGuard, ForbiddenAddress};
pub use http::HttpConnector;
pub use outbound::{OutboundAnswer, OutboundFailure, OutboundHttp, OutboundRequest};

use model::{DefinitionId, DocumentRef, Fault, InstanceId, JobId, Object, OutboxId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Everything a connector is told about one delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The outbox entry: the same on every try.
    pub id: OutboxId,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The present instant.
    pub now: Timestamp,
    /// What to deliver.
    pub order: Order,
}

/// What was put into the outbox with the commit that asked for the call. Stored; new fields need a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The instance.
    pub instance: InstanceId,
    /// The deployed version it runs.
    pub definition: DefinitionId,
    /// The record it runs for.
    pub document: Option<DocumentRef>,
    /// Who started it.
    pub started_by: Option<UserId>,
    /// The job that asked.
    pub job: JobId,
    /// Key of the element instance.
    pub key: u32,
    /// The element, as the compiled definition numbers it.
    pub element: u32,
    /// Id of the element in its file.
    pub element_id: String,
    /// `rest_<md5>`, `ruslo:http`.
    pub job_type: String,
    /// 32 random characters made for this execution of the element; the answer must name them.
    pub event_id: String,
    /// Whether the element waits for an answer.
    pub waits: bool,
    /// Milliseconds until the wait ends by itself; 0 = never.
    pub timeout_ms: i64,
    /// Static settings of the element.
    pub headers: Vec<(String, String)>,
    /// The mapped inputs.
    pub input: Object,
    /// The trace of the command that asked, as a `traceparent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// How one try ended.
#[derive(Debug, Clone)]
pub enum DeliveryResult {
    /// Delivered; nothing more to do. A waiting element goes on waiting for its answer.
    Done,
    /// Delivered, and the answer is here: completes the job with this result.
    Completed(Object),
    /// It failed; the same delivery may succeed later.
    Retry(Fault),
    /// It failed for good.
    GaveUp(Fault),
}

/// What the history shows of one try.
#[derive(Debug, Clone, Default)]
pub struct CallRecord {
    /// Where to.
    pub url: String,
    /// The request as sent, without secrets.
    pub request: String,
    /// HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// The answer's body, cut.
    pub response: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// One try and its record.
#[derive(Debug, Clone)]
pub struct DeliveryReport {
    /// How it ended.
    pub result: DeliveryResult,
    /// What to show; none when nothing was called.
    pub call: Option<CallRecord>,
}

/// Performs deliveries of one kind.
#[async_trait::async_trait]
pub trait Connector: Send + Sync {
    /// The kind of outbox entries it delivers: `app_activity`, `http`.
    fn kind(&self) -> &'static str;

    /// Where the delivery goes, as far as too many at once are concerned: a handler, a host.
    fn target(&self, order: &Order) -> String {
        order.job_type.clone()
    }

    /// Makes one try.
    async fn deliver(&self, delivery: &Delivery, http: &OutboundHttp) -> DeliveryReport;
}

impl DeliveryReport {
    /// The report of an HTTP try under the common rule (Bitrix contract 3.5): any answer of 2xx–4xx is delivered,
    /// connection failures, timeouts and 5xx may succeed later.
    pub fn of_http(url: &str, request: String, outcome: &Result<OutboundAnswer, OutboundFailure>) -> Self {
        let mut call = CallRecord { url: url.to_owned(), request, ..CallRecord::default() };
        let result = match outcome {
            Ok(answer) => {
                call.status = Some(answer.status);
                call.duration_ms = answer.duration_ms;
                call.response = String::from_utf8_lossy(&answer.body).into_owned();
                if answer.truncated {
                    call.response.push_str("\n… (the rest was not read)");
                }
                if answer.status >= 500 {
                    let message = format!("the handler answered {}", answer.status);
                    DeliveryResult::Retry(Fault::new(&model::error::codes::CALL_STATUS, message))
                } else {
                    DeliveryResult::Done
                }
            }
            Err(failure) => {
                call.duration_ms = failure.duration_ms;
                let fault = failure.fault.clone();
                if failure.retriable { DeliveryResult::Retry(fault) } else { DeliveryResult::GaveUp(fault) }
            }
        };
        if let DeliveryResult::Retry(fault) | DeliveryResult::GaveUp(fault) = &result {
            call.error = Some(fault.to_string());
        }
        Self { result, call: Some(call) }
    }
}

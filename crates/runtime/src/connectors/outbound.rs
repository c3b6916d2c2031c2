//! The one HTTP client for calls to the outside.
//!
//! Invariant: no redirects, no proxies from the environment, guarded addresses, bounded time and a bounded answer.
//! Never: retries (the outbox does) or decides what a status means (the connector does).

use super::guard::{AddressGuard, ForbiddenAddress, GuardedResolver};
use crate::clock::Clock;
use model::Fault;
use model::error::codes;
use model::limits::Limits;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

/// A call to make.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Where to.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct OutboundAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, empty when there is none.
    pub content_type: String,
    /// The body, cut at the limit.
    pub body: Vec<u8>,
    /// Whether more followed that was not read.
    pub truncated: bool,
    /// Milliseconds from the start of the call to the last byte read.
    pub duration_ms: u64,
}

/// Why nothing came back.
#[derive(Debug, Clone)]
pub struct OutboundFailure {
    /// The public reason.
    pub fault: Fault,
    /// Whether the same call may succeed later: connection failures and timeouts.
    pub retriable: bool,
    /// Milliseconds from the start of the call to the failure.
    pub duration_ms: u64,
}

/// The guarded client. Cheap to clone.
#[derive(Clone)]
pub struct OutboundHttp {
    /// Made with the first call: reading the machine's root certificates takes longer than everything else at a start.
    client: Arc<OnceLock<reqwest::Client>>,
    guard: AddressGuard,
    clock: Arc<dyn Clock>,
    connect_ms: u64,
    call_ms: u64,
    answer_bytes: usize,
}

impl OutboundHttp {
    /// A client under `limits`.
    pub fn new(guard: AddressGuard, limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        // Another part of the process may have installed the provider already: the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            client: Arc::default(),
            guard,
            clock,
            connect_ms: limits.handler_connect_ms,
            call_ms: limits.handler_call_ms,
            answer_bytes: limits.handler_answer_bytes,
        }
    }

    fn client(&self) -> Result<reqwest::Client, Fault> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let made = self.make().map_err(|e| {
            Fault::new(&codes::CALL_FAILED, "the client for outgoing calls can not be set up").caused_by(e)
        })?;
        Ok(self.client.get_or_init(|| made).clone())
    }

    fn make(&self) -> reqwest::Result<reqwest::Client> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .dns_resolver(Arc::new(GuardedResolver(self.guard.clone())))
                .connect_timeout(Duration::from_millis(self.connect_ms))
                .timeout(Duration::from_millis(self.call_ms))
                .pool_idle_timeout(Duration::from_secs(15))
                .user_agent(concat!("Ruslo/", env!("CARGO_PKG_VERSION")))
        };
        builder().build().or_else(|error| {
            // A machine without root certificates: plain HTTP still works, HTTPS fails call by call.
            tracing::warn!(%error, "no root certificates found; calls to https addresses will fail");
            let config = rustls::ClientConfig::builder()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder().tls_backend_preconfigured(config).build()
        })
    }

    /// Makes one call: any status is an answer, whose body is cut at the limit; redirects are not followed. Fails when
    /// nothing was answered in time or the address lies in a network that is not allowed (`OUT-0001`, `OUT-0003`,
    /// `OUT-0004`).
    pub async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
        let started = self.clock.now();
        let mut answer = self.send_inner(request).await;
        let duration_ms = u64::try_from(self.clock.now().0 - started.0).unwrap_or(0);
        match &mut answer {
            Ok(answer) => answer.duration_ms = duration_ms,
            Err(failure) => failure.duration_ms = duration_ms,
        }
        answer
    }

    async fn send_inner(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
        let url = parse_url(&request.url).map_err(OutboundFailure::final_)?;
        self.guard.check_literal(&url).map_err(|e| OutboundFailure::final_(forbidden(&e)))?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| OutboundFailure::final_(bad_call("the HTTP method is not valid")))?;
        let mut call = self.client().map_err(OutboundFailure::final_)?.request(method, url).body(request.body);
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        if let Some(trace) = crate::trace::current() {
            call = call.header("traceparent", trace);
        }
        let mut response = call.send().await.map_err(failure)?;
        let content_type = response.headers().get(reqwest::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let mut truncated = false;
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            let room = self.answer_bytes - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                // Dropping the response closes the connection: the rest is never read.
                truncated = true;
                break;
            }
        }
        Ok(OutboundAnswer { status, content_type, body, truncated, duration_ms: 0 })
    }
}

impl OutboundFailure {
    fn final_(fault: Fault) -> Self {
        Self { fault, retriable: false, duration_ms: 0 }
    }
}

/// Reads an address that may be called.
fn parse_url(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|e| bad_call("the address is not a valid URL").caused_by(e))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err(bad_call("only http and https addresses can be called")),
    }
}

fn bad_call(message: &str) -> Fault {
    Fault::new(&codes::CALL_FAILED, message)
}

fn forbidden(error: &ForbiddenAddress) -> Fault {
    Fault::new(&codes::CALL_FORBIDDEN_ADDRESS, error.to_string()).caused_by(error.clone())
}

fn failure(error: reqwest::Error) -> OutboundFailure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(e) = cause {
        if let Some(refused) = e.downcast_ref::<ForbiddenAddress>() {
            return OutboundFailure::final_(forbidden(refused));
        }
        cause = e.source();
    }
    let (code, message) = if error.is_timeout() {
        (&codes::CALL_TIMEOUT, "the handler did not answer in time".to_owned())
    } else if error.is_connect() {
        (&codes::CALL_FAILED, format!("no connection: {}", innermost(&error)))
    } else {
        (&codes::CALL_FAILED, format!("the call broke off: {}", innermost(&error)))
    };
    let retriable = !error.is_builder();
    OutboundFailure { fault: Fault::new(code, message).caused_by(error), retriable, duration_ms: 0 }
}

/// The last reason of the chain: "Connection refused" rather than "error sending request".
fn innermost(error: &dyn Error) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        reason = e.to_string();
        cause = e.source();
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers one connection with `answer`, repeating its last part `times`.
    async fn server(head: &'static str, part: &'static [u8], times: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut seen = [0; 4096];
            let _ = socket.read(&mut seen).await;
            let _ = socket.write_all(head.as_bytes()).await;
            for _ in 0..times {
                if socket.write_all(part).await.is_err() {
                    break;
                }
            }
        });
        format!("http://{address}/")
    }

    fn client(allow_local: bool) -> OutboundHttp {
        let nets = if allow_local { vec!["127.0.0.0/8".parse().unwrap()] } else { Vec::new() };
        OutboundHttp::new(AddressGuard::new(nets), &Limits::default(), Arc::new(SystemClock))
    }

    fn get(url: &str) -> OutboundRequest {
        OutboundRequest { method: "GET".into(), url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    #[tokio::test]
    async fn a_huge_answer_is_cut() {
        let url = server("HTTP/1.1 200 OK\r\ncontent-type: text/x\r\n\r\n", &[b'a'; 4096], 100_000).await;
        let answer = client(true).send(get(&url)).await.unwrap();
        assert_eq!((answer.body.len(), answer.truncated), (Limits::default().handler_answer_bytes, true));
        assert_eq!(answer.content_type, "text/x");
    }

    #[tokio::test]
    async fn redirects_are_answers() {
        let url = server("HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n", b"", 0).await;
        assert_eq!(client(true).send(get(&url)).await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn private_and_broken_addresses_are_final_failures() {
        let client = client(false);
        for (url, code) in [
            ("http://127.0.0.1:1/", &codes::CALL_FORBIDDEN_ADDRESS),
            ("http://localhost:1/", &codes::CALL_FORBIDDEN_ADDRESS),
            ("file:///etc/passwd", &codes::CALL_FAILED),
            ("nonsense", &codes::CALL_FAILED),
        ] {
            let failure = client.send(get(url)).await.unwrap_err();
            assert!(failure.fault.is(code), "{url}: {}", failure.fault);
            assert!(!failure.retriable, "{url}");
        }
    }

    #[tokio::test]
    async fn a_refused_connection_may_succeed_later() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let failure = client(true).send(get(&format!("http://{free}/"))).await.unwrap_err();
        assert!(failure.retriable);
        assert!(failure.fault.is(&codes::CALL_FAILED));
    }
}

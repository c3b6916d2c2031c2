//! B through an app: the server calls its HTTP handler, and it answers with `bizproc.event.send` over the REST face.
//!
//! Owns: the app's side, as lean as the other clients. A starter waits until the answer for its instance is
//! acknowledged. Invariant: a call is answered with 200 at once, as apps do, and its event is sent apart from it.

use super::service::{Board, starter};
use super::{Seen, Shared, Target};
use crate::client::{Client, Failure};
use crate::http::{Connection, find, header};
use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};

/// What a call is answered with.
const FINE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
/// The most that a call may hold.
const CALL_MAX: usize = 1 << 20;
/// The bits of an instance's id in a workflow's.
const INSTANCE: u64 = (1 << 53) - 1;

/// An app that listens.
pub(super) struct App {
    listener: TcpListener,
    server: SocketAddr,
}

/// A call that is to be answered.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    instance: i64,
    event_token: String,
    access_token: String,
}

type Calls = Arc<Mutex<mpsc::UnboundedReceiver<Call>>>;

impl App {
    /// Listens where the app was registered.
    pub(super) async fn listen(target: &Target) -> Result<Self> {
        let address = target.handler.as_deref().context("no app is registered at this server")?;
        let listener = TcpListener::bind(address).await.context("listening as the app's handler")?;
        Ok(Self { listener, server: target.address.parse().context("the server's address")? })
    }
}

/// Half of the clients start instances, the others send the app's answers.
pub(super) async fn run(shared: &Arc<Shared>, mut clients: Vec<Client>, app: App) -> Result<Vec<Seen>> {
    let App { listener, server } = app;
    let senders = (clients.len() / 2).max(1);
    clients.truncate(clients.len() - clients.len() / 2);
    let board = Arc::new(Board::default());
    let (sender, calls) = mpsc::unbounded_channel();
    let calls: Calls = Arc::new(Mutex::new(calls));
    let mut tasks = Vec::new();
    for _ in 0..senders {
        // The token of each call goes with its answer, as handlers do it.
        let connection = Connection::open(server, None).await.context("connecting to the REST face")?;
        tasks.push(tokio::spawn(answers(shared.clone(), connection, calls.clone(), board.clone())));
    }
    let accepting = tokio::spawn(accept(listener, sender));
    let seen = super::each(clients, |client| starter(shared.clone(), client, board.clone())).await;
    shared.over.store(true, Ordering::Relaxed);
    accepting.abort();
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    seen
}

async fn accept(listener: TcpListener, calls: mpsc::UnboundedSender<Call>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, calls.clone()));
    }
}

/// Takes the calls of one connection, until it is closed or speaks nonsense.
async fn serve(mut stream: TcpStream, calls: mpsc::UnboundedSender<Call>) {
    let mut buffer = Vec::with_capacity(4 << 10);
    loop {
        let (call, end) = match read(&buffer) {
            Some(read) => read,
            None if buffer.len() > CALL_MAX => return,
            None => match stream.read_buf(&mut buffer).await {
                Ok(1..) => continue,
                _ => return,
            },
        };
        buffer.drain(..end);
        let Some(call) = call else { return };
        if stream.write_all(FINE).await.is_err() || calls.send(call).is_err() {
            return;
        }
    }
}

/// A whole request at the buffer's beginning, and where it ends.
fn read(buffer: &[u8]) -> Option<(Option<Call>, usize)> {
    let body = find(buffer, b"\r\n\r\n")? + 4;
    let length: usize = header(&buffer[..body], b"content-length:").and_then(|v| v.trim().parse().ok()).unwrap_or(0);
    let form = buffer.get(body..body + length)?;
    Some((call(form), body + length))
}

fn call(form: &[u8]) -> Option<Call> {
    let form = std::str::from_utf8(form).ok()?;
    let field = |wanted: &str| {
        let mut fields = form.split('&').filter_map(|pair| pair.split_once('='));
        fields.find(|(name, _)| decoded(name) == wanted).map(|(_, value)| decoded(value))
    };
    let event_token = field("event_token")?;
    let workflow = u64::from_str_radix(event_token.get(..14)?, 16).ok()?;
    let instance = i64::try_from(workflow & INSTANCE).ok()?;
    Some(Call { instance, access_token: field("auth[access_token]")?, event_token })
}

/// Without its percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).unwrap_or(0);
                u8::try_from(digit() * 16 + digit()).unwrap_or(b'?')
            }
            b'+' => b' ',
            byte => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends the answers to calls, one at a time over one connection.
async fn answers(shared: Arc<Shared>, mut connection: Connection, calls: Calls, board: Arc<Board>) {
    loop {
        let call = calls.lock().await.recv().await;
        let Some(call) = call else { return };
        let body = format!(
            "{{\"auth\":\"{}\",\"event_token\":\"{}\",\"return_values\":{{\"answer\":\"done\"}}}}",
            call.access_token, call.event_token
        );
        let sent = match connection.post("/rest/bizproc.event.send.json", &body).await {
            Ok(answer) if answer.ok() => Ok(()),
            Ok(answer) => Err(Failure::Refused(format!("{} {}", answer.status, String::from_utf8_lossy(answer.body)))),
            Err(error) => Err(Failure::Broken(error)),
        };
        match sent {
            Ok(()) => board.done(call.instance),
            Err(failure) => {
                let broken = matches!(failure, Failure::Broken(_));
                shared.note(&failure);
                if broken {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_when_it_is_whole() {
        let form =
            "workflow_id=60000000000101.1&event_token=60000000000101.12345678%7Cwork%7CabC.0f&auth%5Baccess_token%5D=t";
        let request = format!("POST /handler HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{form}GET", form.len());
        let whole = request.len() - 3;
        for cut in 0..whole {
            assert!(read(&request.as_bytes()[..cut]).is_none(), "{cut}");
        }
        let (call, end) = read(request.as_bytes()).unwrap();
        assert_eq!(end, whole);
        let event_token = "60000000000101.12345678|work|abC.0f".to_owned();
        assert_eq!(call, Some(Call { instance: 0x101, event_token, access_token: "t".to_owned() }));
    }
}

//! A lean HTTP/1.1 client: one kept connection, one request at a time, to loopback addresses only.
//!
//! Owns: framing. Never: retries, redirects, TLS, compression: what the load generator spends is kept from the server
//! that it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The most an answer may hold.
const ANSWER_MAX: usize = 64 << 20;

/// A kept connection.
pub struct Connection {
    stream: TcpStream,
    /// `Host` and `Authorization`, the same in every request.
    head: String,
    out: Vec<u8>,
    buffer: Vec<u8>,
}

/// An answer; the body lives until the next request.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Whether the status is one of success.
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Where an answer's parts lie in the buffer.
struct Parts {
    status: u16,
    body: std::ops::Range<usize>,
}

impl Connection {
    /// Connects; `token` goes into every request.
    pub async fn open(address: SocketAddr, token: Option<&str>) -> Result<Self> {
        if !address.ip().is_loopback() {
            return Err(Error::new(ErrorKind::InvalidInput, "the load generator speaks to loopback addresses only"));
        }
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut head = format!(" HTTP/1.1\r\nHost: {address}\r\n");
        if let Some(token) = token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        Ok(Self { stream, head, out: Vec::with_capacity(1024), buffer: Vec::with_capacity(16 << 10) })
    }

    /// Reads an address.
    pub async fn get(&mut self, path: &str) -> Result<Answer<'_>> {
        self.request("GET", path, None, b"").await
    }

    /// Sends JSON.
    pub async fn post(&mut self, path: &str, json: &str) -> Result<Answer<'_>> {
        self.request("POST", path, Some("application/json"), json.as_bytes()).await
    }

    /// Any request.
    pub async fn request(&mut self, method: &str, path: &str, kind: Option<&str>, body: &[u8]) -> Result<Answer<'_>> {
        self.out.clear();
        for part in [method, " ", path, &self.head] {
            self.out.extend_from_slice(part.as_bytes());
        }
        if let Some(kind) = kind {
            let lines = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
            self.out.extend_from_slice(lines.as_bytes());
        }
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        self.stream.write_all(&self.out).await?;
        self.buffer.clear();
        let parts = self.read_answer().await?;
        Ok(Answer { status: parts.status, body: &self.buffer[parts.body] })
    }

    async fn read_answer(&mut self) -> Result<Parts> {
        let mut seen = 0;
        let end = loop {
            if let Some(at) = find(&self.buffer[seen..], b"\r\n\r\n") {
                break seen + at + 4;
            }
            seen = self.buffer.len().saturating_sub(3);
            self.more().await?;
        };
        let status = std::str::from_utf8(self.buffer.get(9..12).unwrap_or_default()).ok().and_then(|s| s.parse().ok());
        let status = status.ok_or_else(|| broken("no status line"))?;
        let head = &self.buffer[..end];
        if let Some(length) = header(head, b"content-length:") {
            let length: usize = length.trim().parse().map_err(|_| broken("a strange content-length"))?;
            if length > ANSWER_MAX {
                return Err(broken("too long an answer"));
            }
            while self.buffer.len() < end + length {
                self.more().await?;
            }
            return Ok(Parts { status, body: end..end + length });
        }
        if header(head, b"transfer-encoding:").is_some_and(|v| v.contains("chunked")) {
            return self.read_chunks(status, end).await;
        }
        Ok(Parts { status, body: end..end })
    }

    /// Chunks, joined in place.
    async fn read_chunks(&mut self, status: u16, start: usize) -> Result<Parts> {
        let (mut end, mut at) = (start, start);
        loop {
            let line = loop {
                if let Some(found) = find(&self.buffer[at..], b"\r\n") {
                    break at + found;
                }
                self.more().await?;
            };
            let size = std::str::from_utf8(&self.buffer[at..line]).ok().and_then(|s| usize::from_str_radix(s, 16).ok());
            let size = size.filter(|n| *n <= ANSWER_MAX).ok_or_else(|| broken("a strange chunk"))?;
            let data = line + 2;
            while self.buffer.len() < data + size + 2 {
                self.more().await?;
            }
            if size == 0 {
                return Ok(Parts { status, body: start..end });
            }
            self.buffer.copy_within(data..data + size, end);
            end += size;
            at = data + size + 2;
        }
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        Ok(())
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("the server's answer has {what}"))
}

pub(crate) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|w| w == wanted)
}

/// A header's value; `name` in lower case with its colon.
pub(crate) fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let mut lines = head.split(|b| *b == b'\n');
    let line = lines.find(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name))?;
    std::str::from_utf8(&line[name.len()..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn served(answer: &'static [u8]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _read = stream.read(&mut request).await.unwrap();
            for part in answer.chunks(7) {
                stream.write_all(part).await.unwrap();
                stream.flush().await.unwrap();
            }
        });
        Connection::open(address, Some("secret")).await.unwrap()
    }

    #[tokio::test]
    async fn answers_by_length_by_chunks_and_without_a_body() {
        let mut c = served(b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nbody").await;
        let answer = c.post("/x", "{}").await.unwrap();
        assert_eq!((answer.status, answer.body), (201, &b"body"[..]));
        let mut c =
            served(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n")
                .await;
        assert_eq!(c.get("/x").await.unwrap().body, b"abc0123456789");
        let mut c = served(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        let answer = c.get("/x").await.unwrap();
        assert!(answer.ok() && answer.body.is_empty());
        let mut c = served(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort").await;
        assert_eq!(c.get("/x").await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn other_machines_are_refused() {
        let refused = Connection::open("192.0.2.1:80".parse().unwrap(), None).await;
        assert_eq!(refused.err().unwrap().kind(), ErrorKind::InvalidInput);
    }
}

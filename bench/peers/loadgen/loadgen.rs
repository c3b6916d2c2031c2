//! Closed-loop HTTP/1.1 load generator for the peers that are called over HTTP: standard library only, so
//! `rustc -O` builds it in seconds. One thread and one keep-alive connection a client; loopback only; bounded by time.
//!
//! Usage: loadgen HOST:PORT PATH CLIENTS SECONDS BODY
//! `{i}` in path and body becomes a number that no other request of this run has, `{a}` that number modulo 100.
use std::{
    env,
    io::{Error, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

static NEXT: AtomicU64 = AtomicU64::new(0);

struct Plan {
    to: SocketAddr,
    path: String,
    body: String,
    until: Instant,
}

#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    errors: u64,
    first_error: String,
}

fn connect(to: SocketAddr) -> Result<TcpStream, Error> {
    let stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

/// Reads one answer; returns its status.
fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16, Error> {
    buffer.clear();
    let mut chunk = [0u8; 16384];
    let mut more = |buffer: &mut Vec<u8>| -> Result<(), Error> {
        match stream.read(&mut chunk)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            n => {
                buffer.extend_from_slice(&chunk[..n]);
                Ok(())
            }
        }
    };
    let head_end = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at + 4;
        }
        more(buffer)?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
    let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|v| v.trim().parse().ok());
    if let Some(length) = length {
        let length: usize = length;
        while buffer.len() < head_end + length {
            more(buffer)?;
        }
    } else if head.contains("transfer-encoding: chunked") {
        while !buffer[head_end..].ends_with(b"0\r\n\r\n") {
            more(buffer)?;
        }
    }
    Ok(status)
}

fn request(plan: &Plan, n: u64) -> String {
    let fill = |text: &str| text.replace("{i}", &n.to_string()).replace("{a}", &(n % 100).to_string());
    let body = fill(&plan.body);
    let (path, host, length) = (fill(&plan.path), plan.to, body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn client(plan: &Plan) -> Seen {
    let mut seen = Seen::default();
    let mut buffer = Vec::with_capacity(65536);
    let mut open = None;
    while Instant::now() < plan.until {
        let request = request(plan, NEXT.fetch_add(1, Ordering::Relaxed));
        let began = Instant::now();
        let outcome = open.take().map_or_else(|| connect(plan.to), Ok).and_then(|mut stream: TcpStream| {
            stream.write_all(request.as_bytes())?;
            let status = answer(&mut stream, &mut buffer)?;
            Ok((status, stream))
        });
        match outcome {
            Ok((status, stream)) => {
                open = Some(stream);
                if status < 300 {
                    seen.micros.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
                    continue;
                }
                seen.first_error = format!("{status} {}", String::from_utf8_lossy(&buffer));
            }
            Err(e) => seen.first_error = e.to_string(),
        }
        seen.errors += 1;
        thread::sleep(Duration::from_millis(1));
    }
    seen
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let [_, to, path, clients, seconds, body] = args.as_slice() else {
        eprintln!("usage: loadgen HOST:PORT PATH CLIENTS SECONDS BODY");
        std::process::exit(2);
    };
    let to: SocketAddr = to.parse().expect("an address");
    assert!(to.ip().is_loopback(), "loopback only");
    let seconds: f64 = seconds.parse().expect("seconds");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    NEXT.store(u64::try_from(now.as_micros()).expect("a clock before year 500,000"), Ordering::Relaxed);
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(seconds);
    let plan = Plan { to, path: path.clone(), body: body.clone(), until };
    let mut all = Seen::default();
    thread::scope(|scope| {
        let running: Vec<_> =
            (0..clients.parse().expect("clients")).map(|_: u32| scope.spawn(|| client(&plan))).collect();
        for one in running {
            let seen = one.join().expect("a client does not panic");
            all.micros.extend(seen.micros);
            all.errors += seen.errors;
            if all.first_error.is_empty() {
                all.first_error = seen.first_error;
            }
        }
    });
    let took = began.elapsed().as_secs_f64();
    all.micros.sort_unstable();
    let last = all.micros.len().saturating_sub(1);
    let at = |q: usize| all.micros.get(last * q / 100).copied().unwrap_or(0) as f64 / 1000.0;
    let first: String = all.first_error.chars().take(300).filter(|c| (' '..='~').contains(c)).collect();
    println!(
        "{{\"clients\":{clients},\"ok\":{},\"errors\":{},\"seconds\":{took:.3},\"per_second\":{:.1},\
         \"p50_ms\":{:.3},\"p99_ms\":{:.3},\"first_error\":\"{}\"}}",
        all.micros.len(),
        all.errors,
        all.micros.len() as f64 / took,
        at(50),
        at(99),
        first.replace(['"', '\\'], " ")
    );
}

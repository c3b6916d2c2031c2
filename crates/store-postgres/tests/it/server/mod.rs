//! A PostgreSQL for the tests: the one whose URL `RUSLO_TEST_POSTGRES` is, or one started here.
//!
//! A server started here has the locale C, does not wait for the disk, works in memory where there is enough of it (a
//! database is hundreds of files) and lives as long as the process: a shell holds the other end of a pipe and stops it
//! when the pipe breaks, whatever became of the process; a signal that is meant for all, such as that of Ctrl+C, does not
//! end it before it has cleaned up. A test's databases go when its thread ends.

#![allow(dead_code, reason = "the unit tests take a part")]
#![allow(clippy::disallowed_methods, reason = "a test that waits for a server needs the clock")]

use std::{
    cell::RefCell,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        LazyLock, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio_postgres::{Client, NoTls};

const START: &str = r#"
trap '' INT TERM HUP
bin=$1 dir=$2 port=$3 as= data=
free() { df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }'; awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
if [ "$(free 2>/dev/null | awk '$1 > 2000000' | wc -l)" -eq 2 ]; then
    data=$(mktemp -d /dev/shm/ruslo-postgres-XXXXXX 2>/dev/null)
fi
[ -n "$data" ] || { data=$dir/server; mkdir "$data"; }
if [ "$(id -u)" = 0 ]; then
    user=postgres; id $user >/dev/null 2>&1 || user=nobody
    chown -R $user "$dir" "$data"; as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
fi
cd "$dir"
if $as "$bin/initdb" -D "$data/data" -U ruslo -A trust -E UTF8 --locale=C -N; then
    $as "$bin/postgres" -D "$data/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=128MB -c shared_buffers=64MB \
        -c max_connections=300 -c log_min_messages=fatal &
    read -r _
    kill -INT $!
    wait $!
fi
rm -rf "$dir" "$data"
"#;

struct Server {
    url: String,
    shell: Option<Child>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| match std::env::var("RUSLO_TEST_POSTGRES") {
    Ok(url) => Server { url: url.trim_end_matches('/').to_owned(), shell: None },
    Err(_) => start(),
});

/// The newest server's programs.
fn programs() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|dir| dir.join("initdb").exists());
    found.pop().map(|(_, bin)| bin).or(on_path).expect(
        "no PostgreSQL server is installed: install the package postgresql or set RUSLO_TEST_POSTGRES to a URL like \
         postgres://user:password@host:5432 of a user who may create databases",
    )
}

fn start() -> Server {
    let directory = tempfile::Builder::new().prefix("ruslo-postgres-").tempdir().expect("a directory").keep();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let log = std::fs::File::create(directory.join("log")).expect("a log");
    let shell = Command::new("sh")
        .args(["-c", START, "sh"])
        .arg(programs())
        .arg(&directory)
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("a shell");
    Server { url: format!("postgres://ruslo@127.0.0.1:{port}"), shell: Some(shell) }
}

/// A connection to a database of the server; waits until it is up.
async fn connect(url: &str) -> Client {
    let started = Instant::now();
    loop {
        match tokio_postgres::connect(url, NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                return client;
            }
            Err(error) if started.elapsed() > Duration::from_secs(120) => panic!("no server at {url}: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Runs `work` on a thread of its own, so that it may be called from anywhere.
fn block_on<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work)
    };
    std::thread::spawn(run).join().expect("the work is done")
}

/// The databases of a thread: a test has one of its own.
struct Mine(RefCell<Vec<String>>);

impl Drop for Mine {
    fn drop(&mut self) {
        let drop = |name| format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let drops: Vec<String> = self.0.take().into_iter().map(drop).collect();
        block_on(async move {
            let Ok((client, connection)) = tokio_postgres::connect(&on_server("postgres"), NoTls).await else { return };
            tokio::spawn(connection);
            for drop in drops {
                // What stays takes room, nothing else.
                let _ = client.batch_execute(&drop).await;
            }
        });
    }
}

thread_local! {
    static MINE: Mine = const { Mine(RefCell::new(Vec::new())) };
}

fn on_server(name: &str) -> String {
    format!("{}/{name}", SERVER.url)
}

/// Makes a database and gives its name.
fn create(like: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("ruslo_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
    let mut sql = format!("CREATE DATABASE {name} {like}");
    let made = name.clone();
    block_on(async move {
        let client = connect(&on_server("postgres")).await;
        if SERVER.shell.is_none() {
            // A server that outlives the process keeps what it is given: earlier leftovers go.
            sql += " CONNECTION LIMIT 100";
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.expect("no leftovers");
        }
        client.batch_execute(&sql).await.expect("a database");
    });
    made
}

fn lent(name: String) -> String {
    let url = on_server(&name);
    // Somebody else's server may have poolers before it, which hold connections.
    if SERVER.shell.is_some() {
        MINE.with(|mine| mine.0.borrow_mut().push(name));
    }
    url
}

const EMPTY: &str = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'";

/// The URL of a new database: empty, of the locale C, which knows no letters but Latin ones.
pub fn database() -> String {
    lent(create(EMPTY))
}

/// The URL of a new database with what `fill`, always the same, puts into an empty one of that URL. On a server of our
/// own it is put there once and copied, which costs a tenth; on another it is filled each time, for nobody may be
/// connected to what is copied.
pub fn filled(fill: fn(&str)) -> String {
    static FILLED: OnceLock<String> = OnceLock::new();
    if SERVER.shell.is_none() {
        let url = database();
        fill(&url);
        return url;
    }
    let original = FILLED.get_or_init(|| {
        let name = create(EMPTY);
        fill(&on_server(&name));
        name
    });
    lent(create(&format!("TEMPLATE {original} STRATEGY file_copy")))
}

/// Runs statements behind the store's back.
pub fn execute(url: &str, sql: &str) {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    block_on(async move { connect(&url).await.batch_execute(&sql).await.expect("statements") });
}

/// The first column of the rows that a statement gives.
pub fn texts(url: &str, sql: &str) -> Vec<String> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    block_on(async move {
        let rows = connect(&url).await.simple_query(&sql).await.expect("rows");
        let row = |message: &tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        rows.iter().filter_map(row).collect()
    })
}

//! The apps of `examples/md5-app`, as programs of their own, against a portal on a real port (acceptance list 9).

use crate::support::process::{bpmn, service};
use crate::support::{By, Portal};
use model::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/md5-app")
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("{program} is not installed: its example was not run");
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it says that it listens.
fn serve(command: &mut Command, ready: &str) -> Running {
    let child = command.current_dir(folder()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let stderr = BufReader::new(running.0.stderr.take().unwrap());
    let (sender, lines) = std::sync::mpsc::channel();
    let other = sender.clone();
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(|l| drop(sender.send(l))));
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|l| drop(other.send(l))));
    let mut seen = Vec::new();
    while let Ok(line) = lines.recv_timeout(Duration::from_secs(120)) {
        let found = line.contains(ready);
        seen.push(line);
        if found {
            return running;
        }
    }
    panic!("the handler did not come up: {seen:?}");
}

/// Registers with the app's own program, runs a process, and waits for the sum.
async fn story(portal: &Portal, register: &mut Command) {
    let base = portal.platform.public_url().to_owned();
    register.env("PORTAL", base).env("ACCESS_TOKEN", &portal.tokens.access_token).env("AUTH_USER_ID", "1");
    register.current_dir(folder());
    let mut command = std::mem::replace(register, Command::new("true"));
    let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(out.status.success(), "{} {}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let activity = portal.platform.activities().list(None).await.unwrap().remove(0);
    assert_eq!(activity.spec.name.get("ru"), "MD5 генератор");
    let step =
        service("Md5", &activity.job_type(), &[("inputString", "{=Document:NAME}")], &[("resultVariable", "md5")]);
    let wait = service("Wait", "external", &[], &[]);
    let template = portal.deploy(&bpmn("p", &format!("{step}{wait}"), &["Md5", "Wait"])).await;
    let params = serde_json::json!({"TEMPLATE_ID": template.0, "DOCUMENT_ID": portal.document("Счёт № 1").await});
    portal.ok(By::Hook, "bizproc.workflow.start", params).await;
    let mut changes = portal.platform.live().subscribe();
    let id = portal.store.instances(store::Query::default()).await.unwrap().rows[0].id;
    loop {
        let view = portal.runtime.instance(id).await.unwrap();
        if let Some(sum) = view.variables[0].values.get("md5").and_then(|v| v.get("outputString")) {
            assert_eq!(sum, &Value::text("4c3caa731c24520afb254d378d0d9d00"));
            let history = portal.runtime.history(id).await.unwrap();
            assert!(history.iter().any(|e| e.event.to_string().contains("a line before")), "the log line");
            return;
        }
        let change = tokio::time::timeout(Duration::from_secs(120), changes.recv()).await;
        change.expect("the app did not answer").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_app() {
    if !is_there("python3") {
        return;
    }
    let portal = Portal::listening().await;
    let address = format!("127.0.0.1:{}", free_port());
    let python = |action: &str| {
        let mut command = Command::new("python3");
        command.args(["-B", "md5_app.py", action]).env("LISTEN", &address).env("LOG_LINE", "a line before");
        command
    };
    let _app = serve(&mut python("serve"), "listening");
    story(&portal, &mut python("register")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_php_app() {
    if !is_there("php") {
        return;
    }
    let portal = Portal::listening().await;
    let address = format!("127.0.0.1:{}", free_port());
    let mut server = Command::new("php");
    // The handler calls back before it answers, so a single process would wait for itself only if it called itself.
    server.args(["-S", &address, "md5_app.php"]).env("LOG_LINE", "a line before");
    let _app = serve(&mut server, "started");
    let mut register = Command::new("php");
    register.arg("md5_register.php").env("HANDLER_URL", format!("http://{address}/"));
    story(&portal, &mut register).await;
}

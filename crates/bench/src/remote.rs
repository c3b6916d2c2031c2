//! The jobs over HTTP: the server in a process of its own, the load in another, so that what the server alone uses can
//! be told.
//!
//! Owns: those processes; they are killed when the value goes. Invariant: the server is the product's own `serve`
//! command, reached like any other. Never: another address than loopback.

use crate::http::Connection;
use crate::jobs::{APP_ACTIVITY, Process};
use crate::load::{Order, Outcome, Plan, Target, now};
use crate::process::{Usage, folder_bytes};
use crate::sequence::Options;
use crate::stage::{Counters, Stage};
use crate::{Job, Report, kill, sequence};
use anyhow::{Context, Result, bail, ensure};
use platform::apps::activities::internal_code;
use std::{
    fs::{self, File},
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long a server may take until it answers.
const START_MAX: Duration = Duration::from_secs(300);
/// How long it may take to stop.
const STOP_MAX: Duration = Duration::from_secs(60);

/// How the processes are started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The binary.
    pub program: PathBuf,
    /// Arguments of the server; it is told by `RUSLO_LISTEN` where to listen.
    pub server: Vec<String>,
    /// Its environment, besides this process's own without the product's settings.
    pub environment: Vec<(String, String)>,
    /// The server's data directory, a fresh one.
    pub data_dir: PathBuf,
    /// Arguments of a load: it reads an [`Order`] from its input and writes an [`Outcome`] to its output.
    pub load: Vec<String>,
    /// Arguments of a command that prints `{"token": ...}` of the person `admin`; none: the server asks for no token and
    /// has no definitions (the envelope).
    pub token: Option<Vec<String>>,
    /// Arguments of a command that prints `{"client_id": ..., "access_token": ...}` of an app, if the job needs one.
    pub app: Option<Vec<String>>,
    /// `sqlite` or `postgres`.
    pub store: &'static str,
}

/// A server's process that answers.
pub(crate) struct Remote {
    launch: Launch,
    child: Child,
    target: Target,
}

impl Drop for Remote {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a job against a server of its own.
pub async fn run(launch: &Launch, options: &Options) -> Result<Report> {
    let mut stage = Remote::open(launch.clone()).await?;
    sequence::run(&mut stage, None, options).await.with_context(|| stage.last_words())
}

/// Runs C against a server of its own beside another one, `quiet`, where nobody waits.
pub async fn run_beside(launch: &Launch, quiet: &Launch, options: &Options) -> Result<Report> {
    let mut stage = Remote::open(launch.clone()).await?;
    let mut quiet = Remote::open(quiet.clone()).await?;
    sequence::run(&mut stage, Some(&mut quiet), options).await.with_context(|| stage.last_words())
}

/// Runs a job, kills the server in mid-load, starts it again and looks for what was acknowledged.
pub async fn run_and_kill(launch: &Launch, options: &Options) -> Result<Report> {
    let mut stage = Remote::open(launch.clone()).await?;
    kill::run(&mut stage, options).await.with_context(|| stage.last_words())
}

/// Runs the envelope as a job of its own.
pub async fn run_envelope(launch: &Launch, options: &Options) -> Result<Report> {
    let mut stage = Remote::open(launch.clone()).await?;
    let warm = stage.load(options.warm_up()).await?;
    sequence::sound(&warm)?;
    let before = stage.counters().await?;
    let measured = stage.load(options.plan()).await?;
    sequence::sound(&measured)?;
    let after = stage.counters().await?;
    let job = Options { job: Job::Envelope, ..options.clone() };
    Ok(sequence::figures(&stage, &job, &measured, (before, after), warm.done + measured.done))
}

impl Remote {
    async fn open(launch: Launch) -> Result<Self> {
        fs::create_dir_all(&launch.data_dir)?;
        let token = launch.token.as_ref().map(|arguments| token(&launch, arguments)).transpose()?;
        let app = launch.app.as_ref().map(|arguments| printed(&launch, arguments)).transpose()?;
        let with_engine = token.is_some();
        let (child, address) = start(&launch).await?;
        let definitions = ["straight", "service", "", ""].map(str::to_owned).to_vec();
        let target = Target { address: address.to_string(), token, definitions, handler: None };
        let mut remote = Self { launch, child, target };
        if with_engine {
            remote.target.definitions = remote.deploy(&Process::ALL.map(Process::bpmn)).await?;
        }
        if let Some(app) = app {
            remote.install(&app).await?;
        }
        Ok(remote)
    }

    /// Registers the app's activity and deploys the process that has it.
    async fn install(&mut self, app: &serde_json::Value) -> Result<()> {
        let text = |name: &str| app[name].as_str().with_context(|| format!("the command printed no {name}"));
        let handler = free_address()?.to_string();
        let activity = serde_json::json!({
            "auth": text("access_token")?,
            "CODE": APP_ACTIVITY,
            "HANDLER": format!("http://{handler}/handler"),
            "USE_SUBSCRIPTION": "Y",
            "NAME": "Bench",
            "RETURN_PROPERTIES": {"answer": {"Name": {"en": "Answer"}, "Type": "string", "Multiple": "N"}},
        });
        // Without the API's token: the app speaks for itself.
        let address: SocketAddr = self.target.address.parse().context("the server's address")?;
        let mut connection = Connection::open(address, None).await?;
        let answer = connection.post("/rest/bizproc.activity.add.json", &activity.to_string()).await?;
        ensure!(answer.ok(), "the app was not registered: {}", String::from_utf8_lossy(answer.body));
        let job_type = format!("rest_{}", internal_code(text("client_id")?, APP_ACTIVITY));
        let bpmn = Process::Handled.bpmn().replace(APP_ACTIVITY, &job_type);
        let deployed = self.deploy(&[&bpmn]).await?;
        self.target.definitions.extend(deployed);
        self.target.handler = Some(handler);
        Ok(())
    }

    async fn connect(&self) -> Result<Connection> {
        let address: SocketAddr = self.target.address.parse().context("the server's address")?;
        Ok(Connection::open(address, self.target.token.as_deref()).await?)
    }

    async fn deploy(&self, files: &[&str]) -> Result<Vec<String>> {
        let mut connection = self.connect().await?;
        let mut ids = Vec::new();
        for bpmn in files {
            let form = format!(
                "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bench.bpmn\"\r\n\r\n{bpmn}\r\n--part--\r\n",
            );
            let kind = "multipart/form-data; boundary=part";
            let answer = connection.request("POST", "/api/v1/definitions", Some(kind), form.as_bytes()).await?;
            let body: serde_json::Value = serde_json::from_slice(answer.body).context("deploying")?;
            let id = body["definitions"][0]["id"].as_str();
            ids.push(id.with_context(|| format!("the job's process was not deployed: {body}"))?.to_owned());
        }
        Ok(ids)
    }

    /// Starts a load; its outcome is taken later.
    pub(crate) fn begin(&self, plan: Plan) -> Result<Child> {
        let mut child = Command::new(&self.launch.program)
            .args(&self.launch.load)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the load")?;
        let order = Order { target: self.target.clone(), plan };
        let mut input = child.stdin.take().context("the load's input")?;
        input.write_all(&serde_json::to_vec(&order)?)?;
        Ok(child)
    }

    /// `SIGKILL`, as the machine's failure would be.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().context("killing the server")?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts the server again; how long it took until a request was answered.
    pub(crate) async fn revive(&mut self) -> Result<Duration> {
        let begun = now();
        let (child, address) = start(&self.launch).await?;
        self.child = child;
        self.target.address = address.to_string();
        let mut connection = self.connect().await?;
        let answer = connection.get("/api/v1/tasks?limit=1").await?;
        ensure!(answer.ok(), "the first request after the restart was refused: {}", answer.status);
        Ok(begun.elapsed())
    }

    /// Instances, newest first: id, business key, state.
    pub(crate) async fn page_of_instances(&self, offset: u64) -> Result<Vec<serde_json::Value>> {
        let mut connection = self.connect().await?;
        let path = format!("/api/v1/instances?limit=500&offset={offset}");
        let mut body: serde_json::Value = serde_json::from_slice(connection.get(&path).await?.body)?;
        match body["items"].take() {
            serde_json::Value::Array(items) => Ok(items),
            _ => bail!("the list of instances can not be read"),
        }
    }

    /// What the server wrote last before it failed.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(log_of(&self.launch.data_dir)).unwrap_or_default();
        let last: Vec<&str> = text.lines().rev().take(5).collect();
        format!("the server said last: {}", last.into_iter().rev().collect::<Vec<_>>().join(" | "))
    }
}

fn log_of(data_dir: &Path) -> PathBuf {
    data_dir.join("server.log")
}

/// The product's own command in the server's place and surroundings.
fn command(launch: &Launch, arguments: &[String]) -> Command {
    let mut command = Command::new(&launch.program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RUSLO_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(launch.environment.iter().map(|(k, v)| (k, v))).current_dir(&launch.data_dir);
    command.stdin(Stdio::null());
    command
}

fn token(launch: &Launch, arguments: &[String]) -> Result<String> {
    printed(launch, arguments)?["token"].as_str().map(str::to_owned).context("the command printed no token")
}

/// The JSON that a command of the product prints.
fn printed(launch: &Launch, arguments: &[String]) -> Result<serde_json::Value> {
    let name = arguments.join(" ");
    let output = command(launch, arguments).stderr(Stdio::inherit()).output().with_context(|| name.clone())?;
    ensure!(output.status.success(), "{name} failed: {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {name} printed"))
}

/// A loopback address that nobody listens on.
fn free_address() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("looking for a free port")?;
    Ok(listener.local_addr()?)
}

/// Starts the server and waits until it answers.
async fn start(launch: &Launch) -> Result<(Child, SocketAddr)> {
    let address = free_address()?;
    let log = File::options().create(true).append(true).open(log_of(&launch.data_dir))?;
    let mut child = command(launch, &launch.server)
        .env("RUSLO_LISTEN", address.to_string())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("can not start {}", launch.program.display()))?;
    let until = now() + START_MAX;
    loop {
        if let Some(status) = child.try_wait()? {
            let log = fs::read_to_string(log_of(&launch.data_dir)).unwrap_or_default();
            bail!("the server ended at once ({status}): {}", log.trim());
        }
        if let Ok(mut connection) = Connection::open(address, None).await
            && connection.get("/healthz").await.is_ok_and(|a| a.ok())
        {
            return Ok((child, address));
        }
        if now() > until {
            // It is of no use any more.
            let _ = child.kill();
            let _ = child.wait();
            bail!("the server did not answer in {} s", START_MAX.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What a load's process gave.
pub(crate) fn outcome(child: Child) -> Result<Outcome> {
    let output = child.wait_with_output().context("waiting for the load")?;
    ensure!(output.status.success(), "the load's process failed: {}", output.status);
    serde_json::from_slice(&output.stdout).context("the load's outcome")
}

impl Stage for Remote {
    fn mode(&self) -> &'static str {
        "http"
    }

    fn store(&self) -> &'static str {
        self.launch.store
    }

    async fn load(&mut self, plan: Plan) -> Result<Outcome> {
        outcome(self.begin(plan)?)
    }

    async fn counters(&mut self) -> Result<Counters> {
        let usage = Usage::of(self.child.id());
        let mut connection = self.connect().await?;
        let answer = connection.get("/metrics").await?;
        let text = String::from_utf8_lossy(answer.body).into_owned();
        Ok(Counters {
            commits: metric(&text, "ruslo_store_commits_total"),
            units: metric(&text, "ruslo_store_units_total"),
            statements: metric(&text, "ruslo_store_statements_total"),
            reads: metric(&text, "ruslo_store_reads_total"),
            usage,
            disk_bytes: if self.launch.store == "sqlite" { folder_bytes(&self.launch.data_dir) } else { 0 },
        })
    }

    async fn instances(&mut self, state: &str) -> Result<u64> {
        let mut connection = self.connect().await?;
        let answer = connection.get(&format!("/api/v1/instances?limit=1&state={state}")).await?;
        let body: serde_json::Value = serde_json::from_slice(answer.body).context("counting instances")?;
        body["total"].as_u64().with_context(|| format!("instances can not be counted: {body}"))
    }

    async fn restart(&mut self) -> Result<Option<Duration>> {
        // The shell's own `kill`, there on every Unix.
        Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status()?;
        let until = now() + STOP_MAX;
        while self.child.try_wait()?.is_none() {
            ensure!(now() < until, "the server did not stop in {} s", STOP_MAX.as_secs());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.revive().await.map(Some)
    }
}

/// A sample of the Prometheus text, with or without labels; of several the sum.
fn metric(text: &str, name: &str) -> u64 {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    let values = lines.filter(|rest| rest.starts_with([' ', '{'])).filter_map(|rest| rest.rsplit(' ').next());
    values.filter_map(|v| v.parse::<f64>().ok()).sum::<f64>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_with_and_without_labels() {
        let text = "# HELP a_total x\na_total 7\nb_total{lane=\"0\"} 3\nb_total{lane=\"1\"} 4\na_total_more 9\n";
        assert_eq!((metric(text, "a_total"), metric(text, "b_total"), metric(text, "c")), (7, 7, 0));
    }
}

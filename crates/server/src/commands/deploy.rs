//! `ruslo deploy`: sends files to a running server and prints the ids they got.

use anyhow::{Context, Result, bail};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Options of `ruslo deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    /// Files to deploy
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name shown to people; the file's own name when absent
    #[arg(long)]
    name: Option<String>,
    /// Catalog whose records the process runs for: its id (cat_1) or its key
    #[arg(long, value_name = "T")]
    document_type: Option<String>,
    /// Address of the server
    #[arg(long, env = "RUSLO_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// API token of a person who may deploy (`ruslo admin create-token`)
    #[arg(long, env = "RUSLO_TOKEN", hide_env_values = true)]
    token: String,
}

/// Runs the command; exit code 1 when a file was refused.
pub fn execute(options: &Deploy) -> Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let http = super::http_client()?;
        let mut failed = false;
        for file in &options.files {
            failed |= !deploy(&http, options, file).await?;
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

async fn deploy(http: &reqwest::Client, options: &Deploy, file: &PathBuf) -> Result<bool> {
    let bytes = std::fs::read(file).with_context(|| format!("can not read {}", file.display()))?;
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or("process");
    let mut fields = Vec::new();
    if let Some(name) = &options.name {
        fields.push(("name", name.as_str()));
    }
    if let Some(catalog) = &options.document_type {
        fields.push(("catalogId", catalog.as_str()));
    }
    let boundary = boundary(&bytes);
    let answer = http
        .post(format!("{}/api/v1/definitions", options.url.trim_end_matches('/')))
        .bearer_auth(&options.token)
        .header("content-type", format!("multipart/form-data; boundary={boundary}"))
        .body(multipart(&boundary, name, &bytes, &fields))
        .send()
        .await
        .with_context(|| format!("can not reach {}", options.url))?;
    let status = answer.status();
    let body: serde_json::Value =
        serde_json::from_slice(&answer.bytes().await?).with_context(|| format!("{} answered no JSON", options.url))?;
    if status.as_u16() == 401 {
        bail!("the token was refused: {}", body["message"].as_str().unwrap_or_default());
    }
    println!(
        "{}",
        serde_json::json!({ "file": file.display().to_string(), "status": status.as_u16(), "answer": body })
    );
    if let Some(words) = unchanged(&body) {
        eprintln!("{}: {words}", file.display());
    }
    Ok(status.is_success())
}

/// What to tell of a file whose content is what stands already.
fn unchanged(answer: &serde_json::Value) -> Option<String> {
    let all = answer["definitions"].as_array().filter(|all| !all.is_empty())?;
    let stands = |one: &serde_json::Value| {
        let (process, version) = (one["processId"].as_str()?, one["version"].as_u64()?);
        (one["unchanged"] == true).then(|| format!("version {version} of {process} stands"))
    };
    let stand: Option<Vec<String>> = all.iter().map(stands).collect();
    stand.map(|stand| format!("unchanged, no new version was made: {}", stand.join(", ")))
}

/// A boundary that does not occur in the file.
fn boundary(bytes: &[u8]) -> String {
    (0u32..)
        .map(|n| format!("ruslo-{n:08x}"))
        .find(|b| !bytes.windows(b.len()).any(|w| w == b.as_bytes()))
        .unwrap_or_else(|| "ruslo".to_owned())
}

fn multipart(boundary: &str, file_name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::with_capacity(bytes.len() + 512);
    for (name, value) in fields {
        body.extend(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let file_name = file_name.replace(['"', '\r', '\n'], "_");
    body.extend(
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\r\n")
            .bytes(),
    );
    body.extend_from_slice(bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    body
}

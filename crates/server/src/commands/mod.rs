//! One file a command.

pub mod admin;
pub mod backup;
pub mod bench;
pub mod check;
pub mod deploy;
pub mod doctor;
pub mod migrate;
pub mod restore;
pub mod run;
pub mod serve;

use anyhow::{Context, Result};
use std::time::Duration;

/// The command line's own HTTP client: talks to our server only, follows nothing.
pub(crate) fn http_client() -> Result<reqwest::Client> {
    // A provider may have been installed already; either is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(60))
        .build()
        .context("making an HTTP client")
}

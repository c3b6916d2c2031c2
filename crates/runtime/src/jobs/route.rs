//! Who does a job, by its type.

/// Who does a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// The runtime itself, within the commit.
    Builtin,
    /// An app's handler, `rest_<md5>`.
    App,
    /// The HTTP connector, after the commit.
    Http,
    /// A thread for scripts, after the commit.
    Script,
    /// A worker who asks for it.
    External,
}

impl Route {
    /// The route of a job type. A `ruslo:` type that does not exist is the runtime's too: it says so in an incident
    /// instead of waiting for ever.
    pub(crate) fn of(job_type: &str) -> Self {
        match job_type {
            engine::SCRIPT_JOB => Self::Script,
            "ruslo:http" => Self::Http,
            _ if job_type.starts_with("ruslo:") || job_type.starts_with("bitrix.") => Self::Builtin,
            _ if is_app_code(job_type) => Self::App,
            _ => Self::External,
        }
    }
}

fn is_app_code(job_type: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    job_type.strip_prefix("rest_").is_some_and(|code| code.len() == 32 && code.bytes().all(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_find_their_way() {
        for (job_type, route) in [
            ("rest_0123456789abcdef0123456789abcdef", Route::App),
            ("rest_0123", Route::External),
            ("ruslo:http", Route::Http),
            ("ruslo:script", Route::Script),
            ("ruslo:notify", Route::Builtin),
            ("ruslo:no-such", Route::Builtin),
            ("bitrix.SetFieldActivity", Route::Builtin),
            ("payment", Route::External),
        ] {
            assert_eq!(Route::of(job_type), route, "{job_type}");
        }
    }
}

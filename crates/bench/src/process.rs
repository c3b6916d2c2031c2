//! What a process has used, as the kernel counts it: processor time, memory, bytes written.

use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// The kernel's clock ticks a second in `/proc`, the same on every Linux.
const TICKS: u64 = 100;

/// A process's running totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Microseconds of processor time, the process's own and the kernel's for it.
    pub cpu_us: u64,
    /// Resident bytes now.
    pub rss_bytes: u64,
    /// Bytes it caused to be written to disk.
    pub written_bytes: u64,
}

impl Usage {
    /// Of a process by its id; zeroes where there is no `/proc`.
    pub fn of(pid: u32) -> Self {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        Self {
            cpu_us: cpu_ticks(&read("stat")) * (1_000_000 / TICKS),
            rss_bytes: field(&read("status"), "VmRSS:") * 1024,
            written_bytes: field(&read("io"), "write_bytes:"),
        }
    }

    /// Of this process.
    pub fn own() -> Self {
        Self::of(std::process::id())
    }
}

/// `utime` and `stime`: the 14th and 15th field, counted behind the name in parentheses.
fn cpu_ticks(stat: &str) -> u64 {
    let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    behind.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum()
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Bytes of the files of a folder, without its folders.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|e| e.metadata().ok()).filter(|m| m.is_file()).map(|m| m.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words() {
        let stat = "77 (a (strange) name) S 1 77 77 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 1";
        assert_eq!(cpu_ticks(stat), 300);
        assert_eq!(field("rchar: 1\nwrite_bytes: 4096\n", "write_bytes:"), 4096);
        assert_eq!((cpu_ticks(""), field("", "VmRSS:")), (0, 0));
    }
}

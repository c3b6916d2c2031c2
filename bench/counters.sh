#!/usr/bin/env bash
# Instructions and heap allocations per instance of job A, in process and without waiting for a disk.
#
#   bench/counters.sh [BINARY]     needs valgrind; a release binary with or without symbols
#
# Two runs of different length are compared, so that start-up and warm-up count for nothing. Both figures hardly depend
# on what else the machine does; the limits in crates/bench/tests/counters.rs do not at all. Allocations are seen in a
# binary with the system's allocator only: `cargo build --release -p server --no-default-features`.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/release/ruslo}
command -v valgrind >/dev/null || { echo "bench/counters.sh: install the package valgrind" >&2; exit 1; }
[ -x "$binary" ] || { echo "bench/counters.sh: no binary at $binary; run \`make build\`" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -d /dev/shm ] && [ -w /dev/shm ]; then memory=$(mktemp -d /dev/shm/ruslo-bench-XXXXXX); else memory=$folder; fi
trap 'rm -rf "$folder" "$memory"' EXIT
short=40 long=2040

run() { # tool, instances
    TMPDIR=$memory valgrind --tool="$1" --log-file="$folder/log" --"$1"-out-file="$folder/out" \
        "$binary" bench straight-through --clients 1 --instances "$2" --json >/dev/null
}
instructions() {
    run callgrind "$1"
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$folder/log"
}
allocations() {
    run dhat "$1"
    sed -n 's/.*Total: *[0-9,]* bytes in \([0-9,]*\) blocks.*/\1/p' "$folder/log" | tr -d ,
}
# Of the warm-up there is another twentieth.
per() { echo $((($2 - $1) / ((long - short) + (long - short) / 20))); }

echo "instructions per instance: $(per "$(instructions $short)" "$(instructions $long)")"
echo "allocations per instance: $(per "$(allocations $short)" "$(allocations $long)")"

#!/usr/bin/env bash
# The conformance suite through PgBouncer in transaction mode, where no two transactions share a connection. Needs the
# package pgbouncer; `make test` does without. Run it from anywhere: crates/store-postgres/tests/pgbouncer.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."
command -v pgbouncer >/dev/null || { echo "install the package pgbouncer" >&2; exit 1; }
dir=$(mktemp -d /tmp/ruslo-pgbouncer-XXXXXX)
# Two servers on one folder would disturb each other: this one is its own.
trap 'kill "${bouncer:-}" 2>/dev/null || true; wait 2>/dev/null || true; tools/postgres stop "$dir/server" || true; rm -rf "$dir"' EXIT
chmod 755 "$dir"
server=$(FSYNC=off tools/postgres start "$dir/server")
port=$(sed -n 's/.*:\([0-9]*\)\/.*/\1/p' <<<"$server")
listen=$((port + 1))
cat >"$dir/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$port user=ruslo
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $listen
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
server_idle_timeout = 1
unix_socket_dir =
INI
as=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id $user >/dev/null 2>&1 || user=nobody
    as=(setpriv "--reuid=$user" "--regid=$(id -g $user)" --clear-groups --)
fi
"${as[@]}" pgbouncer -q "$dir/pgbouncer.ini" &
bouncer=$!
sleep 1
# A start that is not told of the pooler says so.
RUSLO_TEST_POOLER=postgres://ruslo@127.0.0.1:$listen/postgres cargo test -q -p store-postgres --lib pooler
# The databases are made through PgBouncer too, so that the tests' own helper needs no second URL.
export RUSLO_TEST_POSTGRES=postgres://ruslo@127.0.0.1:$listen
${SUITE:-cargo test -p store-postgres --test it --} conformance::unprepared --test-threads 2 "$@"

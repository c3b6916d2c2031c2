#!/usr/bin/env bash
# Encrypted connections against a server that takes no others. Needs openssl; `make test` does without.
set -euo pipefail
cd "$(dirname "$0")/../../.."
dir=/tmp/ruslo-tls
rm -rf "$dir" && mkdir -m 755 "$dir"
trap 'tools/postgres stop "$dir/server" || true; rm -rf "$dir"' EXIT
for name in ca other; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout "$dir/$name.key" -out "$dir/$name.crt" 2>/dev/null
done
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
openssl x509 -req -days 2 -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial \
    -extfile <(echo subjectAltName=DNS:localhost) -out "$dir/server.crt" 2>/dev/null
url=$(FSYNC=off tools/postgres start "$dir/server")
data=$dir/server/data
install -m 600 -o "$(stat -c %U "$data")" "$dir/server.key" "$dir/server.crt" "$data"
printf 'ssl = on\n' >>"$data/postgresql.conf"
printf 'hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n' >"$data/pg_hba.conf"
kill -HUP "$(head -1 "$data/postmaster.pid")"
sleep 1
export RUSLO_TEST_TLS_PORT=$(sed -n 's/.*:\([0-9]*\)\/.*/\1/p' <<<"$url")
${SUITE:-cargo test -p store-postgres --test it --} --ignored certificates

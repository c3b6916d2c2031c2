#!/usr/bin/env bash
# The standard jobs against the peers, on this machine, in one sitting: see bench/peers/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHONPATH=bench/peers PYTHONDONTWRITEBYTECODE=1 exec python3 -m harness "$@"

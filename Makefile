# Ruslo: two commands matter on a fresh machine, `make run` and `make test`.

CARGO_TARGET_DIR ?= target
export CARGO_TARGET_DIR
BIN := $(CARGO_TARGET_DIR)/release/ruslo
LINT_WASM := web/src/features/designer/lint/lint.wasm
LINT_SOURCES := Cargo.lock Cargo.toml tools/lint-wasm $(shell find crates/lint-wasm crates/formats/src crates/dmn/src crates/expr/src \
	crates/model/src -type f 2>/dev/null) $(addsuffix /Cargo.toml,crates/formats crates/dmn crates/expr crates/model)
WEB_SOURCES := $(shell find web/src web/public web/index.html web/package.json web/package-lock.json web/vite.config.ts web/codeColours.ts -type f 2>/dev/null)

.PHONY: help build run test test-fast dev bench fmt lint e2e web-check openapi install install-test clean simulate faults faults-short tck

help: ## Show what there is
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# Once, before anything is built.
.PHONY: room
room:
	@[ $(MAKELEVEL) -gt 0 ] || tools/room $(if $(filter test test-fast lint,$(MAKECMDGOALS)),test,build) || true

install: | room ## Install what building needs and this machine lacks
	@tools/install build

install-test: | room ## Install what the tests need besides
	@tools/install test

web/node_modules/.stamp: web/package-lock.json | install
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# The rules for the browser. Where they can not be built the UI is without them and asks the server (tools/lint-wasm says so).
$(CARGO_TARGET_DIR)/.lint-wasm: $(LINT_SOURCES) | install
	@tools/lint-wasm
	@mkdir -p $(@D) && if [ -f $(LINT_WASM) ]; then touch $@; else rm -f $@; fi

.PHONY: lint-wasm
lint-wasm: $(CARGO_TARGET_DIR)/.lint-wasm ## The designer's rules as WebAssembly
	@[ -f $(LINT_WASM) ] || tools/lint-wasm

web/dist/index.html: web/node_modules/.stamp $(CARGO_TARGET_DIR)/.lint-wasm $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

build: install web/dist/index.html ## Build the server with the UI inside: target/release/ruslo
	cargo build --release --locked -p server

run: build ## Build everything and start with a sample company on the embedded database
	$(BIN) serve --demo

dev: install web/node_modules/.stamp lint-wasm ## Server from the debug build and a reloading UI on http://127.0.0.1:5173
	@mkdir -p web/dist
	@cargo build --locked -p server
	@trap 'kill 0' EXIT; $(CARGO_TARGET_DIR)/debug/ruslo serve --demo --data-dir data/dev & cd web && npm run dev

test: install-test lint harness-check test-fast web-and-build e2e faults-short ## Everything that CI runs
	@echo "make test: all green"

# The release build ends in work for one core: the UI's checks take the other.
.PHONY: web-and-build
web-and-build: install-test
	@$(MAKE) -j2 web-check build

.PHONY: harness-check
harness-check: install-test
	cd bench/peers && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -q harness.test_report harness.test_sitting

test-fast: install ## Rust tests only
	@mkdir -p web/dist
	cargo test --workspace --locked

web-check: web/node_modules/.stamp lint-wasm ## Types, lint and unit tests of the UI
	cd web && npm run typecheck && npm run lint && RUSLO_LINT_REQUIRED=1 npm test

e2e: build e2e/node_modules/.stamp ## As users do it, in a real browser, against the release binary on both databases
	@FSYNC=off tools/postgres start >/dev/null
	@$(MAKE) --no-print-directory --output-sync=target --keep-going -j2 $(E2E_RUNS); status=$$?; \
		tools/postgres stop; exit $$status

# One file on one database each. Half of their time is waiting, as for handlers that hang until they are given up, so two
# run beside each other; the longest begin, so that both ends come together.
E2E_POSTGRES := $(addprefix e2e-postgres/,wire main-job sign-in lag)
E2E_SQLITE := $(patsubst e2e/tests/%.test.js,e2e-sqlite/%,$(wildcard e2e/tests/*.test.js))
E2E_LONGEST := e2e-sqlite/designer e2e-sqlite/wire e2e-postgres/wire e2e-sqlite/operate e2e-postgres/main-job
E2E_RUNS := $(E2E_LONGEST) $(filter-out $(E2E_LONGEST),$(E2E_SQLITE) $(E2E_POSTGRES))
.PHONY: $(E2E_RUNS)
$(E2E_SQLITE): e2e-sqlite/%:
	RUSLO_BIN=$(abspath $(BIN)) node --test e2e/tests/$*.test.js
$(E2E_POSTGRES): e2e-postgres/%:
	RUSLO_E2E_DATABASE=postgres RUSLO_BIN=$(abspath $(BIN)) node --test e2e/tests/$*.test.js

e2e/node_modules/.stamp: e2e/package-lock.json | install
	cd e2e && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

lint: install ## Formatting and clippy, warnings denied
	@mkdir -p web/dist
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt: ## Format
	cargo fmt --all

bench: build ## The standard jobs over HTTP beside the envelope, 8 minutes (bench/README.md; BENCH_ARGS=--database-url URL)
	$(BIN) bench straight-through --http --clients 1 $(BENCH_ARGS)
	$(BIN) bench straight-through --http --clients 64 $(BENCH_ARGS)
	$(BIN) bench straight-through --http --kill $(BENCH_ARGS)
	$(BIN) bench service --http --clients 1 $(BENCH_ARGS)
	$(BIN) bench service --http --clients 64 $(BENCH_ARGS)
	$(BIN) bench waiting --http $(BENCH_ARGS)
	$(BIN) bench mixed --http $(BENCH_ARGS)

.PHONY: bench-peers
bench-peers: build ## The same jobs against the peers, 25 minutes (bench/peers/README.md; ARGS=--quick)
	bench/peers.sh $(ARGS)

SEEDS ?= 10000
FIRST ?= 1
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 1
.PHONY: fuzz check-corpora
fuzz: install ## Mutants of models, templates and expressions: FUZZ_SECONDS=60 for each of nine targets, from FUZZ_SEED=1
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) cargo test --locked --profile simulate -p formats --test it -- \
		--nocapture --test-threads 2 mutants::
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) cargo test --locked --profile simulate -p engine --test it -- \
		--nocapture timer_mutants::

check-corpora: install ## Import public model collections: CORPORA="FOLDER ..." (docs/support/corpora.md)
	@tools/corpora --round-trip $(CORPORA)

.PHONY: test-corpora
test-corpora: install ## What models of other projects do here, as their own tests expect: CORPORA=FOLDER (docs/support/behaviour.md)
	@[ -n "$(CORPORA)" ] || { echo "CORPORA names no folder with the models: docs/support/behaviour.md" >&2; exit 2; }
	RUSLO_CORPORA="$(abspath $(CORPORA))" cargo test --locked -p engine --test it -- --nocapture corpora::

.PHONY: test-postgres-versions test-pgbouncer
test-postgres-versions: install install-test ## The store and what instances exchange on PostgreSQL 15 to 18: VERSIONS="17 18"
	@tools/postgres-versions/test $(VERSIONS)

test-pgbouncer: install install-test ## The store through PgBouncer in transaction mode (needs the package pgbouncer)
	@crates/store-postgres/tests/pgbouncer.sh

tck: install ## The public DMN conformance kit: TCK=path of a copy, or fetched into ~/.cache/ruslo/tck
	@tools/dmn-tck $(TCK)

simulate: install ## Simulated servers, faults and clients: SEEDS=10000 runs, from FIRST=1
	RUSLO_SIM_SEEDS=$(SEEDS) RUSLO_SIM_FIRST=$(FIRST) cargo test --locked --profile simulate -p runtime --test simulation -- \
		--nocapture servers_lose server_loses

faults: build ## Real faults against real servers, 17 minutes; prints a table (faults/README.md; ARGS="nodes-kill ...")
	RUSLO_BIN=$(abspath $(BIN)) node faults/run.js $(ARGS)

faults-short: build
	RUSLO_BIN=$(abspath $(BIN)) node faults/run.js --short

openapi: ## Write docs/api/openapi.json and the UI's types from the code
	cargo run -q --locked -p api --example openapi > docs/api/openapi.json
	cd web && npm run gen

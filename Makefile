# Thin: each target calls cargo or xtask. `make` lists them.

# Both halves, their tests and tools are built in one folder with one set of flags, so that what they share is
# compiled once. The folder's name says nothing and paths are taken out, because OpenSSL bakes its build folder
# into the service binary: see ARCHITECTURE.md, "The wall".
CARGO_TARGET_DIR ?= /var/tmp/build-$(shell id -u)
export CARGO_TARGET_DIR
CARGO_BUILD_TARGET ?= $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
export CARGO_BUILD_TARGET
CARGO_HOME ?= $(HOME)/.cargo
between := $(shell printf '\037')
CARGO_ENCODED_RUSTFLAGS = -Ctarget-feature=+crt-static$(between)--remap-path-prefix=$(CARGO_HOME)/registry/src=/d$(between)--remap-path-prefix=$(CARGO_HOME)=/c$(between)--remap-path-prefix=$(CURDIR)=/s$(between)--remap-path-prefix=$(CARGO_TARGET_DIR)=/b
export CARGO_ENCODED_RUSTFLAGS
# OpenSSL with threads although it is linked statically: see there.
OPENSSL_SRC_PERL = $(CURDIR)/xtask/perl
export OPENSSL_SRC_PERL

# The oldest compiler that builds this: `rust-version` of the workspace.
RUST = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# What tests turn on in libraries: the programs are built with it too, so that nothing is compiled twice for that.
SHARED = --features decnet/tested
BUILT = $(CARGO_TARGET_DIR)/$(CARGO_BUILD_TARGET)

.DEFAULT_GOAL := help
SBOM = $(CARGO_TARGET_DIR)/sbom.cdx.json

.PHONY: help package requirements build demo test unit e2e lint stealth bench fuzz dashboard dashboard-check dashboard-test contract screenshots

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

requirements:
	@for tool in cargo cc make perl; do command -v $$tool >/dev/null || { \
	  echo "missing: $$tool. On Debian: sudo apt-get install build-essential perl; Rust from https://rustup.rs" >&2; exit 1; }; done
	@rustc --version | awk -v need=$(RUST) '{ split($$2, have, "."); split(need, want, "."); \
	  if (have[1] * 1000 + have[2] < want[1] * 1000 + want[2]) { \
	    print "too old: " $$1 " " $$2 "; " need " or newer is needed. From https://rustup.rs: rustup update" > "/dev/stderr"; exit 1 } }'

build: requirements dashboard ## build the operator's program and the service binary
	@test -x $(BUILT)/debug/decnet || echo "The first build takes about twenty minutes on two processors: both halves, and OpenSSL for what attackers see."
	cargo build -p decnet -p netsvcd $(SHARED)

package: requirements dashboard ## what is shipped, in dist: a .deb, a tarball, checksums, a bill of materials
	@command -v dpkg-deb >/dev/null || { echo "missing: dpkg-deb (on Debian: dpkg)" >&2; exit 1; }
	DECNET_COMMIT=$$(git rev-parse --short=12 HEAD) cargo build --release --locked -p decnet -p netsvcd
	cargo run --quiet -p xtask -- sbom >$(SBOM)
	packaging/build.sh $(BUILT)/release dist $(SBOM)

# The dashboard needs Node.js 20.19 or newer. Everything else is built without it.
DASHBOARD = $(shell find dashboard/src dashboard/public dashboard/scripts -type f ! -name schema.d.ts) \
  $(addprefix dashboard/,index.html package.json package-lock.json tsconfig.json vite.config.ts) crates/web/openapi.json
NODE_ENOUGH = node -e '[a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'

# A machine without Node.js builds everything else; where it is there, a dashboard that cannot be built is an error.
dashboard: ## build the dashboard
	@if command -v npm >/dev/null && $(NODE_ENOUGH); then $(MAKE) --no-print-directory dashboard/dist/index.html; \
	elif [ -n "$$CI" ]; then echo "missing: Node.js 20.19 or newer with npm (https://nodejs.org)" >&2; exit 1; \
	else echo "The dashboard is left out: it needs Node.js 20.19 or newer with npm (https://nodejs.org)."; fi


dashboard/node_modules/.package-lock.json: dashboard/package-lock.json
	cd dashboard && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

dashboard/dist/index.html: dashboard/node_modules/.package-lock.json $(DASHBOARD)
	cd dashboard && npm run --silent build
	@touch crates/web/build.rs # cargo did not watch a folder that was not there

dashboard-check: dashboard ## the dashboard's types, rules and unit tests
	cd dashboard && npm run --silent check

dashboard-test: build ## the dashboard's checks, then every page in Chromium against a fleet under attack
	cd dashboard && npm run --silent check && npm run --silent e2e

contract: build ## the API against its own document, with schemathesis
	e2e/contract.sh $(BUILT)/debug/decnet

screenshots: build ## a picture of every page, in dark and light, in dashboard/screenshots
	cd dashboard && npm run --silent screenshots

demo: build ## a small fleet, a host to attack it from, and every touch on the screen
	@$(BUILT)/debug/decnet demo

test: build unit e2e ## all tests

unit: requirements ## fast tests of every crate
	@if command -v cargo-nextest >/dev/null; then cargo nextest run --workspace --exclude e2e $(SHARED); \
	else cargo test --workspace --exclude e2e $(SHARED); fi

e2e: build ## whole-system tests with real clients
	@if command -v cargo-nextest >/dev/null; then cargo nextest run --profile e2e -p e2e; \
	else cargo test -p e2e -- --test-threads=1; fi

lint: requirements ## formatting, clippy, project rules, generated files, licences
	git ls-files '*.rs' | xargs rustfmt --edition 2024 --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo run --quiet -p xtask -- tidy
	cargo run --quiet -p xtask -- gen --check
	@if command -v cargo-deny >/dev/null; then cargo deny --log-level error check bans licenses sources; \
	elif [ -n "$$CI" ]; then echo "missing: cargo-deny. cargo install --locked cargo-deny" >&2; exit 1; \
	else echo "skipped: licences (cargo install --locked cargo-deny)"; fi

fuzz: requirements ## random input for SECONDS per parser, 60 if not said
	FUZZ_SECONDS=$(or $(SECONDS),60) cargo test -p fuzz-targets --test replay -- --nocapture

stealth: requirements ## nothing in the service binary or its source says what we are
	cargo run --quiet -p xtask -- tidy
	cargo run --quiet -p xtask -- stealth

bench: requirements ## figures of the whole system beside those of the Python original; ARGS=--json
	cargo build --profile bench-run -p decnet -p netsvcd -p bench
	@$(BUILT)/bench-run/bench $(ARGS)

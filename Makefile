# Thin: each target calls cargo or xtask. `make` lists them.

CARGO_TARGET_DIR ?= $(HOME)/.cache/decnet-target
export CARGO_TARGET_DIR
# The service binary is built on its own, at a path that says nothing: see ARCHITECTURE.md, "The wall".
NETSVC_TARGET_DIR ?= /var/tmp/netsvc-build-$(shell id -u)
export NETSVC_TARGET_DIR

DECNET = $(CARGO_TARGET_DIR)/debug/decnet
NETSVCD = $(shell cat $(CARGO_TARGET_DIR)/netsvcd.path 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help requirements build demo test unit e2e lint stealth bench fuzz

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

requirements:
	@for tool in cargo cc make perl; do command -v $$tool >/dev/null || { \
	  echo "missing: $$tool. On Debian: sudo apt-get install build-essential perl; Rust from https://rustup.rs" >&2; exit 1; }; done

build: requirements ## build the operator's program and the service binary
	cargo build -p decnet
	@cargo run --quiet -p xtask -- netsvcd > $(CARGO_TARGET_DIR)/netsvcd.path
	@cp -f "$$(cat $(CARGO_TARGET_DIR)/netsvcd.path)" $(CARGO_TARGET_DIR)/debug/netsvcd

demo: build ## a small fleet, a host to attack it from, and every touch on the screen
	$(DECNET) demo

test: build unit e2e ## all tests

unit: requirements ## fast tests of every crate
	@if command -v cargo-nextest >/dev/null; then cargo nextest run --workspace --exclude e2e; \
	else cargo test --workspace --exclude e2e; fi

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
	cargo build --profile bench-run -p decnet -p bench
	@NETSVC_PROFILE=bench-run cargo run --quiet -p xtask -- netsvcd > $(CARGO_TARGET_DIR)/netsvcd-bench.path
	@cp -f "$$(cat $(CARGO_TARGET_DIR)/netsvcd-bench.path)" $(CARGO_TARGET_DIR)/bench-run/netsvcd
	@$(CARGO_TARGET_DIR)/bench-run/bench $(ARGS)

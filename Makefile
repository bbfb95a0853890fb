# `make demo` runs the main job, `make test` passes the tests. Both need Python >= 3.11 and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test serve lint types contracts check llama-server docs bench eval clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A stamp per lock: each is installed once, and again when it changes. Every file is checked against its hash.
$(VENV)/.runtime: deploy/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the gateway from its hash-checked lock (about half a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r deploy/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: deploy/requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need from its hash-checked lock ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r deploy/requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime ## Route real prompts between two stand-ins and prove what left; then keep serving
	@$(BIN)/gateway demo $(ARGS)

serve: $(VENV)/.runtime ## Serve with ./gateway.yaml
	@$(BIN)/gateway serve $(ARGS)

test: $(VENV)/.dev ## All tests, lint, types and import contracts
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest $(ARGS)

check: lint types contracts

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

contracts: $(VENV)/.dev
	@$(BIN)/lint-imports --no-cache

llama-server: $(VENV)/.dev ## Build the real llama-server and tiny models for tests/e2e (minutes; cached outside the tree)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/e2e/build_llama_server.sh

docs: $(VENV)/.dev ## Write the reference pages that are facts of the code
	@$(BIN)/python docs/generate.py

bench: $(VENV)/.dev ## Measure inspection and the hot path; writes docs/bench.md, judges nothing (DATA=folder of JSON lines)
	@$(BIN)/python -m tests.bench --page docs/bench.md $(if $(DATA),--data $(DATA)) $(ARGS)

eval: $(VENV)/.dev ## Recall, over-routing and Presidio's on the rows in DATA=folder; writes docs/detection.md
	@$(BIN)/python -m docs.figures $(DATA)

clean: ## Remove what make created in the tree
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

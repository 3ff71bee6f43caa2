# The whole developer interface. `make help` lists it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
REQ := ddoc-workspace/requirements
TORCH := torch==2.13.0
TORCH_ARGS := $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
MANY := torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z]+

.DEFAULT_GOAL := help
.PHONY: help setup run test test-python test-ui e2e lint format bench bench-snapshots bench-vision bench-data bench-load bench-ui soak lock openapi clean

help:  ## list the commands
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(VENV)/.stamp frontend/node_modules/.stamp frontend/dist/.stamp  ## install everything (also done by the others)

run: setup  ## start the studio: MLflow, service, backend, UI; ctrl-C stops it
	@exec $(BIN)/python -m studio

test: setup chromium  ## run every test
	$(MAKE) --no-print-directory test-python test-ui e2e

test-python: $(VENV)/.stamp  ## the Python tests
	$(BIN)/python -m pytest -q --ignore=tests/e2e -n 2 --dist loadfile

test-ui: frontend/node_modules/.stamp  ## the UI's unit tests
	cd frontend && npm test --silent

e2e: setup chromium  ## the whole way in a real browser
	$(BIN)/python -m pytest -q tests/e2e

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null && fc-list | grep -qi 'Noto Sans CJK' || sh scripts/install-browser.sh

lint: setup  ## formats, types, layers, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	PYTHONPATH=.:ddoc-workspace $(BIN)/lint-imports
	$(BIN)/python -m app.contract --check ddoc-workspace/openapi.json
	$(BIN)/python -m studio.readme --check
	cd frontend && npm run --silent lint && npm run --silent types:check && npm run --silent budgets

format:  ## format and fix what can be fixed
	$(BIN)/ruff check --fix . && $(BIN)/ruff format . && cd frontend && npm run --silent format

openapi: $(VENV)/.stamp frontend/node_modules/.stamp  ## write openapi.json and the UI's types
	$(BIN)/python -m app.contract --write ddoc-workspace/openapi.json
	$(BIN)/python -m studio.readme
	cd frontend && npm run --silent types

bench: bench-snapshots bench-vision bench-data bench-load bench-ui  ## all benchmarks

bench-snapshots: $(VENV)/.stamp  ## snapshots against the dvc command line
	$(BIN)/python -m tests.bench.snapshots.bench

bench-vision: $(VENV)/.stamp  ## attributes, embeddings, drift against their peers
	$(BIN)/python -m tests.bench.vision

bench-data: $(VENV)/.stamp  ## formats, index, sampling against their peers
	$(BIN)/python -m tests.bench.data

bench-load: $(VENV)/.stamp  ## fifty users, uploads and jobs at once on a million items
	$(BIN)/python -m tests.bench.load

bench-ui: setup chromium  ## the UI over a million images against its budgets
	$(BIN)/python -m tests.bench.ui

soak: setup  ## the long runs
	$(BIN)/python -m pytest -q -m soak

lock:  ## pin every package with its hashes (torch stands apart: see README)
	for name in base int8 dev; do \
	  $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 \
	    --python-platform x86_64-unknown-linux-gnu $(REQ)/$$name.in -o build.lock && \
	  awk '/^[a-z]/ {drop = ($$0 ~ /^($(MANY))==/)} !drop' build.lock > $(REQ)/$$name.lock; \
	done; rm -f build.lock

clean:  ## remove what was installed and built; data stays
	rm -rf $(VENV) frontend/node_modules frontend/dist

$(VENV)/.stamp: $(REQ)/dev.lock ddoc-workspace/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_ARGS) $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(REQ)/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e ddoc-workspace
	touch $@

frontend/node_modules/.stamp: frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	touch $@

frontend/dist/.stamp: frontend/node_modules/.stamp $(shell find frontend/src frontend/index.html frontend/vite.config.js -type f 2>/dev/null)
	cd frontend && npm run --silent build
	touch $@

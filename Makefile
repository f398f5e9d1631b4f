# The table of contents of this repository: `make help`.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
CODE := schemas stream views config agents gateway cli
.DEFAULT_GOAL := help

.PHONY: help setup native demo demo-reset test check bench up down contracts docs dashboards

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(STAMP) ## virtual environment in .venv, from the lock; quick the second time

native: setup ## the core compiled, where there are a C and a C++ compiler; a minute or two once, and after each change of the core
	@$(BIN)/salespulse native

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed and neither python3 nor python3.11 is it; say: make setup PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): pyproject.toml uv.lock | $(BIN)/uv
	$(BIN)/uv sync --frozen --quiet
	@touch $@

demo: setup ## the whole pipeline on a real Kafka, with 90 days of sales and live events (ARGS=--once ends after the self-check)
	@exec $(BIN)/salespulse demo $(ARGS)

demo-reset: setup ## remove the history that the demo keeps between its runs
	$(BIN)/salespulse demo reset

# Three for two cores: tests that wait, for a broker, a browser or a killed worker, leave room for those that compute.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder --durations 10

test: $(if $(ARGS),setup,native) ## every test; brings up what it needs (ARGS="tests/stream -k fold" narrows it, one test after another)
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),$(SIDE_BY_SIDE))

check: setup ## style, types, layers, budgets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(wildcard native/*.cpp native/*.hpp)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/test_tidy.py tests/test_layers.py tests/test_pages.py

bench: native ## ACCOUNTS against the tuned hand script, on one broker
	$(BIN)/python -m bench $(ARGS)

up: setup ## a broker, a worker and a gateway in the foreground, without the demo's events
	@exec $(BIN)/salespulse up $(ARGS)

down: setup ## stop what `make up` left running
	$(BIN)/salespulse down

contracts: setup ## write contracts/ and the types of the publisher's page, and hold them: every verdict, both decoders
	$(BIN)/python -m cli.contracts
	$(BIN)/python -m pytest -q tests/schemas tests/cli/test_contracts.py $(ARGS)

dashboards: setup ## write grafana/dashboards/ from the KPI catalogue, and hold what they ask
	$(BIN)/python -m cli.dashboards
	$(BIN)/python -m pytest -q tests/grafana/test_dashboards.py $(ARGS)

docs: setup ## write the list of metrics, and hold the pages: every link, every rule that an error points at, every worked example
	$(BIN)/python -m cli.metrics_page
	$(BIN)/python -m pytest -q tests/test_pages.py tests/catalogue $(ARGS)

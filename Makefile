# One entry for people and for CI. `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test conformance check bench figures run lock clean format

help: ## show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Context Bridge needs Python 3.11 or newer; found: $$($(PYTHON) --version). Try: make PYTHON=python3.12 …"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[postgres]'
	@touch $@

$(VENV)/.made-test: $(VENV)/.made
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(VENV)/.made ## start everything against the sandbox and show sample webhooks travel through
	$(BIN)/bridge demo

run: $(VENV)/.made ## web, worker and sandbox on this machine
	$(BIN)/bridge run --sandbox

test: $(VENV)/.made-test ## the whole suite, on SQLite and a real PostgreSQL
	$(BIN)/pytest --numprocesses auto --dist worksteal -m "not chaos"
	$(BIN)/pytest -m chaos

conformance: $(VENV)/.made-test ## the sandbox against the API documents, with made up requests; some minutes
	$(BIN)/python -m tests.conformance.made_up

check: $(VENV)/.made-test ## format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_architecture.py

bench: $(VENV)/.made-test ## mapped, accepted, delivered a second on this machine; some minutes
	@$(BIN)/python tests/benchmarks/everything.py var/performance.json

figures: $(VENV)/.made-test ## write docs/performance.json into the tables of docs/performance.md
	@$(BIN)/python tests/benchmarks/report.py docs/performance.json docs/performance.md

format: $(VENV)/.made-test ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## write constraints.txt anew from the newest versions that pyproject.toml allows
	rm -rf .lock && $(PYTHON) -m venv .lock
	.lock/bin/pip install --quiet --editable '.[test]'
	{ echo "# What the tests last passed with. Written by 'make lock'."; .lock/bin/pip freeze --exclude-editable; } > constraints.txt
	rm -rf .lock

clean: ## remove what make made (your data in var/ stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

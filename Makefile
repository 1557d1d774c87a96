.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test quick check _types _rules _tests coverage prove bench trials lock format
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
ARGS ?=
# Some machines forbid Python to keep what it compiled; then hundreds of processes of the tests compile all of it again.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin

help: ## what there is to run
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## prepare this machine to run
	@./setup.sh run

setup-dev: ## prepare this machine to check and test
	@./setup.sh dev

demo: setup ## one whole examination with simulated devices; ARGS="--once --headless --speed 20 --scenario drunk"
	@$(BIN)/dopusk demo $(ARGS)

check: setup-dev ## ruff, mypy strict, direction of imports, promises with their patches, what nobody uses
	@$(MAKE) --no-print-directory -j 2 --output-sync=target _types _rules
	$(BIN)/pytest --collect-only -qq > /dev/null

_types:
	$(BIN)/mypy

_rules:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.without --check
	$(BIN)/python -m tests.documents --check
	$(BIN)/python -m tests.dead

# What `check` looks for by collecting the tests, running them finds too. The checks run while tests wait for their processes.
test: setup-dev ## every check and every test
	@$(MAKE) --no-print-directory -j 3 _tests _types _rules

# Once for all workers: what they load is compiled, and the assertions of the tests with it.
_tests:
	@$(BIN)/pytest --collect-only -qq > /dev/null || true
	QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software $(BIN)/pytest -n 6 $(ARGS)

quick: setup-dev ## unit tests of devices, exam and wire, for the everyday loop
	QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software $(BIN)/pytest -q -n 2 tests/unit/drivers tests/unit/sync tests/unit/terminal $(ARGS)

coverage: setup-dev ## the share of each package and room that unit tests run, against floors; ARGS=--write raises the floors
	QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software $(BIN)/python -m tests.covered $(ARGS)

prove: setup-dev ## every promise of docs/promises.md with the line taken out that keeps it; goes on where it was broken off
	$(BIN)/python -m tests.without $(ARGS)

bench: setup-dev ## benchmarks as ratios; writes bench.json
	QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software $(BIN)/dopusk bench $(ARGS)

trials: setup-dev ## what is too large or too foreign for the tests, as root; ARGS="runbook" for one; writes docs/trials.md
	@./apt-install.sh debootstrap systemd-container
	$(BIN)/python -m tests.trials $(ARGS)

format: ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## pin all packages again, with hashes and without addresses
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header -o requirements.lock requirements.in
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header -o requirements-dev.lock requirements-dev.in

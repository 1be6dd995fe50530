# One command to see it: make up. Everything stays in this folder: .venv and .watchkeeper.
PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: help setup up down status deploy drift check docs lock test test-long bench clean \
	full-accept ready-gate bundle bundle-auto ready-bundle full-validate soak-14d all-ops \
	soak-shadow soak-canary soak-live-econ fmt env-sample smoke-accept smoke-guard metrics-tail

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

up: .venv/.installed ## PostgreSQL, Prefect server, worker, all procedures; runs the daily one and shows its lines
	@$(BIN)/python -m deployments up

down: ## Stop exactly what `make up` started; the data stays in .watchkeeper
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m deployments down; else echo "nothing was started here"; fi

status: .venv/.installed ## What of the stack is up
	@$(BIN)/python -m deployments status

deploy: .venv/.installed ## Make the Prefect server hold exactly what prefect.yaml says
	@$(BIN)/python -m deployments register

drift: .venv/.installed ## List every difference between prefect.yaml and the server; exit 1 if there is one
	@$(BIN)/python -m deployments drift

setup: .venv/.installed-dev ## Install the locked dependencies, those of development too, into .venv

docs: .venv/.installed-dev ## Renew what is generated: catalogue, README table, contract page
	$(BIN)/python -m flows.pages

lock: .venv/.installed-dev ## Renew the locks (needs uv); without index addresses, so that they name no host
	$(LOCK) -c requirements-build.lock -o requirements.lock pyproject.toml
	$(LOCK) --extra dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock pyproject.toml

check: .venv/.installed-dev ## Format, lint, types, the import law, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m flows.pages --check

test: .venv/.installed-dev ## The whole test suite, in three processes: most of it waits for servers
	$(BIN)/pytest --numprocesses=3 --dist=loadgroup --no-loadscope-reorder

test-long: .venv/.installed-dev ## What takes many minutes: the fourteen days of a soak, with everything dying
	$(BIN)/pytest -m long -s

bench: .venv/.installed-dev ## Every benchmark beside its peer, as ratios
	@for file in benchmarks/[a-z]*.py; do name=$$(basename $$file .py); echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# The commands of runbook 004 under the names its operators know; `watchkeeper <procedure> --help` has their options.
full-accept: .venv/.installed ## Hold the four key artifacts against their schemas (runbook 004)
	@$(BIN)/watchkeeper full-accept

ready-gate: .venv/.installed ## May this be released? Readiness of at least 85 (runbook 004)
	@$(BIN)/watchkeeper ready-gate

bundle: .venv/.installed ## Pass the gate, then build and stamp the release bundle (runbook 004)
	@$(BIN)/watchkeeper bundle

bundle-auto: .venv/.installed ## Build a new bundle when it is time: every three to five days (runbook 004)
	@$(BIN)/watchkeeper bundle-auto

ready-bundle: .venv/.installed ## Everything a release rests on, then the bundle, with a summary (runbook 004)
	@$(BIN)/watchkeeper quick-cmds --do ready-bundle

full-validate: .venv/.installed ## Every declared check, then the acceptance, with a summary (runbook 004)
	@$(BIN)/watchkeeper quick-cmds --do full-validate

soak-14d: .venv/.installed ## Start the soak of fourteen days; soak-tick judges it every hour (runbook 004)
	@$(BIN)/watchkeeper quick-cmds --do soak-14d

all-ops: .venv/.installed ## All quick commands one after the other, with a summary (runbook 004)
	@$(BIN)/watchkeeper quick-cmds --do all

# Each of these is a soak of 24 hourly ticks in one phase; live-econ has its canary before it, or nothing goes live.
soak-shadow: .venv/.installed ## Start a soak of 24 hours in shadow (runbook 004)
	@$(BIN)/watchkeeper soak --do start --shadow-hours 24 --canary-hours 0 --live-hours 0

soak-canary: .venv/.installed ## Start a soak of 24 hours in canary (runbook 004)
	@$(BIN)/watchkeeper soak --do start --shadow-hours 0 --canary-hours 24 --live-hours 0

soak-live-econ: .venv/.installed ## Start a soak of 24 hours in canary and, if it passes, 24 in live-econ (runbook 004)
	@$(BIN)/watchkeeper soak --do start --shadow-hours 0 --canary-hours 24 --live-hours 24

# The commands of runbook 002 under the names its operators know.
PROFILE ?= paper
OUT ?= $(PROFILE).env

fmt: .venv/.installed-dev ## Format the code; look at the difference, then commit it by itself (runbook 002)
	@$(BIN)/ruff format .

env-sample: .venv/.installed ## A complete env file for PROFILE=paper|testnet|live, written to OUT (runbook 002)
	@$(BIN)/watchkeeper env-sample --profile $(PROFILE) --out $(OUT)

smoke-accept: .venv/.installed ## The declared acceptance suite and a smoke of the running service (runbook 002)
	@$(BIN)/watchkeeper smoke-acceptance

smoke-guard: .venv/.installed ## The declared guard suite and a smoke of the running service (runbook 002)
	@$(BIN)/watchkeeper smoke-guard

metrics-tail: .venv/.installed ## The last samples of the runtime's metrics file, once (runbook 002)
	@$(BIN)/watchkeeper metrics-tail

clean: down ## Stop the stack and remove its data
	rm -rf .watchkeeper

# `venv` is checked first, because Debian ships Python without it and pip's own message is long.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=/path/to/python3") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv

# The locks hold everything there is, so pip has nothing to resolve (--no-deps), and nothing else gets in.
.venv/.installed: requirements-build.lock requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing the locked dependencies into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-build.lock -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: requirements-build.lock requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "installing the locked dependencies of development into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-build.lock -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/.installed $@

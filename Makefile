# haulwatch: `make run` is all that a fresh machine needs (Python 3.11+, Node.js 20+, make).

VENV := .venv
BIN := $(VENV)/bin
# What was installed for this folder; scripts of an environment name their folder, so a moved one starts anew.
STAMPS := $(VENV)/stamps/$(shell printf '%s' '$(CURDIR)' | cksum | cut -d ' ' -f 1)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

CONSOLE_SOURCES := $(shell find console -type f -not -path '*/node_modules/*' -not -path '*/dist/*' \
	-not -path '*/tests/*' -not -path '*/e2e/*' -not -path '*/.*' 2>/dev/null)
PAGE := console/dist/index.html
KERNEL_SOURCES := $(shell grep -rlE --include=*.py '^@kernel' geo rules stream 2>/dev/null)
# Arguments for the commands below, for instance: make run ARGS="--vehicles 50", make test ARGS="-k gateway"
ARGS ?=
# Test processes side by side; most tests wait for real services more than they compute.
TEST_PROCESSES ?= 2
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help install run test nightly lint format bench docs clean browser lock tools
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: tools $(STAMPS)/program $(STAMPS)/kernels $(PAGE) ## make .venv/bin/haulwatch and the page
	@echo "installed: $(BIN)/haulwatch and $(PAGE)"

run: install ## everything on this machine with a simulated fleet; Ctrl-C stops it
	@$(BIN)/haulwatch up --with-parent $(ARGS)

test: install $(STAMPS)/dev browser tests/timescale/node_modules/.installed ## lint, then all tests, real broker and database included
	@$(MAKE) --no-print-directory lint
	cd console && npm test
	$(BIN)/python -m pytest --durations=10 --numprocesses=$(TEST_PROCESSES) --dist=loadfile $(ARGS)

nightly: install $(STAMPS)/dev ## the properties of rules and map, 10,000 random examples each: an hour or two on two cores
	HAULWATCH_EXAMPLES=$${HAULWATCH_EXAMPLES:-10000} $(BIN)/python -m pytest tests/rules tests/geo \
		--durations=20 --numprocesses=$(TEST_PROCESSES) --dist=worksteal $(ARGS)

lint: tools $(STAMPS)/dev console/node_modules/.installed ## formatting, style, types and import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd console && npm run lint

format: tools $(STAMPS)/dev console/node_modules/.installed ## format all sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd console && npm run format

bench: install $(STAMPS)/dev ## all benchmarks, one JSON object each
	@for stage in rules decode sink gateway pipeline; do $(BIN)/python -m benchmarks $$stage --json $(ARGS) || exit; done

docs: $(STAMPS)/dev ## write from the code the references of settings and metrics, and the states of a session
	$(BIN)/haulwatch settings --markdown > docs/settings.md
	$(BIN)/python -m tests.architecture.reference > docs/metrics.md
	$(BIN)/python -m tests.architecture.rule_pages
	$(BIN)/python -m stream.jt808.session_states > docs/protocols/session-states.md
	$(BIN)/python -m stream.jt808.document > docs/protocols/jt808-tables.md
	$(BIN)/python -m stream.jt809.document > docs/protocols/jt809-tables.md

clean: ## remove what was built and installed, never the data of haulwatch up
	rm -rf $(VENV) console/node_modules tests/timescale/node_modules console/dist build *.egg-info artifacts
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

browser: ## Chromium for the browser tests, from Debian's packages where we may install it
	@sh deploy/browser.sh

tools:
	@sh deploy/tools.sh

lock: ## resolve the dependencies anew (needs uv on the PATH)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 --upgrade pyproject.toml --extra build -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 -c requirements.lock pyproject.toml --extra build --extra dev -o requirements-dev.lock

$(STAMPS)/venv: deploy/venv.sh
	@sh deploy/venv.sh $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: requirements.lock | $(STAMPS)/venv
	@echo "installing $$(grep -c '==' $<) pinned Python packages into $(VENV)"
	$(PIP) install --require-hashes -r $<
	@touch $@

$(STAMPS)/program: pyproject.toml $(STAMPS)/packages
	$(PIP) install --quiet --no-build-isolation --no-deps -e .
	@touch $@

$(STAMPS)/kernels: $(STAMPS)/program $(KERNEL_SOURCES)
	@echo "compiling the kernels, a minute, once"
	@$(BIN)/python -m stream.warm_up
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/program
	@echo "installing the tools that tests need"
	$(PIP) install --quiet --require-hashes -r $<
	@touch $@

console/node_modules/.installed: console/package.json console/package-lock.json
	@echo "installing the page's packages"
	cd console && npm ci --no-audit --no-fund
	@touch $@

tests/timescale/node_modules/.installed: tests/timescale/package.json tests/timescale/package-lock.json
	@echo "installing TimescaleDB in WebAssembly for its test"
	cd tests/timescale && npm ci --no-audit --no-fund
	@touch $@

$(PAGE): console/node_modules/.installed $(CONSOLE_SOURCES)
	cd console && npm run build
	@touch $@

# Every command of the project; CI runs the same ones. `make help` lists them.
# Needs: GNU make, Python 3.11 or newer with pip and venv. Everything else comes from the lock files.

.DEFAULT_GOAL := help
.PHONY: help run setup setup-run test check lint types imports migrations-check bench gate soak short-soak words format lock clean

PORT ?= 8000
SIMULATOR_PORT ?= 8010
RUN_DIR ?= .run
export PORT SIMULATOR_PORT RUN_DIR

VENV := .venv
PY := $(VENV)/bin/python
ARGS ?=

# The first Python on the path that is new enough. Say `make PYTHON=/path/to/python3 …` to choose another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)

# Packages come only with the hashes of the lock; all but one (see requirements-build.in) are wheels: nothing is compiled.
# $(call install,LOCK): make the environment hold what LOCK says; does nothing when it did so before, on this path.
# The environment is made anew when the checkout has moved or its Python is gone.
PIP_OPTIONS := --quiet --disable-pip-version-check --no-input --require-hashes
define install
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and none was found. Install it, or say where it is: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@if [ -e $(VENV) ] && [ ! -O $(VENV) ]; then \
		echo "$(VENV) belongs to another user. Use a checkout of your own, or remove $(VENV) as that user." >&2; exit 1; fi
	@if ! { $(PY) -c 'import pip' && [ "$$(cat $(VENV)/made-at)" = "$(CURDIR)" ]; } >/dev/null 2>&1; then \
		rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV) || { \
			rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }; \
		echo "$(CURDIR)" > $(VENV)/made-at; fi
	@if ! cmp -s $(1) $(VENV)/installed-$(1); then \
		echo "Installing the packages of $(1); this takes a minute, and only when the lock changes."; \
		$(PY) -m pip install $(PIP_OPTIONS) -r requirements-build.txt \
		&& $(PY) -m pip install $(PIP_OPTIONS) --no-build-isolation --use-pep517 -r $(1) || { \
			echo "The packages could not be installed. Check the network and pip's settings, then try again." >&2; exit 1; }; \
		cp $(1) $(VENV)/installed-$(1); \
		if [ $(1) = requirements-dev.txt ]; then cp requirements.txt $(VENV)/installed-requirements.txt; fi; fi
endef

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "PORT=$(PORT) SIMULATOR_PORT=$(SIMULATOR_PORT) RUN_DIR=$(RUN_DIR) can be changed: make run PORT=9000"

run: setup-run ## Start everything on this machine, with demo data and a simulated telephone network
	@exec $(PY) -m foundation.one_machine run --stop-with-parent

setup-run: ## Install what `make run` needs
	$(call install,requirements.txt)

setup: ## Install what developers need
	$(call install,requirements-dev.txt)

# Two at a time, each with servers of its own. Those that break servers and processes come afterwards: they trouble nobody.
test: setup ## Run the tests against real PostgreSQL and Valkey; ARGS="-k words" passes anything on to pytest
ifeq ($(strip $(ARGS)),)
	$(PY) -m pytest -n 2 --dist loadfile -m "not operations"
	$(PY) -m pytest -n 2 --dist loadfile -m operations
else
	$(PY) -m pytest $(ARGS)
endif

check: lint types imports migrations-check test short-soak ## Everything that CI checks

lint: setup ## Check style and formatting
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: setup ## Check types
	$(PY) -m mypy

imports: setup ## Check who may import whom
	$(VENV)/bin/lint-imports

migrations-check: setup ## Check that the migrations make exactly the tables that the models describe
	$(PY) -m foundation.one_machine with-servers --migrated -- flask --app app db check

bench: setup ## Run the benchmarks and print their tables
	$(PY) -m benchmarks $(ARGS)

GATE_EXAMPLES ?= 50000

gate: setup ## Look longer for a way through the safe-contact gate than the tests do: a thousand histories; GATE_EXAMPLES
	GATE_EXAMPLES=$(GATE_EXAMPLES) $(PY) -m pytest -n 3 --dist load --timeout 0 tests/callbacks/test_gate.py

soak: setup ## Play a week through the real processes with everything going wrong; SOAK_REQUESTS=100000, SOAK_MINUTES=10
	$(PY) -m benchmarks.soak

short-soak: setup ## The same with forty requests, in about a minute
	SOAK_REQUESTS=40 $(PY) -m benchmarks.soak

words: setup ## Bring the catalogues up to date with the sentences in the code; then translate what is new
	$(PY) -m babel.messages.frontend extract -F pyproject.toml -k said -k mark --no-location --omit-header \
		-o .words.pot callbacks notifications foundation
	@for catalogue in foundation/translations/*; do \
		$(PY) -m babel.messages.frontend update -N --no-wrap -i .words.pot -l $$(basename $$catalogue) \
			-o $$catalogue/LC_MESSAGES/messages.po; done
	@rm -f .words.pot

format: setup ## Put the code into its one format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: setup ## Compile the lock files again; ARGS=--upgrade takes newer versions
	@for name in requirements-build requirements requirements-dev; do \
		CUSTOM_COMPILE_COMMAND="make lock" $(PY) -W ignore -m piptools compile $(LOCK_OPTIONS) $(ARGS) \
			--output-file $$name.txt $$name.in || exit 1; done
	@! grep -nE '://|@ file|^-|^ *--(index|extra|find|trusted)' requirements*.txt || { \
		echo "A lock file names an index, an option or a place; none may be committed." >&2; exit 1; }

LOCK_OPTIONS := --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean: ## Remove what the tools made: caches and the environment, not the data in RUN_DIR
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

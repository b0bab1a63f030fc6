# Needs a POSIX shell, GNU make and Python >= 3.11; everything else is installed into .venv from the lock files.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

READY_TO_RUN := $(VENV)/.ready-to-run
READY_TO_DEVELOP := $(VENV)/.ready-to-develop
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# What each lock pins: the packages of pyproject.toml, and what builds the project itself (why: see INSTALL_PROJECT).
BUILD_REQUIRES = $(BIN)/python -c 'import tomllib; \
  print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header $(ARGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test test-dependencies check format nightly cover bench guide lock messages clean

help: ## Print what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  Options: PYTHON=python3.12 chooses the interpreter that makes .venv;'
	@echo '  ARGS="..." is handed to the command behind run, test, cover, bench and lock.'

setup: $(READY_TO_DEVELOP) ## Install everything into .venv, run nothing
	@echo 'Everything is installed in $(VENV).'

run: $(READY_TO_RUN) ## Serve the provider and its demo sites (ARGS="--fresh" starts over)
	@$(BIN)/glc demo $(ARGS)

test: $(READY_TO_DEVELOP) ## Run the tests (ARGS="-k consent" runs some of them)
	$(BIN)/pytest -n auto $(ARGS)

test-dependencies: ## Install what some tests need and pip cannot: Chromium, PostgreSQL, Node, PHP
	@.ci/test-dependencies

check: $(READY_TO_DEVELOP) ## Format, lint, types, and that the lock files hold what pyproject.toml asks
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m pip --disable-pip-version-check check

format: $(READY_TO_DEVELOP) ## Rewrite the code in the house format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

nightly: $(READY_TO_DEVELOP) ## Send the provider 200 000 requests at random; play the whole acceptance run on each mistake
	GLC_RANDOM_REQUESTS=200000 GLC_WHOLE_PROOF=1 $(BIN)/pytest -n auto \
	  tests/conformance/test_whatever_is_sent.py tests/recette/test_proof.py

cover: $(READY_TO_DEVELOP) ## Run the tests and report the lines they never reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --show-missing

bench: $(READY_TO_DEVELOP) ## Measure flows per second, cold start and memory
	$(BIN)/python -m bench $(ARGS)

guide: $(READY_TO_DEVELOP) ## Take the pictures of the agents' guide again, in docs/images/registre
	GLC_GUIDE_PICTURES=docs/images/registre $(BIN)/pytest -q tests/browser/test_registry_journey.py

lock: $(VENV)/.packages-dev ## Write both lock files again (ARGS="--upgrade" takes newer versions)
	$(BUILD_REQUIRES) | $(COMPILE) pyproject.toml - --output-file requirements.lock
	$(BUILD_REQUIRES) | $(COMPILE) pyproject.toml - --group dev --output-file requirements-dev.lock

messages: $(READY_TO_DEVELOP) ## Collect the French messages, carry them to the translations, compile these
	@mkdir -p build
	$(BIN)/pybabel --quiet extract -F babel.cfg --omit-header --add-location=file --sort-by-file \
	  -o build/messages.pot glc idp keys partner_registry consent testkit
	$(BIN)/pybabel --quiet update -i build/messages.pot -d glc/locale --ignore-pot-creation-date \
	  --no-fuzzy-matching --ignore-obsolete
	$(BIN)/pybabel compile -d glc/locale --statistics

clean: ## Remove .venv and what the tools left behind (var/ stays)
	rm -rf $(VENV) build dist *.egg-info .coverage* htmlcov .mypy_cache .pytest_cache .ruff_cache .hypothesis

# bin/pip comes last when an environment is made, so an interrupted attempt is started again.
$(BIN)/pip:
	@.ci/make-venv $(VENV) $(PYTHON)

$(VENV)/.packages-run: requirements.lock | $(BIN)/pip
	@echo 'Installing into $(VENV) what it takes to run.'
	$(PIP) install --require-hashes -r $<
	@touch $@

$(VENV)/.packages-dev: requirements-dev.lock | $(BIN)/pip
	@echo 'Installing into $(VENV) what it takes to run and to test: about a minute the first time.'
	$(PIP) install --require-hashes -r $<
	@touch $@

# The project is built without isolation: an isolated build would fetch setuptools without version nor hash, and a
# machine cut off from the network could not do it at all. The lock files pin setuptools instead.
INSTALL_PROJECT = $(PIP) install --no-deps --no-build-isolation --editable .

$(READY_TO_RUN): $(VENV)/.packages-run pyproject.toml
	$(INSTALL_PROJECT)
	@touch $@

# What develops also runs: the last line spares `make run` a second installation.
$(READY_TO_DEVELOP): $(VENV)/.packages-dev pyproject.toml
	$(INSTALL_PROJECT)
	@touch $@ $(VENV)/.packages-run && touch $(READY_TO_RUN)

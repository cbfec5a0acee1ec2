# Everything a newcomer needs, one line each. Needs Python 3.11 or newer, make and a C compiler; the rest comes from the lock files.
#   make run    the service            make test    all tests (ARGS="tests/sla -x" for some)
#   make demo   a desk that plays      make check   lint, format, types, layers, tests
#   make soak   the long tests         make bench   the figures            make lock   new lock files
#   make train  the labels of tests/corpus/requests learned anew into bot/intake/data (ARGS="--help" says more)
#   make texts  new sentences into the English catalogue, and the catalogue compiled
.PHONY: run demo test check soak bench train texts lock clean runtime dev
.DEFAULT_GOAL := run

ARGS ?=
BIN := .venv/bin
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

run: runtime
	@exec $(BIN)/deskbot run $(ARGS)

demo: runtime
	@exec $(BIN)/deskbot demo $(ARGS)

test: dev
	@$(BIN)/python $(if $(strip $(ARGS)),-m pytest $(ARGS),deploy/halves.py)

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory test

soak: dev
	@DESKBOT_SOAK=1 $(BIN)/python -m pytest -m soak $(ARGS)

bench: dev
	@set -e; for each in bench/[a-z]*.py; do echo "== $$each"; $(BIN)/python $$each $(ARGS); done

train: dev
	@$(BIN)/python -m train $(ARGS)
	@$(BIN)/python -m train.followups

texts: dev
	@$(BIN)/python deploy/texts.py

# Pins stay as they are unless pyproject.toml needs others; UPGRADE=1 takes the newest of everything. Needs uv, which is fetched into
# a folder of its own when it is not installed. Neither an index address nor a command line ends up in the result.
UV ?= $(shell command -v uv || echo .cache/uv/bin/uv)
COMPILE = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

lock:
	@test -n "$(PYTHON)" || { echo "deskbot needs Python 3.11 or newer." >&2; exit 1; }
	@command -v $(UV) >/dev/null || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/python -m pip install --quiet uv; }
	$(COMPILE) --extra build --output-file requirements.lock
	$(COMPILE) --extra build --extra dev --output-file requirements-dev.lock

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

runtime dev:
	@test -n "$(PYTHON)" || { echo "deskbot needs Python 3.11 or newer: install python3.11 (or newer) and run make again, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) deploy/venv.py $@

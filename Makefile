# drydock: `make demo` shows what it does, `make test` runs every check. `make help` lists all.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Tests at a time; the end-to-end tests start servers of their own.
JOBS ?= 2
DEMO_ARGS ?=
PROVE_ARGS ?=

# With the system's certificates if uv's own do not do: a company's proxy has a certificate of its own.
UV_INSTALL := pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e
install = $(UV) $(UV_INSTALL) $(1) 2>/dev/null || UV_SYSTEM_CERTS=1 $(UV) $(UV_INSTALL) $(1)

.DEFAULT_GOAL := help
.PHONY: help demo test prove lint types images lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: $(VENV)/.runtime ## deploy a real model with the documented request and send it digits
	@$(BIN)/drydock demo $(DEMO_ARGS)

test: $(VENV)/.dev lint types ## run every check: style, types, tests
	@$(BIN)/python -m pytest -n $(JOBS) -ra

prove: $(VENV)/.dev ## run the heavy proofs of the rules: hostile bodies, mutation, thousands of cases
	@$(BIN)/python scripts/prove $(PROVE_ARGS)

lint: $(VENV)/.dev ## check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## check types
	@$(BIN)/mypy

images: $(VENV)/.runtime ## build the runtime's container image (needs a Docker engine)
	@$(BIN)/drydock images build

lock: $(VENV)/.base ## pin the newest versions that pyproject.toml allows, in constraints.txt
	@$(UV) pip compile --quiet --upgrade --universal --no-header --no-annotate --extra dev \
	  --python-version 3.11 --output-file constraints.txt pyproject.toml
	@echo "constraints.txt: $$(grep -c == constraints.txt) packages"

clean: ## remove the virtual environment and all caches
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An empty environment with uv in it, made anew when the interpreter is another one.
$(VENV)/.base:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Drydock needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  rm -rf $(VENV); exit 1; }
	@echo "installing uv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/.runtime: $(VENV)/.base pyproject.toml constraints.txt
	@echo "installing Drydock and the libraries that it runs on"
	@$(call install,.)
	@touch $@

$(VENV)/.dev: $(VENV)/.base pyproject.toml constraints.txt
	@echo "installing Drydock with everything that its tests need"
	@$(call install,'.[dev]')
	@touch $(VENV)/.runtime $@

# `make help` lists the targets. Continuous integration runs exactly these.

# The first of these that runs; name another with `make install PYTHON=python3.13`.
PYTHON ?= $(shell for p in python3.11 python3; do $$p -c "" 2>/dev/null && echo $$p && break; done)
# Where torch comes from. Unset, it is PyPI, whose Linux wheel brings CUDA (several GB). For a machine without an
# NVIDIA card: make install TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
TORCH_INDEX_URL ?=
DEMO ?= demo-workspace
JOBS ?= 2

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow check format docs build clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with Pentad (editable) and the development tools

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Pentad needs Python 3.11 to 3.14 and found no python3. On Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || { echo "Pentad needs Python 3.11 to 3.14; $(PYTHON) is $$($(PYTHON) -V). Name another: make install PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
# torch first and by itself: a later line that asks for "torch" then finds it and fetches no larger build.
	$(BIN)/python -m pip install --quiet -c constraints.txt $(if $(TORCH_INDEX_URL),--no-deps --index-url $(TORCH_INDEX_URL)) torch
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable . --group dev
	@touch $@

demo: install ## Make a small workspace and run the whole chain in it (DEMO=folder)
	$(BIN)/pentad quickstart $(DEMO)

test: install ## Run the tests that are not slow, on JOBS processes
	$(BIN)/pytest -m "not slow" -n $(JOBS)

test-slow: install ## Run the slow tests
	@$(BIN)/pytest -m slow || { code=$$?; test $$code -eq 5 && echo "No test is marked slow." || exit $$code; }

check: install ## Everything that is not a test: format, lint, types, imports, sizes, spelling, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/check_sizes.py src
	$(BIN)/typos
	@$(MAKE) --no-print-directory docs

format: install ## Rewrite the sources in the project's format and fix what can be fixed
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

docs: install ## Build the documentation into site/, strictly
	@if [ -f docs/cli.md ]; then NO_COLOR=1 COLUMNS=100 $(BIN)/cog --check docs/cli.md || { echo "docs/cli.md is stale: NO_COLOR=1 COLUMNS=100 $(BIN)/cog -r docs/cli.md" >&2; exit 1; }; fi
	$(BIN)/zensical build --clean --strict

build: install ## Build the source archive and the wheel into dist/
	rm -rf dist
	$(BIN)/hatchling build -t sdist -t wheel

clean: ## Remove what the other targets made, except .venv
	rm -rf dist site .cache .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

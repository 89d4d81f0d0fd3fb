# Needs Python 3.11 or newer. Everything is installed into .venv, nothing anywhere else.

PYTHON ?= python3
TORCH ?= torch==2.13.0
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
INSTALLED := .venv/installed
DOCS_INSTALLED := .venv/docs-installed

.PHONY: demo test test-all check audit fuzz format docs bench

demo: $(INSTALLED)  ## The whole job on the bundled sample pair; everything lands in demo/.
	$(BIN)/recast demo --out demo

test: $(INSTALLED)  ## What has to pass before every commit.
	$(BIN)/python -m pytest

test-all: $(INSTALLED)  ## The slow tests too: minutes.
	$(BIN)/python -m pytest -m "" --timeout 3600

check: $(INSTALLED)  ## Format, lint, types, and whether what is installed fits together.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pip check

# Not part of check: it asks an advisory service over the network, and its answer changes by itself.
# What it finds raises the least version in pyproject.toml, which pip check holds everybody to.
audit: $(INSTALLED)  ## Known holes in what is installed; needs the network.
	$(BIN)/python -m pip install --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --local --skip-editable

fuzz: $(INSTALLED)  ## Every parser under atheris; `make fuzz TARGET=order INPUTS=100000` runs one.
	$(BIN)/python -m pip install --disable-pip-version-check -e ".[fuzz]"
	$(BIN)/python -m fuzz $(or $(TARGET),all) --inputs $(or $(INPUTS),20000)

format: $(INSTALLED)  ## Mend what can be mended without thinking.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(DOCS_INSTALLED)  ## The documentation, into site/.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(INSTALLED)  ## The list of benchmarks; `make bench NAME=video` runs one.
	$(BIN)/python -m benchmarks $(NAME)

# torch comes first: its plain wheel is chosen here, and recast then accepts what is there.
$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "recast needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check "$(TORCH)"
	$(BIN)/python -m pip install --disable-pip-version-check -e ".[dev]"
	$(BIN)/python -c 'import pathlib; pathlib.Path("$@").touch()'

$(DOCS_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --disable-pip-version-check -e ".[docs]"
	$(BIN)/python -c 'import pathlib; pathlib.Path("$@").touch()'

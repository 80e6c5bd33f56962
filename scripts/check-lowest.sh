#!/bin/sh
# Run the unit tests with every dependency at the lower bound that pyproject.toml states.
set -eu
: "${PYTHON:=python3}"
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT

"$PYTHON" scripts/lower_bounds.py >"$outside/lowest.txt"
"$PYTHON" -m venv "$outside/venv"
"$outside/venv/bin/python" -m pip install --quiet --upgrade pip
"$outside/venv/bin/python" -m pip install --quiet --constraint "$outside/lowest.txt" '.[all]' pytest pytest-xdist hypothesis base45 httpx numpy openpyxl
cat "$outside/lowest.txt"
# The parts of the unit tests that reach into a dependency: the rest is the same whatever is installed.
"$outside/venv/bin/python" -m pytest --quiet -n auto --dist loadfile tests/unit/codec tests/unit/signing tests/unit/issue \
    tests/unit/verify tests/unit/service tests/unit/commands tests/unit/registry/database tests/unit/registry/sealing tests/unit/web

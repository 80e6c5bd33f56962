#!/bin/sh
# Run the unit tests with every dependency at the lower bound that pyproject.toml states.
set -eu
: "${PYTHON:=python3}"
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT

"$PYTHON" scripts/lower_bounds.py >"$outside/lowest.txt"
"$PYTHON" -m venv "$outside/venv"
"$outside/venv/bin/python" -m pip install --quiet --upgrade pip
"$outside/venv/bin/python" -m pip install --quiet --constraint "$outside/lowest.txt" '.[all]' pytest pytest-xdist hypothesis base45 numpy
cat "$outside/lowest.txt"
"$outside/venv/bin/python" -m pytest --quiet -n auto --dist loadfile tests/unit

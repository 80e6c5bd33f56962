#!/bin/sh
# Build the wheel, install it into an empty environment outside the checkout, and run the demo from there.
set -eu
: "${PYTHON:=python3}"
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT

"$PYTHON" -m build --wheel --outdir "$outside/dist" . >"$outside/build.log" 2>&1 || { cat "$outside/build.log"; exit 1; }
constraint=$(pwd)/requirements-dev.lock
"$PYTHON" -m venv "$outside/venv"
cd "$outside"
venv/bin/python -m pip install --quiet --constraint "$constraint" dist/*.whl
venv/bin/vaxcert --version
venv/bin/vaxcert demo demo
venv/bin/vaxcert registry demo registry --people 20
venv/bin/python -c 'import vaxcert.data as data; assert "_data" in str(data.folder()), data.folder()'

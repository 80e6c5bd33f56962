#!/bin/sh
# Make the virtual environment $1 with vaxcert, all its extras and the development tools, and see to the system libraries.
set -eu
venv=$1
: "${PYTHON:=python3}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "vaxcert needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2
    exit 1
}
"$PYTHON" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade pip
"$venv/bin/python" -m pip install --quiet --constraint requirements-dev.lock --editable '.[all]' --group dev

# The Solidity compiler and the test node of the ledger's contract; nothing that vaxcert itself needs to run.
if command -v npm >/dev/null; then
    npm ci --prefix contracts --no-audit --no-fund --loglevel=error >/dev/null || true
fi

# What pip cannot install: zbar, the second QR reader; SoftHSM, the token of the PKCS#11 tests; the PostgreSQL server of
# the registry's tests; the browser of the page's tests.
has_postgres() {
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}
missing=""
"$venv/bin/python" -c 'import pyzbar.pyzbar' 2>/dev/null || missing="$missing libzbar0"
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
has_postgres || missing="$missing postgresql"
command -v chromium >/dev/null || missing="$missing chromium"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # one word a package
    { apt-get update -qq && apt-get install -y -qq $missing; } >/dev/null 2>&1 || true
fi
"$venv/bin/python" -c 'import pyzbar.pyzbar' 2>/dev/null ||
    echo "missing: zbar (Debian: libzbar0); QR codes that zxing-cpp cannot read will not get a second reader"
command -v softhsm2-util >/dev/null ||
    echo "missing: SoftHSM (Debian: softhsm2); the PKCS#11 tests will not run"
has_postgres ||
    echo "missing: PostgreSQL (Debian: postgresql); the registry's tests will run on SQLite alone"
command -v chromium >/dev/null ||
    echo "missing: Chromium (Debian: chromium); the tests of the page in a browser will not run"
[ -x contracts/node_modules/.bin/anvil ] ||
    echo "missing: Node.js with npm; the contract will not be recompiled, and the tests on a real EVM node will not run"

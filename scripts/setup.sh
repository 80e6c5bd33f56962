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

# What pip cannot install: zbar, the second QR reader, and SoftHSM, the token of the PKCS#11 tests.
missing=""
"$venv/bin/python" -c 'import pyzbar.pyzbar' 2>/dev/null || missing="$missing libzbar0"
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # one word a package
    { apt-get update -qq && apt-get install -y -qq $missing; } >/dev/null 2>&1 || true
fi
"$venv/bin/python" -c 'import pyzbar.pyzbar' 2>/dev/null ||
    echo "missing: zbar (Debian: libzbar0); QR codes that zxing-cpp cannot read will not get a second reader"
command -v softhsm2-util >/dev/null ||
    echo "missing: SoftHSM (Debian: softhsm2); the PKCS#11 tests will not run"
[ -x contracts/node_modules/.bin/anvil ] ||
    echo "missing: Node.js with npm; the contract will not be recompiled, and the tests on a real EVM node will not run"

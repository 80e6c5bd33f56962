# Two commands set up everything and then do their job: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test release lint format unit coverage fuzz wheel lowest reference clean

demo: $(STAMP)  ## Issue, print, scan and verify a batch of invented records
	$(BIN)/vaxcert demo

test: lint unit wheel  ## Everything that has to hold before a change lands

release: test coverage lowest  ## And what has to hold before a release, in half an hour more

$(STAMP): pyproject.toml requirements-dev.lock contracts/package-lock.json scripts/setup.sh
	PYTHON=$(PYTHON) sh scripts/setup.sh $(VENV)
	touch $(STAMP)

lint: $(STAMP)  ## Style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

unit: $(STAMP)  ## The test suite
	$(BIN)/python -m pytest -n auto --dist loadfile

COVERING := tests/unit tests/property tests/conformance tests/integration/registry tests/integration/web
coverage: $(STAMP)  ## The branches that the tests of parts reach; whole programs are left out
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term --cov-fail-under=95 $(COVERING)

fuzz: $(STAMP)  ## Mutated certificates against the verifier, for SECONDS
	$(BIN)/python -m tests.fuzz.fuzz_decode --seconds $(or $(SECONDS),60)

wheel: $(STAMP)  ## Build the wheel, install it alone, run the demo from it
	PYTHON=$(BIN)/python sh scripts/check-wheel.sh

lowest: $(STAMP)  ## The unit tests with every dependency at its lower bound
	PYTHON=$(BIN)/python sh scripts/check-lowest.sh

reference: $(STAMP)  ## Rewrite docs/reference from the code
	$(BIN)/python scripts/reference.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

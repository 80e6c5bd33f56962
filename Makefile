# Two commands set up everything and then do their job: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint format unit fuzz wheel lowest reference clean

demo: $(STAMP)  ## Issue, print, scan and verify a batch of invented records
	$(BIN)/vaxcert demo

test: lint unit wheel lowest  ## Everything that has to hold before a change lands

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

COVERING := tests/unit tests/property tests/conformance tests/integration/registry tests/integration/web
WHOLE := tests/integration tests/scenarios tests/faults tests/e2e
# Whole programs are run without counting branches, which would make them half as slow again.
unit: $(STAMP)  ## The test suite: the first part with branch coverage
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term --cov-fail-under=95 $(COVERING)
	$(BIN)/python -m pytest -n auto --dist loadfile $(WHOLE) $(patsubst %,--ignore=%,$(filter tests/integration/%,$(COVERING)))

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

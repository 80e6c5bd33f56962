"""A few seconds of the fuzz target, from the same seed every time; `make fuzz` runs it for as long as wanted."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.encoders import Encoder
from tests.fuzz.fuzz_decode import LAYERS, corpus, fuzz_one, mutations

INPUTS = 2500


def test_no_mutated_certificate_surprises_the_verifier() -> None:
    for data in islice(mutations(20261122), INPUTS):
        fuzz_one(data)


def test_no_known_certificate_does() -> None:
    for data in corpus():
        fuzz_one(data)


@given(st.binary(max_size=300))
def test_no_arbitrary_bytes_do(data: bytes) -> None:
    fuzz_one(data)


def test_a_seed_gives_the_same_inputs_again() -> None:
    assert list(islice(mutations(7), 50)) == list(islice(mutations(7), 50))
    assert list(islice(mutations(7), 50)) != list(islice(mutations(8), 50))


def test_every_layer_is_reached() -> None:
    assert {data[0] % len(LAYERS) for data in islice(mutations(1), 300)} == set(range(len(LAYERS)))


def test_the_target_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Encoder().text()
    fuzz_one(b"\0" + text.encode())
    monkeypatch.setattr("tests.fuzz.fuzz_decode.STEP_NAMES", ())
    with pytest.raises(AssertionError):
        fuzz_one(b"\0" + text.encode())


def test_it_runs_by_itself() -> None:
    command = [sys.executable, "-m", "tests.fuzz.fuzz_decode", "--seconds", "0.2", "--seed", "3"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("inputs from seed 3: nothing failed\n")

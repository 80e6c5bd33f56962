"""The project's own vectors: a folder each, named for its one fault. They need no other data and always run."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.make_vectors import CHOSEN, make
from tests.faults.broken import BROKEN
from vaxcert.errors import VaxcertError
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

FOLDER = Path(__file__).parent / "vectors"
VECTORS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
KEYS = {"why", "spec", "at", "outcome"}


def expectation(vector: Path) -> dict[str, Any]:
    return tomllib.loads((vector / "expect.toml").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_answer_is_the_one_expected(vector: Path) -> None:
    expect = expectation(vector)
    text = (vector / "input.txt").read_text("ascii").removesuffix("\n")
    trust_list = TrustList.load(vector / "trust")
    assert trust_list.rejected == ()
    verifier = Verifier(trust_list)
    try:
        verifier.verify(text, at=expect["at"])
        outcome = "valid"
    except VaxcertError as error:
        outcome = error.code
    assert outcome == expect["outcome"], expect["why"]
    report = verifier.examine(text, at=expect["at"])
    told = [step.name for step in report.steps if report.code is not None and step.code == report.code]
    assert told == ([expect["stage"]] if "stage" in expect else [])
    if outcome == "valid":
        assert {warning.code for warning in report.warnings} == set(expect.get("warnings", ()))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_vector_is_whole(vector: Path) -> None:
    expect = expectation(vector)
    extra = {"warnings"} if expect["outcome"] == "valid" else {"stage"}
    assert expect.keys() >= KEYS
    assert expect.keys() - KEYS <= extra
    assert expect["at"].tzinfo is not None
    assert {path.name for path in vector.rglob("*")} == {"input.txt", "trust", "dsc.pem", "expect.toml"}


def test_every_vector_is_there_and_two_in_three_are_refused() -> None:
    assert {vector.name for vector in VECTORS} == set(CHOSEN)
    refused = [vector for vector in VECTORS if expectation(vector)["outcome"] != "valid"]
    assert 3 * len(refused) >= 2 * len(VECTORS)


def test_a_vector_can_be_made_again(tmp_path: Path) -> None:
    """The script writes what the runner reads: of another key, with the same expectation."""
    (case,) = (case for case in BROKEN if case.name == "expired")
    make(case, tmp_path / "expired")
    assert expectation(tmp_path / "expired") == expectation(FOLDER / "expired")
    test_a_vector_is_whole(tmp_path / "expired")
    test_the_answer_is_the_one_expected(tmp_path / "expired")

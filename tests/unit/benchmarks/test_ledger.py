"""The ledger benchmark: what it measures is there, adds up, and is held against its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import ledger_stages as stages
from benchmarks.ledger import Row, is_missed, rows

if TYPE_CHECKING:
    from pathlib import Path

LEAVES = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module")
def filled(folder: Path) -> stages.Figures:
    return stages.fill(folder, LEAVES)


def test_what_is_logged_is_timed_beside_the_bare_hashing(filled: stages.Figures) -> None:
    assert 0 < filled["bare_s"] < filled["append_s"]
    assert filled["checkpoint_s"] > 0
    assert filled["memory_mb"] > 0


@pytest.mark.usefixtures("filled")
def test_the_receipts_and_proofs_of_the_log_hold(folder: Path) -> None:
    made = stages.make_receipts(folder, LEAVES)
    proved = stages.prove(folder, LEAVES)
    assert 0 < made["longest"] < proved["receipt_bytes"] < 900
    assert 0 < proved["p50_s"] <= proved["p99_s"]


@pytest.mark.usefixtures("filled")
def test_receipts_of_fewer_entries_than_the_log_has_do_not_pass_for_all(folder: Path) -> None:
    with pytest.raises(ValueError, match="another size than 699"):
        stages.make_receipts(folder, LEAVES - 1)


@pytest.mark.parametrize(("values", "missed"), [([2.9, 9.0, 1.0], False), ([3.0, 3.0, 1.0], True), ([9.0], True)])
def test_a_budget_is_missed_where_the_median_reaches_it(values: list[float], missed: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_missed(Row("logged", "", 3.0), [{"logged": value} for value in values]) is missed


def test_what_has_no_budget_is_not_missed() -> None:
    assert not is_missed(Row("rate_1", ""), [{"rate_1": 0.0}])


@pytest.mark.parametrize(("leaves", "budget"), [(1000, 900), (1_000_000, 900), (2**20 + 1, 934), (10_000_000, 1036)])
def test_a_receipt_may_grow_by_a_hash_each_time_that_a_log_doubles(leaves: int, budget: int) -> None:
    assert {row.name: row.budget for row in rows(leaves)}["receipt_bytes"] == budget

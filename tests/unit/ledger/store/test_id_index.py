"""Each id leads to its leaf through every tier of the index, also where ids share a key; an erased one does not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from tests.stored_log import AT, certificate, certificates, digests, fill, make_log, sql
from vaxcert.ledger.store.id_index import move_tiers
from vaxcert.ledger.store.problem import Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog

TIER_BITS = (15, 19, 23)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def log(folder: Path) -> Iterator[TransparencyLog]:
    with make_log(folder) as log:
        yield log


def tiers(folder: Path) -> list[int]:
    """Return how many ids each tier has."""
    return [sql(folder, f"SELECT count(*) FROM certificate_id_{tier}")[0][0] for tier in range(4)]


def keys(folder: Path, tier: int) -> set[int]:
    return {row[0] for row in sql(folder, f"SELECT key FROM certificate_id_{tier}")}


def add(log: TransparencyLog, *numbers: int) -> list[int]:
    with log.transaction() as transaction:
        return transaction.add_certificates([certificate(number) for number in numbers])


def test_ids_move_on_when_the_log_has_grown(log: TransparencyLog, folder: Path) -> None:
    add(log, 1, 2)
    assert tiers(folder) == [2, 0, 0, 0]
    log.append(digests((1 << TIER_BITS[0]) - 2))  # leaves without ids count too
    assert tiers(folder) == [0, 2, 0, 0]
    add(log, 3)
    assert tiers(folder) == [1, 2, 0, 0]
    for number in (1, 2, 3):
        found = log.certificate(certificate(number).id)
        assert found is not None
        assert found[1:] == certificate(number)
    with log.transaction() as transaction:
        assert transaction.add_new_certificates([certificate(2), certificate(3), certificate(4)]) == [
            None,
            None,
            (1 << TIER_BITS[0]) + 1,
        ]


@pytest.mark.parametrize("tier", [0, 1, 2, 3])
def test_an_id_is_found_and_refused_in_every_tier(log: TransparencyLog, folder: Path, tier: int) -> None:
    fill(log, 3)
    sql(folder, f"INSERT INTO certificate_id_{tier} SELECT * FROM certificate_id_0 WHERE true ON CONFLICT DO NOTHING")
    if tier:
        sql(folder, "DELETE FROM certificate_id_0")
    assert set(log.certificates_by_id([certificate(number).id for number in range(5)])) == {
        certificate(number).id for number in range(3)
    }
    assert add(log, 2, 1, 7) == [2, 1, 3]
    assert log.check() is None
    log.erase(1, at=AT)
    assert log.certificate(certificate(1).id) is None
    assert sum(tiers(folder)) == 3


def test_a_transaction_moves_each_tier_that_is_due(log: TransparencyLog, folder: Path) -> None:
    fill(log, 10)
    for tier in (1, 2):
        sql(folder, f"INSERT INTO certificate_id_{tier} SELECT key, {tier} * 1000 + leaf_index FROM certificate_id_0")
    move_tiers(log.database, (1 << 23) - 1, 1 << 23)
    assert tiers(folder) == [0, 10, 10, 10]


def test_ids_that_share_a_key_are_told_apart(log: TransparencyLog) -> None:
    one, other = "plumless", "buckeroo"  # known for their CRC-32
    assert crc32(one.encode()) == crc32(other.encode())
    with log.transaction() as transaction:
        assert transaction.add_certificates([certificate(1)._replace(id=one)]) == [0]
        assert transaction.add_certificates([certificate(2)._replace(id=other)]) == [1]
        assert transaction.add_new_certificates([certificate(2)._replace(id=other), certificate(3)]) == [None, 2]
    assert {key: row.leaf_index for key, row in log.certificates_by_id([one, other]).items()} == {one: 0, other: 1}
    log.erase(0, at=AT)
    assert log.certificate(one) is None
    found = log.certificate(other)
    assert found is not None
    assert found.leaf_index == 1


def test_nothing_is_indexed_of_a_transaction_that_is_lost(log: TransparencyLog, folder: Path) -> None:
    rows = [*certificates(10_000), certificate(10_000)._replace(digest=b"short")]  # the first step is in order
    with pytest.raises(ValueError, match="digest"), log.transaction() as transaction:
        transaction.add_certificates(rows)
    assert tiers(folder) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("statement", "leaf"),
    [
        ("DELETE FROM certificate_id_0 WHERE leaf_index = 1500", 1500),
        ("UPDATE certificate_id_0 SET key = key + 1 WHERE leaf_index = 7", 7),
        ("UPDATE certificate_id_0 SET leaf_index = 8 WHERE leaf_index = 7", 7),
    ],
)
def test_an_id_that_is_lost_to_the_index_is_named(
    log: TransparencyLog, folder: Path, statement: str, leaf: int
) -> None:
    fill(log, 2000)
    assert log.check() is None
    sql(folder, statement)
    problem = log.check()
    assert problem is not None
    assert (problem.part, problem.index) == (Part.CERTIFICATE, leaf)
    assert "index over ids" in problem.message
    assert log.check(full=False) is None


def test_an_id_that_two_certificates_have_is_named(log: TransparencyLog, folder: Path) -> None:
    fill(log, 3)
    sql(folder, "DELETE FROM certificate_id_0 WHERE leaf_index = 1")  # who does this has the id logged again
    add(log, 1)
    ((key,),) = sql(folder, "SELECT key FROM certificate_id_0 WHERE leaf_index = 3")
    sql(folder, "INSERT INTO certificate_id_0 VALUES (?, 1)", key)
    problem = log.check()
    assert problem is not None
    assert (problem.part, problem.index) == (Part.CERTIFICATE, 1)

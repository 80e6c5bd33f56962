"""Whatever is changed behind the log's back, the check names the first place and the kind of thing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.small_log import log_key
from tests.stored_log import AT, KEY, certificate, certificates, digests, fill, flipped, make_log, sql
from vaxcert.ledger.log.checkpoint import Checkpoint, sign_checkpoint
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.tree import leaf_hash
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.problem import Part, Problem
from vaxcert.ledger.store.statements import digest_of, keep_head, revoke, supersede

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 620
"""Three bundles, the last of them partial."""
REVOKED, REPLACED, REPLACEMENT, ERASED = 300, 301, 302, 303
STATEMENTS = range(600, 603)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log with everything in it that a log may have."""
    folder = tmp_path_factory.mktemp("built") / "log"
    with make_log(folder) as log:
        fill(log, 400)
        fill(log, 200, start=400)
        rows = {row.leaf_index: row for row in log.certificates()}
        with log.transaction() as transaction:
            assert revoke(transaction, rows[REVOKED], at=AT, reason="lost") == STATEMENTS[0]
            supersede(transaction, rows[REPLACED], rows[REPLACEMENT], at=AT)
            keep_head(transaction, bytes(32), size=7, at=AT)
            transaction.append(digests(SIZE - STATEMENTS.stop))
        log.sign_checkpoint(KEY, at=AT)
        log.erase(ERASED, at=AT)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "log")


def check(folder: Path, *, full: bool = True) -> Problem | None:
    with TransparencyLog.open(folder) as log:
        return log.check(full=full)


@dataclass(frozen=True)
class Column:
    """A packed column of the entries."""

    name: str
    width: int

    def change(self, folder: Path, index: int, change: Callable[[bytes], bytes]) -> None:
        """Replace one value of the column."""
        first, packed = sql(
            folder, f"SELECT first, {self.name} FROM segment WHERE first <= ? ORDER BY first DESC", index
        )[0]
        start = (index - first) * self.width
        new = packed[:start] + change(packed[start : start + self.width]) + packed[start + self.width :]
        sql(folder, f"UPDATE segment SET {self.name} = ? WHERE first = ?", new, first)

    def value(self, folder: Path, index: int) -> bytes:
        found: list[bytes] = []
        self.change(folder, index, lambda value: found.append(value) or value)  # type: ignore[func-returns-value]
        return found[0]


KINDS, ENTRIES, SALTS, DIGESTS = Column("kinds", 1), Column("entries", 32), Column("salts", 16), Column("digests", 32)


def change_tile(folder: Path, place: int, new: bytes | None = None, *, level: int = 0) -> None:
    key = level << 56 | place >> 8
    start = (place & 255) * 32
    tile = sql(folder, "SELECT hashes FROM tile WHERE id = ?", key)[0][0]
    tile = flipped(tile, start) if new is None else tile[:start] + new + tile[start + 32 :]
    sql(folder, "UPDATE tile SET hashes = ? WHERE id = ?", tile, key)


def bit(value: bytes) -> bytes:
    return flipped(value, 0)


def found(folder: Path) -> tuple[Part, int]:
    problem = check(folder)
    assert problem is not None
    assert str(problem.index) in str(problem)
    return problem.part, problem.index


def test_a_log_that_nobody_changed_is_in_order(folder: Path) -> None:
    assert check(folder) is None
    assert check(folder, full=False) is None


def test_an_empty_log_is_in_order(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        assert log.check() is None
        assert log.check(full=False) is None


# Entries, salts, digests, tiles.


@pytest.mark.parametrize("index", [0, 255, 256, 599, 600, 619])
@pytest.mark.parametrize(
    ("column", "part"), [(ENTRIES, Part.ENTRY), (SALTS, Part.SALT)], ids=lambda value: getattr(value, "name", None)
)
def test_a_changed_entry_or_salt_is_named(folder: Path, column: Column, part: Part, index: int) -> None:
    column.change(folder, index, bit)
    assert found(folder) == (part, index)


@pytest.mark.parametrize("index", [0, 255, 256, 511, 512, 619])
def test_a_changed_leaf_hash_is_named(folder: Path, index: int) -> None:
    change_tile(folder, index)
    assert found(folder) == (Part.TILE, index)


@pytest.mark.parametrize("index", [0, 299, 600])
def test_a_changed_digest_is_told_from_a_changed_salt_by_the_row(folder: Path, index: int) -> None:
    DIGESTS.change(folder, index, bit)
    assert found(folder) == (Part.DIGEST, index)


def test_without_a_row_nothing_tells_salt_and_digest_apart(folder: Path) -> None:
    DIGESTS.change(folder, 619, bit)
    assert found(folder) == (Part.SALT, 619)


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_a_changed_kind_is_named(folder: Path, kind: int) -> None:
    KINDS.change(folder, 619, lambda _: bytes((kind,)))
    assert found(folder) == (Part.KIND, 619)


@pytest.mark.parametrize("kind", [0, 5, 0x3F])
def test_a_kind_that_there_is_none_of_is_named(folder: Path, kind: int) -> None:
    KINDS.change(folder, 619, lambda _: bytes((kind,)))
    assert found(folder) == (Part.KIND, 619)


def test_of_two_changes_the_first_is_named(folder: Path) -> None:
    SALTS.change(folder, 610, bit)
    ENTRIES.change(folder, 257, bit)
    sql(folder, "DELETE FROM certificate WHERE leaf_index = 400")
    assert found(folder) == (Part.ENTRY, 257)


@pytest.mark.parametrize("index", [5, 619])
def test_an_entry_with_its_leaf_changed_is_named(folder: Path, index: int) -> None:
    """Somebody who knows how leaves are made changes both; the tree above knows better."""
    ENTRIES.change(folder, index, bit)
    change_tile(folder, index, leaf_hash(ENTRIES.value(folder, index)))
    part, where = found(folder)
    assert where == index
    assert part in (Part.SALT, Part.ENTRY)


def forge(folder: Path, index: int) -> None:
    """Replace the certificate at *index* by another, with salt, entry and leaf to match."""
    other, salt = certificate(9999), bytes(16)
    entry = entry_of(EntryKind.CERTIFICATE, salt, other.digest)
    for column, value in ((ENTRIES, entry), (SALTS, salt), (DIGESTS, other.digest)):
        column.change(folder, index, lambda _, value=value: value)  # type: ignore[misc]
    change_tile(folder, index, leaf_hash(entry))
    sql(folder, "DELETE FROM certificate WHERE leaf_index = ?", index)
    sql(folder, "INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?)", index, *other)


@pytest.mark.parametrize("index", [7, 400])
def test_a_certificate_replaced_with_its_salt_entry_and_leaf_is_named(folder: Path, index: int) -> None:
    forge(folder, index)
    assert found(folder) == (Part.ENTRY, index & ~255)  # the tile above knows which 256 leaves it was made from


def test_a_replaced_certificate_in_the_last_tile_is_named_by_the_frontier(folder: Path) -> None:
    forge(folder, 599)
    assert found(folder) == (Part.ENTRY, 576)  # the first leaf of its subtree
    assert check(folder, full=False) == Problem(Part.FRONTIER, SIZE, "the frontier has another root than the tiles")


def test_a_changed_frontier_is_told_from_a_changed_log_by_the_signed_root(folder: Path) -> None:
    frontier = sql(folder, "SELECT frontier FROM log")[0][0]
    for place in range(0, len(frontier), 32):
        sql(folder, "UPDATE log SET frontier = ?", flipped(frontier, place))
        assert found(folder) == (Part.FRONTIER, SIZE)


@pytest.mark.parametrize("place", [0, 1])
def test_a_changed_hash_of_a_higher_tile_is_named(folder: Path, place: int) -> None:
    change_tile(folder, place, level=1)
    problem = check(folder)
    assert problem is not None
    assert (problem.part, problem.index, problem.level) == (Part.TILE, place * 256, 1)
    assert "level 1" in str(problem)
    assert check(folder, full=False) is not None


def test_the_head_alone_shows_a_missing_tile(folder: Path) -> None:
    sql(folder, "DELETE FROM tile WHERE id = 2")
    problem = check(folder, full=False)
    assert problem is not None
    assert problem.part is Part.TILE


def test_a_rewritten_tree_contradicts_its_checkpoint(folder: Path, tmp_path: Path) -> None:
    """All of it built anew: nothing inside is wrong, and the signature is."""
    notes = sql(folder, "SELECT size, root, note, receipt_signature, at FROM checkpoint")
    with make_log(tmp_path / "new") as log:
        log.append(digests(SIZE, start=1))
    for note in notes:
        sql(tmp_path / "new", "INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", *note)
    assert found(tmp_path / "new") == (Part.CHECKPOINT, 400)


@pytest.mark.parametrize(
    ("statement", "part", "index"),
    [
        ("DELETE FROM segment WHERE first = 0", Part.ENTRY, 0),
        ("DELETE FROM segment WHERE first >= 512", Part.ENTRY, 512),
        ("UPDATE segment SET first = 99999 WHERE first = 512", Part.ENTRY, 512),
        ("UPDATE segment SET salts = x'00' WHERE first = 0", Part.ENTRY, 0),
        ("UPDATE log SET size = 621", Part.ENTRY, 620),
        ("UPDATE log SET size = 619", Part.ENTRY, 619),
        ("DELETE FROM tile WHERE id = 1", Part.TILE, 256),
        ("UPDATE tile SET hashes = substr(hashes, 1, 64) WHERE id = 0", Part.TILE, 0),
        ("UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE id = 2", Part.TILE, 512),
        ("UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE id = 1 << 56", Part.TILE, 0),
        ("DELETE FROM tile WHERE id = 1 << 56", Part.TILE, 0),
        ("UPDATE log SET frontier = zeroblob(length(frontier))", Part.FRONTIER, 620),
        ("UPDATE log SET frontier = x''", Part.FRONTIER, 620),
    ],
)
def test_what_is_missing_or_too_much_is_named(folder: Path, statement: str, part: Part, index: int) -> None:
    sql(folder, statement)
    assert found(folder) == (part, index)


# Rows.


@pytest.mark.parametrize(
    "change",
    [
        "digest = zeroblob(32)",
        "cose = CAST(substr(cose, 1, 60) || zeroblob(1) || substr(cose, 62) AS BLOB)",
        "cose = x'00'",
        "cose = CAST(x'd2' || zeroblob(70000) AS BLOB)",
        "cose = zeroblob(200000)",
        "kid = x'0000000000000000'",
        "id = 'URN:UVCI:01:VN:X'",
        "issued_at = issued_at - 1",
        "expires_at = expires_at + 1",
    ],
)
def test_a_changed_certificate_row_is_named(folder: Path, change: str) -> None:
    sql(folder, f"UPDATE certificate SET {change} WHERE leaf_index = 257")
    assert found(folder) == (Part.CERTIFICATE, 257)


@pytest.mark.parametrize(
    ("statement", "part", "index"),
    [
        ("DELETE FROM certificate WHERE leaf_index = 299", Part.CERTIFICATE, 299),
        ("UPDATE certificate SET leaf_index = 619 WHERE leaf_index = 299", Part.CERTIFICATE, 299),
        ("UPDATE certificate SET leaf_index = 9999 WHERE leaf_index = 599", Part.CERTIFICATE, 599),
        ("DELETE FROM statement WHERE leaf_index = 600", Part.STATEMENT, 600),
        ("UPDATE statement SET at = at + 1 WHERE leaf_index = 600", Part.STATEMENT, 600),
        ("UPDATE statement SET detail = NULL WHERE leaf_index = 600", Part.STATEMENT, 600),
        ("UPDATE statement SET kind = 3 WHERE leaf_index = 600", Part.STATEMENT, 600),
        ("UPDATE statement SET detail = subject WHERE leaf_index = 601", Part.STATEMENT, 601),
        ("UPDATE statement SET detail = '8' || substr(detail, 2) WHERE leaf_index = 602", Part.STATEMENT, 602),
        ("UPDATE statement SET detail = 'none' WHERE leaf_index = 602", Part.STATEMENT, 602),
        ("UPDATE statement SET detail = '7 00' WHERE leaf_index = 602", Part.STATEMENT, 602),
        ("UPDATE statement SET leaf_index = 9999 WHERE leaf_index = 602", Part.STATEMENT, 602),
        ("UPDATE statement SET leaf_index = 303 WHERE leaf_index = 600", Part.ERASURE, 303),
        ("DELETE FROM erasure", Part.ERASURE, 303),
        ("INSERT INTO erasure VALUES (304, 0)", Part.ERASURE, 304),
        ("INSERT INTO erasure VALUES (9999, 0)", Part.ERASURE, 9999),
        (
            "INSERT INTO certificate SELECT 619, 'x', digest, cose, kid, 0, 0 FROM certificate LIMIT 1",
            Part.CERTIFICATE,
            619,
        ),
        ("INSERT INTO statement VALUES (5, 2, zeroblob(32), NULL, 0, NULL)", Part.CERTIFICATE, 5),
        (
            "INSERT INTO certificate SELECT 9999, 'x', digest, cose, kid, 0, 0 FROM certificate LIMIT 1",
            Part.CERTIFICATE,
            9999,
        ),
        ("INSERT INTO statement VALUES (9999, 2, zeroblob(32), NULL, 0, NULL)", Part.STATEMENT, 9999),
    ],
)
def test_a_row_that_is_gone_moved_or_made_up_is_named(folder: Path, statement: str, part: Part, index: int) -> None:
    sql(folder, statement)
    assert found(folder) == (part, index)


def test_a_statement_of_no_known_kind_is_named(folder: Path) -> None:
    sql(folder, "UPDATE statement SET kind = 9 WHERE leaf_index = 601")
    assert found(folder) == (Part.STATEMENT, 601)


@pytest.mark.parametrize(("column", "part"), [(SALTS, Part.ERASURE), (DIGESTS, Part.ERASURE)])
def test_an_erased_entry_has_nothing_left(folder: Path, column: Column, part: Part) -> None:
    column.change(folder, ERASED, bit)
    assert found(folder) == (part, ERASED)


def test_an_entry_cannot_be_passed_off_as_erased(folder: Path) -> None:
    KINDS.change(folder, 310, lambda value: bytes((value[0] | 0x80,)))
    assert found(folder) == (Part.ERASURE, 310)


def test_an_erased_entry_is_still_the_one_in_the_tree(folder: Path) -> None:
    ENTRIES.change(folder, ERASED, bit)
    assert found(folder) == (Part.ENTRY, ERASED)


def test_a_row_of_a_digest_alone_cannot_be_hidden(folder: Path) -> None:
    KINDS.change(folder, 310, lambda value: bytes((value[0] & 0x3F,)))
    assert found(folder) == (Part.CERTIFICATE, 310)


def test_a_statement_about_an_erased_certificate_is_believed(folder: Path) -> None:
    """Nothing is left from which its digest would follow; its own entry still commits to it."""
    with TransparencyLog.open(folder) as log:
        log.erase(REVOKED, at=AT)
        log.erase(REPLACEMENT, at=AT)
        assert [digest_of(statement, log) for statement in log.statements()][:2] == [None, None]
        assert log.check() is None


# Checkpoints.


def resign(folder: Path, size: int, root: bytes, *, seed: str = "") -> None:
    note = sign_checkpoint(Checkpoint(KEY.name, size, root), log_key(KEY.name, seed=seed))
    sql(folder, "UPDATE checkpoint SET note = ? WHERE size = 600", note)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 600", 600),
        ("UPDATE checkpoint SET size = 601 WHERE size = 600", 601),
        ("UPDATE checkpoint SET size = 5 WHERE size = 600", 5),
        ("UPDATE checkpoint SET note = replace(note, '600', '601') WHERE size = 600", 600),
        ("UPDATE checkpoint SET note = '' WHERE size = 600", 600),
        ("UPDATE checkpoint SET receipt_signature = zeroblob(64) WHERE size = 620", 620),
        ("UPDATE checkpoint SET receipt_signature = x'' WHERE size = 400", 400),
    ],
)
def test_a_changed_checkpoint_is_named(folder: Path, statement: str, index: int) -> None:
    sql(folder, statement)
    assert found(folder) == (Part.CHECKPOINT, index)


def test_a_checkpoint_of_another_tree_or_by_another_key_is_named(folder: Path) -> None:
    with TransparencyLog.open(folder) as log:
        root = log.root(600)
    resign(folder, 600, root, seed="another")
    assert found(folder) == (Part.CHECKPOINT, 600)
    resign(folder, 600, bytes(32))
    sql(folder, "UPDATE checkpoint SET root = zeroblob(32) WHERE size = 600")
    assert found(folder) == (Part.CHECKPOINT, 600)
    resign(folder, 600, root)
    sql(folder, "UPDATE checkpoint SET root = ? WHERE size = 600", root)
    assert check(folder) is None


def test_a_checkpoint_past_the_end_is_named(folder: Path) -> None:
    resign(folder, 700, bytes(32))
    sql(folder, "UPDATE checkpoint SET size = 700, root = zeroblob(32) WHERE size = 600")
    assert found(folder) == (Part.CHECKPOINT, 700)
    problem = check(folder, full=False)
    assert problem is not None
    assert "covers more" in problem.message


def test_without_a_checkpoint_the_log_itself_is_all_there_is(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        with log.transaction() as transaction:
            transaction.add_certificates(certificates(300))
        assert log.check(full=False) is None
    change_tile(tmp_path / "log", 270)
    assert found(tmp_path / "log") == (Part.TILE, 270)
    change_tile(tmp_path / "log", 270)
    ENTRIES.change(tmp_path / "log", 270, bit)
    assert found(tmp_path / "log") == (Part.ENTRY, 270)

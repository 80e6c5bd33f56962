"""What a witness remembers is checked and stored in one step, and survives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import LedgerFormatError, StorageError
from vaxcert.ledger.store.witness_state import Seen, WitnessState

if TYPE_CHECKING:
    from pathlib import Path

FIRST = Seen(size=5, root=bytes(32), time=100)
SECOND = Seen(size=9, root=bytes(range(32)), time=101)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state that has seen nothing."""
    return WitnessState.create(tmp_path / "witness.sqlite").path


def put(state: WitnessState, origin: str, seen: Seen) -> None:
    state.advance(origin, lambda _: (seen, None))


def test_a_new_state_has_seen_nothing(path: Path) -> None:
    assert WitnessState.open(path).seen("log.example/vn") is None


def test_what_was_stored_is_there_again(path: Path) -> None:
    put(WitnessState.open(path), "log.example/vn", FIRST)
    state = WitnessState.open(path)
    assert state.seen("log.example/vn") == FIRST
    assert state.seen("log.example/other") is None


def test_a_step_gets_what_was_stored_last_and_says_something_besides(path: Path) -> None:
    state = WitnessState.open(path)
    put(state, "log.example/vn", FIRST)
    assert state.advance("log.example/vn", lambda seen: (SECOND, seen)) == FIRST
    assert state.seen("log.example/vn") == SECOND


def test_a_step_that_raises_changes_nothing(path: Path) -> None:
    state = WitnessState.open(path)
    put(state, "log.example/vn", FIRST)

    def refuse(_: Seen | None) -> tuple[Seen, None]:
        raise KeyError("no")

    with pytest.raises(KeyError):
        state.advance("log.example/vn", refuse)
    assert state.seen("log.example/vn") == FIRST


@pytest.mark.parametrize("seen", [Seen(size=-1, root=bytes(32), time=0), Seen(size=1, root=b"", time=0)])
def test_what_no_checkpoint_says_is_not_stored(path: Path, seen: Seen) -> None:
    state = WitnessState.open(path)
    with pytest.raises(sqlite3.IntegrityError):
        put(state, "log.example/vn", seen)
    assert state.seen("log.example/vn") is None


def test_another_file_is_not_a_state(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a text that is longer than the header of a database" * 20)
    with pytest.raises(LedgerFormatError, match="not a database"):
        WitnessState.open(path)


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE seen (origin TEXT)",
        "PRAGMA application_id = 1",
        f"PRAGMA application_id = {0x76787774}; PRAGMA user_version = 2",
        "PRAGMA user_version = 1; CREATE TABLE log (id INTEGER)",
    ],
)
def test_another_database_is_not_a_state(tmp_path: Path, script: str) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    with pytest.raises(LedgerFormatError, match="not a witness's state"):
        WitnessState.open(path)


def test_a_state_that_is_missing_is_not_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "witness.sqlite"
    with pytest.raises(LedgerFormatError, match="there is no witness's state"):
        WitnessState.open(path)
    assert not path.exists()


def test_a_state_is_not_made_over_another(path: Path) -> None:
    put(WitnessState.open(path), "log.example/vn", FIRST)
    with pytest.raises(StorageError, match="cannot be made"):
        WitnessState.create(path)
    assert WitnessState.open(path).seen("log.example/vn") == FIRST


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be made"):
        WitnessState.create(tmp_path / "absent" / "witness.sqlite")


def test_a_state_that_vanished_is_not_made_anew(path: Path) -> None:
    state = WitnessState.open(path)
    path.unlink()
    with pytest.raises(StorageError):
        put(state, "log.example/vn", FIRST)
    assert not path.exists()

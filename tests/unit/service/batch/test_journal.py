"""The journal keeps what is done, and the register says what is there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from vaxcert.errors import JobBusyError, JobDamagedError, JobMismatchError, StorageError
from vaxcert.service.batch import register
from vaxcert.service.batch.journal import Journal
from vaxcert.service.batch.journal_rows import (
    MARKS_BYTES,
    RecordRow,
    Run,
    Segment,
    Tally,
    WrittenFile,
    packed_marks,
)
from vaxcert.service.batch.register import SEGMENTS_PER_BLOCK, Register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECK = b"\x07" * 32
RUN = Run(number=1, kind="issue", plan={"country": "VN"}, input="ab", started_at=5, finished_at=None)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "job" / "journal.sqlite", secret_check=CHECK) as opened:
        opened.begin_run(RUN)
        yield opened


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()


def record(name: int, *, version: int = 1, segment: int = 1) -> RecordRow:
    return RecordRow(name.to_bytes(4, "big") * 4, version, bytes([version]) * 16, segment)


def marks_of(row: RecordRow) -> bytes:
    return packed_marks(row.identity, row.content, row.version)


def finish(journal: Journal, number: int, *records: RecordRow, run: int = 1, **changes: Any) -> None:
    journal.plan_segment(Segment(number, run, 10 * number, 7))
    facts: dict[str, Any] = {
        "row_count": 10,
        "tally": Tally(len(records), 1, 2, 3),
        "log_end": None,
        "rejects": None,
        "files": [],
        "marks": sorted(map(marks_of, records)),
    }
    journal.finish_segment(number, **{**facts, **changes})


def test_a_run_comes_back_as_it_was(journal: Journal) -> None:
    assert journal.last_run() == RUN
    journal.finish_run(RUN, 9)
    last = journal.last_run()
    assert last is not None
    assert last.finished_at == 9


def test_segments_are_planned_and_done(journal: Journal) -> None:
    finish(journal, 1, files=[WrittenFile("jsonl/1", 3, b"d" * 32)])
    journal.plan_segment(Segment(2, 1, 10, 7))
    assert (journal.segments_done(), journal.segments_done(2)) == ([1], [])
    assert journal.segments_planned(1) == [Segment(2, 1, 10, 7)]
    journal.plan_again(Segment(2, 1, 11, 8))
    journal.plan_append(2, 40)
    journal.plan_append(2, 99)  # the first time counts
    assert journal.segments_planned(1) == [Segment(2, 1, 11, 8, 40)]
    assert (journal.next_segment(), journal.rows_done(1), journal.first_segment(1)) == (3, 10, 1)
    assert list(journal.files()) == [WrittenFile("jsonl/1", 3, b"d" * 32)]
    journal.add_files([WrittenFile("jsonl/1", 4, b"e" * 32), WrittenFile("pdf/1", 5, b"f" * 32)])
    assert [file.size for file in journal.files()] == [4, 5]


def test_a_run_has_begun_when_something_came_of_it(journal: Journal) -> None:
    assert not journal.has_begun(1)
    journal.plan_segment(Segment(1, 1, 0, 7))
    assert not journal.has_begun(1)
    journal.plan_append(1, 0)
    assert journal.has_begun(1)
    assert not journal.has_begun(2)


def test_tallies_and_log_ranges_are_of_a_run_or_of_all(journal: Journal) -> None:
    finish(journal, 1, record(1), log_end=5)
    assert journal.log_range(1) is None  # it was done without a log
    journal.plan_segment(Segment(2, 1, 10, 7))
    journal.plan_append(2, 5)
    assert journal.log_first(1) == 5
    journal.begin_run(Run(number=2, kind="renew", plan={}, input=None, started_at=6, finished_at=None))
    finish(journal, 3, record(2), run=2)
    assert journal.tally(2) == Tally(1, 1, 2, 3)
    assert journal.tally() == Tally(2, 2, 4, 6)
    assert journal.tally(9) == Tally()
    assert journal.log_range(1) == (5, 5)
    assert (journal.log_range(2), journal.log_first(9)) == (None, None)


def test_an_abandoned_run_keeps_what_is_done(journal: Journal) -> None:
    finish(journal, 1, record(1))
    journal.plan_segment(Segment(2, 1, 10, 7))
    journal.abandon_run(RUN, 8)
    assert (journal.segments_done(1), journal.segments_planned(1)) == ([1], [])
    assert Register(journal).versions(record(1).identity) == [record(1)]


def test_a_forgotten_run_is_gone(journal: Journal) -> None:
    journal.plan_segment(Segment(1, 1, 0, 7))
    journal.forget_run(RUN)
    assert journal.last_run() is None
    assert journal.next_segment() == 1


def test_rejects_come_in_the_order_of_their_segments(journal: Journal) -> None:
    for number in (1, 2, 3):
        finish(journal, number, rejects=None if number == 2 else bytes([number]))
    assert list(journal.rejects(1)) == [(1, b"\x01"), (3, b"\x03")]
    assert list(journal.rejects(2)) == []


def test_a_transaction_is_whole_or_not_there(journal: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError), journal._file.transaction():
        journal._file.connection.execute("DELETE FROM run").execute("SELECT nothing FROM nowhere")
    assert journal.last_run() == RUN
    with pytest.raises(JobDamagedError):
        finish(journal, 1, record(1), marks=[b"too short"])
    assert journal.segments_done() == []


def test_tallies_add_up_among_themselves_alone() -> None:
    assert Tally(1, 2, 3, 4) + Tally(1) == Tally(2, 2, 3, 4)
    with pytest.raises(TypeError):
        Tally() + 1


def test_a_statement_of_ours_that_is_wrong_is_our_bug(journal: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError):
        journal._file.row("SELECT nothing FROM nowhere")


def test_a_full_disk_ends_the_transaction_and_is_told(journal: Journal) -> None:
    pages = journal._file.row("PRAGMA page_count")
    assert pages is not None
    journal._file.row(f"PRAGMA max_page_count = {pages[0]}")
    with pytest.raises(StorageError, match="cannot be written: database or disk is full"):
        finish(journal, 1, rejects=bytes(1_000_000))
    assert journal.last_run() == RUN


def test_another_process_is_waited_for_in_vain(tmp_path: Path, journal: Journal) -> None:
    del journal
    with (
        pytest.raises(JobBusyError, match="another process works in"),
        Journal.open(tmp_path / "job" / "journal.sqlite", secret_check=CHECK),
    ):
        pytest.fail("it was opened")


def test_a_journal_is_opened_by_its_own_secret_alone(tmp_path: Path) -> None:
    path = tmp_path / "job" / "journal.sqlite"
    with Journal.open(path, secret_check=CHECK):
        pass
    with pytest.raises(JobMismatchError, match="another issuer's secret"), Journal.open(path, secret_check=bytes(32)):
        pytest.fail("it was opened")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "job" / "journal.sqlite"
    with Journal.open(path, secret_check=CHECK):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(JobMismatchError, match="another version"), Journal.open(path, secret_check=CHECK):
        pytest.fail("it was opened")


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"), Journal.open(tmp_path, secret_check=CHECK):
        pytest.fail("it was opened")


# --- the register ----------------------------------------------------------------------------------------------------


def test_the_register_has_what_the_journal_has_and_no_more(journal: Journal) -> None:
    records = [record(number) for number in range(300)]
    finish(journal, 1, *records)
    known = Register(journal)
    assert all(known.versions(each.identity) == [each] for each in records)
    assert not any(known.versions(record(number).identity) for number in range(300, 600))


def test_what_the_filter_takes_for_known_the_index_does_not(journal: Journal) -> None:
    finish(journal, 1, record(1))
    known = Register(journal)
    alike = record(1).identity[:12] + b"else"  # whose words and bits are the same
    assert known.versions(alike) == []


def test_versions_come_in_their_order_from_all_blocks(journal: Journal) -> None:
    known = Register(journal)
    segments = (3, SEGMENTS_PER_BLOCK, 5 * SEGMENTS_PER_BLOCK + 1)
    for version, segment in enumerate(segments, 1):
        row = record(7, version=version, segment=segment)
        finish(journal, segment, row)
        known.add([marks_of(row)], segment)
    recent = known.versions(record(7).identity)
    assert [(each.version, each.segment) for each in recent] == list(enumerate(segments, 1))
    assert Register(journal).versions(record(7).identity) == recent  # by now from the index


def test_a_longer_identity_is_known_by_its_start(journal: Journal) -> None:
    whole = record(7)._replace(identity=record(7).identity + bytes(16))
    finish(journal, 1, whole)
    known = Register(journal)
    assert known.versions(whole.identity) == [record(7)]


def test_the_register_grows_with_its_records(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "_SMALLEST_WORDS", 4)
    known = Register(journal)
    for number in range(1, 20):
        rows = [record(100 * number + each, segment=number) for each in range(7)]
        finish(journal, number, *rows)
        known.add(sorted(map(marks_of, rows)), number)
    assert 19 * 7 <= register._RECORDS_PER_WORD * len(known._words) < 2 * 19 * 7  # and no further
    assert all(
        [version.segment for version in known.versions(record(100 * number + each).identity)] == [number]
        for number in range(1, 20)
        for each in range(7)
    )


def test_few_unknown_records_are_looked_up_in_vain(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the filter is as full as it gets."""
    monkeypatch.setattr(register, "_SMALLEST_WORDS", 1 << 10)
    chance = Random(1)
    known = Register(journal)
    known.add(sorted(chance.randbytes(MARKS_BYTES) for _ in range(register._RECORDS_PER_WORD << 10)), 1)
    assert len(known._words) == 1 << 10
    monkeypatch.setattr(journal.records, "versions", lambda _blocks, identity: [identity])
    looked_up = [each for _ in range(20_000) for each in known.versions(chance.randbytes(32))]
    assert 0 < len(looked_up) < 120


def test_recent_segments_go_into_the_index_together(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "RECENT_SEGMENTS", 3)
    known = Register(journal)
    rows = [record(number, segment=number) for number in range(1, 6)]
    for number, row in enumerate(rows, 1):
        finish(journal, number, row)
        known.add([marks_of(row)], number)
        assert [number for number, _ in journal.records.recent()] == list(range(number - number % 3 + 1, number + 1))
        assert journal.records.count() == number - number % 3
        assert all(known.versions(each.identity) == [each] for each in rows[:number])
        assert not any(known.versions(each.identity) for each in rows[number:])


def test_what_was_recent_when_a_run_was_cut_off_is_in_the_index_of_the_next(journal: Journal) -> None:
    finish(journal, 1, record(1), record(2))
    assert [(number, len(marks)) for number, marks in journal.records.recent()] == [(1, 2)]
    known = Register(journal)
    assert (list(journal.records.recent()), journal.records.count()) == ([], 2)
    finish(journal, 2, seen=known.versions(record(1).identity))
    assert [each.segment for each in known.versions(record(1).identity)] == [2]


def test_a_record_that_is_there_twice_is_a_damaged_journal(journal: Journal) -> None:
    finish(journal, 1, record(1))
    Register(journal)
    finish(journal, 2, record(1))
    with pytest.raises(JobDamagedError):
        Register(journal)
    assert [number for number, _ in journal.records.recent()] == [2]


def test_versions_from_the_index_and_recent_ones_come_in_their_order(journal: Journal) -> None:
    for version in (1, 2):
        finish(journal, version, record(7, version=version))
    known = Register(journal)
    row = record(7, version=3, segment=3)
    finish(journal, 3, row)
    known.add([marks_of(row)], 3)
    assert [(each.version, each.segment) for each in known.versions(row.identity)] == [(1, 1), (2, 2), (3, 3)]


def test_an_identity_of_the_highest_bytes_is_found_among_recent_ones(journal: Journal) -> None:
    known = Register(journal)
    row = RecordRow(b"\xff" * 16, 2**32 - 1, b"\xff" * 16, 1)
    finish(journal, 1, row)
    known.add([marks_of(row)], 1)
    assert known.versions(row.identity) == [row]

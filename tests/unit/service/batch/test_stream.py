"""Certificates to a stream, as they come."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.authority import AT, opened
from tests.batches import bench, row
from vaxcert.errors import InputError
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store import statements
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.issue import Watch
from vaxcert.service.batch.journal_rows import Tally
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.stream import issue_stream
from vaxcert.service.revocation_book import RevocationBook
from vaxcert.service.row import Row
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vaxcert.service.batch.chunk import Chunk, ChunkResult
    from vaxcert.service.rejects import Reject


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TransparencyLog]:
    key = LogKey.create("ledger.example/vn")
    with TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=AT) as created:
        yield created


def stream(*rows: Mapping[str, object], form: str = "jsonl", **options: Any) -> tuple[Tally, bytes, list[Reject]]:
    maker = bench(formats=(form,))
    rejects: list[Reject] = []
    out = io.BytesIO()

    def engine(chunks: Iterable[Chunk]) -> Iterator[ChunkResult]:
        return map(maker.work, chunks)

    source = (Row(line, each) for line, each in enumerate(rows, 2))
    settings = {"stream": out, **options}
    tally = issue_stream(source, maker, engine, Watch(clock=lambda: AT, told=rejects.extend), **settings)
    return tally, out.getvalue(), rejects


def test_good_rows_go_out_and_bad_ones_are_told() -> None:
    tally, out, rejects = stream(row(1), row(2, lot=""), row(3))
    assert tally == Tally(issued=2, rejected=1)
    assert [json.loads(line)["record_id"] for line in out.splitlines()] == ["VN-1", "VN-3"]
    assert [(reject.line, reject.problem.field) for reject in rejects] == [(3, "lot")]


def test_texts_alone_are_a_line_each() -> None:
    _, out, _ = stream(row(1), row(2), form="txt")
    assert [opened(text).dcc["v"][0]["dn"] for text in out.decode().splitlines()] == [2, 2]


@pytest.mark.parametrize("at_once", [False, True])
def test_the_same_record_twice_is_told_however_far_apart(at_once: bool) -> None:  # noqa: FBT001 - a case
    many = [row(number) for number in range(600)]
    tally, _, rejects = stream(*many, row(1, lot="other"), at_once=at_once)
    assert tally == Tally(issued=600, rejected=1)
    assert [reject.problem.code for reject in rejects] == ["duplicate_record"]


def test_each_goes_out_before_the_next_is_read() -> None:
    maker, out = bench(formats=("txt",)), io.BytesIO()
    buffered = io.BufferedWriter(out)
    seen: list[int] = []

    def source() -> Iterator[Row]:
        for number in range(3):
            seen.append(out.getvalue().count(b"\n"))
            yield Row(number, row(number))

    issue_stream(
        source(),
        maker,
        lambda chunks: map(maker.work, chunks),
        Watch(clock=lambda: AT),
        stream=buffered,
        at_once=True,
    )
    assert seen == [0, 1, 2]


def test_without_a_stream_all_is_checked_and_nothing_written() -> None:
    tally, out, rejects = stream(row(1), row(2, lot=""), stream=None)
    assert (tally, out, len(rejects)) == (Tally(issued=1, rejected=1), b"", 1)


def test_lines_name_their_leaves(log: TransparencyLog) -> None:
    _, out, _ = stream(row(1), row(2), log=log)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["id"], line["leaf_index"]) for line in lines] == [
        (each.id, each.leaf_index) for each in log.certificates()
    ]


def test_a_correction_is_told_to_the_book(log: TransparencyLog, tmp_path: Path) -> None:
    with BatchBook(tmp_path / "book.sqlite", log) as book:
        _, first, _ = stream(row(1), log=log, book=book)
        tally, second, _ = stream(row(1, lot="other"), log=log, book=book, mode=Mode.CORRECT)
    assert tally == Tally(issued=1, superseding=1)
    stream(row(1, lot="third"), log=log)  # who keeps no book is told nothing
    with RevocationBook.open(tmp_path / "book.sqlite") as kept:
        (entry,) = kept.entries()
    old, new = json.loads(first), json.loads(second)
    assert (entry.id, entry.successor, entry.reason) == (old["id"], new["id"], RevocationReason.SUPERSEDED)
    logged = log.certificate(old["id"])
    assert logged is not None
    assert (entry.kid, entry.expires_at) == (logged.kid, logged.expires_at)


def test_what_was_revoked_is_not_given_out_again(log: TransparencyLog, tmp_path: Path) -> None:
    with BatchBook(tmp_path / "book.sqlite", log) as book:
        _, first, _ = stream(row(1), log=log, book=book)
        revoked = log.certificate(json.loads(first)["id"])
        assert revoked is not None
        with log.transaction() as transaction:
            statements.revoke(transaction, revoked, at=AT)
        tally, out, rejects = stream(row(1), log=log, book=book)
        assert (tally, out) == (Tally(rejected=1), b"")
        assert [reject.problem.code for reject in rejects] == ["revoked_record"]
        tally, _, _ = stream(row(1), log=log, book=book, mode=Mode.CORRECT)
        assert tally.issued + tally.same == 1


def test_a_correction_of_nothing_is_refused() -> None:
    tally, out, rejects = stream(row(1), mode=Mode.CORRECT)
    assert (tally, out) == (Tally(rejected=1), b"")
    assert [reject.problem.code for reject in rejects] == ["unknown_record"]


def test_rejects_are_told_before_an_output_fails() -> None:
    class Full(io.BytesIO):
        def write(self, _content: object, /) -> int:
            raise OSError(28, "No space left on device")

    rejects: list[Reject] = []
    maker = bench()
    with pytest.raises(OSError, match="No space left"):
        issue_stream(
            iter([Row(2, row(1, lot="")), Row(3, row(2))]),
            maker,
            lambda chunks: map(maker.work, chunks),
            Watch(clock=lambda: AT, told=rejects.extend),
            stream=Full(),
        )
    assert len(rejects) == 1


def test_an_input_that_breaks_ends_it_all(log: TransparencyLog) -> None:
    def breaking() -> Iterator[Row]:
        yield Row(2, row(1))
        raise InputError("line 3 is not UTF-8")

    maker = bench()
    with pytest.raises(InputError):
        issue_stream(
            breaking(),
            maker,
            lambda chunks: map(maker.work, chunks),
            Watch(clock=lambda: AT),
            stream=io.BytesIO(),
            log=log,
        )
    assert log.size == 0

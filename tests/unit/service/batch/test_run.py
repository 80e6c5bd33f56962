"""A run takes its rows in segments, and ends where it is told to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

import pytest

from tests.authority import AT
from tests.batches import bench, lines_of, row, secret
from vaxcert.errors import InputError, SignerRevokedError
from vaxcert.service.batch.job import open_job
from vaxcert.service.batch.journal_rows import Tally
from vaxcert.service.batch.run import BatchRun
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.batch.chunk import Chunk, ChunkResult
    from vaxcert.service.batch.job import Job


def rows(count: int) -> Iterator[tuple[Row, None]]:
    return ((Row(number + 2, row(number)), None) for number in range(count))


def engine(chunks: Iterable[Chunk]) -> Iterator[ChunkResult]:
    return map(bench().work, chunks)


@contextmanager
def begun(folder: Path, **options: Any) -> Iterator[tuple[Job, BatchRun]]:
    with open_job(folder, secret()) as job:
        last = job.journal.last_run()
        if last is None or last.finished_at is not None:
            run = job.begin(Mode.ISSUE, {}, input_digest="a", at=1)
        else:
            run = job.resume(Mode.ISSUE, {}, input_digest="a", at=1)
        settings = {"clock": lambda: AT, "segment_rows": 4}
        yield job, BatchRun(job, run, bench(), **{**settings, **options})


def test_segments_have_so_many_rows_and_the_last_one_the_rest(tmp_path: Path) -> None:
    tallies: list[Tally] = []
    with begun(tmp_path / "job") as (_, run):
        run.go(rows(10), engine, seen=tallies.append)
    assert [tally.issued for tally in tallies] == [4, 4, 2]
    files = sorted((tmp_path / "job" / "jsonl").iterdir())
    assert [len(file.read_bytes().splitlines()) for file in files] == [4, 4, 2]


@pytest.mark.parametrize("count", [500, 501, 1001])
def test_a_long_segment_goes_to_the_workers_in_chunks(tmp_path: Path, count: int) -> None:
    chunks: list[Chunk] = []

    def watched(source: Iterable[Chunk]) -> Iterator[ChunkResult]:
        for chunk in source:
            chunks.append(chunk)
            yield bench().work(replace(chunk, rows=()))

    with begun(tmp_path / "job", segment_rows=5000) as (_, run):
        run.go(rows(count), watched)
    assert sum(len(chunk.rows) for chunk in chunks) == count
    assert all(len(chunk.rows) <= 500 for chunk in chunks)
    assert [chunk.is_last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


class _Outputs(list[bytes]):
    """Outputs that can be watched, as a tuple cannot."""


def test_a_segment_is_let_go_before_the_next_one_is_worked_out(tmp_path: Path) -> None:
    watched: list[ref[_Outputs]] = []

    def work(chunk: Chunk) -> ChunkResult:
        assert [outputs() for outputs in watched] == [None] * (chunk.segment - 1)
        result = bench().work(chunk)
        first = result.issued[0]._replace(outputs=_Outputs(result.issued[0].outputs))
        watched.append(ref(cast("_Outputs", first.outputs)))
        return result._replace(issued=[first, *result.issued[1:]])

    with begun(tmp_path / "job") as (_, run):
        run.go(rows(12), lambda chunks: map(work, chunks))
    assert len(watched) == 3


def test_what_is_told_to_stop_ends_its_segment(tmp_path: Path) -> None:
    with begun(tmp_path / "job") as (_, run):

        def stopping() -> Iterator[tuple[Row, None]]:
            for number, each in enumerate(rows(20)):
                if number == 5:
                    run.stop()
                yield each

        run.go(stopping(), engine)
        assert run.is_stopped
    assert len(lines_of(tmp_path / "job")) == 8
    with begun(tmp_path / "job") as (_, again):
        again.go(rows(20), engine)
        assert not again.is_stopped
    assert [line.record_id for line in lines_of(tmp_path / "job")] == [f"VN-{number}" for number in range(20)]


def test_a_run_that_goes_on_reads_past_what_is_done(tmp_path: Path) -> None:
    with begun(tmp_path / "job") as (_, run):
        run.go(islice(rows(20), 4), engine)
    with begun(tmp_path / "job") as (_, run):
        source = rows(3)  # the input is shorter by now
        run.go(source, engine)
    assert len(lines_of(tmp_path / "job")) == 4


def test_a_segment_that_was_not_done_is_signed_with_a_new_time(tmp_path: Path) -> None:
    moment = AT
    times: list[datetime] = []

    def failing(chunks: Iterable[Chunk]) -> Iterator[ChunkResult]:
        for chunk in chunks:
            times.append(chunk.signed_at)
            if len(times) == 2:
                raise InputError("cut off")
            yield bench().work(chunk)

    with begun(tmp_path / "job", clock=lambda: moment) as (_, run), pytest.raises(InputError):
        run.go(rows(12), failing)
    moment = AT + timedelta(hours=1)
    with begun(tmp_path / "job", clock=lambda: moment) as (job, run):
        run.go(rows(12), failing)
        assert job.journal.segments_done() == [1, 2, 3]
    assert times == [AT, AT, moment, moment]


def test_more_rows_than_there_is_room_for_are_told_before_any_goes_out(tmp_path: Path) -> None:
    for most, count in ((3, 4), (500, 501), (500, 5001)):
        with (
            begun(tmp_path / "job", most_rows=most, segment_rows=5000) as (job, run),
            pytest.raises(InputError, match=f"at most {most} cards") as caught,
        ):
            run.go(rows(count), engine)
        assert "--format pdf" in str(caught.value.hint)
        assert not (tmp_path / "job").exists()
    with begun(tmp_path / "job", most_rows=4) as (job, run):
        run.go(rows(4), engine)
        assert job.journal.tally() == Tally(issued=4)


def test_a_signer_that_was_revoked_ends_the_run_before_the_next_segment(tmp_path: Path) -> None:
    moments = iter([AT, AT + timedelta(days=1)])

    def check(at: datetime) -> None:
        if at > AT:
            raise SignerRevokedError("revoked")

    with (
        begun(tmp_path / "job", clock=lambda: next(moments), check_signer=check) as (_, run),
        pytest.raises(SignerRevokedError),
    ):
        run.go(rows(12), engine)
    assert len(lines_of(tmp_path / "job")) == 4

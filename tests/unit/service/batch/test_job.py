"""The job folder: whose it is, what goes on in it, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.batches import secret
from vaxcert.errors import (
    InputChangedError,
    JobMismatchError,
    JobUnfinishedError,
    NothingToResumeError,
    StorageError,
)
from vaxcert.service.batch.job import check_is_free, open_job
from vaxcert.service.batch.journal_rows import Segment
from vaxcert.service.batch.sequencer import Mode

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.service.batch.job import Job

PLAN = {"country": "VN", "level": "1"}


def begin_something(job: Job) -> None:
    run = job.begin(Mode.ISSUE, PLAN, input_digest="a", at=5)
    job.journal.plan_segment(Segment(1, run.number, 0, 5))
    job.journal.plan_append(1, 0)


def test_runs_are_counted(tmp_path: Path) -> None:
    with open_job(tmp_path / "job", secret()) as job:
        for number in (1, 2):
            run = job.begin(Mode.ISSUE, PLAN, input_digest="a", at=5)
            assert run.number == number
            job.journal.finish_run(run, 6)
    with open_job(tmp_path / "job", secret()) as job:
        assert job.begin(Mode.RENEW, PLAN, input_digest=None, at=7).number == 3
    with open_job(tmp_path / "job", secret()) as job:  # nothing came of the third
        assert job.begin(Mode.RENEW, PLAN, input_digest=None, at=7).number == 3


def test_an_unfinished_run_is_not_begun_over(tmp_path: Path) -> None:
    with open_job(tmp_path / "job", secret()) as job:
        begin_something(job)
    with open_job(tmp_path / "job", secret()) as job:
        with pytest.raises(JobUnfinishedError, match="was not finished") as caught:
            job.begin(Mode.ISSUE, PLAN, input_digest="a", at=6)
        assert "--resume" in str(caught.value.hint)
        assert job.resume(Mode.ISSUE, PLAN, input_digest="a", at=6).number == 1


def test_a_run_that_was_killed_before_anything_came_of_it_is_begun_over_or_gone_on_with(tmp_path: Path) -> None:
    with open_job(tmp_path / "job", secret()) as job:
        for _ in range(2):
            run = job.begin(Mode.ISSUE, PLAN, input_digest="a", at=5)
            assert run.number == 1
            job.journal.plan_segment(Segment(1, 1, 0, 5))
        assert job.resume(Mode.ISSUE, PLAN, input_digest="a", at=5) == run


@pytest.mark.parametrize(
    ("kind", "plan", "named"),
    [
        (Mode.CORRECT, PLAN, "is to issue, not to correct"),
        (Mode.ISSUE, {**PLAN, "level": "9"}, "another level"),
        (Mode.ISSUE, {"country": "LA"}, "another country, level"),
        (Mode.ISSUE, {**PLAN, "more": "x"}, "another more"),
    ],
)
def test_another_run_is_not_gone_on_with(tmp_path: Path, kind: Mode, plan: dict[str, str], named: str) -> None:
    with open_job(tmp_path / "job", secret()) as job:
        begin_something(job)
        with pytest.raises(JobMismatchError, match=named):
            job.resume(kind, plan, input_digest="a", at=6)


@pytest.mark.parametrize("digest", ["b", None])
def test_a_changed_input_has_to_be_known(tmp_path: Path, digest: str | None) -> None:
    with open_job(tmp_path / "job", secret()) as job:
        begin_something(job)
        with pytest.raises(InputChangedError):
            job.resume(Mode.ISSUE, PLAN, input_digest=digest, at=6)
        run = job.resume(Mode.ISSUE, PLAN, input_digest=digest, at=6, accept_changed_input=True)
        assert (run.number, run.input) == (2, digest)
        assert job.journal.segments_planned(1) == []


def test_there_may_be_nothing_to_go_on_with(tmp_path: Path) -> None:
    with open_job(tmp_path / "job", secret()) as job:
        with pytest.raises(NothingToResumeError):
            job.resume(Mode.ISSUE, PLAN, input_digest="a", at=6)
        job.journal.finish_run(job.begin(Mode.ISSUE, PLAN, input_digest="a", at=5), 6)
        with pytest.raises(NothingToResumeError) as caught:
            job.resume(Mode.ISSUE, PLAN, input_digest="a", at=6)
    assert caught.value.hint == "leave --resume out to begin a run"


@pytest.mark.parametrize("existed", [False, True])
def test_a_job_without_a_run_leaves_what_was_there(tmp_path: Path, existed: bool) -> None:  # noqa: FBT001 - a case
    folder = tmp_path / "new" / "job"
    if existed:
        folder.mkdir(parents=True)
    with open_job(folder, secret()) as job:
        job.begin(Mode.ISSUE, PLAN, input_digest="a", at=5)
        (folder / "jsonl").mkdir()
    assert folder.exists() is existed
    assert not existed or list(folder.iterdir()) == []


def test_the_start_of_a_job_is_free_and_nothing_else_is(tmp_path: Path) -> None:
    check_is_free(tmp_path / "nowhere")
    check_is_free(tmp_path)
    (tmp_path / "job").mkdir()
    check_is_free(tmp_path)
    (tmp_path / "job" / "contract.docx").write_bytes(b"mine")
    with pytest.raises(StorageError, match="is no job folder"):
        check_is_free(tmp_path)
    with pytest.raises(StorageError, match="is no job folder"):
        check_is_free(tmp_path / "job" / "contract.docx")
    (tmp_path / "job" / "contract.docx").rename(tmp_path / "mine")
    with pytest.raises(StorageError, match="is no job folder"), open_job(tmp_path, secret()):
        pytest.fail("it was opened")
    assert (tmp_path / "mine").read_bytes() == b"mine"

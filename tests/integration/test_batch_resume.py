"""A run that was interrupted goes on, and what must not go on says why."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.authority import AT
from tests.batches import LOGGED, issue, lines_of, logged, make_place, rejects_in, row, write
from tests.faults.batch_campaign import finished, start
from vaxcert.cli import run
from vaxcert.service.batch import issue as batch
from vaxcert.service.batch.job import open_job
from vaxcert.service.batch.run import BatchRun
from vaxcert.signing.issuer_secret import IssuerSecret

TO_JOB = ("-o", "job", "--format", "jsonl")
ROWS, SEGMENT_ROWS = 20, 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_place(folder)
    write(folder / "in.csv", *(row(number) for number in range(ROWS)))
    return folder


@pytest.fixture(autouse=True)
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the place, in which the commands run, with small segments."""
    folder = tmp_path / "place"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(batch, "BatchRun", partial(BatchRun, segment_rows=SEGMENT_ROWS))
    return folder


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return Told(capsys)


class Told:
    """What a command told since the last time that somebody asked."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> str:
        return self._capsys.readouterr().err


def cut_off(*arguments: str, rows: int = 12, mended: bool = True) -> None:
    """Run `vaxcert issue in.csv` on a file that ends within row *rows*, and mend the file."""
    content = Path("in.csv").read_bytes()
    at = [place for place, byte in enumerate(content) if byte == ord("\n")][rows] + 9
    packed = gzip.compress(content[:at])
    Path("in.csv").write_bytes(packed[:-8])
    assert issue("in.csv", *arguments) == 2
    if mended:
        Path("in.csv").write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- what goes on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ledger", [(), LOGGED])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_cut_input_stops_and_a_whole_one_goes_on(
    place: Path, told: Told, ledger: tuple[str, ...], workers: str
) -> None:
    common = (*TO_JOB, *ledger, "--workers", workers)
    cut_off(*common)
    message = told()
    assert "vaxcert: error: the compressed file ends too early" in message
    assert "then go on with the same command and --resume" in message
    before = lines_of(place / "job")
    assert [line.record_id for line in before] == [f"VN-{number}" for number in range(10)]
    assert issue("in.csv", *common, "--resume") == 6
    assert "the input is not the one that the run began with" in told()
    assert lines_of(place / "job") == before
    assert issue("in.csv", *common, "--resume", "--accept-changed-input") == 0
    assert "records that have their certificate already: 10" in told()
    after = lines_of(place / "job")
    assert after[:10] == before
    assert [line.record_id for line in after] == [f"VN-{number}" for number in range(ROWS)]
    if ledger:
        assert logged(place / "ledger").ids == [line.id for line in after]


def test_a_changed_row_of_a_changed_input_is_a_correction(place: Path, told: Told) -> None:
    cut_off(*TO_JOB, *LOGGED)
    write(place / "in.csv", *(row(number, lot="other" if number == 3 else "FF0042") for number in range(ROWS)))
    assert issue("in.csv", *TO_JOB, *LOGGED, "--resume", "--accept-changed-input") == 0
    assert "corrections: 1" in told()
    assert [statement.kind.name for statement in logged(place / "ledger").statements] == ["SUPERSESSION"]
    assert len(lines_of(place / "job")) == ROWS + 1


def test_the_same_input_may_be_called_changed(place: Path) -> None:
    interrupt(*TO_JOB)
    assert issue("in.csv", *TO_JOB, "--resume", "--accept-changed-input") == 0
    assert len(lines_of(place / "job")) == ROWS


def interrupt(*arguments: str, source: str = "in.csv", after: int = 2, at: str = AT.isoformat()) -> None:
    """Run `vaxcert issue`, interrupted at once after so many segments."""
    with pytest.MonkeyPatch.context() as patch:
        settle, left = BatchRun._settle, after

        def settling(self: BatchRun, number: int, work: Any) -> Any:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return settle(self, number, work)

        patch.setattr(BatchRun, "_settle", settling)
        assert issue(*((source,) if source else ()), *arguments, at=at) == 130


def test_a_run_that_was_not_finished_has_to_be_gone_on_with(place: Path, told: Told) -> None:
    interrupt(*TO_JOB)
    assert "vaxcert: hint: the run is not finished: go on with the same command and --resume" in told()
    before = names(place / "job")
    write(place / "other.csv", row(77))
    for source in ("in.csv", "other.csv"):
        assert issue(source, *TO_JOB) == 6
        message = told()
        assert "vaxcert: error: an earlier run in job was not finished" in message
        assert "vaxcert: hint: go on with it: the same command with --resume" in message
    assert names(place / "job") == before
    assert issue("in.csv", *TO_JOB, "--resume") == 0
    assert "certificates issued: 20, to job" in told()
    assert len(lines_of(place / "job")) == ROWS


def test_an_interrupted_renewal_goes_on(place: Path) -> None:
    assert issue("in.csv", *TO_JOB, *LOGGED, "--validity", "40") == 0
    before = logged(place / "ledger")
    renew = ("--renew", *TO_JOB, *LOGGED, "--within", "39")
    interrupt(*renew, source="", at="2021-12-03")
    assert logged(place / "ledger").size == before.size + 20  # a certificate and what it supersedes, of ten
    assert issue(*renew, "--resume", at="2021-12-04") == 0
    lines = lines_of(place / "job")
    assert [line.record_id for line in lines[:ROWS]] == [line.record_id for line in lines[ROWS:]]
    assert logged(place / "ledger").size == before.size + 2 * ROWS


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--validity", "30"), "validity"),
        (("--country", "LA"), "country"),
        (("--issuer", "B", "--level", "1"), "issuer, level"),
        (("--format", "txt"), "formats"),
        (("--type", "t"), "kind"),
        (LOGGED, "ledger"),
    ],
)
def test_other_options_do_not_go_on(place: Path, told: Told, options: tuple[str, ...], named: str) -> None:
    interrupt(*TO_JOB)
    before = names(place / "job")
    told()
    assert issue("in.csv", *TO_JOB, *options, "--resume") == 6
    message = told()
    assert f"the unfinished run in job was begun with another {named}" in message
    assert "vaxcert: hint: give the options of its first command" in message
    assert names(place / "job") == before


def test_another_kind_of_run_does_not_go_on(told: Told) -> None:
    interrupt(*TO_JOB)
    assert issue("in.csv", *TO_JOB, "--correct", "--resume") == 6
    assert "is to issue, not to correct" in told()


def test_a_ledger_may_have_another_place_by_now(place: Path) -> None:
    interrupt(*TO_JOB, *LOGGED)
    (place / "ledger").rename(place / "moved")
    assert issue("in.csv", *TO_JOB, "--ledger", str(place / "moved"), "--resume") == 0
    assert logged(place / "moved").size == ROWS


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("out", [TO_JOB, ("-o", "out.jsonl")])
def test_where_nothing_is_to_be_gone_on_with_nothing_happens(
    place: Path,
    told: Told,
    out: tuple[str, ...],
    is_done: bool,  # noqa: FBT001 - a case
) -> None:
    if is_done:
        assert issue("in.csv", *out) == 0
    before = names(place)
    assert issue("in.csv", *out, "--resume") == 6
    message = told()
    assert "there is no unfinished run" in message or (is_done and "out.jsonl exists" in message)
    assert names(place) == before


def test_one_file_goes_on_in_its_workshop(place: Path, told: Told) -> None:
    interrupt("-o", "out.jsonl")
    assert not (place / "out.jsonl").exists()
    assert issue("in.csv", "-o", "out.jsonl") == 6
    assert "was not finished" in told()
    assert issue("in.csv", "-o", "out.jsonl", "--resume", "--accept-changed-input") == 6
    assert "cannot be of two inputs" in told()
    assert issue("in.csv", "-o", "new.jsonl") == 0
    assert len((place / "new.jsonl").read_bytes().splitlines()) == ROWS


def test_one_file_goes_on_with_the_same_input(place: Path) -> None:
    interrupt("-o", "out.jsonl")
    assert issue("in.csv", "-o", "out.jsonl", "--resume") == 0
    assert len((place / "out.jsonl").read_bytes().splitlines()) == ROWS
    assert [path.name for path in place.iterdir() if path.name.startswith(".out")] == []


def test_the_rejects_of_a_run_that_went_on_are_all_of_its_rows(place: Path) -> None:
    write(place / "in.csv", *(row(number, lot="" if number % 4 == 0 else "x") for number in range(ROWS)))
    for out, rejects in ((TO_JOB, "job/rejects.csv"), (("-o", "o.jsonl"), "o.rejects.csv"), (TO_OTHER, "bad.csv")):
        interrupt(*out)
        assert len(rejects_in(place / rejects)) == 3
        assert issue("in.csv", *out, "--resume") == 1
        assert [cells[1] for cells in rejects_in(place / rejects)] == ["VN-0", "VN-4", "VN-8", "VN-12", "VN-16"]


TO_OTHER = ("-o", "other", "--format", "jsonl", "--rejects", "bad.csv")


def test_a_run_that_goes_on_overwrites_no_file_but_its_rejects(place: Path, told: Told) -> None:
    interrupt(*TO_JOB)
    content = (place / "in.csv").read_bytes()
    assert issue("in.csv", *TO_JOB, "--resume", "--rejects", "in.csv") == 6
    assert "in.csv exists" in told()
    assert (place / "in.csv").read_bytes() == content


# --- standard input --------------------------------------------------------------------------------------------------


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))


def test_standard_input_goes_into_a_job_and_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (place / "in.csv").read_bytes()
    feed(monkeypatch, content)
    interrupt(*TO_JOB, *LOGGED, source="-")
    assert len(lines_of(place / "job")) == 10
    feed(monkeypatch, content)
    assert issue("-", *TO_JOB, *LOGGED, "--resume") == 6  # nobody knows whether it is the same
    feed(monkeypatch, content)
    assert issue("-", *TO_JOB, *LOGGED, "--resume", "--accept-changed-input") == 0
    assert len(lines_of(place / "job")) == logged(place / "ledger").size == ROWS


def test_a_named_pipe_is_read_once(place: Path) -> None:
    os.mkfifo("pipe")
    content = (place / "in.csv").read_bytes()
    with subprocess.Popen([sys.executable, "-c", "open('pipe', 'wb').write(open('in.csv', 'rb').read())"]) as writer:
        assert issue("pipe", *TO_JOB) == 0
        assert writer.wait(timeout=30) == 0
    assert len(lines_of(place / "job")) == content.count(b"\n") - 1


# --- what stands in the way ------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_job_is_left_alone(place: Path, told: Told) -> None:
    for name in ("photos", "photos/job", "photos/job/x.txt"):
        path = place / name
        path.write_bytes(b"mine") if path.suffix else path.mkdir()
    (place / "kept").mkdir()
    (place / "kept" / "letter.txt").write_bytes(b"mine")
    (place / "file").write_bytes(b"mine")
    for out in ("photos", "kept", "file"):
        before = names(place)
        assert issue("in.csv", "-o", out) == 6
        assert f"{out} exists and is no job folder" in told()
        assert names(place) == before


def test_an_empty_folder_will_do(place: Path) -> None:
    (place / "job").mkdir()
    assert issue("in.csv", *TO_JOB) == 0


@pytest.mark.parametrize("content", [b"", b"no header of ours\n", b"record_id,lot\n\xff\xfe"])
def test_a_run_without_a_row_leaves_an_empty_folder_empty(place: Path, content: bytes) -> None:
    (place / "job").mkdir()
    (place / "empty.csv").write_bytes(content)
    assert issue("empty.csv", *TO_JOB) == 2
    assert names(place / "job") == []
    assert list((place / "job").iterdir()) == []


def test_a_failed_run_leaves_the_earlier_ones_as_they_are(place: Path) -> None:
    write(place / "in.csv", row(1), row(2, lot=""))
    assert issue("in.csv", *TO_JOB) == 1
    before = {name: (place / "job" / name).read_bytes() for name in names(place / "job") if "sqlite" not in name}
    (place / "empty.csv").write_bytes(b"")
    assert issue("empty.csv", *TO_JOB) == 2
    assert {name: (place / "job" / name).read_bytes() for name in before} == before
    assert issue("in.csv", *TO_JOB) == 1


def test_a_job_has_one_process_at_a_time(place: Path, told: Told) -> None:
    script = (
        "import sys; from pathlib import Path; from vaxcert.service.batch.job import open_job; "
        "from vaxcert.service.issuer_secrets import load_secret\n"
        "secret = load_secret(Path('keys/issuer-secret.key.pem'), None, unsafe_unencrypted=True)\n"
        "with open_job(Path('job'), secret): print('open', flush=True); sys.stdin.read()"
    )
    assert issue("in.csv", *TO_JOB) == 0
    before = names(place / "job")
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        told()
        assert issue("in.csv", *TO_JOB) == 6
        message = told()
        assert "vaxcert: error: another process works in job" in message
        assert "vaxcert: hint: wait for its end, or choose another folder" in message
        other.communicate("")
    assert names(place / "job") == before


def test_a_job_that_another_process_is_just_making_is_left_to_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = IssuerSecret.create()
    with open_job(place / "job", secret):
        monkeypatch.setattr("vaxcert.service.batch.job.check_is_free", lambda _folder: None)
        exists = Path.exists
        monkeypatch.setattr(Path, "exists", lambda path: path.name != "journal.sqlite" and exists(path))
        assert issue("in.csv", *TO_JOB) == 6
    assert not (place / "job").exists()  # by whom it was made


def test_a_damaged_journal_is_told(place: Path, told: Told) -> None:
    assert issue("in.csv", *TO_JOB) == 0
    journal = place / "job" / "job" / "journal.sqlite"
    content = journal.read_bytes()
    for damaged in (b"no database" * 1000, content[: len(content) // 2 // 4096 * 4096], b"\0" * 100 + content[100:]):
        journal.write_bytes(damaged)
        told()
        assert issue("in.csv", *TO_JOB) == 6
        message = told()
        assert "internal" not in message
        assert f"the journal {Path('job/job/journal.sqlite')} cannot be read" in message
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE TABLE run (number INTEGER)")
        journal.write_bytes(other.serialize())
    assert issue("in.csv", *TO_JOB) == 6
    assert "is not the journal of a job" in told()


def test_a_journal_without_its_tables_is_damaged(place: Path, told: Told) -> None:
    assert issue("in.csv", *TO_JOB) == 0
    with closing(sqlite3.connect(place / "job" / "job" / "journal.sqlite", isolation_level=None)) as journal:
        journal.execute("DROP TABLE segment")
    assert issue("in.csv", *TO_JOB) == 6
    assert "cannot be read" in told()


# --- odd batches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ledger", [(), LOGGED])
def test_a_batch_of_nothing_but_rejects_is_a_batch(place: Path, told: Told, ledger: tuple[str, ...]) -> None:
    write(place / "in.csv", *(row(number, lot="") for number in range(ROWS)))
    assert issue("in.csv", *TO_JOB, *ledger) == 1
    assert lines_of(place / "job") == []
    assert len(rejects_in(place / "job" / "rejects.csv")) == ROWS
    assert issue("in.csv", "-o", "out.jsonl", *ledger) == 1
    assert (place / "out.jsonl").read_bytes() == b""
    assert logged(place / "ledger").size == 0
    assert "certificates issued: 0" in told()


def test_a_header_alone_is_a_batch_of_nothing(place: Path) -> None:
    header = (place / "in.csv").read_bytes().partition(b"\n")[0] + b"\n"
    (place / "in.csv").write_bytes(header)
    assert issue("in.csv", "-o", "out.jsonl", "--rejects", "bad.csv") == 0
    assert (place / "out.jsonl").read_bytes() == b""
    assert not (place / "bad.csv").exists()
    assert [path.name for path in place.iterdir() if path.name.startswith(".out")] == []


def test_an_archive_holds_what_a_folder_does(place: Path) -> None:
    write(place / "in.csv", *(row(number, lot="" if number == 3 else "x") for number in range(7)))
    assert issue("in.csv", "-o", "out.zip", "--format", "jsonl,txt,svg") == 1
    with zipfile.ZipFile(place / "out.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(place / "unpacked")
        names_in = archive.namelist()
    assert names_in == [
        "jsonl/000001.jsonl",
        "jsonl/000002.jsonl",
        *(f"svg/000001/{number:05}.svg" for number in range(1, 5)),
        *(f"svg/000002/{number:05}.svg" for number in range(1, 3)),
        "txt/000001.txt",
        "txt/000002.txt",
        "manifest.json",
        "files.sha256",
        "manifest.cose",
    ]
    assert len(lines_of(place / "unpacked")) == 6
    assert run(["verify", "unpacked", "--trust", "trust", "--at", "2021-12-02"]) == 0
    assert [path.name for path in place.iterdir() if path.name.startswith(".out")] == []


@pytest.mark.parametrize("options", [TO_JOB, ("-o", "out.jsonl"), ("-o", "out.zip"), (*TO_JOB, "--workers", "2")])
def test_a_dry_run_writes_nothing(place: Path, told: Told, options: tuple[str, ...]) -> None:
    before = {name: (place / name).read_bytes() for name in names(place)}
    assert issue("in.csv", *options, *LOGGED, "--dry-run", "--rejects", "bad.csv") == 0
    assert "records that would be issued: 20; nothing was written" in told()
    assert {name: (place / name).read_bytes() for name in names(place)} == before
    assert not (place / "job").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--renew", "--dry-run", *TO_JOB), "--dry-run checks the records of a SOURCE"),
        (("--renew", "--within", "30", "--validity", "30", *TO_JOB), "and so lapse at once"),
        (("--renew", "--correct", *TO_JOB), "two different runs"),
        (("--renew",), "need a job folder or a file"),
        (("in.csv", "--resume"), "need a job folder or a file"),
        (("in.csv", "--renew", *TO_JOB), "name a SOURCE, or --renew and none"),
        (TO_JOB, "name a SOURCE, or --renew and none"),
        (("in.csv", *TO_JOB, "--accept-changed-input"), "goes with --resume"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    place: Path, told: Told, options: tuple[str, ...], message: str
) -> None:
    before = names(place)
    assert issue(*options) == 2
    assert message in told()
    assert names(place) == before


# --- an interrupt at the real command --------------------------------------------------------------------------------


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_ends_the_segment_and_says_how_to_go_on(place: Path, workers: str) -> None:
    write(place / "in.csv", *(row(number) for number in range(240)))
    content = (place / "in.csv").read_text("utf-8").splitlines(keepends=True)
    arguments = (*TO_JOB, *LOGGED, "--workers", workers)
    with start(place, "-", *arguments, segment_rows=10, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("".join(content[:206]))  # more whole segments than go out ahead, and half of the next
        process.stdin.flush()
        wait_for(place / "job" / "jsonl" / "000001.jsonl", process)
        process.send_signal(signal.SIGINT)
        assert "interrupted: the segments under way are brought to an end" in process.stderr.readline()
        process.stdin.write("".join(content[206:]))
        process.stdin.close()
        message = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "vaxcert: hint: the run is not finished: go on with the same command and --resume" in message
    count = len(lines_of(place / "job"))
    assert count <= 240
    assert count % 10 == 0
    with start(place, "in.csv", *arguments, "--resume", segment_rows=10) as again:
        assert finished(again)[0] == 6  # what was standard input is no file
    onwards = (*arguments, "--resume", "--accept-changed-input")
    with start(place, "-", *onwards, segment_rows=10, stdin=subprocess.PIPE) as again:
        again.communicate("".join(content), timeout=60)
        assert again.returncode == 0
    assert [line.record_id for line in lines_of(place / "job")] == [f"VN-{number}" for number in range(240)]
    assert logged(place / "ledger").size == 240


def test_a_second_interrupt_ends_at_once(place: Path) -> None:
    content = (place / "in.csv").read_text("utf-8").splitlines(keepends=True)
    with start(place, "-", *TO_JOB, *LOGGED, segment_rows=10, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("".join(content[:16]))
        process.stdin.flush()
        wait_for(place / "job" / "jsonl" / "000001.jsonl", process)
        process.send_signal(signal.SIGINT)
        assert "once more ends at once" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        message = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "go on with the same command and --resume" in message
    assert "Traceback" not in message
    assert len(lines_of(place / "job")) == 10


# --- an interrupt, as the command takes it -------------------------------------------------------------------------


def interrupted_by_signals(monkeypatch: pytest.MonkeyPatch, *, times: int, at: str = "_settle") -> None:
    """Have this process get so many interrupts, at the run's second segment or when it is made."""
    method, calls = getattr(BatchRun, at), 0

    def signalled(self: BatchRun, *args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2 or at == "__init__":
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return method(self, *args, **options)

    monkeypatch.setattr(BatchRun, at, signalled)


def test_one_interrupt_lets_the_segment_end(place: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    with monkeypatch.context() as patch:
        interrupted_by_signals(patch, times=1)
        assert issue("in.csv", *TO_JOB, *LOGGED) == 130
    message = told()
    assert "interrupted: the segments under way are brought to an end; once more ends at once" in message
    assert message.endswith("vaxcert: hint: the run is not finished: go on with the same command and --resume\n")
    assert len(lines_of(place / "job")) == 10
    assert issue("in.csv", *TO_JOB, *LOGGED, "--resume") == 0
    assert len(lines_of(place / "job")) == logged(place / "ledger").size == ROWS


def test_two_interrupts_end_it_there(place: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    with monkeypatch.context() as patch:
        interrupted_by_signals(patch, times=2)
        assert issue("in.csv", *TO_JOB, *LOGGED) == 130
    assert "vaxcert: hint: the run is not finished: go on with the same command and --resume" in told()
    assert len(lines_of(place / "job")) == 5
    assert issue("in.csv", *TO_JOB, *LOGGED, "--resume") == 0
    assert len(lines_of(place / "job")) == logged(place / "ledger").size == ROWS


def test_an_interrupt_before_anything_is_issued_leaves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    interrupted_by_signals(monkeypatch, times=1, at="__init__")
    before = names(place)
    assert issue("in.csv", *TO_JOB) == 130
    assert "--resume" not in told()
    assert names(place) == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

"""What fails around a batch: the disk, the key, the ledger. It stops, says so, and goes on to the same end."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.authority import AT, BORN, csca
from tests.batches import LOGGED, essences, issue, lines_of, logged, make_place, row, write
from tests.not_run import not_run
from vaxcert.commands import issue_run
from vaxcert.ledger.store import database
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch import issue as batch
from vaxcert.service.batch import run
from vaxcert.service.batch.journal import Journal
from vaxcert.service.batch.segment_files import write_segment
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.authority import create_dsc
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, SEGMENT_ROWS = 60, 10
TO_JOB = ("-o", "job", "--format", "jsonl")
COMMON = (*TO_JOB, *LOGGED)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_place(folder)
    write(folder / "in.csv", *(row(number, lot="" if number % 9 == 5 else "x") for number in range(ROWS)))
    return folder


@pytest.fixture(autouse=True)
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the place, in which the commands run, with small segments."""
    folder = tmp_path / "place"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(batch, "BatchRun", partial(run.BatchRun, segment_rows=SEGMENT_ROWS))
    return folder


@pytest.fixture(scope="module")
def wanted(made: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str | None, str, str]]:
    """Return what an undisturbed run issues."""
    folder = tmp_path_factory.mktemp("undisturbed") / "place"
    shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert issue("in.csv", *COMMON) == 1
    return essences(lines_of(folder / "job"))


@pytest.fixture
def stops(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return what runs the batch, checks that it stops as it should, and gives what it told."""

    def stopped(*arguments: str, code: int = 6, at: str | None = AT.isoformat()) -> str:
        capsys.readouterr()
        assert issue("in.csv", *arguments, at=at) == code
        told = capsys.readouterr().err
        assert len(re.findall(r"^vaxcert: error: ", told, re.MULTILINE)) == 1
        assert "internal error" not in told
        return told

    return stopped


def go_on(*arguments: str, at: str | None = AT.isoformat()) -> None:
    """Go on with the run, or begin it where it stopped before anything came of it."""
    begun = any(path.exists() for path in map(_journal_of, arguments))
    assert issue("in.csv", *arguments, *(("--resume",) if begun else ()), at=at) == 1


def _journal_of(out: str) -> Path:
    path = Path(out)
    workshop = path.with_name(f".{path.name}.job") if path.suffix else path
    return workshop / "job" / "journal.sqlite"


def same(place: Path, out: str, wanted: list[tuple[str | None, str, str]], *, ledger: str = "ledger") -> None:
    lines = lines_of(place / out)
    assert essences(lines) == wanted
    assert sorted(logged(place / ledger).ids) == sorted(line.id for line in lines)


# --- disks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Disk:
    """A file system of its own in memory."""

    path: Path

    def mount(self, options: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            not_run(f"a small disk, which only root can mount ({done.stderr.strip()})")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)


@pytest.fixture
def disk(place: Path) -> Iterator[Disk]:
    (place / "disk").mkdir()
    small = Disk(place / "disk")
    small.mount("size=16m")
    yield small
    subprocess.run(["umount", "--lazy", str(small.path)], check=True)


@pytest.mark.parametrize("kilobytes", [12, 60, 100, 140, 180, 220])
@pytest.mark.parametrize("out", ["disk/job", "disk/out.jsonl"])
def test_a_full_disk_stops_the_batch_until_there_is_room(  # noqa: PLR0917 - fixtures and cases come by name
    place: Path,
    disk: Disk,
    stops: Callable[..., str],
    wanted: list[tuple[str | None, str, str]],
    out: str,
    kilobytes: int,
) -> None:
    disk.remount(f"size={kilobytes}k")
    arguments = ("-o", out, *(() if "." in out else ("--format", "jsonl")), *LOGGED)
    told = stops(*arguments)
    assert "No space left on device" in told or "disk is full" in told
    assert not (place / "disk" / "out.jsonl").exists()
    disk.remount("size=16m")
    go_on(*arguments)
    same(place, out, wanted)
    assert [path.name for path in disk.path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("kilobytes", [150, 190, 230])
def test_a_full_disk_under_the_ledger_stops_the_batch(
    place: Path, disk: Disk, stops: Callable[..., str], wanted: list[tuple[str | None, str, str]], kilobytes: int
) -> None:
    shutil.copytree(place / "ledger", place / "disk" / "ledger")
    disk.remount(f"size={kilobytes}k")
    arguments = (*TO_JOB, "--ledger", "disk/ledger")
    told = stops(*arguments)
    assert any(words in told for words in ("is full", "No space left", "disk I/O error"))
    disk.remount("size=16m")
    go_on(*arguments)
    same(place, "job", wanted, ledger="disk/ledger")


def test_a_disk_that_is_read_only_from_the_start_is_told(disk: Disk, stops: Callable[..., str]) -> None:
    disk.remount("ro")
    for out in (("-o", "disk/job"), ("-o", "disk/out.jsonl")):
        assert "Read-only file system" in stops(*out, *LOGGED)


def test_a_folder_that_becomes_read_only_stops_the_batch(
    place: Path,
    disk: Disk,
    stops: Callable[..., str],
    wanted: list[tuple[str | None, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ("-o", "disk/job", "--format", "jsonl", *LOGGED)
    lines = str(disk.path / "job" / "jsonl")

    def close() -> None:
        subprocess.run(["mount", "--bind", lines, lines], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", lines], check=True)

    with monkeypatch.context() as patch:
        before_segment(patch, 4, close)
        try:
            assert "Read-only file system" in stops(*arguments)
            assert "Read-only file system" in stops(*arguments, "--resume")
        finally:
            subprocess.run(["umount", lines], check=True)
    assert len(lines_of(disk.path / "job")) == 27
    go_on(*arguments)
    same(place, "disk/job", wanted)


def before_segment(patch: pytest.MonkeyPatch, number: int, happens: Callable[[], object]) -> None:
    """Have something happen once, before the files of segment *number* are written."""
    is_over = False

    def writing(folder: Path, segment: int, *rest: Any, **options: Any) -> Any:
        nonlocal is_over
        if segment == number and not is_over:
            is_over = True
            happens()
        return write_segment(folder, segment, *rest, **options)

    patch.setattr(run, "write_segment", writing)


def test_a_file_in_the_place_of_a_folder_stops_the_batch(
    place: Path, stops: Callable[..., str], wanted: list[tuple[str | None, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, away = place / "job" / "jsonl", place / "job" / "away"

    def swap() -> None:
        lines.rename(away)
        lines.write_bytes(b"in the way")

    with monkeypatch.context() as patch:
        before_segment(patch, 3, swap)
        told = stops(*COMMON)
    assert "cannot be written" in told
    assert "go on with the same command and --resume" in told
    assert issue("in.csv", *COMMON, "--resume") == 6
    lines.unlink()
    away.rename(lines)
    go_on(*COMMON)
    same(place, "job", wanted)


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("*.key.pem", "there is no issuer's secret"),
        (ISSUER_SECRET, "there is no issuer's secret"),
        ("dsc-*", "may sign a vaccination certificate at this time"),
    ],
)
def test_a_key_that_is_gone_stops_the_batch_until_it_is_back(  # noqa: PLR0917 - fixtures and cases come by name
    place: Path,
    stops: Callable[..., str],
    wanted: list[tuple[str | None, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    gone: str,
    message: str,
) -> None:
    interrupt(monkeypatch)
    before = essences(lines_of(place / "job"))
    taken = list((place / "keys").glob(gone))
    assert taken
    (place / "safe").mkdir()
    for path in taken:
        path.rename(place / "safe" / path.name)
    told = stops(*COMMON, "--resume")
    assert message in told or gone == "*.key.pem"
    assert essences(lines_of(place / "job")) == before
    for path in (place / "safe").iterdir():
        path.rename(place / "keys" / path.name)
    go_on(*COMMON)
    same(place, "job", wanted)


def interrupt(monkeypatch: pytest.MonkeyPatch, *, after: int = 2) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        before_segment(patch, after + 1, stop)
        assert issue("in.csv", *COMMON) == 130


def test_a_dsc_that_ends_on_the_way_stops_the_batch_until_there_is_another(
    place: Path, stops: Callable[..., str], wanted: list[tuple[str | None, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = BORN + timedelta(days=184)  # a DSC's key signs in the first quarter of its two years
    clock = AT

    def tick() -> None:
        nonlocal clock
        clock = late

    monkeypatch.setattr(issue_run, "now", lambda: clock)
    with monkeypatch.context() as patch:
        before_segment(patch, 3, tick)
        told = stops(*COMMON, at=None)
    assert "may sign until" in told
    assert "rotate the DSC" in told
    count = len(lines_of(place / "job"))
    assert 27 <= count < len(wanted)
    assert "may sign a vaccination certificate at this time" in stops(*COMMON, "--resume", at=None)
    successor = create_dsc(csca(), common_name="Next DSC", usages=tuple(CertificateType), at=late + timedelta(days=1))
    Keystore(place / "keys").unsafe_add_unencrypted(successor)
    clock = late + timedelta(days=2)
    assert issue("in.csv", *COMMON, "--resume", at=None) == 1
    files = sorted((place / "job" / "jsonl").iterdir())
    kids = [json.loads(line)["kid"] for file in files for line in file.read_text("utf-8").splitlines()]
    assert len(set(kids[:count])) == len(set(kids[count:])) == 1
    assert sorted(logged(place / "ledger").ids) == [each for _, each, _ in wanted]


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_a_halted_ledger_stops_the_batch_until_it_may_be_written(
    place: Path, stops: Callable[..., str], wanted: list[tuple[str | None, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def halt() -> None:
        with TransparencyLog.open(place / "ledger") as log:
            log.halt("a conflict")

    with monkeypatch.context() as patch:
        before_segment(patch, 2, halt)
        told = stops(*COMMON)
    assert "the log is halted: a conflict" in told
    assert "vaxcert ledger resume DIR`; then go on with the same command and --resume" in told
    assert len(lines_of(place / "job")) == logged(place / "ledger").size == 18
    stops(*COMMON, "--resume")
    with TransparencyLog.open(place / "ledger") as log:
        log.resume()
    go_on(*COMMON)
    same(place, "job", wanted)


def test_a_ledger_that_another_process_holds_decides_nothing(
    place: Path, stops: Callable[..., str], wanted: list[tuple[str | None, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(place / "ledger" / "log.sqlite", isolation_level=None)) as other:
        with monkeypatch.context() as patch:
            before_segment(patch, 2, lambda: other.execute("BEGIN IMMEDIATE"))
            told = stops(*COMMON, code=4)
        assert "another process has held" in told
        assert "go on with the same command and --resume" in told
        other.execute("ROLLBACK")
    go_on(*COMMON)
    same(place, "job", wanted)


@pytest.mark.parametrize(("name", "code"), [("ledger", 2), ("ledger/log.sqlite", 6)])
def test_a_ledger_that_is_away_stops_the_batch_until_it_is_back(  # noqa: PLR0917 - fixtures and cases come by name
    place: Path,
    stops: Callable[..., str],
    wanted: list[tuple[str | None, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: int,
) -> None:
    interrupt(monkeypatch)
    (place / name).rename(place / "away")
    stops(*COMMON, "--resume", code=code)
    (place / "away").rename(place / name)
    go_on(*COMMON)
    same(place, "job", wanted)


def test_a_journal_that_cannot_be_written_is_told(
    stops: Callable[..., str], wanted: list[tuple[str | None, str, str]], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the disk were full just then: SQLite has ended the transaction by itself."""
    finish_segment = Journal.finish_segment

    def failing(self: Journal, number: int, **options: Any) -> None:
        if number == 3:
            self._file.connection.execute(
                f"PRAGMA max_page_count = {self._file.connection.execute('PRAGMA page_count').fetchone()[0]}"
            )
            options["rejects"] = bytes(100_000)
        finish_segment(self, number, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "finish_segment", failing)
        told = stops(*COMMON)
    assert "the journal job/job/journal.sqlite cannot be written: database or disk is full" in told
    go_on(*COMMON)
    same(place, "job", wanted)

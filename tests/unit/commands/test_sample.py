"""`vaxcert sample records`, run as the command line runs it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from vaxcert.cli import COMMANDS, run
from vaxcert.commands import sample
from vaxcert.service.sample.records import COLUMNS, ERROR_COLUMN, WRITERS, sample_records
from vaxcert.service.sample.slips import SLIPS

NOTE = "vaxcert: note: these records are invented: none is of a real person\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(form: str, count: int, **options: object) -> str:
    text = io.StringIO(newline="")
    columns = (*COLUMNS, ERROR_COLUMN) if options.get("is_labelled") else COLUMNS
    WRITERS[form](text, sample_records(count, **options), columns)  # type: ignore[arg-type] # as the options are
    return text.getvalue()


def test_the_short_help_is_that_of_the_table() -> None:
    assert sample.command.get_short_help_str(80) == COMMANDS["sample"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--count", "3"), written("csv", 3)),
        (("--count", "0"), written("csv", 0)),
        (("--count", "7", "--seed", "5", "--skip", "260"), written("csv", 7, seed=5, skip=260)),
        (("--count", "300", "--errors", "12.5"), written("csv", 300, errors=0.125)),
        (("--count", "40", "--until", "2021-07-31"), written("csv", 40, until=date(2021, 7, 31))),
        (("--count", "30", "--format", "jsonl"), written("jsonl", 30)),
        (("--count", "40", "--errors", "50", "--error-column"), written("csv", 40, errors=0.5, is_labelled=True)),
        (
            ("--count", "40", "--errors", "50", "--error-column", "--format", "jsonl"),
            written("jsonl", 40, errors=0.5, is_labelled=True),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_records_go_to_standard_output_and_what_they_are_to_the_other(
    capsysbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], expected: str
) -> None:
    assert run(["sample", "records", *arguments]) == 0
    out, err = capsysbinary.readouterr()
    assert out.decode() == expected
    assert err.decode() == NOTE


def test_a_file_gets_the_same_bytes(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["sample", "records", "--count", "600", "--seed", "3"]) == 0
    assert run(["sample", "records", "--count", "600", "--seed", "3", "-o", "records.csv"]) == 0
    assert Path("records.csv").read_bytes() == capsysbinary.readouterr().out


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("records.csv").write_text("kept", "utf-8")
    assert run(["sample", "records", "-o", "records.csv"]) == 6
    assert Path("records.csv").read_text("utf-8") == "kept"
    assert "records.csv exists" in capsys.readouterr().err


def test_without_a_count_there_are_a_thousand(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["sample", "records"]) == 0
    assert len(capsysbinary.readouterr().out.splitlines()) == 1001


@pytest.mark.parametrize(
    "arguments",
    [
        ("--count", "-1"),
        ("--count", "many"),
        ("--seed", "-1"),
        ("--skip", "-1"),
        ("--errors", "100.1"),
        ("--errors", "-1"),
        ("--until", "2021-06-29"),
        ("--until", "30/06/2021"),
        ("--format", "xlsx"),
        ("-o", "."),
        ("more",),
    ],
    ids=" ".join,
)
def test_wrong_usage_writes_nothing(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(["sample", "records", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("vaxcert: error: ")
    assert not list(Path().iterdir())


def test_help_names_every_kind_of_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", "records", "--help"]) == 0
    told = capsys.readouterr().out
    unnoticed, _, refused = told.partition("Errors that it refuses")
    for slip in SLIPS:
        assert slip.name in (refused if slip.code else unnoticed)
        assert slip.meaning in told
        assert slip.code is None or f"[{slip.code}]" in refused


# --- a process: pipes and disks ------------------------------------------------------------------------------------


def process(stdout: int, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from vaxcert.cli import main; main()", "sample", "records", *arguments],
        env=os.environ | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("count", ["1", "1000000000"])
def test_a_reader_that_leaves_ends_it_quietly(unbuffered: str, count: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = process(writer, "--count", count, PYTHONUNBUFFERED=unbuffered)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr.decode()) == (6, NOTE)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told(unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = process(full.fileno(), "--count", "2000", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 6
    assert done.stderr.decode() == f"{NOTE}vaxcert: error: cannot read or write: No space left on device\n"

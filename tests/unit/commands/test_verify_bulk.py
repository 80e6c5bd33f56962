"""`vaxcert verify` with processes and with a summary, run as the command line runs it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import AT, Encoder, claims, dcc, kid_text, make_signer, signer, text_of, text_of_claims
from vaxcert.cli import run
from vaxcert.commands import summary_rows
from vaxcert.commands.verify_bulk import show
from vaxcert.service import line_blocks
from vaxcert.service.bulk_verification import BulkVerifier
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.service.sources import Found

pytestmark = pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")  # the runner's

VALID = Encoder().text()
EXPIRED = text_of_claims(claims(exp=int(AT.timestamp()) - 1))
STRANGER = make_signer()
UNKNOWN = Encoder(STRANGER).text()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder with a trust list beside it, and without a list or settings of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 1000)
    (tmp_path / "dsc.der").write_bytes(signer().der)


@pytest.fixture
def batch(tmp_path: Path) -> str:
    lines = [VALID, text_of(dcc(meta=1)), EXPIRED, VALID, UNKNOWN, "", "rubbish"]
    (tmp_path / "batch.txt").write_text("\n".join(lines))
    return "batch.txt"


def verify(*arguments: str, lang: str = "en") -> int:
    return run(["--lang", lang, "verify", *arguments, "--trust", "dsc.der", "--at", AT.isoformat()])


# --- several processes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["lines", "json"])
@pytest.mark.parametrize("sources", [["batch.txt"], ["batch.txt", VALID, "missing.txt"], [VALID], ["blank"], [EXPIRED]])
@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.usefixtures("batch")
def test_the_number_of_processes_changes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, sources: list[str], arguments: list[str], lang: str
) -> None:
    (tmp_path / "blank").write_text("\n" * 2000 + VALID)
    alone = verify(*sources, *arguments, lang=lang)
    one = capsys.readouterr()
    assert verify(*sources, *arguments, "--workers", "2", lang=lang) == alone
    two = capsys.readouterr()
    assert two.out == one.out
    assert sorted(two.err.splitlines()) == sorted(one.err.splitlines())  # where the hints stand may differ


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["lines", "json"])
def test_what_is_shown_is_made_where_it_is_verified(
    batch: str, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code = verify(batch, *arguments)
    expected = capsys.readouterr().out
    bulk = BulkVerifier(Verifier(TrustList.of_certificates([signer().der])), at=AT)
    assert show(bulk, [batch], lang="en", json=bool(arguments)) == code
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("workers", ["0", "-1", "x", "257"])
def test_a_number_of_processes_has_bounds(workers: str) -> None:
    assert verify(VALID, "--workers", workers) == 2


@pytest.mark.parametrize("arguments", [[], ["--summary"]], ids=["lines", "summary"])
def test_a_lost_worker_is_told_and_loses_nothing(
    batch: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    code = verify(batch, *arguments)
    expected = capsys.readouterr().out
    count = line_blocks.LineBlock.found

    def found_or_die(block: line_blocks.LineBlock) -> Iterator[Found]:
        if block.first > 1 and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return count(block)

    monkeypatch.setattr(line_blocks.LineBlock, "found", found_or_die)
    assert verify(batch, *arguments, "--workers", "2") == code
    shown = capsys.readouterr()
    assert shown.out == expected
    assert "vaxcert: warning: a worker process was lost (signal 9); its work is done again\n" in shown.err


# --- the summary ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_summary_counts_by_outcome_reason_country_and_issuer(
    batch: str, capsys: pytest.CaptureFixture[str], workers: str
) -> None:
    assert verify(batch, "--summary", "--workers", workers) == 1
    shown = capsys.readouterr()
    assert shown.err == ""
    assert (
        shown.out
        == f"""\
certificates: 6
valid: 3, rejected: 2, undetermined: 1

number  why not valid
     1  expired
     1  unknown_signer
     1  unknown_prefix

number  warning
     1  unknown_member

valid  rejected  undetermined  country of the signer
    3         1             0  VN
    0         1             1  unknown

valid  rejected  undetermined  issuer and signer
    3         1             0  VN, C=VN, CN=Invented DSC (kid {kid_text(signer())})
    0         0             1  VN, not proven (kid {kid_text(STRANGER)})
    0         1             0  unknown
"""
    )


def test_a_summary_in_json_is_one_object_with_every_key(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(batch, "--summary", "--json") == 1
    (line,) = capsys.readouterr().out.splitlines()
    summary = json.loads(line)
    assert list(summary) == ["complete", "total", "outcomes", "reasons", "warnings", "countries", "issuers"]
    assert (summary["complete"], summary["total"]) == (True, 6)
    assert summary["outcomes"] == {"valid": 3, "rejected": 2, "undetermined": 1}


def test_a_summary_of_what_is_all_valid_has_no_table_of_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(VALID, "--summary") == 0
    shown = capsys.readouterr().out
    assert "why not valid" not in shown
    assert "warning" not in shown


@pytest.mark.parametrize(
    ("lines", "code"),
    [([VALID], 0), ([VALID, UNKNOWN], 4), ([UNKNOWN, "rubbish"], 3), ([UNKNOWN, "rubbish", EXPIRED], 1), ([], 3)],
    ids=["valid", "undetermined", "no_certificate", "rejected", "nothing"],
)
def test_the_worst_decides_the_exit_code_of_a_summary(tmp_path: Path, lines: list[str], code: int) -> None:
    (tmp_path / "lines").write_text("\n".join(lines))
    assert verify("lines", "--summary") == code


def test_what_cannot_be_read_is_counted_and_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(VALID, "missing.txt", "--summary", "--json") == 6
    assert json.loads(capsys.readouterr().out)["reasons"] == {"storage_failed": 1}


def test_a_summary_of_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    content = io.BytesIO(f"{VALID}\n{EXPIRED}\n".encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(content)))
    assert verify("-", "--summary") == 1
    assert capsys.readouterr().out.startswith("certificates: 2\nvalid: 1, rejected: 1, undetermined: 0\n")


def test_a_summary_in_vietnamese(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(batch, "--summary", lang="vi") == 1
    shown = capsys.readouterr().out
    assert shown.startswith("chứng nhận: 6\nhợp lệ: 3, bị từ chối: 2, chưa xác định: 1\n")
    assert f"VN, chưa được chứng minh (kid {kid_text(STRANGER)})" in shown
    assert "certificate" not in shown


def test_a_long_table_is_cut_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(summary_rows, "MAX_ROWS", 3)
    lines = [text_of_claims(claims(iss=f"{number}"), STRANGER) for number in range(8)]
    (tmp_path / "lines").write_text("\n".join(lines))
    assert verify("lines", "--summary") == 4
    table = capsys.readouterr().out.partition("issuer and signer\n")[2].splitlines()
    assert len(table) == 4
    assert table[3] == "... and 5 more, which --json has"
    verify("lines", "--summary", "--json")
    assert len(json.loads(capsys.readouterr().out)["issuers"]) == 8


def test_the_words_of_a_stranger_do_not_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text(text_of_claims(claims(iss="\x1b[2J\nVN"), STRANGER))
    assert verify("lines", "--summary") == 4
    shown = capsys.readouterr().out
    assert "\\u001b[2J\\nVN, not proven" in shown
    assert "\x1b" not in shown


# --- the failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_failures_are_the_reports_of_all_that_is_not_valid(
    batch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: str
) -> None:
    assert verify(batch, "--json") == 1
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert verify(batch, "--summary", "--failures", "failures.jsonl", "--workers", workers) == 1
    failures = [json.loads(line) for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert failures == [report for report in reports if report["outcome"] != "valid"]
    assert (tmp_path / "failures.jsonl").stat().st_mode & 0o077 == 0  # it holds personal data


def test_no_failures_are_an_empty_file(tmp_path: Path) -> None:
    assert verify(VALID, "--summary", "--failures", "failures.jsonl") == 0
    assert (tmp_path / "failures.jsonl").read_bytes() == b""


def test_no_file_is_overwritten_by_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "failures.jsonl").write_text("mine")
    assert verify(EXPIRED, "--summary", "--failures", "failures.jsonl") == 6
    assert (tmp_path / "failures.jsonl").read_text() == "mine"
    assert capsys.readouterr().out == ""


def test_failures_without_a_summary_are_wrong_usage(tmp_path: Path) -> None:
    assert verify(EXPIRED, "--failures", "failures.jsonl") == 2
    assert not (tmp_path / "failures.jsonl").exists()


# --- an interrupt -----------------------------------------------------------------------------------------------------


class Interrupted(io.RawIOBase):
    """Gives a text, and at the second reading Ctrl-C is pressed."""

    def __init__(self) -> None:
        self._texts = iter([f"{VALID}\n{EXPIRED}\n".encode()])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what it is given
        text = next(self._texts, None)
        if text is None:
            signal.raise_signal(signal.SIGINT)
            return 0
        buffer[: len(text)] = text
        return len(text)


def test_an_interrupt_between_two_readings_keeps_what_was_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Interrupted())))
    assert verify("-", "--summary", "--failures", "failures.jsonl", lang="vi") == 130
    shown = capsys.readouterr()
    assert shown.out.startswith("chứng nhận: 2\nhợp lệ: 1, bị từ chối: 1")
    assert shown.err == "vaxcert: error: interrupted: the counts are of a part\n"
    assert len((tmp_path / "failures.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_gives_the_counts_so_far_and_says_that_they_are_a_part(tmp_path: Path, workers: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    program = "from vaxcert.cli import main; main()"
    command = [
        *(sys.executable, "-c", program, "verify", "pipe", "--summary", "--json", "--failures", "failures.jsonl"),
        *("--workers", workers, "--trust", "dsc.der", "--at", AT.isoformat()),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        # A pipe holds 64 KiB: when all is written, most of it has been read, and but for a few blocks counted.
        with (tmp_path / "pipe").open("w") as pipe:
            pipe.write((f"{VALID}\n" * 9 + f"{EXPIRED}\n") * 400)
            pipe.flush()
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    summary = json.loads(out)
    assert summary["complete"] is False
    assert 0 < summary["total"] <= 4000
    assert err == "vaxcert: error: interrupted: the counts are of a part\n"
    assert len((tmp_path / "failures.jsonl").read_text().splitlines()) == summary["outcomes"]["rejected"]

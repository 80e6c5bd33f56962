"""`vaxcert issue --ledger` and `vaxcert verify --receipt`, run as the command line runs them."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vaxcert.cli import run
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.sample import sample_records, write_csv
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
AT = NOW.isoformat()
PASSPHRASE = "an invented passphrase"
ORIGIN = "ledger.example/vn"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with keys, three records and an empty ledger."""
    folder = tmp_path_factory.mktemp("prepared")
    csca = create_csca(country="VN", common_name="Invented CSCA", at=NOW)
    pair = create_dsc(csca, common_name="Invented DSC", usages=tuple(CertificateType), at=NOW)
    Keystore(folder / "keys").unsafe_add_unencrypted(csca)
    (folder / "keys" / ISSUER_SECRET).write_bytes(IssuerSecret.create().unsafe_to_pem())
    dsc = Keystore(folder / "keys").unsafe_add_unencrypted(pair)
    (folder / "trust").mkdir()
    (folder / "trust" / "dsc.pem").write_bytes(dsc.read_bytes())
    (folder / "pass.txt").write_text(PASSPHRASE + "\n")
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        write_csv(stream, sample_records(3, seed=1))
    book, passphrase = str(folder / "book"), str(folder / "pass.txt")
    assert run(["ledger", "init", book, "--origin", ORIGIN, "--passphrase-file", passphrase]) == 0
    return folder


@pytest.fixture(autouse=True)
def place(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of that folder, in which the commands run."""
    folder = tmp_path / "place"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    return folder


def issue(*arguments: str) -> int:
    return run(["issue", "records.csv", "--keys", "keys", "--unsafe-unencrypted-key", "--at", AT, *arguments])


def logged(place: Path) -> int:
    with TransparencyLog.open(place / "book", read_only=True) as log:
        return log.size


def test_every_certificate_is_in_the_log_before_it_goes_out(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert issue("-o", "out.jsonl", "--ledger", "book") == 0
    assert "under its next checkpoint" in capsys.readouterr().err
    lines = [json.loads(line) for line in (place / "out.jsonl").read_text("utf-8").splitlines()]
    assert [line["leaf_index"] for line in lines] == [0, 1, 2]
    with TransparencyLog.open(place / "book", read_only=True) as log:
        assert [row.id for row in log.certificates()] == [line["id"] for line in lines]
        assert log.checkpoint() is None


def test_with_the_passphrase_a_checkpoint_is_signed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert issue("-o", "out.jsonl", "--ledger", "book", "--ledger-passphrase-file", "pass.txt") == 0
    assert "3 entries under a signed checkpoint" in capsys.readouterr().err
    with TransparencyLog.open(place / "book", read_only=True) as log:
        checkpoint = log.checkpoint()
        assert checkpoint is not None
        assert checkpoint.size == 3


def test_a_dry_run_leaves_the_log_as_it_is(place: Path) -> None:
    assert issue("--dry-run", "--ledger", "book") == 0
    assert logged(place) == 0


def test_a_rejected_row_is_not_logged(place: Path) -> None:
    rows = (place / "records.csv").read_text("utf-8").replace("1,2,", "9,2,").replace("2,2,", "9,2,")
    (place / "records.csv").write_text(rows, "utf-8")
    assert issue("-o", "out.jsonl", "--ledger", "book") == 1
    assert logged(place) == len((place / "out.jsonl").read_text("utf-8").splitlines()) < 3


def test_a_halted_log_issues_nothing(place: Path) -> None:
    with TransparencyLog.open(place / "book") as log:
        log.halt("a conflict")
    assert issue("-o", "out.jsonl", "--ledger", "book") == 6
    assert not (place / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--ledger", "nothing"), 2),
        (("--ledger", "records.csv"), 2),
        (("--ledger", "keys"), 6),
        (("--ledger-passphrase-file", "pass.txt"), 2),
    ],
)
def test_a_ledger_that_is_none_is_refused(place: Path, arguments: tuple[str, ...], code: int) -> None:
    assert issue("-o", "out.jsonl", *arguments) == code
    assert not (place / "out.jsonl").exists()


# --- verify ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issued(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with certificates in `out.jsonl` and their receipts in `receipts.jsonl`."""
    folder = tmp_path_factory.mktemp("issued") / "place"
    shutil.copytree(prepared, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert issue("-o", "out.jsonl", "--ledger", "book", "--ledger-passphrase-file", "pass.txt") == 0
        assert run(["ledger", "prove", "book", "--all", "-o", "receipts.jsonl"]) == 0
    return folder


@pytest.fixture
def proved(issued: Path, place: Path) -> Path:
    """Return a copy of that folder, in which the commands run."""
    shutil.copytree(issued, place, dirs_exist_ok=True)
    return place


def verify(*arguments: str) -> int:
    return run(["verify", "out.jsonl", "--trust", "trust", "--at", AT, *arguments])


def test_certificates_with_their_receipts_are_valid(proved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del proved
    capsys.readouterr()
    assert verify("--receipt", "receipts.jsonl", "--log", "book/log.json", "--require-receipt", "--json") == 0
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [report["ledger"]["leaf_index"] for report in reports] == [0, 1, 2]
    assert {report["ledger"]["origin"] for report in reports} == {ORIGIN}
    assert {step["status"] for report in reports for step in report["steps"] if step["name"] == "ledger"} == {"passed"}


def test_a_receipt_alone_and_the_logs_key_alone_will_do(proved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = json.loads((proved / "out.jsonl").read_text("utf-8").splitlines()[1])
    receipt = json.loads((proved / "receipts.jsonl").read_text("utf-8").splitlines()[1])["receipt"]
    (proved / "one.cbor").write_bytes(b64decode(receipt))
    capsys.readouterr()
    common = ("--trust", "trust", "--log", "book/log.vkey", "--at", AT)
    assert run(["verify", line["text"], "--receipt", "one.cbor", *common]) == 0
    assert f"in the log {ORIGIN}, leaf 1" in capsys.readouterr().out
    both = json.dumps({"text": line["text"], "receipt": receipt})
    (proved / "both.jsonl").write_text(both)
    assert run(["--lang", "vi", "verify", "both.jsonl", *common]) == 0
    assert f"có trong sổ {ORIGIN}, mục 1" in capsys.readouterr().out


def test_without_a_receipt_it_is_undetermined_where_one_is_required(
    proved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify("--require-receipt", "--log", "book/log.json") == 4
    assert "[receipt_missing]" in capsys.readouterr().out
    (proved / "receipts.jsonl").write_text('{"id": "another", "receipt": "AAAA"}\n')
    assert verify("--require-receipt", "--log", "book/log.json", "--receipt", "receipts.jsonl") == 4


def test_receipts_of_an_unknown_log_decide_nothing(proved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del proved
    assert verify("--receipt", "receipts.jsonl") == 4
    assert "[unknown_log]" in capsys.readouterr().out


def test_the_receipt_of_another_certificate_is_refused(proved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.loads(line) for line in (proved / "receipts.jsonl").read_text("utf-8").splitlines()]
    lines[0]["receipt"], lines[1]["receipt"] = lines[1]["receipt"], lines[0]["receipt"]
    (proved / "receipts.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert verify("--receipt", "receipts.jsonl", "--log", "book/log.json") == 1
    assert capsys.readouterr().out.count("[receipt_invalid]") == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--receipt", "nothing.cbor"), 2),
        (("--receipt", "trust"), 6),
        (("--receipt", "wrong.jsonl"), 2),
        (("--log", "nothing.json"), 2),
        (("--log", "out.jsonl"), 6),
        (("--log", "pass.txt"), 6),
    ],
)
def test_wrong_files_are_told(proved: Path, arguments: tuple[str, ...], code: int) -> None:
    (proved / "wrong.jsonl").write_text("{}\n")
    assert verify(*arguments) == code


def test_a_wrong_passphrase_of_the_log_is_told_before_the_first_row(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "wrong.txt").write_text("not the passphrase of the log\n")
    assert issue("-o", "out.jsonl", "--ledger", "book", "--ledger-passphrase-file", "wrong.txt") == 6
    assert "the log's key" in capsys.readouterr().err
    assert logged(place) == 0
    assert not (place / "out.jsonl").exists()

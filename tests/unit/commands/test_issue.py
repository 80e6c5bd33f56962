"""`vaxcert issue`, run as the command line runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest

from tests.authority import AT, RECOVERY, TEST, VACCINATION, csca, opened, pair
from vaxcert.cli import run
from vaxcert.codec import picture
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.sample import COLUMNS
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Buffer

PASSPHRASE = "an invented passphrase"
DEV_FULL = "/dev/full"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of keys: `clear` in the clear, `locked` encrypted, `tests` for tests only."""
    folder = tmp_path_factory.mktemp("keys")
    Keystore(folder / "clear").unsafe_add_unencrypted(csca())
    Keystore(folder / "clear").unsafe_add_unencrypted(pair())
    Keystore(folder / "locked").add(pair(), PASSPHRASE.encode())
    Keystore(folder / "tests").unsafe_add_unencrypted(pair(usages=(CertificateType.TEST,)))
    secret = IssuerSecret.create()
    for name in ("clear", "tests"):
        (folder / name / ISSUER_SECRET).write_bytes(secret.unsafe_to_pem())
    (folder / "locked" / ISSUER_SECRET).write_bytes(secret.to_pem(PASSPHRASE.encode()))
    (folder / "passphrase.txt").write_text(PASSPHRASE + "\n")
    return folder


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def issue(keys: Path, *arguments: str, at: str | None = AT.isoformat()) -> int:
    moment = () if at is None else ("--at", at)
    return run(["issue", *arguments, "--keys", str(keys / "clear"), "--unsafe-unencrypted-key", *moment])


def row(number: int, **changes: str) -> dict[str, object]:
    return {**VACCINATION, "record_id": f"VN-{number}", **changes}


def write(path: Path, *rows: Mapping[str, object], delimiter: str = ",", encoding: str = "utf-8") -> None:
    columns = list(dict.fromkeys(key for each in rows for key in each))
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def feed(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content.encode()))))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def rejects(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))[1:]


# --- a batch -------------------------------------------------------------------------------------------------------


def test_a_batch_is_issued(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in.csv", row(1), row(2))
    assert issue(keys, "in.csv", "-o", "out.jsonl") == 0
    found = lines(tmp_path / "out.jsonl")
    assert [line["record_id"] for line in found] == ["VN-1", "VN-2"]
    assert [opened(line["text"]).dcc["v"][0]["ci"] for line in found] == [line["id"] for line in found]
    assert found[0]["issued_at"] == "2021-12-01T09:30:00Z"
    assert capsys.readouterr() == ("", "vaxcert: note: certificates issued: 2, to out.jsonl\n")
    assert names(tmp_path) == ["in.csv", "out.jsonl"]


def test_a_bad_row_is_named_and_the_others_are_issued(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path / "in.csv", row(1), row(2, birth_date="31/02/1970", lot=""), row(3, product="Aspirin"), row(1), row(5)
    )
    assert issue(keys, "in.csv", "-o", "out.jsonl") == 1
    assert [line["record_id"] for line in lines(tmp_path / "out.jsonl")] == ["VN-1", "VN-5"]
    found = rejects(tmp_path / "out.rejects.csv")
    assert [cells[:4] for cells in found] == [
        ["3", "VN-2", "birth_date", "invalid_date"],
        ["3", "VN-2", "lot", "missing"],
        ["4", "VN-3", "product", "unknown_product"],
        ["5", "VN-1", "record_id", "duplicate_record"],
    ]
    assert "1984-03-18" in found[0][4]
    error = capsys.readouterr().err.splitlines()
    assert error[1] == "vaxcert: warning: line 3: lot: is missing [missing]"
    assert error[-2:] == [
        "vaxcert: warning: rows not issued: 3: see out.rejects.csv",
        "vaxcert: note: certificates issued: 2, to out.jsonl",
    ]


def test_nothing_personal_is_told(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "Bí mật"
    write(tmp_path / "in.csv", {**dict.fromkeys(VACCINATION, f"{secret}\x00 7"), "record_id": "VN-1"}, row(2))
    assert issue(keys, "in.csv", "-o", "out.jsonl") == 1
    told = capsys.readouterr().err + (tmp_path / "out.rejects.csv").read_text("utf-8-sig")
    assert secret not in told
    assert len(rejects(tmp_path / "out.rejects.csv")) >= len(VACCINATION) - 1


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8-sig")])
def test_csv_comes_as_spreadsheets_write_it(tmp_path: Path, keys: Path, delimiter: str, encoding: str) -> None:
    write(tmp_path / "in.csv", row(1), delimiter=delimiter, encoding=encoding)
    assert issue(keys, "in.csv", "-o", "out.txt") == 0
    assert opened((tmp_path / "out.txt").read_text().strip()).dcc["nam"]["fn"] == "Nguyễn"


@pytest.mark.parametrize("content", [json.dumps([row(1), row(2)]), f"{json.dumps(row(1))}\n{json.dumps(row(2))}\n"])
def test_json_comes_as_lines_or_as_an_array(tmp_path: Path, keys: Path, content: str) -> None:
    (tmp_path / "in").write_text(content)
    assert issue(keys, "in", "-o", "out.jsonl") == 0
    assert len(lines(tmp_path / "out.jsonl")) == 2


@pytest.mark.parametrize(("kind", "fields"), [("t", TEST), ("r", RECOVERY)])
def test_tests_and_recoveries_are_issued(tmp_path: Path, keys: Path, kind: str, fields: Mapping[str, object]) -> None:
    write(tmp_path / "in.csv", fields)
    assert issue(keys, "in.csv", "-o", "out.jsonl", "--type", kind) == 0
    assert kind in opened(lines(tmp_path / "out.jsonl")[0]["text"]).dcc


def test_options_reach_the_certificate(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1))
    options = ("--country", "LA", "--issuer", "Bộ Y tế mẫu", "--validity", "30", "--level", "1")
    assert issue(keys, "in.csv", "-o", "out.txt", *options) == 0
    found = opened((tmp_path / "out.txt").read_text().strip())
    assert (found.claims[1], found.claims[4] - found.claims[6]) == ("LA", 30 * 86400)
    assert (found.dcc["v"][0]["co"], found.dcc["v"][0]["is"]) == ("LA", "Bộ Y tế mẫu")


def test_a_column_can_be_left_out(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", {**row(1), "Ghi chú": "x", "phone": "y"})
    assert issue(keys, "in.csv", "-o", "no.jsonl") == 2
    assert issue(keys, "in.csv", "-o", "out.jsonl", "--ignore-column", "ghi chú", "--ignore-column", "phone") == 0
    assert names(tmp_path) == ["in.csv", "out.jsonl"]


def test_settings_stand_in_for_options(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1))
    settings = '[issue]\nissuer = "Sở Y tế mẫu"\nvalidity = 10\nformat = ["txt"]\n'
    (tmp_path / "vaxcert.toml").write_text(settings)
    assert issue(keys, "in.csv", "-o", "out.txt", "--validity", "20") == 0
    found = opened((tmp_path / "out.txt").read_text().strip())
    assert (found.dcc["v"][0]["is"], found.claims[4] - found.claims[6]) == ("Sở Y tế mẫu", 20 * 86400)


# --- the forms of what is written ----------------------------------------------------------------------------------


def test_standard_input_and_output(
    keys: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, json.dumps(row(1)))
    assert issue(keys, "-") == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["record_id"] == "VN-1"
    assert err == ""


def test_texts_on_standard_output_verify(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in.csv", row(1), row(2))
    assert issue(keys, "in.csv", "--format", "txt") == 0
    texts = capfd.readouterr().out
    assert texts.count("HC1:") == len(texts.splitlines()) == 2
    feed(monkeypatch, texts)
    (tmp_path / "dsc.pem").write_bytes(pair().certificate_pem)
    assert run(["verify", "-", "--trust", "dsc.pem", "--at", AT.isoformat()]) == 0


def test_a_folder_holds_lines_and_pictures(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1), row(2, lot=""), row(3))
    assert issue(keys, "in.csv", "-o", "new/out") == 1
    out = tmp_path / "new" / "out"
    assert names(out) == ["files.sha256", "job", "jsonl", "manifest.cose", "manifest.json", "png", "rejects.csv"]
    pictures = out / "png" / "000001"
    assert names(pictures) == ["00001.png", "00002.png"]
    for line, name in zip(lines(out / "jsonl" / "000001.jsonl"), names(pictures), strict=True):
        assert [code.text for code in picture.read_codes((pictures / name).read_bytes())] == [line["text"]]
    assert [cells[:3] for cells in rejects(out / "rejects.csv")] == [["3", "VN-2", "lot"]]


def test_a_folder_holds_what_is_asked_for(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1))
    assert issue(keys, "in.csv", "-o", "out", "--format", "txt, svg,pdf", "--max-version", "20") == 0
    kept = {"files.sha256", "job", "manifest.cose", "manifest.json"}
    assert set(names(tmp_path / "out")) == kept | {"pdf", "svg", "txt"}


def test_a_pdf_has_the_cards(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1), row(2))
    assert issue(keys, "in.csv", "-o", "out.pdf") == 0
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as document:
        assert len(document) == 2


def test_a_text_that_does_not_fit_is_a_bad_row(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1), row(2))
    assert issue(keys, "in.csv", "-o", "out", "--max-version", "10") == 1
    assert [cells[3] for cells in rejects(tmp_path / "out" / "rejects.csv")] == ["qr_overflow", "qr_overflow"]
    assert not {"jsonl", "png"} & set(names(tmp_path / "out"))


def test_rejects_go_where_they_are_wanted(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in.csv", row(1, lot=""), row(2))
    assert issue(keys, "in.csv", "--rejects", "bad.csv") == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert "rows not issued: 1: see bad.csv" in err
    assert len(rejects(tmp_path / "bad.csv")) == 1


def test_with_a_file_of_rejects_ten_problems_are_told(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in.csv", *(row(number, lot="") for number in range(13)))
    assert issue(keys, "in.csv", "-o", "out.jsonl") == 1
    err = capsys.readouterr().err
    assert err.count("lot: is missing") == 10
    assert "vaxcert: warning: and 3 more problems\n" in err
    assert len(rejects(tmp_path / "out.rejects.csv")) == 13


@pytest.mark.parametrize("options", [(), ("--dry-run", "-o", "out.jsonl")])
def test_without_a_file_of_rejects_all_problems_are_told(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    write(tmp_path / "in.csv", *(row(number, lot="") for number in range(13)))
    assert issue(keys, "in.csv", *options) == 1
    err = capsys.readouterr().err
    assert err.count("lot: is missing") == 13
    assert "more problems" not in err
    assert "vaxcert: warning: rows not issued: 13\n" in err


@pytest.mark.parametrize(("bad", "code"), [("", 1), ("FF0042", 0)])
def test_a_dry_run_writes_nothing(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], bad: str, code: int
) -> None:
    write(tmp_path / "in.csv", row(1), row(2, lot=bad))
    assert issue(keys, "in.csv", "-o", "out", "--rejects", "bad.csv", "--dry-run") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f"vaxcert: note: records that would be issued: {2 - code}; nothing was written\n")
    assert names(tmp_path) == ["in.csv"]


# --- what is refused whole -----------------------------------------------------------------------------------------


def test_a_wrong_header_is_refused_with_the_nearest_and_the_expected(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = row(1)
    fields["birthdate"] = fields.pop("birth_date")
    write(tmp_path / "in.csv", fields)
    assert issue(keys, "in.csv", "-o", "out.jsonl") == 2
    assert capsys.readouterr().err.splitlines()[0] == (
        "vaxcert: error: the header has unknown columns: 'birthdate' (did you mean 'birth_date'?)"
    )
    assert names(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("out", ["out.jsonl", "out", "out.pdf", "-"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 2),
        (b"a,b\n1,2\n", 2),
        ("record_id,lot\n".encode("utf-16"), 2),
        (b"PK\x03\x04", 2),
        (",".join(COLUMNS).encode() + b"\nVN-1,Nguy\xea,", 2),
        (",".join(COLUMNS).encode() + b'\n"VN-1,', 2),
        (None, 6),
    ],
)
def test_a_file_that_cannot_be_taken_leaves_nothing(  # noqa: PLR0917 - fixtures and cases come by name
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, code: int, out: str
) -> None:
    if content is not None:
        (tmp_path / "in.csv").write_bytes(content)
    before = names(tmp_path)
    assert issue(keys, "in.csv", "-o", out) == code
    assert names(tmp_path) == before
    stdout, err = capsys.readouterr()
    assert stdout == ""
    assert err.startswith("vaxcert: error: ")
    assert "internal" not in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "gif"), "'gif' is none of jsonl, txt, blocks, png, svg, pdf"),
        (("--format", ""), "'' is none of"),
        (("--format", "jsonl,txt"), "standard output takes jsonl or txt or blocks; name a folder for jsonl,txt"),
        (("--format", "png"), "standard output takes jsonl or txt or blocks; name a folder for png"),
        (("-o", "out.txt", "--format", "jsonl"), "out.txt takes txt; name a folder for jsonl"),
        (("-o", "out.pdf", "--format", "pdf,png"), "out.pdf takes pdf; name a folder for pdf,png"),
        (("--max-version", "20"), "--max-version is for png and svg"),
        (("-o", "out", "--format", "pdf", "--max-version", "20"), "--max-version is for png and svg"),
        (("-o", "out", "--max-version", "41"), "'--max-version'"),
        (("--country", "Viet Nam"), "no two-letter country code"),
        (("--issuer", " "), "issuer is missing"),
        (("--issuer", "B" * 81), "issuer is longer than 80 characters"),
        (("--validity", "0"), "'--validity'"),
        (("--level", "0"), "'--level'"),
        (("--type", "x"), "'--type'"),
        (("-o", "out.jsonl", "--rejects", "./out.jsonl"), "--rejects names the same file as --out"),
        (("--at", "tomorrow"), "is no instant"),
        (("--at", "0001-01-01T00:00+14:00"), "is no instant"),
    ],
)
def test_a_wrong_option_is_a_usage_error(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    write(tmp_path / "in.csv", row(1))
    assert issue(keys, "in.csv", *options, at=None if "--at" in options else AT.isoformat()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert names(tmp_path) == ["in.csv"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--validity", "3660"), "would outlive the DSC"),
        (("--at", "2023-12-01"), "may sign a vaccination certificate at this time"),
        (("--at", "9999-12-31"), "may sign a vaccination certificate at this time"),
    ],
)
def test_a_dsc_that_may_not_is_no_bad_row(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: str
) -> None:
    write(tmp_path / "in.csv", row(1))
    assert issue(keys, "in.csv", "-o", "out.jsonl", *options, at=None if "--at" in options else AT.isoformat()) == 6
    assert code in capsys.readouterr().err
    assert names(tmp_path) == ["in.csv"]


def test_a_dsc_for_other_certificates_does_not_sign(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in.csv", row(1))
    key = next((keys / "tests").glob("dsc-*.key.pem"))
    options = ("--key", str(key), "--unsafe-unencrypted-key", "--at", AT.isoformat())
    assert run(["issue", "in.csv", "-o", "out.jsonl", *options]) == 6
    assert "may not sign a vaccination certificate" in capsys.readouterr().err
    assert names(tmp_path) == ["in.csv"]


def test_a_key_is_opened_with_its_passphrase(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in.csv", row(1))
    options = ("issue", "in.csv", "--keys", str(keys / "locked"), "--at", AT.isoformat())
    assert run([*options, "--passphrase-file", str(keys / "passphrase.txt")]) == 0
    assert opened(json.loads(capsys.readouterr().out)["text"]).dcc["v"]
    (tmp_path / "wrong.txt").write_text("another passphrase\n")
    assert run([*options, "--passphrase-file", "wrong.txt"]) == 6
    assert capsys.readouterr().out == ""


# --- nothing is overwritten ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", ["in.csv", "in.jsonl", "out.txt", "out.pdf", "full", "./full/../in.csv"])
def test_what_is_there_stays_there(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], out: str) -> None:
    write(tmp_path / "in.csv", row(1))
    for name in ("in.jsonl", "out.txt", "out.pdf"):
        (tmp_path / name).write_bytes(b"before")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_bytes(b"before")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert issue(keys, "in.csv", "-o", out) == 6
    assert "nothing is overwritten" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("path", ["in.csv", "out.rejects.csv"])
@pytest.mark.parametrize("lot", ["", "FF0042"])
def test_rejects_overwrite_nothing_either(tmp_path: Path, keys: Path, path: str, lot: str) -> None:
    write(tmp_path / "in.csv", row(1, lot=lot))
    content = (tmp_path / "in.csv").read_bytes()
    if path != "in.csv":
        (tmp_path / path).write_bytes(content)
    assert issue(keys, "in.csv", "-o", "out.jsonl", *(("--rejects", path) if path == "in.csv" else ())) == 6
    assert (tmp_path / path).read_bytes() == content
    assert not (tmp_path / "out.jsonl").exists()


def test_rejects_need_their_folder_before_anything_is_issued(tmp_path: Path, keys: Path) -> None:
    write(tmp_path / "in.csv", row(1))
    assert issue(keys, "in.csv", "-o", "out.jsonl", "--rejects", "missing/bad.csv") == 6
    assert names(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device")])
def test_a_standard_output_that_fails_is_told_of(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError
) -> None:
    class Failing(io.BytesIO):
        def fileno(self) -> int:
            return descriptor

        def write(self, _content: object, /) -> int:
            raise error

    descriptor = os.open(tmp_path / "stdout", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Failing()))
    write(tmp_path / "in.csv", row(1, lot=""), row(2))
    assert issue(keys, "in.csv") == 6
    assert os.fstat(descriptor).st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116 - a device
    os.close(descriptor)
    problem, message = capsys.readouterr().err.splitlines()
    assert problem.endswith("line 2: lot: is missing [missing]")
    assert message.startswith("vaxcert: error: standard output ")


@pytest.mark.parametrize("out", ["out.jsonl", "out", "out.pdf"])
def test_an_interrupted_batch_leaves_nothing(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    class Interrupted(io.RawIOBase):
        """Gives two records, one that is issued and one that is not, and then the signal comes."""

        def __init__(self) -> None:
            self._left = [json.dumps(row(1, lot="")), json.dumps(row(2))]

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Buffer, /) -> int:
            if not self._left:
                raise KeyboardInterrupt
            line = self._left.pop().encode() + b"\n"
            memoryview(buffer)[: len(line)] = line
            return len(line)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Interrupted())))
    assert issue(keys, "-", "-o", out) == 130
    assert capsys.readouterr().err.strip() == "vaxcert: error: interrupted"
    assert names(tmp_path) == []


# --- a process: pipes and disks -----------------------------------------------------------------------------------


def command(keys: Path, *arguments: str) -> list[str]:
    options = ("--keys", str(keys / "clear"), "--unsafe-unencrypted-key", "--at", AT.isoformat())
    return [sys.executable, "-c", "from vaxcert.cli import main; main()", "issue", *arguments, *options]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_told_of(tmp_path: Path, keys: Path, unbuffered: str) -> None:
    write(tmp_path / "in.csv", *(row(number) for number in range(300)))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command(keys, "in.csv"),
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(writer)
    assert done.stderr.decode() == "vaxcert: error: standard output was closed before all certificates were written\n"
    assert done.returncode == 6


@pytest.mark.skipif(not os.path.exists(DEV_FULL), reason="this system has no /dev/full")  # noqa: PTH110 - a device
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_standard_output_is_told_of(tmp_path: Path, keys: Path, unbuffered: str) -> None:
    write(tmp_path / "in.csv", row(1))
    with open(DEV_FULL, "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            command(keys, "in.csv"),
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert done.stderr.decode() == "vaxcert: error: standard output cannot be written: No space left on device\n"
    assert done.returncode == 6


@pytest.mark.parametrize(("out", "rows", "bad"), [("out.jsonl", 200, 0), ("out", 200, 0), ("out.jsonl", 1, 2000)])
def test_a_full_disk_leaves_nothing(tmp_path: Path, keys: Path, out: str, rows: int, bad: int) -> None:
    good = [row(number) for number in range(rows)]
    write(tmp_path / "in.csv", *good, *(row(rows + number, lot="") for number in range(bad)))

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000))

    done = subprocess.run(
        command(keys, "in.csv", "-o", out, "--format", "jsonl"),
        capture_output=True,
        preexec_fn=small_files,
        check=False,
    )
    assert "cannot be written: " in done.stderr.decode()
    assert done.returncode == 6
    assert names(tmp_path) == ["in.csv"]


def test_a_terminal_shows_the_codes(tmp_path: Path, keys: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(tmp_path / "r.csv", row(1), row(2))
    assert issue(keys, "r.csv", "--format", "blocks") == 0
    shown = capfdbinary.readouterr().out.decode().splitlines()
    titles = [number for number, line in enumerate(shown) if line.startswith("URN:UVCI:01:VN:")]
    assert len(titles) == 2
    assert {len(line) for line in shown[titles[0] + 1 : titles[1]] if line} == {len(shown[titles[0] + 1])}
    assert set("".join(shown[titles[0] + 1 : titles[1]])) <= set(" █▀▄\N{NO-BREAK SPACE}")


def test_blocks_are_no_files(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "r.csv", row(1))
    assert issue(keys, "r.csv", "-o", "out", "--format", "blocks,png") == 2
    assert "blocks are for standard output" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_pdf_has_a_bound(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in.csv", *(row(number) for number in range(501)))
    assert issue(keys, "in.csv", "-o", "out.pdf", "--level", "1") == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "vaxcert: error: one PDF holds at most 500 cards"
    assert hint == "vaxcert: hint: write to a folder with --format pdf"
    assert names(tmp_path) == ["in.csv"]


def test_a_key_without_the_issuers_secret_issues_nothing(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in.csv", row(1))
    assert issue(keys, "in.csv", "-o", "out.jsonl", "--secret", "nowhere.pem") == 6
    assert "there is no issuer's secret nowhere.pem" in capsys.readouterr().err
    assert names(tmp_path) == ["in.csv"]


def test_a_token_keeps_no_secret(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in.csv", row(1))
    (tmp_path / "some").write_bytes(b"1234")
    token = ("--pkcs11-module", "some", "--pkcs11-token", "t", "--pkcs11-key", "k", "--pin-file", "some")
    certificate = str(next((keys / "clear").glob("dsc-*.pem")))
    assert run(["issue", "in.csv", "-o", "out.jsonl", *token, "--certificate", certificate]) == 6
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "vaxcert: error: a token keeps no issuer's secret"
    assert "--secret" in hint
    assert names(tmp_path) == ["in.csv", "some"]

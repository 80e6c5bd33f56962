"""`vaxcert registry people import` and `template`, as an officer types them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from vaxcert.cli import run

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "stt;họ và tên;ngày sinh;cccd;tỉnh\n1;Nguyễn Thị Ánh;18/03/1984;051184000123;51\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a registry in it that the commands find by themselves, and an account for them."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery\n")
    folder = tmp_path / "registry"
    assert run(["registry", "init", str(folder), "--passphrase-file", str(passphrase)]) == 0
    monkeypatch.setenv("VAXCERT_REGISTRY", str(folder))
    monkeypatch.setenv("VAXCERT_REGISTRY_PASSPHRASE_FILE", str(passphrase))
    assert run(["registry", "accounts", "open", "office", "--roles", "province", "--area", "51", "--as", "admin"]) == 0
    monkeypatch.setenv("VAXCERT_REGISTRY_ACCOUNT", "office")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run(["registry", "people", *arguments]) == code
    output = capsys.readouterr()
    return output.out, output.err


def test_s28_a_file_is_tried_out_taken_in_and_taken_in_again(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = place / "people.csv"
    file.write_text(GOOD)
    said, _ = told(capsys, "import", str(file), "--dry-run")
    assert said == "1 rows: 1 would be registered, 0 taken in before, 0 of known people, 0 refused\n"
    said, _ = told(capsys, "import", str(file))
    assert said.startswith("1 rows: 1 registered")
    said, _ = told(capsys, "import", str(file))
    assert said.startswith("1 rows: 0 registered, 1 taken in before")
    said, _ = told(capsys, "look-up", "051184000123")
    assert "given name: Thị Ánh" in said
    assert "051184000123" not in said


def test_s28_what_is_wrong_goes_to_a_file_and_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = place / "people.csv"
    bad = "".join(f"{number};Nguyễn An;1984-02-30;;51\n" for number in range(2, 14))
    file.write_text(GOOD + bad + "20;Nguyễn Thị Ánh;18/03/1984;51184000123;51\n21;Lê Bình;1984;051084000999;51\n")
    rejects = place / "rejects.csv"
    said, warnings = told(capsys, "import", str(file), "--rejects", str(rejects), code=1)
    assert said == "15 rows: 2 registered, 0 taken in before, 1 of known people, 12 refused\n"
    assert warnings.count("vaxcert: warning: line ") == 10
    assert "1 have an odd number" not in warnings
    rows = list(csv.DictReader(rejects.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 13
    assert (rows[0]["line"], rows[0]["record_id"], rows[0]["field"], rows[0]["code"]) == (
        "3",
        "2",
        "birth_date",
        "invalid_date",
    )
    assert rows[-1]["code"] == "known_person"
    assert "Nguyễn" not in rejects.read_text() + warnings


def test_s28_without_a_file_for_them_all_rejects_are_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = place / "people.csv"
    file.write_text("full_name,birth_date\n" + "Nguyễn An,x\n" * 12)
    _, warnings = told(capsys, "import", str(file), "--area", "51", code=1)
    assert warnings.count("vaxcert: warning: line ") == 12


def test_s28_likely_duplicates_and_odd_numbers_are_noted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = place / "people.csv"
    file.write_text(
        "stt,full_name,birth_date,sex,citizen_id\n1,Nguyễn An,1984-01-01,,\n2,An Nguyễn,01/01/1984,nam,051184000123\n"
    )
    _, notes = told(capsys, "import", str(file), "--area", "51")
    assert "1 may be somebody who is there" in notes
    assert "1 have an odd number" in notes


def test_s28_templates_are_written_as_csv_and_as_a_workbook(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, _ = told(capsys, "template", "--vietnamese")
    assert said.startswith("\ufeffmã hồ sơ,họ,tên đệm và tên")
    for name in ("people.csv", "people.xlsx"):
        told(capsys, "template", "-o", str(place / name))
        said, _ = told(capsys, "import", str(place / name), "--dry-run")
        assert said.startswith("1 rows: 1 would be registered")
    _, refusal = told(capsys, "template", "-o", str(place / "people.csv"), code=6)
    assert "exists" in refusal

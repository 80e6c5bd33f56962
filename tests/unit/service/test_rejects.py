"""The file of rejects: all that is wrong, nothing of what was written, and no trap for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import FieldProblem, StorageError
from vaxcert.service.rejects import COLUMNS, Reject, rejects_file
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Never

PROBLEM = FieldProblem("birth_date", "invalid_date", "no such date in the calendar")


def written(path: Path, *rejects: Reject) -> list[list[str]]:
    with rejects_file(path) as write:
        for reject in rejects:
            write(reject)
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_a_line_for_each_problem(tmp_path: Path) -> None:
    row = Row(7, {"record_id": "VN-7"})
    lines = written(
        tmp_path / "r.csv", Reject.of(row, PROBLEM), Reject.of(row, FieldProblem("lot", "missing", "is missing"))
    )
    assert lines == [
        list(COLUMNS),
        ["7", "VN-7", "birth_date", "invalid_date", "no such date in the calendar"],
        ["7", "VN-7", "lot", "missing", "is missing"],
    ]


def test_excel_opens_it_as_it_is(tmp_path: Path) -> None:
    written(tmp_path / "r.csv", Reject.of(Row(2, {"record_id": "Hồ-1"}), PROBLEM))
    content = (tmp_path / "r.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfline,")
    assert content.count(b"\n") == content.count(b"\r\n") == 2


def test_without_a_reject_there_is_no_file(tmp_path: Path) -> None:
    with rejects_file(tmp_path / "r.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_after_an_error_there_is_no_file(tmp_path: Path) -> None:
    def break_off(write: Callable[[Reject], None]) -> Never:
        write(Reject(1, "", PROBLEM))
        raise ValueError("half")

    with pytest.raises(ValueError, match="half"), rejects_file(tmp_path / "r.csv") as write:
        break_off(write)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(b"before")
    with pytest.raises(StorageError, match="exists"), rejects_file(tmp_path / "r.csv") as write:
        write(Reject(1, "", PROBLEM))
    assert (tmp_path / "r.csv").read_bytes() == b"before"


@pytest.mark.parametrize(
    ("record_id", "shown"),
    [
        ("VN-1", "VN-1"),
        (17, "17"),
        (None, ""),
        (True, ""),
        (1.5, ""),
        (["VN-1"], ""),
        ("x" * 100_000, "x" * 80),
        ("\ud800\x1b[2J\nx", "\ufffd\ufffd[2J\ufffdx"),
    ],
)
def test_of_the_row_only_its_number_is_kept(tmp_path: Path, record_id: object, shown: str) -> None:
    row = Row(3, {"record_id": record_id, "family_name": "Nguyễn"})
    assert Reject.of(row, PROBLEM).record_id == shown
    assert "Nguyễn" not in repr(written(tmp_path / "r.csv", Reject.of(row, PROBLEM)))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    formula = f"{start}HYPERLINK(1)"
    row = Row(3, {"record_id": formula})
    cells = written(tmp_path / "r.csv", Reject.of(row, FieldProblem(formula, "unknown_field", formula)))[1]
    assert cells == ["3", f"'{formula}", f"'{formula}", "unknown_field", f"'{formula}"]


def test_a_reject_is_told_in_one_line() -> None:
    assert str(Reject(3, "VN-1", PROBLEM)) == "line 3: birth_date: no such date in the calendar [invalid_date]"
    assert str(Reject(3, "", FieldProblem("", "invalid_csv", "is no CSV"))) == "line 3: record: is no CSV [invalid_csv]"

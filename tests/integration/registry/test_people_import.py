"""Files of people taken in: each row once, with what is wrong in it; on both databases."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.invented_people import NUMBER
from vaxcert.errors import InputError, NotAllowedError
from vaxcert.service.registry.people.files import ImportTotals, import_people
from vaxcert.service.registry.people.importing import ImportOutcome
from vaxcert.service.registry.people.look_up import LookUpPeople, look_up_people
from vaxcert.service.registry.people.template import csv_template, workbook_template
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.rejects import Reject

REGISTERED, UNCHANGED, KNOWN, REFUSED = ImportOutcome
GOOD = """stt;họ và tên;ngày sinh;giới tính;cmnd/cccd;số điện thoại;tỉnh;địa chỉ;bhyt
1;Nguyễn Thị Ánh;18/03/1984;nữ;051184000123;0912 345 678;Quảng Ngãi;12 Lê Lợi;7916012345
2;Trần Văn Bình;1979;nam;271234567;0912345678;51;;DN4797916012346
3;Lê Minh Khôi;04/05/2016;;;;;;
"""


def take_in(
    registry: RegistryUnderTest, path: Path, *, role: Role = Role.SITE_ADMIN, dry_run: bool = False, area: str = "51"
) -> tuple[ImportTotals, list[Reject]]:
    rejects: list[Reject] = []
    totals = import_people(
        registry.desk,
        str(path),
        actor=registry.actor(role),
        at=registry.at,
        area=area,
        dry_run=dry_run,
        reject=rejects.append,
    )
    return totals, rejects


def written(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def count(registry: RegistryUnderTest) -> int:
    with registry.engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM people").scalar_one())


def test_s28_a_file_is_taken_in_row_by_row(registry: RegistryUnderTest, tmp_path: Path) -> None:
    totals, rejects = take_in(registry, written(tmp_path, GOOD))
    assert (totals.rows, totals.outcomes[REGISTERED], rejects) == (3, 3, [])
    found = registry.run(look_up_people, LookUpPeople(text=NUMBER), role=Role.RECEPTIONIST).people
    assert [(each.given_name, each.birth_date, each.sex) for each in found] == [("Thị Ánh", "1984-03-18", "female")]
    assert [len(each.numbers) for each in found] == [2]


def test_s28_the_same_file_again_changes_nothing(registry: RegistryUnderTest, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    take_in(registry, path)
    totals, rejects = take_in(registry, path)
    assert (totals.outcomes[UNCHANGED], rejects, count(registry)) == (3, [], 3)


def test_s28_a_row_twice_in_a_file_is_taken_in_once(registry: RegistryUnderTest, tmp_path: Path) -> None:
    row = GOOD.splitlines()[3]
    path = written(tmp_path, f"{GOOD}{row}\n")
    for dry_run in (True, False):
        totals, _ = take_in(registry, path, dry_run=dry_run)
        assert (totals.outcomes[REGISTERED], totals.outcomes[UNCHANGED]) == (3, 1)


def test_s28_somebody_with_a_known_number_is_told_and_not_written(registry: RegistryUnderTest, tmp_path: Path) -> None:
    take_in(registry, written(tmp_path, GOOD))
    other = written(tmp_path, "họ và tên,ngày sinh,cccd\nNguyễn Thị Ánh,18/03/1984,51184000123\n", "other.csv")
    totals, rejects = take_in(registry, other)
    assert (totals.outcomes[KNOWN], count(registry)) == (1, 3)
    assert [(reject.line, reject.problem.code) for reject in rejects] == [(2, "known_person")]


def test_s28_a_row_that_is_wrong_does_not_hold_up_the_others(registry: RegistryUnderTest, tmp_path: Path) -> None:
    bad = (
        "record_id,family_name,given_name,full_name,birth_date,sex,citizen_id,phone,second_phone,area,passport\n"
        "a,Nguyễn,An,,1984-02-30,x1,12,,12,99,B1\n"
        "b,Nguyễn,An,Nguyễn An,1984,,,,,,\n"
        "c,Nguyễn,An,,1984,,,,,,\n"
        "d,,,,1984,,,,,,\n"
        "e,Nguyễn,An,,1984\n"
        "f,Lê,An,,2031,,,,,,\n"
    )
    totals, rejects = take_in(registry, written(tmp_path, bad))
    assert (totals.outcomes[REGISTERED], totals.outcomes[REFUSED], count(registry)) == (1, 5, 1)
    told = [(reject.line, reject.record_id, reject.problem.field) for reject in rejects]
    assert told == [
        *((2, "a", name) for name in ("birth_date", "sex", "citizen_id", "passport_number", "second_phone", "area")),
        (3, "b", "full_name"),
        (5, "d", "family_name"),
        (6, "", ""),
        (7, "f", "birth_date"),
    ]


def test_s28_a_dry_run_writes_nothing_and_tells_the_same(registry: RegistryUnderTest, tmp_path: Path) -> None:
    content = GOOD + "4;Phạm Thị Dung;1990;nữ;51184000123;;51;;\n5;Phạm;x;;;;;;\n"
    path = written(tmp_path, content)
    totals, rejects = take_in(registry, path, dry_run=True)
    assert count(registry) == 0
    assert totals.outcomes == {REGISTERED: 3, UNCHANGED: 0, KNOWN: 1, REFUSED: 1}
    really, again = take_in(registry, path)
    assert (really.outcomes, count(registry)) == (totals.outcomes, 3)
    assert [str(reject) for reject in again] == [str(reject) for reject in rejects]


def test_s28_people_elsewhere_are_refused_to_a_province(registry: RegistryUnderTest, tmp_path: Path) -> None:
    path = written(tmp_path, "full_name,birth_date,area\nNguyễn An,1984,01\nNguyễn Bình,1984,51\n")
    totals, rejects = take_in(registry, path, role=Role.PROVINCE, area="")
    assert (totals.outcomes[REGISTERED], [reject.problem.field for reject in rejects]) == (1, ["area"])


def test_s28_json_lines_and_workbooks_are_read_too(registry: RegistryUnderTest, tmp_path: Path) -> None:
    lines = [
        {"full_name": "Nguyễn An", "birth_date": "1984", "citizen_id": 271234567, "phone": None},
        {"full_name": "Nguyễn Bình", "birth_date": "1984", "nonsense": 1, "sex": ["x"], "address": True},
    ]
    path = written(tmp_path, "\n".join(json.dumps(line) for line in lines), "people.jsonl")
    totals, rejects = take_in(registry, path)
    assert totals.outcomes[REGISTERED] == 1
    assert [(reject.problem.field, reject.problem.code) for reject in rejects] == [
        ("nonsense", "unknown_field"),
        ("sex", "wrong_type"),
        ("address", "wrong_type"),
    ]
    book = openpyxl.load_workbook(io.BytesIO(workbook_template(vietnamese=True)))
    book.active.append(["2", "Trần", "Văn Bình", None, None, None, "03/1979", "nam", "051079000123"])
    book.save(tmp_path / "people.xlsx")
    totals, rejects = take_in(registry, tmp_path / "people.xlsx")
    assert (totals.outcomes[REGISTERED], rejects) == (2, [])


@pytest.mark.parametrize("vietnamese", [False, True])
def test_s28_the_template_can_be_taken_in_as_it_is(
    registry: RegistryUnderTest,
    tmp_path: Path,
    vietnamese: bool,  # noqa: FBT001 - a row of the table
) -> None:
    path = written(tmp_path, csv_template(vietnamese=vietnamese))
    totals, rejects = take_in(registry, path, dry_run=True)
    assert (totals.rows, totals.outcomes[REGISTERED], rejects) == (1, 1, [])


def test_s28_a_file_without_birth_dates_is_no_file_of_people(registry: RegistryUnderTest, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="birth_date"):
        take_in(registry, written(tmp_path, "full_name,sex\nNguyễn An,nam\n"))
    with pytest.raises(NotAllowedError):
        take_in(registry, written(tmp_path, GOOD), role=Role.RECEPTIONIST)


def test_s28_more_rows_than_a_transaction_takes(registry: RegistryUnderTest, tmp_path: Path) -> None:
    rows = "".join(f"{number},Nguyễn An,{1900 + number % 100}-01-{number % 28 + 1:02}\n" for number in range(450))
    seen: list[int] = []
    path = written(tmp_path, f"stt,full_name,birth_date\n{rows}")
    totals = import_people(
        registry.desk,
        str(path),
        actor=registry.actor(Role.SITE_ADMIN),
        at=registry.at,
        area="51",
        reject=lambda reject: pytest.fail(str(reject)),
        show=lambda so_far: seen.append(so_far.rows),
    )
    assert (totals.outcomes[REGISTERED], seen, count(registry)) == (450, [200, 400, 450], 450)

from datetime import date

import pytest

from vaxcert.errors import AreaTableError
from vaxcert.model.areas import MAX_AREAS, AreaKind, AreaLevel, read_areas

ROW = {"code": "00001", "kind": "ward", "name": "Phúc Xá", "parent": "001", "since": "2008-08-01"}


def test_a_row_is_read() -> None:
    row = {**ROW, "until": "2025-07-01", "successors": "00004; 00008", "also": "Phuc Xa;"}
    (area,) = read_areas([row])
    assert (area.code, area.kind, area.level, area.name) == ("00001", AreaKind.WARD, AreaLevel.WARD, "Phúc Xá")
    assert (area.since, area.until) == (date(2008, 8, 1), date(2025, 7, 1))
    assert (area.parent, area.successors, area.also) == ("001", ("00004", "00008"), ("Phuc Xa",))
    assert (area.reference, area.full_name) == ("00001@2008-08-01", "Phường Phúc Xá")


def test_a_unit_holds_from_its_first_day_to_the_day_before_its_last() -> None:
    (area,) = read_areas([{**ROW, "until": "2025-07-01"}])
    days = map(date.fromisoformat, ("2008-07-31", "2008-08-01", "2025-06-30", "2025-07-01"))
    assert [area.holds_on(day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize("kind", AreaKind)
def test_every_kind_has_a_level_and_a_word(kind: AreaKind) -> None:
    assert kind.level in AreaLevel
    assert kind.word.istitle() or " " in kind.word


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("code", "", "invalid_code"),
        ("code", "1", "invalid_code"),
        ("code", "0000\u0661", "invalid_code"),
        ("code", "001", "invalid_code"),
        ("kind", "village", "unknown_kind"),
        ("kind", "", "unknown_kind"),
        ("name", " ", "invalid_name"),
        ("name", "x" * 81, "invalid_name"),
        ("name", "Phúc\u200bXá", "invalid_name"),
        ("since", "", "missing"),
        ("since", "01/08/2008", "invalid_date"),
        ("until", "2008-08-01", "wrong_order"),
        ("until", "never", "invalid_date"),
        ("parent", "1", "invalid_code"),
        ("successors", "00004;x", "invalid_code"),
        ("also", "\u200b", "invalid_name"),
    ],
    ids=range(16),
)
def test_a_bad_field_is_named_with_its_row(field: str, value: str, code: str) -> None:
    with pytest.raises(AreaTableError, match=f"row 2 of the table of areas is wrong in .*{field}") as caught:
        list(read_areas([ROW, {**ROW, field: value}]))
    assert (field, code) in {(problem.field, problem.code) for problem in caught.value.problems}


def test_all_bad_fields_of_a_row_are_named_at_once() -> None:
    with pytest.raises(AreaTableError) as caught:
        list(read_areas([{}]))
    assert {problem.field for problem in caught.value.problems} == {"code", "kind", "name", "since"}


def test_a_table_without_end_is_refused() -> None:
    def rows() -> object:
        while True:
            yield ROW

    with pytest.raises(AreaTableError, match=f"more than {MAX_AREAS}"):
        for _ in read_areas(rows()):  # type: ignore[arg-type]  # a generator is an iterable of rows
            pass

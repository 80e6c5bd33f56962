from collections import Counter
from datetime import date, timedelta

import pytest

from vaxcert.errors import AreaTableError, UnknownAreaError
from vaxcert.model.area_table import REORGANISED_ON, AreaTable, birthplace_codes, provinces
from vaxcert.model.areas import Area, AreaKind, AreaLevel, read_areas

BEFORE, AFTER = date(2021, 8, 1), date(2026, 11, 1)
WARDS = [
    {"code": "001", "kind": "urban_district", "name": "Ba Đình", "parent": "01", "since": "2008-08-01",
     "until": "2025-07-01"},
    {"code": "00001", "kind": "ward", "name": "Phúc Xá", "parent": "001", "since": "2008-08-01",
     "until": "2025-07-01", "successors": "00004;00097"},
    {"code": "00004", "kind": "ward", "name": "Trúc Bạch", "parent": "001", "since": "2008-08-01",
     "until": "2025-07-01", "successors": "00004"},
    {"code": "00004", "kind": "ward", "name": "Ba Đình", "parent": "01", "since": "2025-07-01"},
    {"code": "00097", "kind": "ward", "name": "Hồng Hà", "parent": "01", "since": "2025-07-01"},
    {"code": "00166", "kind": "ward", "name": "5", "parent": "01", "since": "2025-07-01"},
]  # fmt: skip


def table() -> AreaTable:
    return AreaTable.with_wards(read_areas(WARDS))


@pytest.mark.parametrize(
    ("day", "count", "municipalities"),
    [
        ("2008-07-31", 0, 0),
        ("2008-08-01", 63, 5),
        ("2024-12-31", 63, 5),
        ("2025-01-01", 63, 6),
        ("2025-06-30", 63, 6),
        ("2025-07-01", 34, 6),
        ("2026-04-29", 34, 6),
        ("2026-04-30", 34, 7),
    ],
)
def test_so_many_provinces_there_were(day: str, count: int, municipalities: int) -> None:
    kinds = Counter(area.kind for area in provinces() if area.holds_on(date.fromisoformat(day)))
    assert (kinds.total(), kinds[AreaKind.MUNICIPALITY]) == (count, municipalities)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("46", "Thừa Thiên Huế", "Huế"),
        ("52", "Bình Định", "Gia Lai"),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
    ],
)
def test_a_code_went_on_with_another_name(code: str, before: str, after: str) -> None:
    assert (provinces().at(code, BEFORE).name, provinces().at(code, AFTER).name) == (before, after)


def test_no_other_code_changed_its_name() -> None:
    now = {area.code: area.name for area in provinces() if area.holds_on(AFTER)}
    changed = {code for code, name in now.items() if provinces().at(code, BEFORE).name != name}
    assert changed == {"15", "24", "44", "46", "52", "80", "82", "91"}


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("Tuyên Quang", "Hà Giang, Tuyên Quang"), ("Lào Cai", "Lào Cai, Yên Bái"),
        ("Thái Nguyên", "Bắc Kạn, Thái Nguyên"),
        ("Phú Thọ", "Hòa Bình, Phú Thọ, Vĩnh Phúc"), ("Bắc Ninh", "Bắc Giang, Bắc Ninh"),
        ("Hưng Yên", "Hưng Yên, Thái Bình"), ("Hải Phòng", "Hải Dương, Hải Phòng"),
        ("Ninh Bình", "Hà Nam, Nam Định, Ninh Bình"), ("Quảng Trị", "Quảng Bình, Quảng Trị"),
        ("Đà Nẵng", "Đà Nẵng, Quảng Nam"), ("Quảng Ngãi", "Quảng Ngãi, Kon Tum"), ("Gia Lai", "Bình Định, Gia Lai"),
        ("Khánh Hòa", "Khánh Hòa, Ninh Thuận"), ("Lâm Đồng", "Bình Thuận, Đắk Nông, Lâm Đồng"),
        ("Đắk Lắk", "Phú Yên, Đắk Lắk"), ("Hồ Chí Minh", "Bình Dương, Bà Rịa - Vũng Tàu, Hồ Chí Minh"),
        ("Đồng Nai", "Bình Phước, Đồng Nai"), ("Tây Ninh", "Tây Ninh, Long An"),
        ("Cần Thơ", "Cần Thơ, Hậu Giang, Sóc Trăng"), ("Vĩnh Long", "Bến Tre, Trà Vinh, Vĩnh Long"),
        ("Đồng Tháp", "Tiền Giang, Đồng Tháp"), ("Cà Mau", "Bạc Liêu, Cà Mau"), ("An Giang", "An Giang, Kiên Giang"),
    ],
)  # fmt: skip
def test_a_province_of_2025_is_made_of_those_of_the_resolution(new: str, old: str) -> None:
    merged = [area.name for area in provinces() if area.holds_on(BEFORE) and became(area) == [new]]
    assert merged == old.split(", ")


def became(area: Area) -> list[str]:
    return [unit.name for unit in provinces().became(area, AFTER)]


def test_every_old_province_lies_in_one_of_today() -> None:
    assert all(len(became(area)) == 1 for area in provinces())


def test_a_unit_that_still_is_became_nothing_else() -> None:
    area = provinces().at("01", BEFORE)
    assert provinces().became(area, AFTER) == (area,)


def test_ground_that_was_parted_is_said_to_be() -> None:
    areas = table()
    assert [area.name for area in areas.became(areas.at("00001", BEFORE), AFTER)] == ["Ba Đình", "Hồng Hà"]
    assert areas.became(areas.at("00004", BEFORE), AFTER) == (areas.at("00004", AFTER),)


def test_a_history_that_parts_and_joins_again_and_again_is_followed_in_one_go() -> None:
    rows = []
    for turn in range(60):
        since, until = date(2010, 1, 1) + timedelta(turn), date(2010, 1, 2) + timedelta(turn)
        for code in ("00001", "00002"):
            row = {"code": code, "kind": "ward", "name": "A", "since": since.isoformat(), "until": until.isoformat()}
            rows.append({**row, "successors": "00001;00002"})
    areas = AreaTable(read_areas(rows))
    first, last = date(2010, 1, 1), date(2010, 1, 1) + timedelta(59)
    assert [area.code for area in areas.became(areas.at("00001", first), last)] == ["00001", "00002"]


def test_a_history_that_breaks_off_has_no_answer() -> None:
    areas = table()
    with pytest.raises(UnknownAreaError, match="no successor"):
        areas.became(areas.at("001", BEFORE), AFTER)


def test_no_unit_became_one_before_it() -> None:
    with pytest.raises(UnknownAreaError, match="no successor"):
        provinces().became(provinces().at("24", AFTER), BEFORE)


@pytest.mark.parametrize(
    ("code", "day"),
    [("02", "2025-07-01"), ("28", "2021-08-01"), ("01", "2008-07-31"), ("", "2021-08-01"), ("1", "2021-08-01"),
     ("\u0660\u0661", "2021-08-01"), ("x" * 1000, "2021-08-01")],
    ids=range(7),
)  # fmt: skip
def test_a_code_that_nothing_has_that_day_is_unknown(code: str, day: str) -> None:
    with pytest.raises(UnknownAreaError, match=day) as caught:
        provinces().at(code, date.fromisoformat(day))
    assert (caught.value.area, caught.value.day) == (code, date.fromisoformat(day))
    assert len(caught.value.message) < 80


def test_a_code_of_another_day_is_said_to_be() -> None:
    with pytest.raises(UnknownAreaError) as caught:
        provinces().at("02", AFTER)
    assert caught.value.hint == "the code is another day's"


def test_a_reference_leads_back_to_its_unit() -> None:
    assert all(provinces().referred(area.reference) is area for area in provinces())


@pytest.mark.parametrize(
    "reference", ["24", "24@", "24@2021-08-01", "24@2025-7-1", "02@2025-07-01", "", "@", "24@2025-07-01@"]
)
def test_a_reference_to_no_unit_is_unknown(reference: str) -> None:
    with pytest.raises(UnknownAreaError):
        provinces().referred(reference)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Hồ Chí Minh", "79"), ("TP. Hồ Chí Minh", "79"), ("tp hcm", "79"), ("THANH PHO HO CHI MINH", "79"),
        ("Tỉnh Đắk Lắk", "66"), ("dak lak", "66"), ("Thành phố Huế", "46"), ("Thừa Thiên Huế", "46"),
        ("Bà Rịa-Vũng Tàu", None), ("Atlantis", None), ("", None), ("Tỉnh", None), ("x" * 1_000_000, None),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_name_is_found_as_people_write_it(name: str, code: str | None) -> None:
    assert [area.code for area in provinces().named(name, AFTER)] == ([code] if code else [])


def test_a_name_is_that_of_its_day() -> None:
    assert [area.code for area in provinces().named("Ba Ria Vung Tau", BEFORE)] == ["77"]
    assert [area.code for area in provinces().named("Bắc Ninh", BEFORE)] == ["27"]
    assert [area.code for area in provinces().named("Bắc Ninh", AFTER)] == ["24"]


def test_units_of_different_levels_may_share_a_name() -> None:
    areas = table()
    assert [area.code for area in areas.named("Quận Ba Đình", BEFORE)] == ["001"]
    assert [area.code for area in areas.named("P. Ba Đình", AFTER)] == ["00004"]
    assert [area.code for area in areas.named("Phường 5", AFTER)] == ["00166"]
    assert areas.named("Ba Đình", AFTER, AreaLevel.PROVINCE) == ()


def test_a_unit_has_those_within_it() -> None:
    areas = table()
    assert [area.code for area in areas.within("001", BEFORE)] == ["00001", "00004"]
    assert [area.code for area in areas.within("01", AFTER)] == ["00004", "00097", "00166"]
    assert areas.within("001", AFTER) == areas.within("99", AFTER) == ()
    assert len(areas) == len(provinces()) + len(WARDS)


def test_a_code_with_two_meanings_on_one_day_is_refused() -> None:
    twice = [WARDS[3], {**WARDS[3], "since": "2026-01-01"}]
    with pytest.raises(AreaTableError, match="00004 has two meanings on 2026-01-01"):
        AreaTable.with_wards(read_areas(twice))
    overlapping = [{**WARDS[2], "until": "2025-07-02"}, WARDS[3]]
    with pytest.raises(AreaTableError, match="two meanings on 2025-07-01"):
        AreaTable.with_wards(read_areas([WARDS[0], *overlapping]))


@pytest.mark.parametrize("parent", ["02", "99", "001"])
def test_a_unit_in_one_that_is_not_there_is_refused(parent: str) -> None:
    with pytest.raises(AreaTableError, match=f"lies in one that is not there, {parent}"):
        AreaTable.with_wards(read_areas([{**WARDS[3], "parent": parent}]))


def test_the_codes_of_birthplaces_are_those_of_the_63_for_ever() -> None:
    codes = birthplace_codes()
    assert len(codes) == 63
    assert {"001", "024", "027", "046", "096"} <= codes
    assert codes == {f"0{area.code}" for area in provinces() if area.holds_on(REORGANISED_ON - timedelta(days=1))}

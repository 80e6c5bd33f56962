"""Which areas' offices are told of something."""

from datetime import date

from vaxcert.model.area_table import AreaTable, provinces
from vaxcert.model.areas import read_areas
from vaxcert.registry.notifications.offices import areas_around

BEFORE, TODAY = date(2022, 3, 1), date(2026, 3, 2)


def reference(code: str, day: date) -> str:
    return provinces().at(code, day).reference


def test_a_province_of_today_is_told_alone() -> None:
    assert areas_around(provinces(), reference("51", TODAY), TODAY) == (reference("51", TODAY),)


def test_what_a_province_became_is_told_too() -> None:
    old = reference("62", BEFORE)  # Kon Tum, which is part of Quảng Ngãi since 2025
    assert areas_around(provinces(), old, TODAY) == (old, reference("51", TODAY))


def test_what_a_province_was_is_not_told() -> None:
    assert reference("51", BEFORE) not in areas_around(provinces(), reference("51", TODAY), TODAY)


def test_a_ward_leads_to_its_province() -> None:
    ward = {"code": "21001", "kind": "ward", "name": "Cẩm Thành", "since": "2025-07-01", "parent": "51"}
    areas = AreaTable.with_wards(read_areas([ward]))
    assert areas_around(areas, "21001@2025-07-01", TODAY) == ("21001@2025-07-01", reference("51", TODAY))


def test_what_was_parted_leads_nowhere() -> None:
    parted = {
        "code": "21002",
        "kind": "commune",
        "name": "Bình Minh",
        "since": "2008-08-01",
        "until": "2020-01-01",
        "parent": "51",
        "successors": "21003;21004",
    }
    parts = [
        {"code": code, "kind": "commune", "name": "Phần", "since": "2020-01-01", "parent": "51"}
        for code in ("21003", "21004")
    ]
    areas = AreaTable.with_wards(read_areas([parted, *parts]))
    found = areas_around(areas, areas.at("21002", date(2019, 1, 1)).reference, BEFORE)
    assert not {"21003@2020-01-01", "21004@2020-01-01"} & set(found)
    assert areas.at("51", BEFORE).reference in found


def test_what_ended_without_a_successor_leads_nowhere() -> None:
    gone = {
        "code": "21005",
        "kind": "commune",
        "name": "Bãi Bồi",
        "since": "2008-08-01",
        "until": "2020-01-01",
        "parent": "51",
    }
    areas = AreaTable.with_wards(read_areas([gone]))
    found = areas_around(areas, areas.at("21005", date(2019, 1, 1)).reference, TODAY)
    assert found[0] == areas.at("21005", date(2019, 1, 1)).reference
    assert areas.at("51", TODAY).reference not in found[:1]

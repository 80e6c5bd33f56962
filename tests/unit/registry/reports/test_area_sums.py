"""Areas summed up: as recorded, or in the units of a day."""

from __future__ import annotations

from datetime import date

from vaxcert.model.area_table import AreaTable, provinces
from vaxcert.model.areas import Area, AreaKind, AreaLevel
from vaxcert.registry.reports.area_sums import AreaSums

TODAY = date(2026, 3, 2)


def test_what_was_recorded_in_2021_is_told_as_recorded_or_in_the_units_of_a_day() -> None:
    recorded = AreaSums(provinces(), AreaLevel.PROVINCE)
    today = AreaSums(provinces(), AreaLevel.PROVINCE, units_of=TODAY)
    assert recorded.unit("24@2008-08-01").name == "Tỉnh Bắc Giang"
    assert today.unit("24@2008-08-01").name == "Tỉnh Bắc Ninh"
    assert today.unit("24@2008-08-01").reference == today.unit("27@2008-08-01").reference == "24@2025-07-01"


def test_what_no_table_knows_stands_under_what_was_recorded() -> None:
    unit = AreaSums(provinces(), AreaLevel.PROVINCE).unit("99@2008-08-01")
    assert (unit.reference, unit.name) == ("99@2008-08-01", None)


def test_wards_are_summed_up_to_their_level_and_what_was_parted_is_not_guessed() -> None:
    since, until = date(2008, 8, 1), date(2025, 7, 1)
    wards = [
        Area(code="522", kind=AreaKind.CITY, name="Quảng Ngãi", since=since, until=until, parent="51"),
        Area(
            code="21010",
            kind=AreaKind.WARD,
            name="Lê Hồng Phong",
            since=since,
            until=until,
            parent="522",
            successors=("21025", "21028"),
        ),
        Area(code="21025", kind=AreaKind.WARD, name="Cẩm Thành", since=until, parent="51"),
        Area(code="21028", kind=AreaKind.WARD, name="Nghĩa Lộ", since=until, parent="51"),
    ]
    areas = AreaTable.with_wards(wards)
    ward = "21010@2008-08-01"
    assert AreaSums(areas, AreaLevel.PROVINCE).unit(ward).name == "Tỉnh Quảng Ngãi"
    assert AreaSums(areas, AreaLevel.DISTRICT).unit(ward).name == "Thành phố Quảng Ngãi"
    parted = AreaSums(areas, AreaLevel.WARD, units_of=TODAY).unit(ward)
    assert (parted.reference, parted.parted) == (ward, True)
    assert AreaSums(areas, AreaLevel.PROVINCE, units_of=TODAY).unit(ward).reference == "51@2025-07-01"

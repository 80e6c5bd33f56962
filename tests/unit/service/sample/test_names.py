"""Names of the Kinh: as common as they are, and of their time."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from vaxcert.model.names import transliterate
from vaxcert.service.sample.names import vietnamese_name

MANY = 4000


def drawn(*, is_female: bool, year: int = 1990, is_southern: bool = False) -> list[tuple[str, str]]:
    chance = Random(5)
    return [vietnamese_name(chance, is_female=is_female, year=year, is_southern=is_southern) for _ in range(MANY)]


def share(names: list[tuple[str, str]], middle: str) -> float:
    return sum(given.startswith(f"{middle} ") for _, given in names) / len(names)


@pytest.mark.parametrize(("family", "least", "most"), [("Nguyễn", 0.31, 0.38), ("Trần", 0.10, 0.13), ("Lê", 0.08, 0.1)])
def test_family_names_have_their_shares(family: str, least: float, most: float) -> None:
    families = Counter(family for family, _ in drawn(is_female=True))
    assert least < families[family] / MANY < most


@pytest.mark.parametrize(("is_southern", "there", "elsewhere"), [(False, "Hoàng", "Huỳnh"), (True, "Võ", "Vũ")])
def test_a_family_has_the_form_of_its_part_of_the_country(*, is_southern: bool, there: str, elsewhere: str) -> None:
    families = {family for family, _ in drawn(is_female=False, is_southern=is_southern)}
    assert there in families
    assert elsewhere not in families


@pytest.mark.parametrize(("is_female", "middle"), [(True, "Thị"), (False, "Văn")])
def test_old_middle_names_go_out_of_fashion(*, is_female: bool, middle: str) -> None:
    shares = [share(drawn(is_female=is_female, year=year), middle) for year in (1940, 1970, 1990, 2010)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.55
    assert shares[-1] < 0.15


@pytest.mark.parametrize(("is_female", "other"), [(True, "Văn"), (False, "Thị")])
def test_nobody_has_the_middle_name_of_the_other_sex(*, is_female: bool, other: str) -> None:
    assert not any(share(drawn(is_female=is_female, year=year), other) for year in (1940, 1970, 1990, 2010))


def test_every_name_has_its_parts_and_can_be_spelled() -> None:
    for is_female in (True, False):
        for family, given in set(drawn(is_female=is_female, year=2012)):
            assert " " not in family
            assert given.count(" ") in (1, 2)
            assert transliterate(f"{family} {given}").replace("<", "").isalpha()

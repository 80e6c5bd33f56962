"""Names of other peoples and of foreigners: rare, at home where they live, and always to be spelled."""

from __future__ import annotations

import re
from random import Random

import pytest

from vaxcert.issue.typeface import printable
from vaxcert.model.names import PersonName
from vaxcert.service.sample.peoples import foreigner, people_of
from vaxcert.service.sample.provinces import PROVINCES

BY_CODE = {province.code: province for province in PROVINCES.values}
FOREIGNERS = [foreigner(Random(number), number * 3**18, is_female=number % 2 == 0) for number in range(6000)]


def share(code: str) -> float:
    chance = Random(3)
    return sum(people_of(chance, BY_CODE[code]) is not None for _ in range(4000)) / 4000


@pytest.mark.parametrize(("code", "least", "most"), [("62", 0.17, 0.23), ("84", 0.12, 0.18), ("14", 0.26, 0.34)])
def test_a_people_is_met_where_it_lives(code: str, least: float, most: float) -> None:
    assert least < share(code) < most


@pytest.mark.parametrize("code", ["01", "36", "79"])
def test_a_people_is_not_met_elsewhere(code: str) -> None:
    assert share(code) == 0


@pytest.mark.parametrize("code", [province.code for province in PROVINCES.values])
def test_every_name_can_be_spelled_and_printed(code: str) -> None:
    chance = Random(4)
    for number in range(300):
        people = people_of(chance, BY_CODE[code])
        if people is not None:
            name = PersonName.of(*people.name(chance, is_female=number % 2 == 0))
            assert printable(name.full)


def test_some_have_no_family_name() -> None:
    chance = Random(6)
    names = [people.name(chance, is_female=False) for _ in range(200) if (people := people_of(chance, BY_CODE["62"]))]
    assert names
    assert all(not family and given.startswith("A ") for family, given in names)


def test_foreigners_come_from_many_nations() -> None:
    nations = [fields["nationality"] for fields in FOREIGNERS]
    assert len(set(nations)) == 18
    assert "VN" not in nations


def test_foreigners_write_in_several_scripts() -> None:
    names = " ".join(fields["family_name"] + fields["given_name"] for fields in FOREIGNERS)
    for script in (
        "가-힣",
        "一-鿿",
        "Ѐ-ӿ",
        "Ͱ-Ͽ",
        "ऀ-ॿ",
        "\u0600-\u06ff",
        "\u0e00-\u0e7f",
        "\u0e80-\u0eff",
        "\u1780-\u17ff",
        "ぁ-ん",
    ):
        assert re.search(f"[{script}]", names), script


def test_a_name_that_no_table_spells_has_its_spelling_with_it() -> None:
    spelled = 0
    for fields in FOREIGNERS:
        family_std, given_std = fields["family_name_standardised"], fields["given_name_standardised"]
        name = PersonName.of(fields["family_name"], fields["given_name"], family_std=family_std, given_std=given_std)
        assert name.given_std
        spelled += bool(family_std)
        assert bool(family_std) == bool(given_std)
    assert 0.08 < spelled / len(FOREIGNERS) < 0.2


def test_passports_have_their_nations_form() -> None:
    forms = {"KR": r"[A-Z]\d{8}", "FR": r"\d\d[A-Z]{2}\d{5}", "US": r"\d{9}", "PH": r"[A-Z]\d{7}[A-Z]"}
    for fields in FOREIGNERS:
        assert re.fullmatch(forms.get(fields["nationality"], "[A-Z0-9]{8,9}"), fields["citizen_id"])


def test_no_two_foreigners_have_one_passport() -> None:
    assert len({(fields["nationality"], fields["citizen_id"]) for fields in FOREIGNERS}) == len(FOREIGNERS)

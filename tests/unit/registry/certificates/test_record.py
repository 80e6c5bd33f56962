"""What a certificate is made from."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest

from vaxcert.errors import SchemaError
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.certificates.record import CertifiedRecord

DOSE = UUID("0197c0de-0000-7000-8000-000000000001")


def made(**changes: Any) -> CertifiedRecord:
    facts: dict[str, Any] = {
        "dose": DOSE,
        "name": PersonName.of("Nguyễn", "Thị Ánh"),
        "birth_date": PartialDate("1984-03-18"),
        "nationality": "VN",
        "product": "EU/1/20/1528",
        "lot": "FF0042",
        "number": 2,
        "total": 2,
        "given_on": date(2021, 9, 12),
        "site": "Trạm y tế phường Bình Minh",
        "country": "VN",
    }
    return CertifiedRecord.of(**{**facts, **changes})


def test_s15_the_record_has_the_fields_of_the_decision() -> None:
    record = made().to_record()
    assert record.record_id == str(DOSE)
    assert (record.person.name.full, record.person.birth_date.iso) == ("Nguyễn Thị Ánh", "1984-03-18")
    assert (record.person.nationality, record.person.citizen_id, record.person.sex) == ("VN", None, None)
    assert (record.product.product, record.product.manufacturer) == ("EU/1/20/1528", "ORG-100030215")
    assert (record.lot, record.dose_number, record.total_doses) == ("FF0042", 2, 2)
    assert (record.vaccination_date, record.site, record.country) == (date(2021, 9, 12), made().site, "VN")


def test_a_name_that_the_person_spells_keeps_its_spelling() -> None:
    record = made(name=PersonName.of("Ng", "Y Blô", family_std="NGO", given_std="Y<BLO")).to_record()
    assert (record.person.name.family_std, record.person.name.given_std) == ("NGO", "Y<BLO")


def test_a_single_name_is_enough() -> None:
    assert made(name=PersonName.of("", "Sukarno")).to_record().person.name.family == ""


def test_it_comes_out_of_its_seal_as_it_went_in() -> None:
    record = made()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=CertifiedRecord) == record


def test_what_it_says_is_not_shown_by_chance() -> None:
    assert "Ánh" not in repr(made())


def test_a_site_with_a_long_name_is_shortened_on_the_card() -> None:
    site = made(site="Trạm " * 20).site
    assert site is not None
    assert len(site) == 80
    assert site.endswith("…")
    made(site=site).to_record()


def test_without_a_site_there_is_none_on_the_card() -> None:
    assert made(site=None).to_record().site is None


@pytest.mark.parametrize(("number", "total", "complete"), [(1, 2, False), (2, 2, True), (3, 3, True), (2, 1, True)])
def test_s15_the_course_is_complete_from_its_last_dose_on(number: int, total: int, complete: bool) -> None:  # noqa: FBT001 - a case
    assert made(number=number, total=total).is_course_complete is complete


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total": 3}, "total_doses"),
        ({"number": 0}, "dose_number"),
        ({"product": "Elixir"}, "product"),
        ({"given_on": date(2019, 1, 1)}, "vaccination_date"),
        ({"birth_date": PartialDate("2021-10-01")}, "vaccination_date"),
        ({"country": "VIETNAM"}, "country"),
        ({"lot": "x" * 81}, "lot"),
    ],
)
def test_a_record_that_no_certificate_may_say_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(SchemaError) as caught:
        made(**changes).to_record()
    assert field in {problem.field for problem in caught.value.problems}

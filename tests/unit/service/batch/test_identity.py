"""The same record in another file is the same record, and another one is another."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.authority import RECOVERY, TEST, VACCINATION
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.identity import marks_of, normalised
from vaxcert.service.batch.stored import PARSERS
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.model.records import Record

V, T, R = CertificateType.VACCINATION, CertificateType.TEST, CertificateType.RECOVERY
SECRET = IssuerSecret.create()
NO_ID = {name: value for name, value in VACCINATION.items() if name != "record_id"}


def record(fields: Mapping[str, object], kind: CertificateType = V) -> Record:
    return PARSERS[kind](fields)


def test_a_record_is_its_id_whatever_it_says() -> None:
    one = marks_of(record(VACCINATION), SECRET)
    other = marks_of(record({**VACCINATION, "lot": "other"}), SECRET)
    assert one.identity == other.identity
    assert one.content != other.content
    assert one.version == other.version == 1


def test_another_id_is_another_record_that_says_the_same() -> None:
    one = marks_of(record(VACCINATION), SECRET)
    other = marks_of(record({**VACCINATION, "record_id": "VN-000009"}), SECRET)
    assert one.identity != other.identity
    assert one.content == other.content


@pytest.mark.parametrize("fields", [VACCINATION, NO_ID])
def test_another_form_of_the_same_is_the_same(fields: Mapping[str, object]) -> None:
    changes = {
        "birth_date": "1983-10-10",
        "vaccination_date": "12/09/2021",
        "family_name": " Nguyê\N{COMBINING TILDE}n ",
        "product": "EU/1/20/1528",
        "sex": "F",
        "dose_number": 2,
    }
    assert marks_of(record({**fields, **changes}), SECRET) == marks_of(record(fields), SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"family_name": "Nguyen"},
        {"given_name": "Thị Anh"},
        {"birth_date": "1983-10-11"},
        {"birth_date": "1983"},
        {"nationality": "LA"},
        {"product": "Spikevax"},
        {"lot": "ff0042"},
        {"dose_number": "1"},
        {"dose_number": "3", "total_doses": "3"},
        {"vaccination_date": "2021-09-13"},
        {"site": ""},
        {"country": "LA"},
        {"issuer": "Another"},
        {"family_name_standardised": "NGUYEEN"},
    ],
    ids=lambda change: "-".join(cast("dict[str, str]", change)),
)
def test_whatever_a_certificate_or_its_card_shows_makes_a_difference(change: dict[str, object]) -> None:
    before, after = record(NO_ID), record({**NO_ID, **change})
    assert marks_of(before, SECRET).content != marks_of(after, SECRET).content
    assert marks_of(before, SECRET).identity != marks_of(after, SECRET).identity


@pytest.mark.parametrize("change", [{"citizen_id": "036183000002"}, {"citizen_id": ""}, {"sex": "nam"}])
def test_who_it_is_tells_namesakes_apart_and_corrects_nothing(change: dict[str, object]) -> None:
    before, after = record(NO_ID), record({**NO_ID, **change})
    assert marks_of(before, SECRET).identity != marks_of(after, SECRET).identity
    assert marks_of(before, SECRET).content == marks_of(after, SECRET).content
    assert marks_of(record(VACCINATION), SECRET) == marks_of(record({**VACCINATION, **change}), SECRET)


@pytest.mark.parametrize(("fields", "kind"), [(TEST, T), (RECOVERY, R)])
def test_every_field_of_tests_and_recoveries_counts(fields: Mapping[str, object], kind: CertificateType) -> None:
    shown = set(fields) - {"record_id", "citizen_id", "sex"}
    changes = {
        "test_type": "RAT",
        "sampled_at": "2021-11-30T08:16+07:00",
        "result": "dương tính",
        "birth_date": "1991",
        "first_positive_date": "2021-08-02",
        "valid_from": "2021-08-13",
        "valid_until": "2022-01-27",
    }
    before = normalised(record(fields, kind))
    for name in shown:
        change = {name: changes.get(name, "Khác")} | (
            {"device": "1341", "test_name": ""} if name == "test_type" else {}
        )
        assert normalised(record({**fields, **change}, kind)) != before, name


def test_the_same_instant_elsewhere_is_the_same() -> None:
    utc = record({**TEST, "sampled_at": "2021-11-30T01:15Z"}, T)
    assert marks_of(utc, SECRET) == marks_of(record(TEST, T), SECRET)


def test_one_id_names_a_record_of_each_type() -> None:
    identities = {
        marks_of(record({**fields, "record_id": "7"}, kind), SECRET).identity
        for fields, kind in ((VACCINATION, V), (TEST, T), (RECOVERY, R))
    }
    assert len(identities) == 3


def test_an_id_that_reads_like_a_content_is_none() -> None:
    said = normalised(record(NO_ID))
    assert "\x1f" in said  # which no id can have
    assert marks_of(record(NO_ID), SECRET).identity != marks_of(record({**NO_ID, "record_id": "x"}), SECRET).identity


def test_another_secret_makes_other_marks() -> None:
    one, other = marks_of(record(VACCINATION), SECRET), marks_of(record(VACCINATION), IssuerSecret.create())
    assert one.identity != other.identity
    assert one.content != other.content


def test_what_is_no_record_has_no_content() -> None:
    class Other:
        person = record(VACCINATION).person
        country = issuer = None

    with pytest.raises(TypeError, match="no certificate is made of a Other"):
        normalised(cast("Record", Other()))

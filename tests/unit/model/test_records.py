"""Records: whatever way they come in, they are frozen and hold only what a certificate may say."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import fields, replace

from vaxcert.errors import SchemaError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Person, Sex
from vaxcert.model.records import COVID_19, RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.model.valuesets import ProductCodes, value_set

PERSON = Person(name=PersonName.of("Nguyễn", "Thị Ánh"), birth_date=PartialDate("1983-10-10"), sex=Sex.FEMALE)
COMIRNATY = ProductCodes("EU/1/20/1528", "ORG-100030215", "1119349007")
VACCINATION = VaccinationRecord(
    person=PERSON,
    product=COMIRNATY,
    lot="FF0042",
    dose_number=2,
    total_doses=2,
    vaccination_date=date(2021, 9, 12),
)
TEST = TestRecord(
    person=PERSON,
    test_type="LP6464-4",
    sampled_at=datetime(2021, 11, 30, 1, 15, tzinfo=UTC),
    result="260415000",
    test_name="Sample RT-PCR kit",
)
RECOVERY = RecoveryRecord(
    person=PERSON,
    first_positive_date=date(2021, 8, 1),
    valid_from=date(2021, 8, 12),
    valid_until=date(2022, 1, 28),
)


def codes(error: SchemaError) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in error.problems]


def refused(record: Any, **changes: Any) -> list[tuple[str, str]]:
    """Return what is wrong with *record* once it has the *changes*."""
    with pytest.raises(SchemaError) as caught:
        replace(record, **changes)
    return codes(caught.value)


@pytest.mark.parametrize("record", [VACCINATION, TEST, RECOVERY, PERSON])
def test_a_record_is_frozen(record: Any) -> None:
    for field in fields(record):
        with pytest.raises(AttributeError):
            setattr(record, field.name, getattr(record, field.name))
    with pytest.raises((AttributeError, TypeError)):
        record.another = 1  # slots leave no room


@pytest.mark.parametrize("record", [VACCINATION, TEST, RECOVERY])
def test_the_kind_of_a_record_is_its_groups_key(record: Any) -> None:
    assert CertificateType(record.group) is record.certificate_type
    assert record.event_field in {field.name for field in fields(record)}


@pytest.mark.parametrize("record", [VACCINATION, TEST, RECOVERY])
def test_an_entry_has_its_keys_in_deterministic_order(record: Any) -> None:
    entry = record.to_entry(uvci="URN:UVCI:01:VN:4F2A", country="VN", issuer="BYT")
    assert list(entry) == sorted(entry)
    assert {"ci": "URN:UVCI:01:VN:4F2A", "co": "VN", "is": "BYT", "tg": COVID_19}.items() <= entry.items()


def test_a_sample_is_written_in_utc_to_the_second() -> None:
    instant = datetime(2021, 11, 30, 8, 15, 30, 999_999, tzinfo=timezone(timedelta(hours=7)))
    entry = replace(TEST, sampled_at=instant).to_entry(uvci="U", country="VN", issuer="BYT")
    assert entry["sc"] == "2021-11-30T01:15:30Z"


def test_what_a_test_lacks_is_left_out_of_its_entry() -> None:
    device = min(value_set("test-manufacturer").active)
    rapid = replace(TEST, test_type="LP217198-3", test_name=None, device=device)
    entry = rapid.to_entry(uvci="U", country="VN", issuer="BYT")
    assert "nm" not in entry
    assert "tc" not in entry
    assert entry["ma"] == device


# --- a vaccination -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "problem"),
    [
        (dataclasses.replace(COMIRNATY, product="EU/1/20/9999"), ("mp", "unknown_product")),
        (dataclasses.replace(COMIRNATY, manufacturer="ORG-100001699"), ("ma", "manufacturer_mismatch")),
        (dataclasses.replace(COMIRNATY, manufacturer="Nobody"), ("ma", "unknown_manufacturer")),
        (dataclasses.replace(COMIRNATY, vaccine="29061000087103"), ("vp", "vaccine_mismatch")),
        (dataclasses.replace(COMIRNATY, vaccine="J07BX03"), ("vp", "deprecated_code")),
        (ProductCodes("NVX-CoV2373", "ORG-100032020", "1162643001"), ("mp", "deprecated_code")),
    ],
)
def test_a_product_is_checked_against_its_maker_and_vaccine(product: ProductCodes, problem: tuple[str, str]) -> None:
    assert problem in refused(VACCINATION, product=product)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"dose_number": 3}, ("total_doses", "dose_series_mismatch")),
        ({"total_doses": 3}, ("total_doses", "dose_series_mismatch")),
        ({"dose_number": 0}, ("dose_number", "out_of_range")),
        ({"total_doses": 10}, ("total_doses", "out_of_range")),
        ({"vaccination_date": date(1983, 10, 9)}, ("vaccination_date", "before_disease")),
        ({"vaccination_date": date(2019, 11, 30)}, ("vaccination_date", "before_disease")),
        ({"lot": ""}, ("lot", "missing")),
        ({"lot": "   "}, ("lot", "missing")),
        ({"lot": "F" * 81}, ("lot", "too_long")),
        ({"lot": "FF\u200b42"}, ("lot", "invisible_character")),
        ({"lot": "FF\x0042"}, ("lot", "invisible_character")),
        ({"site": "\u202eTrạm"}, ("site", "invisible_character")),
        ({"issuer": "B" * 81}, ("issuer", "too_long")),
        ({"issuer": ""}, ("issuer", "missing")),
        ({"issuer": "\ud800"}, ("issuer", "invisible_character")),
        ({"record_id": "\x1b[2J"}, ("record_id", "invisible_character")),
        ({"country": "vn"}, ("country", "unknown_country")),
        ({"country": "ZZ"}, ("country", "unknown_country")),
    ],
)
def test_a_wrong_vaccination_cannot_be_made(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert refused(VACCINATION, **changes) == [problem]


def test_a_vaccination_before_birth_is_refused() -> None:
    child = replace(PERSON, birth_date=PartialDate("2021-09-13"))
    assert refused(VACCINATION, person=child) == [("vaccination_date", "before_birth")]
    assert replace(VACCINATION, person=replace(PERSON, birth_date=PartialDate("2021-09-12")))


@pytest.mark.parametrize(
    ("born", "is_refused"), [("2021", False), ("2021-09", False), ("2021-10", True), ("2022", True)]
)
def test_a_partial_birth_date_counts_from_its_first_day(born: str, *, is_refused: bool) -> None:
    person = replace(PERSON, birth_date=PartialDate(born))
    if is_refused:
        assert refused(VACCINATION, person=person) == [("vaccination_date", "before_birth")]
    else:
        assert replace(VACCINATION, person=person)


def test_all_that_is_wrong_is_named_at_once() -> None:
    found = refused(VACCINATION, lot="", dose_number=0, country="??", vaccination_date=date(2010, 1, 1))
    assert {field for field, _ in found} == {"lot", "dose_number", "country", "vaccination_date"}


def test_the_error_names_fields_and_no_values() -> None:
    with pytest.raises(SchemaError) as caught:
        replace(VACCINATION, lot="Bí mật\x00", issuer="Bí mật\x00")
    assert caught.value.message == "the record is wrong in lot, issuer"
    assert "mật" not in str(caught.value.problems)


# --- a test --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"test_type": "PCR"}, ("test_type", "unknown_test_type")),
        ({"result": "negative"}, ("result", "unknown_result")),
        ({"test_name": None}, ("test_name", "missing")),
        ({"test_name": "\x07"}, ("test_name", "invisible_character")),
        ({"test_centre": "B" * 81}, ("test_centre", "too_long")),
        ({"device": "0"}, ("device", "unknown_device")),
        ({"device": ""}, ("device", "unknown_device")),
        ({"device": "1065"}, ("device", "deprecated_code")),
        ({"test_type": "LP217198-3"}, ("device", "missing")),
        ({"sampled_at": datetime(2019, 11, 30, tzinfo=UTC)}, ("sampled_at", "before_disease")),
        ({"country": ""}, ("country", "unknown_country")),
    ],
)
def test_a_wrong_test_cannot_be_made(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert refused(TEST, **changes) == [problem]


def test_a_naive_sample_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(TEST, sampled_at=datetime(2021, 11, 30, 8, 15))  # noqa: DTZ001 - what is refused


# --- a recovery ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"valid_from": date(2021, 7, 31)}, [("valid_from", "wrong_order")]),
        ({"valid_until": date(2021, 8, 11)}, [("valid_until", "wrong_order")]),
        ({"first_positive_date": date(2019, 1, 1)}, [("first_positive_date", "before_disease")]),
        (
            {"valid_from": date(2021, 7, 31), "valid_until": date(2021, 7, 30)},
            [("valid_from", "wrong_order"), ("valid_until", "wrong_order")],
        ),
        ({"issuer": " "}, [("issuer", "missing")]),
    ],
)
def test_a_wrong_recovery_cannot_be_made(changes: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert refused(RECOVERY, **changes) == problems


def test_a_recovery_may_count_from_the_positive_test_for_a_day() -> None:
    day = RECOVERY.first_positive_date
    assert replace(RECOVERY, valid_from=day, valid_until=day)


# --- a person ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"nationality": "Việt Nam"}, ("nationality", "unknown_country")),
        ({"nationality": ""}, ("nationality", "unknown_country")),
        ({"citizen_id": "\x00"}, ("citizen_id", "invisible_character")),
        ({"citizen_id": "0" * 81}, ("citizen_id", "too_long")),
    ],
)
def test_a_wrong_person_cannot_be_made(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert refused(PERSON, **changes) == [problem]


# --- events to come ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "begins"),
    [
        (VACCINATION, datetime(2021, 9, 11, 10, 0, tzinfo=UTC)),  # the 12th begins at UTC+14
        (RECOVERY, datetime(2021, 7, 31, 10, 0, tzinfo=UTC)),
        (TEST, TEST.sampled_at),
    ],
)
@pytest.mark.parametrize("zone", [timedelta(), timedelta(hours=7), timedelta(hours=-12), timedelta(hours=14)])
def test_an_event_is_ahead_until_it_begins(record: Any, begins: datetime, zone: timedelta) -> None:
    local = begins.astimezone(timezone(zone))
    assert not record.is_ahead_of(local)
    assert record.is_ahead_of(local - timedelta(seconds=1))

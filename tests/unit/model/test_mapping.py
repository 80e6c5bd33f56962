"""Named fields become a record, or one error that names all that is wrong with them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.authority import RECOVERY, TEST, VACCINATION
from vaxcert.errors import SchemaError
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KINDS = pytest.mark.parametrize(
    ("parse", "fields"),
    [
        (VaccinationRecord.from_mapping, VACCINATION),
        (TestRecord.from_mapping, TEST),
        (RecoveryRecord.from_mapping, RECOVERY),
    ],
)
Parse = Any


def vaccination(**changes: object) -> VaccinationRecord:
    return VaccinationRecord.from_mapping({**VACCINATION, **changes})


def refused(parse: Callable[[Mapping[str, object]], object], fields: Mapping[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        parse(fields)
    return [(problem.field, problem.code) for problem in caught.value.problems]


def refused_vaccination(**changes: object) -> list[tuple[str, str]]:
    return refused(VaccinationRecord.from_mapping, {**VACCINATION, **changes})


# --- what is read --------------------------------------------------------------------------------------------------


def test_a_vaccination_is_read() -> None:
    record = vaccination()
    assert (record.person.name.family, record.person.name.given) == ("Nguyễn", "Thị Ánh")
    assert (record.person.name.family_std, record.person.name.given_std) == ("NGUYEN", "THI<ANH")
    assert record.person.birth_date == PartialDate("1983-10-10")
    assert (record.person.sex, record.person.citizen_id, record.person.nationality) == (
        Sex.FEMALE,
        "036183000001",
        "VN",
    )
    assert record.product.product == "EU/1/20/1528"
    assert (record.dose_number, record.total_doses, record.lot) == (2, 2, "FF0042")
    assert record.vaccination_date == date(2021, 9, 12)
    assert (record.site, record.record_id) == ("Trạm y tế phường Bình Minh", "VN-000001")
    assert (record.country, record.issuer) == (None, None)


def test_a_test_is_read() -> None:
    record = TestRecord.from_mapping({**TEST, "country": "vn", "issuer": "Bộ Y tế"})
    assert (record.test_type, record.result, record.test_name) == ("LP6464-4", "260415000", "Sample RT-PCR kit")
    assert record.sampled_at == datetime(2021, 11, 30, 1, 15, tzinfo=UTC)
    assert (record.country, record.issuer) == ("VN", "Bộ Y tế")


def test_a_rapid_test_is_read() -> None:
    record = TestRecord.from_mapping({**TEST, "test_type": "rapid", "test_name": "", "device": "1232"})
    assert (record.test_type, record.test_name, record.device) == ("LP217198-3", None, "1232")


def test_a_recovery_is_read() -> None:
    record = RecoveryRecord.from_mapping(RECOVERY)
    assert (record.first_positive_date, record.valid_from) == (date(2021, 8, 1), date(2021, 8, 12))
    assert record.valid_until == date(2022, 1, 28)


def test_a_product_follows_the_maker_of_its_lot() -> None:
    product = vaccination(product="AstraZeneca", manufacturer="Serum Institute of India", lot="4121Z003").product
    assert (product.product, product.manufacturer) == ("Covishield", "ORG-100001981")


def test_programs_may_give_values_of_python() -> None:
    record = vaccination(
        birth_date=date(1983, 10, 10), dose_number=2, total_doses=2, vaccination_date=date(2021, 9, 12), sex=Sex.FEMALE
    )
    assert record == vaccination()
    sampled_at = datetime(2021, 11, 30, 1, 15, tzinfo=UTC)
    assert TestRecord.from_mapping({**TEST, "sampled_at": sampled_at}).sampled_at == sampled_at


@pytest.mark.parametrize("empty", ["", "  ", "\t", "\u00a0", None])
def test_what_is_empty_counts_as_absent(empty: str | None) -> None:
    record = vaccination(site=empty, nationality=empty, sex=empty, manufacturer=empty, full_name=empty)
    assert (record.site, record.person.nationality, record.person.sex) == (None, None, None)
    assert refused_vaccination(lot=empty) == [("lot", "missing")]


def test_a_text_is_signed_in_nfc_whatever_the_file_has() -> None:
    record = vaccination(
        issuer=unicodedata.normalize("NFD", "Bộ Y tế"), family_name=unicodedata.normalize("NFD", "Nguyễn")
    )
    assert (record.issuer, record.person.name.family) == ("Bộ Y tế", "Nguyễn")


# --- names ---------------------------------------------------------------------------------------------------------


def test_a_full_name_is_parted_only_where_there_is_nothing_better() -> None:
    fields = {key: value for key, value in VACCINATION.items() if not key.endswith("_name")}
    name = VaccinationRecord.from_mapping({**fields, "full_name": "Nguyễn  Thị Ánh"}).person.name
    assert (name.family, name.given) == ("Nguyễn", "Thị Ánh")


@pytest.mark.parametrize("other", [{"family_name": "Nguyễn"}, {"given_name": "Ánh"}, {}])
def test_a_full_name_beside_another_is_refused(other: dict[str, object]) -> None:
    fields = {
        **VACCINATION,
        "family_name": "",
        "given_name": "",
        **(other or {"family_name": "Nguyễn", "given_name": "Ánh"}),
    }
    assert refused(VaccinationRecord.from_mapping, {**fields, "full_name": "Nguyễn Ánh"}) == [("full_name", "conflict")]


def test_a_name_is_needed() -> None:
    assert refused_vaccination(family_name="", given_name="") == [("family_name", "missing")]


def test_a_single_name_may_stand_in_either_field() -> None:
    assert vaccination(family_name="").person.name.given == "Thị Ánh"
    assert vaccination(given_name="").person.name.family == "Nguyễn"


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"family_name": "Nguy3n"}, [("family_name", "invalid_name")]),
        ({"given_name": "Ánh?"}, [("given_name", "invalid_name")]),
        (
            {"family_name": "Nguy3n", "given_name": "4nh"},
            [("family_name", "invalid_name"), ("given_name", "invalid_name")],
        ),
        ({"given_name": "\ufffdnh"}, [("given_name", "unusable_name")]),
        ({"given_name": "Á\u200bnh"}, [("given_name", "unusable_name")]),
        ({"family_name": "N" * 81}, [("family_name", "unusable_name")]),
        ({"family_name": "N" * 50_000}, [("family_name", "unusable_name")]),
        ({"family_name": "阮"}, [("family_name", "invalid_name")]),
        ({"family_name": "阮", "family_name_standardised": "Nguyễn"}, [("family_name_standardised", "unusable_name")]),
        ({"family_name": "阮\x00", "family_name_standardised": "NGUYEN"}, [("family_name", "unusable_name")]),
        ({"family_name": "", "family_name_standardised": "NGUYEN"}, [("family_name_standardised", "unusable_name")]),
        ({"given_name_standardised": "THI ANH"}, [("given_name_standardised", "unusable_name")]),
        ({"given_name_standardised": "A" * 81}, [("given_name_standardised", "too_long")]),
        ({"family_name": 7}, [("family_name", "invalid_name")]),
        ({"family_name": ["Nguyễn"], "given_name": None}, [("family_name", "wrong_type")]),
    ],
)
def test_a_wrong_name_is_told_by_its_field(changes: dict[str, object], problems: list[tuple[str, str]]) -> None:
    assert refused_vaccination(**changes) == problems


def test_a_wrong_full_name_is_told_once() -> None:
    fields = {**VACCINATION, "family_name": "", "given_name": "", "full_name": "Nguy3n Th1 Ánh"}
    assert refused(VaccinationRecord.from_mapping, fields) == [("full_name", "invalid_name")]


def test_a_name_that_no_table_spells_comes_with_the_way_out() -> None:
    with pytest.raises(SchemaError) as caught:
        vaccination(family_name="阮")
    assert "Han letter" in caught.value.problems[0].message
    assert "standardised name" in caught.value.problems[0].message
    assert vaccination(family_name="阮", family_name_standardised="NGUYEN").person.name.family_std == "NGUYEN"


# --- what is refused -----------------------------------------------------------------------------------------------


@KINDS
def test_every_missing_field_is_named_at_once(parse: Parse, fields: Mapping[str, object]) -> None:
    found = refused(parse, dict.fromkeys(fields))
    assert {code for _, code in found} == {"missing"}
    assert ("birth_date", "missing") in found
    assert ("family_name", "missing") in found
    assert len(found) == len({field for field, _ in found}) >= 4


@KINDS
@pytest.mark.parametrize("value", [1.5, True, b"bytes", [], {}, 10**18, -(10**400), object()])
def test_a_value_of_another_type_is_refused(parse: Parse, fields: Mapping[str, object], value: object) -> None:
    for name in fields:
        assert (name, "wrong_type") in refused(parse, {**fields, name: value})


@KINDS
def test_a_datetime_is_no_day(parse: Parse, fields: Mapping[str, object]) -> None:
    assert refused(parse, {**fields, "birth_date": datetime(1983, 10, 10, tzinfo=UTC)}) == [
        ("birth_date", "invalid_date")
    ]


@pytest.mark.parametrize(
    ("name", "shown", "hint"),
    [
        ("manufaturer", "manufaturer", "is it manufacturer?"),
        ("brith_date", "brith_date", "is it birth_date?"),
        ("ngay sinh", "ngay sinh", "is it birth_date?"),
        ("phone", "phone", "is no field of this record"),
        ("\x1b[2Jx", "?[2Jx", "is no field of this record"),
        ("x" * 100_000, "x" * 40, "is no field of this record"),
        ("", "", "is no field of this record"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest(name: str, shown: str, hint: str) -> None:
    with pytest.raises(SchemaError) as caught:
        vaccination(**{name: "a value that is nobody's business"})
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == (shown, "unknown_field")
    assert problem.message.endswith(hint)
    assert "business" not in problem.message


@pytest.mark.parametrize("value", [None, "", [], 1.5])
@pytest.mark.parametrize("name", ["phone", 7, None])
def test_an_unknown_field_is_unknown_whatever_it_holds(name: Any, value: object) -> None:
    assert refused(VaccinationRecord.from_mapping, {**VACCINATION, name: value}) == [(str(name), "unknown_field")]


@KINDS
def test_a_field_of_another_kind_of_record_is_unknown(parse: Parse, fields: Mapping[str, object]) -> None:
    others = {*VACCINATION, *TEST, *RECOVERY} - set(fields) - {"sex", "citizen_id", "nationality"}
    for name in others:
        assert (name, "unknown_field") in refused(parse, {**fields, name: "x"})


def test_all_that_is_wrong_is_named_at_once() -> None:
    assert refused_vaccination(
        birth_date="2021-09-13", product="x", lot="", dose_number="two", country="??", phone="1"
    ) == [
        ("dose_number", "not_a_number"),
        ("country", "unknown_country"),
        ("phone", "unknown_field"),
        ("lot", "missing"),
        ("product", "unknown_product"),
        ("vaccination_date", "before_birth"),
    ]


def test_checks_between_fields_count_beside_a_wrong_field() -> None:
    assert refused_vaccination(sex="?", dose_number="3") == [
        ("sex", "unknown_sex"),
        ("total_doses", "dose_series_mismatch"),
    ]
    assert refused(
        TestRecord.from_mapping, {**TEST, "sex": "?", "test_name": "", "sampled_at": "2019-01-01T00:00Z"}
    ) == [
        ("sex", "unknown_sex"),
        ("test_name", "missing"),
        ("sampled_at", "before_disease"),
    ]
    assert refused(RecoveryRecord.from_mapping, {**RECOVERY, "sex": "?", "valid_from": "2021-07-01"}) == [
        ("sex", "unknown_sex"),
        ("valid_from", "wrong_order"),
    ]


def test_a_date_that_did_not_parse_is_told_once() -> None:
    assert refused(TestRecord.from_mapping, {**TEST, "sampled_at": "yesterday"}) == [("sampled_at", "invalid_instant")]
    assert refused_vaccination(vaccination_date="2021") == [("vaccination_date", "incomplete_date")]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"product": "Aspirin"}, ("product", "unknown_product")),
        ({"manufacturer": "Moderna"}, ("manufacturer", "manufacturer_mismatch")),
        ({"manufacturer": "Nobody"}, ("manufacturer", "unknown_manufacturer")),
        ({"vaccine": "J07BX03"}, ("vaccine", "deprecated_code")),
        ({"vaccine": "29061000087103"}, ("vaccine", "vaccine_mismatch")),
    ],
)
def test_a_wrong_product_is_told_by_its_field(changes: dict[str, object], problem: tuple[str, str]) -> None:
    assert refused_vaccination(**changes) == [problem]


@KINDS
def test_no_problem_holds_a_value(parse: Parse, fields: Mapping[str, object]) -> None:
    for name in fields:
        with pytest.raises(SchemaError) as caught:
            parse({**fields, name: "Bí mật 7\x00\u202e"})
        assert "mật" not in str(caught.value) + str(caught.value.problems)
        assert any(problem.field == name for problem in caught.value.problems)


@KINDS
def test_the_mapping_is_left_as_it_was(parse: Parse, fields: Mapping[str, object]) -> None:
    given = dict(fields)
    parse(given)
    assert given == fields


def test_keys_are_not_shown_where_none_is_known() -> None:
    with pytest.raises(SchemaError) as refused:
        VaccinationRecord.from_mapping({"Nguyễn Thị Ánh 0912": 1, "1983-10-10": 2})
    shown = [problem.field for problem in refused.value.problems if problem.code == "unknown_field"]
    assert shown == ["key 1", "key 2"]

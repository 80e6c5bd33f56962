from __future__ import annotations

from typing import Any, cast

import pytest

from tests.faults.encoders import covid_test, dcc, recovery, vaccination
from vaxcert.model.certificate_type import CertificateType
from vaxcert.verify.certificate import certificate_type_of, normalise

HOLDER = {
    "family_name": "Nguyễn",
    "given_name": "Thị Mẫu",
    "family_name_standardised": "NGUYEN",
    "given_name_standardised": "THI<MAU",
    "birth_date": "1983-10-10",
}
NOBODY: dict[str, None] = dict.fromkeys(HOLDER)


def events(payload: dict[str, Any], group: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", normalise(payload)[group])


def test_a_vaccination_in_the_shape_of_every_format() -> None:
    assert normalise(dcc()) == {
        "type": "vaccination",
        "holder": HOLDER,
        "doses": [
            {
                "disease": {"code": "840539006", "display": "COVID-19"},
                "vaccine": {"code": "1119349007", "display": "SARS-CoV-2 mRNA vaccine"},
                "product": {"code": "EU/1/20/1528", "display": "Comirnaty"},
                "manufacturer": {"code": "ORG-100030215", "display": "Biontech Manufacturing GmbH"},
                "dose_number": 2,
                "total_doses": 2,
                "date": "2026-05-04",
                "country": "VN",
                "issuer": "Ministry of Health of Viet Nam",
            }
        ],
        "tests": [],
        "recoveries": [],
        "id": "URN:UVCI:01:VN:5E0C4D7A1B9F42638AD0C7E1F2B3A495",
    }


def test_a_test_names_its_device_and_not_a_manufacturer() -> None:
    payload = dcc(v=..., t=[covid_test(ma="9999")])
    (event,) = events(payload, "tests")
    assert normalise(payload)["type"] == "test"
    assert event["device"] == {"code": "9999", "display": "9999"}
    assert event["result"] == {"code": "260415000", "display": "Not detected"}
    assert event["test_type"]["code"] == "LP6464-4"
    assert (event["test_name"], event["sampled_at"]) == ("Invented RT-PCR", "2026-11-20T01:30:00Z")
    assert "manufacturer" not in event


def test_a_recovery_has_its_three_dates() -> None:
    (event,) = events(dcc(v=..., r=[recovery()]), "recoveries")
    assert (event["first_positive_date"], event["valid_from"], event["valid_until"]) == (
        "2026-09-01",
        "2026-09-11",
        "2027-02-28",
    )


def test_a_member_of_another_kind_of_event_means_nothing() -> None:
    (event,) = events(dcc(v=[vaccination(tt="LP6464-4", tr="260415000")]), "doses")
    assert event.keys().isdisjoint({"device", "test_type", "result"})
    assert event["manufacturer"]["code"] == "ORG-100030215"


@pytest.mark.parametrize("groups", [{"v": ...}, {"v": None}, {"v": []}, {"v": ""}])
def test_without_an_event_there_is_no_type_and_no_id(groups: dict[str, Any]) -> None:
    payload = dcc(**groups)
    assert certificate_type_of(payload) is None
    shown = normalise(payload)
    assert (shown["type"], shown["id"], shown["doses"]) == (None, None, [])


@pytest.mark.parametrize("entries", [{"0": vaccination()}, "text", 7, [7, None], [[vaccination()]]])
def test_entries_of_another_shape_are_left_out(entries: object) -> None:
    shown = normalise(dcc(v=entries))
    assert (shown["type"], shown["doses"], shown["id"]) == ("vaccination", [], None)


@pytest.mark.parametrize("name", [None, "Nguyễn", ["Nguyễn"], {}, {"fn": 7, "gn": None, "fnt": b"", "gnt": []}])
def test_a_name_of_another_shape_is_nobodys(name: object) -> None:
    assert normalise({"nam": name, "dob": 1983})["holder"] == NOBODY


def test_a_value_of_another_type_is_left_out() -> None:
    entry = {"mp": 7, "vp": None, "dn": "two", "dt": b"", "ci": 9, "co": ["VN"]}
    shown = normalise(dcc(v=[entry]))
    assert (shown["doses"], shown["id"]) == ([{"dose_number": "two"}], None)


def test_of_several_events_the_id_is_the_firsts() -> None:
    assert normalise(dcc(v=[vaccination(ci="A"), vaccination(ci="B")]))["id"] == "A"


def test_of_several_kinds_the_first_is_shown() -> None:
    whole = dcc(v=[vaccination()], t=[covid_test()], r=[recovery()])
    assert certificate_type_of(whole) is CertificateType.VACCINATION
    assert (len(events(whole, "doses")), events(whole, "tests"), events(whole, "recoveries")) == (1, [], [])

from __future__ import annotations

from typing import Any

import pytest

from tests.faults import encoders
from tests.faults.encoders import AT, covid_test, dcc, recovery, signer, vaccination
from vaxcert.errors import CodecError
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.tolerance import is_plain, mend
from vaxcert.verify.verifier import Verifier

KINDS = [
    dcc(),
    dcc(v=..., t=[covid_test()]),
    dcc(v=..., r=[recovery()]),
    dcc(v=..., t=[covid_test(ma="1232", nm=..., tt="LP217198-3")]),
]


def warnings_of(payload: dict[str, Any]) -> list[str]:
    return [warning.code for warning in mend(payload)[1]]


@pytest.mark.parametrize("payload", KINDS)
def test_a_payload_without_a_fault_is_left_as_it_is(payload: dict[str, Any]) -> None:
    assert mend(payload) == (payload, ())


@pytest.mark.parametrize(
    ("changed", "mended", "warning"),
    [
        ({"name": {"fn": "\tNguyễn \u00a0"}}, {}, "whitespace_trimmed"),
        ({"dob": " 1983-10-10"}, {}, "whitespace_trimmed"),
        ({"v": [vaccination(ci=" URN:UVCI:01:VN:5E0C4D7A1B9F42638AD0C7E1F2B3A495\n")]}, {}, "whitespace_trimmed"),
        ({"t": None}, {}, "null_dropped"),
        ({"name": {"gn": None}}, {"name": {"gn": ...}}, "null_dropped"),
        ({"v": [vaccination(lot=None)]}, {}, "null_dropped"),
        ({"dob": "1983-10-10T00:00:00Z"}, {}, "date_time_cut"),
        ({"v": [vaccination(dt="2026-05-04T00:00")]}, {}, "date_time_cut"),
        ({"v": [vaccination(dt="2026-05-04 09:30:00.000+0700")]}, {}, "date_time_cut"),
        ({"v": [vaccination(dn=2.0)]}, {}, "float_as_integer"),
        ({"v": [vaccination(sd=2.0)]}, {}, "float_as_integer"),
        ({"name": {"gnt": "THỊ MAU"}}, {"name": {"gnt": "TH<MAU"}}, "name_signs_dropped"),
        ({"name": {"gnt": "thi-mau"}}, {}, "name_signs_dropped"),
        ({"name": {"fnt": "NGUYEN\u200b"}}, {}, "name_signs_dropped"),
        ({"meta": {}}, {"meta": {}}, "unknown_member"),
        ({"name": {"title": "Dr"}}, {"name": {"title": "Dr"}}, "unknown_member"),
        ({"v": [vaccination(rd="2027-01-01")]}, {"v": [vaccination(rd="2027-01-01")]}, "unknown_member"),
    ],
)
def test_each_tolerated_fault_is_mended_with_its_warning_alone(
    changed: dict[str, Any], mended: dict[str, Any], warning: str
) -> None:
    payload, found = mend(dcc(**changed))
    assert payload == dcc(**mended)
    assert [each.code for each in found] == [warning]


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_time_of_the_result_is_dropped(empty: str) -> None:
    payload, found = mend(dcc(v=..., t=[covid_test(dr=empty)]))
    assert payload == dcc(v=..., t=[covid_test()])
    assert found[-1].code == "empty_member_dropped"


def test_a_whole_number_becomes_an_integer() -> None:
    payload, _ = mend(dcc(v=[vaccination(dn=2.0)]))
    assert type(payload["v"][0]["dn"]) is int  # type: ignore[index] # the shape is that of the payload given


def test_a_fault_found_often_is_told_once() -> None:
    padded = {key: f" {value} " for key, value in dcc()["nam"].items()}
    assert warnings_of(dcc(name=padded, dob=" 1983-10-10", v=[vaccination(ci=" x")])) == ["whitespace_trimmed"]


def test_what_was_given_is_not_changed() -> None:
    payload = dcc(name={"fn": " x"}, v=[vaccination(dn=2.0, lot=None)], t=None)
    before = repr(payload)
    mend(payload)
    assert repr(payload) == before


@pytest.mark.parametrize(
    "text",
    ["", "today", "2026-5-4", "2026-13-01", "2026-02-29", "20260504", "2026-W18-1", "2026-05-04T", "2026-05-04TT1"],
)
def test_a_date_that_is_none_is_told_and_left_as_it_is(text: str) -> None:
    payload = dcc(v=[vaccination(dt=text)])
    assert mend(payload)[0] == payload
    assert warnings_of(payload) == ["unreadable_date"]
    assert not is_plain(payload["v"][0], "v")


@pytest.mark.parametrize("zone", ["Z", "+07", "+0700", "+07:00", "-12:00"])
def test_a_sample_time_may_write_its_zone_in_four_ways(zone: str) -> None:
    entry = covid_test(sc=f"2026-11-20T08:30:00{zone}")
    assert warnings_of(dcc(v=..., t=[entry])) == []
    assert is_plain(entry, "t")


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T08:30:00", "2026-11-20", "2026-11-31T08:30:00Z", "2026-11-20T25:00:00Z", "20261120T083000Z", "?"],
)
def test_a_sample_time_without_its_zone_or_that_is_none_is_told(text: str) -> None:
    entry = covid_test(sc=text)
    assert warnings_of(dcc(v=..., t=[entry])) == ["unreadable_date"]
    assert not is_plain(entry, "t")


@pytest.mark.parametrize("member", ["fr", "df", "du"])
def test_each_date_of_a_recovery_is_looked_at(member: str) -> None:
    entry = recovery(**{member: "2026-09-31"})
    assert warnings_of(dcc(v=..., r=[entry])) == ["unreadable_date"]
    assert not is_plain(entry, "r")


@pytest.mark.parametrize("member", ["dn", "sd"])
@pytest.mark.parametrize("value", [2.0, True])
def test_a_dose_that_is_no_integer_is_not_plain(member: str, value: object) -> None:
    assert not is_plain(vaccination(**{member: value}), "v")


@pytest.mark.parametrize(
    "changed",
    [
        {"v": [vaccination(dn="2")]},
        {"v": [vaccination(dn=True)]},
        {"v": [vaccination(dn=1.5)]},
        {"v": [vaccination(dn=None)]},
        {"v": [vaccination(sd=float("nan"))]},
        {"v": [vaccination(), None]},
        {"v": [None]},
        {"v": vaccination()},
        {"v": {"0": vaccination()}},
        {"v": [[vaccination()]]},
        {"v": [vaccination(co="vn")]},
        {"v": [vaccination(mp=["EU/1/20/1528"])]},
        {"v": [vaccination(**{"is": b"Ministry"})]},
        {"t": []},
        {"t": ""},
        {"t": 0},
        {"r": {}},
        {"name": {"fnt": None}},
        {"name": {"fnt": ["NGUYEN"]}},
        {"nam": None},
        {"nam": "Nguyễn"},
        {"nam": ["Nguyễn"]},
        {"dob": None},
        {"dob": 1983},
        {"dob": "10.10.1983"},
        {"dob": "1983-10-10T"},
        {"dob": "1983-10-10T.:"},
        {"dob": "1983-10-10 1"},
        {"ver": " 1.3.0"},
        {"ver": "1.3"},
        {"ver": None},
        {"ver": 1.3},
        {5: "a key that is not text"},
        {"name": {5: "a key that is not text"}},
        {"v": [vaccination() | {b"ci": "x"}]},
        {"v": [vaccination(**{"is": "  "} | {"ci": "x" * 81})]},
    ],
)
def test_nothing_beyond_the_list_is_tolerated(changed: dict[str, Any]) -> None:
    payload = encoders.dcc(**{key: value for key, value in changed.items() if isinstance(key, str)})
    payload |= {key: value for key, value in changed.items() if not isinstance(key, str)}
    with pytest.raises(CodecError) as raised:
        Verifier(TrustList.of_certificates([signer().der])).verify(encoders.text_of(payload), at=AT)
    assert raised.value.code in ("invalid_record", "not_one_event")

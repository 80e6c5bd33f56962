import copy
from typing import Any

import pytest

from vaxcert.codec.schema import VERSIONS, are_strict, check_strict, is_strict, is_valid
from vaxcert.errors import SchemaError

DCC: dict[str, Any] = {
    "ver": "1.3.0",
    "nam": {"fn": "Nguyễn", "gn": "Thị Ánh", "fnt": "NGUYEN", "gnt": "THI<ANH"},
    "dob": "1983-10-10",
    "v": [
        {
            "tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2,
            "dt": "2021-09-12", "co": "VN", "is": "Ministry of Health", "ci": "URN:UVCI:01:VN:0123456789ABCDEF",
        }
    ],
}  # fmt: skip


def changed(place: str, key: str, value: object) -> dict[str, object]:
    dcc = copy.deepcopy(DCC)
    target = {"root": dcc, "nam": dcc["nam"], "v": dcc["v"][0]}[place]
    target[key] = value
    return dcc


@pytest.mark.parametrize("version", VERSIONS)
def test_a_clean_payload_is_strict(version: str) -> None:
    assert is_strict(DCC, version)
    assert are_strict([DCC] * 3, version)
    check_strict(DCC, version=version)


@pytest.mark.parametrize(
    ("place", "key", "value", "field"),
    [
        ("v", "is", "Ministry of Health ", "v[0].is"),
        ("v", "is", "\tMinistry of Health", "v[0].is"),
        ("v", "is", "\u00a0Ministry", "v[0].is"),
        ("v", "is", "\x1fMinistry", "v[0].is"),
        ("v", "is", "", "v[0].is"),
        ("v", "is", " ", "v[0].is"),
        ("v", "ci", " URN:UVCI:01:VN:1", "v[0].ci"),
        ("nam", "fn", "Nguyễn ", "nam.fn"),
        ("nam", "gn", "", "nam.gn"),
        ("nam", "mn", "x", "nam"),
        ("v", "lot", "x", "v[0]"),
        ("root", "meta", {}, "$"),
    ],
)
def test_what_the_schema_lets_through_and_an_issuer_must_not_write(
    place: str, key: str, value: object, field: str
) -> None:
    dcc = changed(place, key, value)
    assert is_valid(dcc, "1.3.0")
    assert not is_strict(dcc, "1.3.0")
    assert not are_strict([DCC, dcc, DCC], "1.3.0")
    with pytest.raises(SchemaError) as refused:
        check_strict(dcc, version="1.3.0")
    assert [problem.field for problem in refused.value.problems] == [field]
    assert {problem.code for problem in refused.value.problems} == {"not_strict"}


@pytest.mark.parametrize(("place", "key"), [("v", "dt"), ("nam", "fnt"), ("root", "dob")])
def test_what_breaks_the_schema_is_named_as_by_the_schema(place: str, key: str) -> None:
    dcc = changed(place, key, 7)
    assert not is_strict(dcc, "1.3.0")
    with pytest.raises(SchemaError) as refused:
        check_strict(dcc, version="1.3.0")
    assert {problem.code for problem in refused.value.problems} == {"wrong_type"}


@pytest.mark.parametrize("value", [{1: 2}, None, [], b"", float("nan"), {"v": b""}])
def test_what_json_cannot_hold_is_not_strict(value: object) -> None:
    assert not is_strict(value, "1.3.0")


def test_inner_blanks_and_an_empty_birth_date_are_strict() -> None:
    assert is_strict(changed("v", "is", "Bộ Y tế, Việt Nam"), "1.3.0")
    assert is_strict(changed("root", "dob", ""), "1.3.0")


def test_of_nothing_all_is_strict() -> None:
    assert are_strict([], "1.3.0")
    with pytest.raises(ValueError, match="no DCC schema"):
        are_strict([], "9.9.9")

"""The DCC schemas: verdicts by version, and what a refused payload is told."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cbor2 import CBORTag

from vaxcert.codec import schema
from vaxcert.codec.schema import MAX_PROBLEMS, VERSIONS, check_dcc, is_strict, is_valid, nearest_version
from vaxcert.errors import FieldProblem, SchemaError

EARLY = VERSIONS[:5]
LATE = VERSIONS[5:]
Dcc = dict[Any, Any]
Change = Callable[[Dcc], object]


def sample(group: str = "v", ver: str = "1.3.0") -> Dcc:
    """Return a payload that every version accepts."""
    common = {"tg": "840539006", "co": "VN", "is": "Bộ Y tế", "ci": "URN:UVCI:01:VN:0A1B2C3D4E5F60718293A4B5C6D7E8F9"}
    entries: dict[str, Dcc] = {
        "v": {"vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2, "dt": "2021-09-14"},
        "t": {"tt": "LP6464-4", "nm": "RT-PCR", "sc": "2021-09-14T08:30:00+07", "tr": "260415000", "tc": "CDC Đà Lạt"},
        "r": {"fr": "2021-08-01", "df": "2021-08-12", "du": "2022-01-28"},
    }
    name = {"fn": "Trần", "fnt": "TRAN", "gn": "Thị Bình Minh", "gnt": "THI<BINH<MINH"}
    return {"ver": ver, "nam": name, "dob": "1968-04-05", group: [common | entries[group]]}


def changed(change: Change, group: str = "v") -> Dcc:
    dcc = sample(group)
    change(dcc)
    return dcc


def problems_of(dcc: object, version: str = "1.3.0") -> tuple[FieldProblem, ...]:
    with pytest.raises(SchemaError) as caught:
        check_dcc(dcc, version=version)
    assert not is_strict(dcc, version)
    assert caught.value.code == "invalid_record"
    return caught.value.problems


def pairs_of(dcc: object, version: str = "1.3.0") -> set[tuple[str, str]]:
    return {(problem.field, problem.code) for problem in problems_of(dcc, version)}


# --- which version judges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_known_version_judges_itself(version: str) -> None:
    assert nearest_version(version) == version


@pytest.mark.parametrize(
    ("ver", "nearest"),
    [
        ("1.0.4", "1.0.1"),
        ("1.1.7", "1.1.0"),
        ("1.2.10", "1.2.1"),
        ("1.3.9", "1.3.3"),
        ("1.4.0", "1.3.3"),
        ("2.0.0", "1.3.3"),
        ("1.3.999999999", "1.3.3"),
        ("0.1.0", "1.0.0"),
        ("0.99.99", "1.0.0"),
        ("01.02.00", "1.2.0"),
    ],
)
def test_an_unknown_version_gets_the_newest_that_is_not_newer(ver: str, nearest: str) -> None:
    assert nearest_version(ver) == nearest


@pytest.mark.parametrize(
    "ver", ["", "1.3", "1.3.0.0", "v1.0.0", "1.0.0\n", " 1.0.0", "1.0.0-rc1", "١.٠.٠", "-1.0.0", "9" * 5000 + ".0.0"]
)
def test_text_that_is_no_version_gets_the_newest(ver: str) -> None:
    assert nearest_version(ver) == "1.3.3"


@pytest.mark.parametrize("ver", [None, 1, 1.0, b"1.0.0", [], {}])
def test_what_is_not_even_text_gets_the_newest(ver: object) -> None:
    assert nearest_version(ver) == "1.3.3"


@pytest.mark.parametrize("version", ["1.0.4", "1.3", "", "../valuesets/country"])
def test_a_version_without_schema_is_a_mistake_of_the_caller(version: str) -> None:
    with pytest.raises(ValueError, match="no DCC schema"):
        is_valid(sample(), version)
    with pytest.raises(ValueError, match="no DCC schema"):
        check_dcc(sample(), version=version)


# --- verdicts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("group", ["v", "t", "r"])
def test_a_plain_payload_is_valid_in_every_version(group: str, version: str) -> None:
    assert is_valid(sample(group), version)
    check_dcc(sample(group), version=version)


REFUSED_ALWAYS: list[tuple[Change, tuple[str, str]]] = [
    (lambda d: d.pop("ver"), ("ver", "missing")),
    (lambda d: d.pop("nam"), ("nam", "missing")),
    (lambda d: d.pop("dob"), ("dob", "missing")),
    (lambda d: d["v"][0].pop("ci"), ("v[0].ci", "missing")),
    (lambda d: d["v"][0].pop("dn"), ("v[0].dn", "missing")),
    (lambda d: d.update(v=[]), ("v", "empty")),
    (lambda d: d.update(v={}), ("v", "wrong_type")),
    (lambda d: d.update(v=None), ("v", "wrong_type")),
    (lambda d: d.update(v=[None]), ("v[0]", "wrong_type")),
    (lambda d: d.update(nam="TRAN"), ("nam", "wrong_type")),
    (lambda d: d.update(ver=1.3), ("ver", "wrong_type")),
    (lambda d: d.update(ver="1.3"), ("ver", "wrong_form")),
    (lambda d: d.update(ver="1x3x0"), ("ver", "wrong_form")),
    (lambda d: d.update(dob="1868-04-05"), ("dob", "wrong_form")),
    (lambda d: d.update(dob="2100-01-01"), ("dob", "wrong_form")),
    (lambda d: d.update(dob="05/04/1968"), ("dob", "wrong_form")),
    (lambda d: d.update(dob="1968-04-05T00:00:00"), ("dob", "wrong_form")),
    (lambda d: d.update(dob=None), ("dob", "wrong_type")),
    (lambda d: d["nam"].update(fnt="Tran"), ("nam.fnt", "wrong_form")),
    (lambda d: d["nam"].update(fnt="TRẦN"), ("nam.fnt", "wrong_form")),
    (lambda d: d["nam"].update(gnt="THI BINH"), ("nam.gnt", "wrong_form")),
    (lambda d: d["nam"].update(fn="T" * 81), ("nam.fn", "too_long")),
    (lambda d: d["nam"].update(gnt="T" * 81), ("nam.gnt", "too_long")),
    (lambda d: d["nam"].update(gn=None), ("nam.gn", "wrong_type")),
    (lambda d: d["v"][0].update(dn=0), ("v[0].dn", "out_of_range")),
    (lambda d: d["v"][0].update(sd=-1), ("v[0].sd", "out_of_range")),
    (lambda d: d["v"][0].update(dn=1.5), ("v[0].dn", "wrong_type")),
    (lambda d: d["v"][0].update(dn="2"), ("v[0].dn", "wrong_type")),
    (lambda d: d["v"][0].update(dn=True), ("v[0].dn", "wrong_type")),
    (lambda d: d["v"][0].update(co="vn"), ("v[0].co", "wrong_form")),
    (lambda d: d["v"][0].update(co="VN "), ("v[0].co", "wrong_form")),
    (lambda d: d["v"][0].update(co=""), ("v[0].co", "wrong_form")),
    (lambda d: d["v"][0].update(co="A" * 11), ("v[0].co", "wrong_form")),
    (lambda d: d["v"][0].update(ci="U" * 81), ("v[0].ci", "too_long")),
    (lambda d: d["v"][0].update(dt=20210914), ("v[0].dt", "wrong_type")),
    (lambda d: d["v"][0].update(tg=840539006), ("v[0].tg", "wrong_type")),
    (lambda d: d["v"][0].update({"is": ["Bộ Y tế"]}), ("v[0].is", "wrong_type")),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("change", "problem"), REFUSED_ALWAYS, ids=[" ".join(p) for _, p in REFUSED_ALWAYS])
def test_a_broken_field_is_refused_and_named_alone(change: Change, problem: tuple[str, str], version: str) -> None:
    found = pairs_of(changed(change), version)
    without_group = {("$", "not_one_group")} if problem == ("v", "missing") else set()
    assert found == {problem} | without_group


CHANGED_IN_1_3: list[tuple[str, Change, tuple[str, str] | None, tuple[str, str] | None]] = [
    ("two entries", lambda d: d["v"].append(d["v"][0]), None, ("v", "too_many")),
    ("two groups", lambda d: d.update(r=sample("r")["r"]), None, ("$", "not_one_group")),
    ("no group", lambda d: d.pop("v"), None, ("$", "not_one_group")),
    ("dose 10", lambda d: d["v"][0].update(dn=10), ("v[0].dn", "out_of_range"), None),
    ("issuer of 51", lambda d: d["v"][0].update({"is": "B" * 51}), ("v[0].is", "too_long"), None),
    ("issuer of 80", lambda d: d["v"][0].update({"is": "ộ" * 80}), ("v[0].is", "too_long"), None),
    ("name of 51", lambda d: d["nam"].update(fnt="T" * 51), ("nam.fnt", "too_long"), None),
    ("empty birth date", lambda d: d.update(dob=""), ("dob", "wrong_form"), None),
    ("issuer of 50", lambda d: d["v"][0].update({"is": "ộ" * 50}), None, None),
    ("dose 9", lambda d: d["v"][0].update(dn=9, sd=9), None, None),
    ("unknown member", lambda d: d["v"][0].update(lot="AB1234"), None, None),
    ("whole float", lambda d: d["v"][0].update(dn=2.0), None, None),
    ("organisation", lambda d: d["v"][0].update(co="UNHCR"), None, None),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("why", "change", "early", "late"), CHANGED_IN_1_3, ids=[row[0] for row in CHANGED_IN_1_3])
def test_rules_that_1_3_0_changed(
    why: str, change: Change, early: tuple[str, str] | None, late: tuple[str, str] | None, version: str
) -> None:
    expected = late if version in LATE else early
    if expected is None:
        check_dcc(changed(change), version=version)
        assert is_valid(changed(change), version), why
    else:
        assert pairs_of(changed(change), version) == {expected}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_test_centre_is_needed_before_1_3_0(version: str) -> None:
    dcc = changed(lambda d: d["t"][0].pop("tc"), "t")
    if version in LATE:
        assert is_valid(dcc, version)
    else:
        assert pairs_of(dcc, version) == {("t[0].tc", "missing")}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_name_of_a_test_is_bounded_since_1_3_0(version: str) -> None:
    dcc = changed(lambda d: d["t"][0].update(nm="N" * 81), "t")
    if version in LATE:
        assert pairs_of(dcc, version) == {("t[0].nm", "too_long")}
    else:
        assert is_valid(dcc, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_time_of_a_result_is_text_until_1_1_0_and_unknown_since(version: str) -> None:
    dcc = changed(lambda d: d["t"][0].update(dr=1), "t")
    if version in ("1.0.0", "1.0.1", "1.1.0"):
        assert pairs_of(dcc, version) == {("t[0].dr", "wrong_type")}
    else:
        assert is_valid(dcc, version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dob", ["1968-04", "1968"])
def test_a_partial_birth_date_is_known_since_1_1_0(dob: str, version: str) -> None:
    dcc = changed(lambda d: d.update(dob=dob))
    if version in ("1.0.0", "1.0.1"):
        assert pairs_of(dcc, version) == {("dob", "wrong_form")}
    else:
        assert is_valid(dcc, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_name_needs_its_standardised_form(version: str) -> None:
    given_only, neither = (
        changed(lambda d: d["nam"].pop("fnt")),
        changed(lambda d: d.update(nam={"fn": "Trần", "gn": "Bình"})),
    )
    if version in ("1.3.2", "1.3.3"):
        assert is_valid(given_only, version)
        assert pairs_of(neither, version) == {("nam", "missing")}
    else:
        assert pairs_of(given_only, version) == {("nam.fnt", "missing")}
        assert pairs_of(neither, version) == {("nam.fnt", "missing")}


# --- what is told -----------------------------------------------------------------------------------------------


def test_every_bad_field_is_named_at_once() -> None:
    dcc = sample()
    del dcc["dob"]
    dcc["nam"]["fnt"] = "tran"
    dcc["v"][0].update(dn=0, co=None, ci="U" * 81)
    del dcc["v"][0]["mp"]
    with pytest.raises(SchemaError) as caught:
        check_dcc(dcc, version="1.3.3")
    fields = {"dob", "nam.fnt", "v[0].dn", "v[0].co", "v[0].ci", "v[0].mp"}
    assert {problem.field for problem in caught.value.problems} == fields
    assert caught.value.message.startswith("the payload breaks DCC schema 1.3.3 in ")
    assert all(field in caught.value.message for field in fields)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["v"][0].update(dn=0), "must be a whole number from 1"),
        (lambda d: d["v"][0].update(dn="hai"), "must be a whole number, not text"),
        (lambda d: d["v"][0].update(dn=2.5), "must be a whole number, not a floating-point number"),
        (lambda d: d["v"][0].update(mp=None), "must be text, not null"),
        (lambda d: d["v"][0].update(mp=False), "must be text, not true or false"),
        (lambda d: d["v"][0].update(mp=[]), "must be text, not a list"),
        (lambda d: d["v"][0].update(mp={"a": 1}), "must be text, not a map"),
        (lambda d: d["v"][0].update(mp=b"EU/1/20/1528"), "must be text, not a value that JSON cannot hold"),
        (lambda d: d.update(nam=7), "must be a map, not a whole number"),
        (
            lambda d: d["nam"].update(fnt="tran"),
            "must be made of the letters A to Z and the filler < (ICAO 9303 part 3)",
        ),
        (lambda d: d["nam"].update(fn="T" * 81), "is longer than 80 characters"),
        (lambda d: d.update(v=[]), "must hold an entry"),
        (lambda d: d["v"].append(d["v"][0]), "must hold no more than one entry"),
        (lambda d: d.update(t=sample("t")["t"]), "must hold exactly one of v, t and r"),
        (lambda d: d.update(nam={}), "must hold fnt, gnt or both"),
        (lambda d: d.pop("dob"), "is missing"),
    ],
)
def test_a_problem_says_what_the_rule_is(change: Change, message: str) -> None:
    assert [problem.message for problem in problems_of(changed(change), "1.3.3")] == [message]


def test_no_message_repeats_what_the_payload_says() -> None:
    secret = "Nguyễn Bí Mật 1971"
    name, entry = (dict.fromkeys(fields, secret * 9) for fields in (("fn", "fnt", "gnt"), sample()["v"][0]))
    dcc: Dcc = dict.fromkeys(("ver", "dob", "v", "t", "r"), secret) | {"nam": name}
    told: list[str] = []
    for broken in (dcc, dcc | {"v": [entry]}, dcc | {secret: b"", 1: secret}):
        for version in VERSIONS:
            with pytest.raises(SchemaError) as caught:
                check_dcc(broken, version=version)
            told += [str(caught.value), *(f"{p.field} {p.message}" for p in caught.value.problems)]
    assert len(told) > 100
    assert not [text for text in told if "Mật" in text or "1971" in text]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d["nam"].update(fnt="TRAN\n"), "nam.fnt"),
        (lambda d: d.update(dob="1968-04-05\n"), "dob"),
        (lambda d: d.update(ver="1.3.0\n"), "ver"),
        (lambda d: d["v"][0].update(co="VN\n"), "v[0].co"),
    ],
)
def test_a_line_feed_at_the_end_is_refused_though_python_would_let_it_pass(
    change: Change, field: str, version: str
) -> None:
    (problem,) = problems_of(changed(change), version)
    assert (problem.field, problem.code) == (field, "wrong_form")
    assert problem.message.startswith('the value does not match "^')


def test_the_number_of_problems_is_bounded() -> None:
    many = sample() | {"v": [{} for _ in range(1000)]}
    assert len(problems_of(many, "1.2.1")) == MAX_PROBLEMS
    keyed = sample() | {"v": [sample()["v"][0] | {1: 1} for _ in range(1000)]}
    assert len(problems_of(keyed, "1.2.1")) == MAX_PROBLEMS


# --- values that no JSON has --------------------------------------------------------------------------------------


def _endless() -> list[object]:
    endless: list[object] = []
    endless.append(endless)
    return endless


def _deep() -> object:
    value: object = "x"
    for _ in range(500):
        value = [value]
    return value


class _Text(str):
    __slots__ = ()


class _Entries(tuple[Dcc, ...]):
    __slots__ = ()


NOT_JSON = {
    "bytes": b"TRAN",
    "date": date(2021, 9, 14),
    "instant": datetime(2021, 9, 14, tzinfo=UTC),
    "tag": CBORTag(1004, "2021-09-14"),
    "set": {1, 2},
    "object": object(),
    "text of another class": _Text("TRAN"),
    "not a number": float("nan"),
    "infinite": float("inf"),
    "vast": 10**5000,
    "vast and negative": -(10**5000),
    "fraction": Decimal("0.5"),
    "endless": _endless(),
    "deep": _deep(),
    "map with a number for key": {1: 2},
    "pair": (1, 2),
}


@pytest.mark.parametrize("version", ["1.0.0", "1.3.3"])
@pytest.mark.parametrize("place", ["nam", "dob", "v", "v[0]", "v[0].dn", "v[0].ci"])
@pytest.mark.parametrize("kind", NOT_JSON)
def test_a_value_that_json_cannot_hold_is_a_problem_of_its_field(kind: str, place: str, version: str) -> None:
    dcc, value = sample(), NOT_JSON[kind]
    if place == "v[0]":
        dcc["v"] = [value]
    elif place.startswith("v[0]."):
        dcc["v"][0][place.removeprefix("v[0].")] = value
    else:
        dcc[place] = value
    assert {field for field, _ in pairs_of(dcc, version) if field.startswith(place)}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plain_tuple_is_a_list_and_a_class_of_its_own_is_not(version: str) -> None:
    dcc = sample()
    assert is_valid(dcc | {"v": tuple(dcc["v"])}, version)
    assert pairs_of(dcc | {"v": _Entries(dcc["v"])}, version) == {("v", "wrong_type")}


@pytest.mark.parametrize("version", VERSIONS)
def test_half_a_surrogate_pair_is_no_text(version: str) -> None:
    dcc = sample() | {"dob": "\ud800"}
    dcc["nam"]["fnt"] = dcc["v"][0]["co"] = "\ud800"
    assert pairs_of(dcc, version) == {(field, "wrong_type") for field in ("dob", "nam.fnt", "v[0].co")}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_no_payload_at_all_is_refused(version: str) -> None:
    for value in (*NOT_JSON.values(), None, [], {}, "HC1:", 1):
        assert problems_of(value, version)


@pytest.mark.parametrize("key", [1, None, b"fn", ("fn",), "\ud800", _Text("lot")], ids=repr)
@pytest.mark.parametrize(("place", "field"), [("payload", "$"), ("nam", "nam"), ("entry", "v[0]")])
def test_a_key_that_is_not_text_is_refused(key: object, place: str, field: str) -> None:
    dcc = sample()
    {"payload": dcc, "nam": dcc["nam"], "entry": dcc["v"][0]}[place][key] = "x"
    assert pairs_of(dcc) == {(field, "wrong_key")}


@pytest.mark.parametrize("kind", NOT_JSON)
def test_a_member_that_the_schema_does_not_know_may_be_anything_and_takes_no_blame(kind: str) -> None:
    dcc = sample() | {"meta": NOT_JSON[kind]}
    assert is_valid(dcc, "1.3.3")
    assert pairs_of(dcc | {"dob": "?"}) == {("dob", "wrong_form")}


# --- the files --------------------------------------------------------------------------------------------------


def files() -> Iterator[tuple[str, dict[str, Any]]]:
    folder = Path(__file__).parents[3] / "schemas" / "dcc"
    for path in sorted(folder.iterdir()):
        yield path.stem, json.loads(path.read_text("utf-8"))


def keywords_of(rule: object) -> Iterator[tuple[str, object]]:
    """Yield every keyword in *rule* with its value; the names of members and of definitions are none."""
    if isinstance(rule, list):
        for part in rule:
            yield from keywords_of(part)
    elif isinstance(rule, dict):
        for keyword, value in rule.items():
            yield keyword, value
            inner = value.values() if keyword in ("properties", "$defs") else [value]
            for part in inner:
                yield from keywords_of(part)


def rules_of(file: dict[str, Any]) -> str:
    """Return what decides in *file*: all but the words for people and its name."""

    def stripped(rule: Any, *, names: bool = False) -> Any:
        if isinstance(rule, list):
            return [stripped(part) for part in rule]
        if not isinstance(rule, dict):
            return rule
        return {
            key: stripped(value, names=key in ("properties", "$defs"))
            for key, value in rule.items()
            if names or key not in ("$id", "title", "description")
        }

    return json.dumps(stripped(file), sort_keys=True)


def test_there_is_a_file_for_every_version_and_no_other() -> None:
    assert tuple(version for version, _ in files()) == VERSIONS


def test_a_file_stands_alone_and_asserts_no_format() -> None:
    for version, file in files():
        assert file["$id"] == f"urn:vaxcert:schema:dcc:{version}"
        used = list(keywords_of(file))
        assert not [word for word, _ in used if word == "format"]
        references = {value for word, value in used if word == "$ref"}
        assert references == {f"#/$defs/{name}" for name in file["$defs"]}, "each definition is used, and nothing else"


def test_the_versions_that_differ_only_in_words_have_the_same_rules() -> None:
    rules = {version: rules_of(file) for version, file in files()}
    groups: dict[str, list[str]] = {}
    for version, text in rules.items():
        groups.setdefault(text, []).append(version)
    assert list(groups.values()) == [
        ["1.0.0", "1.0.1"],
        ["1.1.0"],
        ["1.2.0", "1.2.1"],
        ["1.3.0", "1.3.1"],
        ["1.3.2", "1.3.3"],
    ]


def test_every_keyword_in_use_can_be_explained() -> None:
    structure = {"$schema", "$id", "$ref", "$defs", "title", "description", "properties", "propertyNames", "items"}
    for _, file in files():
        assert {word for word, _ in keywords_of(file)} - structure <= schema._RULES.keys()


def test_what_a_wrong_form_should_be_is_described() -> None:
    for version, file in files():
        for name, rule in file["$defs"].items():
            if {"pattern", "minimum"} & rule.keys():
                assert rule["description"].startswith(("a ", "three ", "made of ")), (version, name)


# --- cost -------------------------------------------------------------------------------------------------------


def test_the_explainer_is_loaded_for_a_refused_payload_only() -> None:
    program = """
import json, sys
from vaxcert.codec.schema import check_dcc, is_valid
assert "jsonschema_rs" not in sys.modules, "loaded on import"
dcc = json.loads(sys.argv[1])
assert is_valid(dcc, "1.3.0") and check_dcc(dcc, version="1.3.0") is None
assert not is_valid({}, "1.3.0")
assert "jsonschema" not in sys.modules, "loaded without need"
"""
    command = [sys.executable, "-c", program, json.dumps(sample())]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

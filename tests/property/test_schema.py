"""Whatever CBOR can hold, the schema door answers with a verdict or a SchemaError."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from cbor2 import CBORSimpleValue, CBORTag, undefined
from hypothesis import given, settings
from hypothesis import strategies as st

from vaxcert.codec.schema import MAX_PROBLEMS, VERSIONS, check_dcc, is_valid, nearest_version
from vaxcert.errors import SchemaError

MEMBERS = ("ver", "nam", "dob", "v", "t", "r", "fn", "fnt", "gnt", "tg", "dn", "sd", "co", "ci", "is")
FIELD = re.compile(r"\$|[a-z]{1,3}(\[[0-9]+\](\.[a-z]{2})?|\.[a-z]{2,3})?")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**64, max_value=2**2048)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=90)
    | st.binary(max_size=8)
    | st.dates()
    | st.sampled_from([undefined, CBORSimpleValue(99), Decimal("1e400"), date.max, "VN\n", "1.3.0", "TRAN"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.sampled_from(MEMBERS) | scalars, inner, max_size=4)
        | st.builds(CBORTag, st.integers(0, 1000), inner)
    ),
    max_leaves=12,
)
versions = st.sampled_from(VERSIONS)
unhurried = settings(deadline=None)  # the first example of a version compiles its schema


def sample() -> dict[Any, Any]:
    entry = {"tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 1, "sd": 2}
    entry |= {"dt": "2021-09-14", "co": "VN", "is": "Bộ Y tế", "ci": "URN:UVCI:01:VN:0A1B2C"}
    return {"ver": "1.3.0", "nam": {"fn": "Trần", "fnt": "TRAN", "gnt": "BINH"}, "dob": "1968-04-05", "v": [entry]}


def refusal(dcc: object, version: str) -> SchemaError | None:
    try:
        check_dcc(dcc, version=version)
    except SchemaError as error:
        return error
    return None


def answer(dcc: object, version: str) -> tuple[str, ...]:
    """Return the fields found wrong, having checked that both doors say the same and the problems are in order."""
    error = refusal(dcc, version)
    assert is_valid(dcc, version) == (error is None)
    if error is None:
        return ()
    assert 1 <= len(error.problems) <= MAX_PROBLEMS
    assert all(FIELD.fullmatch(problem.field) and problem.message for problem in error.problems)
    return tuple(problem.field for problem in error.problems)


@unhurried
@given(dcc=values, version=versions)
def test_anything_at_all_gets_a_verdict(dcc: object, version: str) -> None:
    answer(dcc, version)


@settings(unhurried, max_examples=300)
@given(
    place=st.sampled_from([(m,) for m in ("ver", "nam", "dob", "v", "t")])
    | st.sampled_from([("nam", m) for m in ("fn", "fnt", "gn", "gnt")])
    | st.sampled_from([("v", 0), *(("v", 0, m) for m in sample()["v"][0])]),
    value=values,
    version=versions,
)
def test_anything_in_one_place_gets_a_verdict_about_that_place(
    place: tuple[str | int, ...], value: object, version: str
) -> None:
    dcc = sample()
    parent: Any = dcc
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = value
    wrong = set(answer(dcc, version)) - {"$"}  # a second group breaks the rule of one, which is about the whole
    assert all(field.startswith(str(place[0])) for field in wrong)


@unhurried
@given(member=st.text().filter(lambda text: text not in MEMBERS), value=values, version=versions)
def test_an_unknown_member_is_never_the_reason(member: str, value: object, version: str) -> None:
    assert answer(sample() | {member: value}, version) == ()


@given(st.text() | st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True) | scalars)
def test_everything_has_a_nearest_version(ver: object) -> None:
    nearest = nearest_version(ver)
    assert nearest in VERSIONS
    assert nearest_version(nearest) == nearest


numbers = st.tuples(*[st.integers(0, 12)] * 3)


@given(numbers, numbers)
def test_a_newer_version_never_gets_an_older_schema(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    older, newer = (".".join(map(str, parts)) for parts in sorted((one, other)))
    assert nearest_version(older) <= nearest_version(newer)

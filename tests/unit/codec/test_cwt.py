import math
from datetime import UTC, datetime

import pytest

from vaxcert.codec.cwt import MAX_NUMERIC_DATE, Claims
from vaxcert.errors import ClaimError

DCC = {"ver": "1.3.0"}


def wire(**changed: object) -> dict[int, object]:
    keys = {"issuer": 1, "expires": 4, "issued": 6, "hcert": -260}
    claims: dict[int, object] = {1: "VN", 4: 1_800_000_000, 6: 1_700_000_000, -260: {1: DCC}}
    claims |= {keys[name]: value for name, value in changed.items()}
    return {key: value for key, value in claims.items() if value is not ...}


def test_the_claims_come_back() -> None:
    claims = Claims.from_map(wire())
    assert claims.to_map() == wire()
    assert list(claims.to_map()) == [1, 4, 6, -260], "deterministic order"
    assert claims.issued_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert claims.expires_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def test_the_issuer_may_be_absent() -> None:
    claims = Claims.from_map(wire(issuer=...))
    assert claims.issuer is None
    assert 1 not in claims.to_map()


def test_a_float_instant_is_cut_and_noted() -> None:
    claims = Claims.from_map(wire(issued=1_700_000_000.9, expires=1_800_000_000.0))
    assert (claims.issued_seconds, claims.expires_seconds) == (1_700_000_000, 1_800_000_000)
    assert claims.inexact == ("issue time (6)", "expiry (4)")


def test_other_claims_are_ignored() -> None:
    assert Claims.from_map(wire() | {2: "subject", 7: b"id"}).issuer == "VN"


def test_the_last_second_of_year_9999_is_read() -> None:
    assert Claims.from_map(wire(expires=MAX_NUMERIC_DATE)).expires_at.year == 9999


@pytest.mark.parametrize("name", ["issued", "expires"])
@pytest.mark.parametrize(
    "value",
    [
        ...,
        None,
        "1700000000",
        True,
        -1,
        -1.0,
        MAX_NUMERIC_DATE + 1,
        2**64 - 1,
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        b"",
        [],
    ],
)
def test_an_instant_that_is_none_is_refused(name: str, value: object) -> None:
    with pytest.raises(ClaimError):
        Claims.from_map(wire(**{name: value}))


@pytest.mark.parametrize("value", [..., None, {}, [], {1: None}, {1: []}, {2: DCC}, {"1": DCC}, DCC])
def test_a_claim_without_a_certificate_is_refused(value: object) -> None:
    with pytest.raises(ClaimError, match="no EU DCC"):
        Claims.from_map(wire(hcert=value))


@pytest.mark.parametrize("value", [5, b"VN", ["VN"]])
def test_an_issuer_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ClaimError, match="issuer"):
        Claims.from_map(wire(issuer=value))


@pytest.mark.parametrize("value", [None, [], "text", 5, b""])
def test_what_is_no_map_is_refused(value: object) -> None:
    with pytest.raises(ClaimError, match="not a map"):
        Claims.from_map(value)

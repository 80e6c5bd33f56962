from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from vaxcert.errors import RevocationBatchError, RevocationListError
from vaxcert.trust.revocation.wire import Fields, format_instant, format_kid, read_json

KID = b"\xfb\xff12345\xfe"


def fields(**members: object) -> Fields:
    return Fields.of(members, RevocationBatchError)


@pytest.mark.parametrize("text", ["+/8xMjM0Nf4=", "-_8xMjM0Nf4"])
def test_a_kid_is_read_in_either_alphabet(text: str) -> None:
    assert fields(kid=text).kid() == KID


def test_an_unknown_kid_is_none_although_it_could_be_base64() -> None:
    assert fields(kid="UNKNOWN_KID").kid() is None
    assert format_kid(None) == "UNKNOWN_KID"
    assert format_kid(KID) == "+/8xMjM0Nf4="


@pytest.mark.parametrize(
    "text", ["2026-11-23T08:00:00Z", "2026-11-23T08:00:00+00:00", "2026-11-23T15:00:00.123456789+07:00"]
)
def test_instants_are_read_with_any_zone_and_precision(text: str) -> None:
    found = fields(at=text).instant("at")
    assert found.replace(microsecond=0) == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_instants_are_written_to_the_second_in_utc() -> None:
    assert format_instant(datetime(2026, 11, 23, 15, tzinfo=timezone(timedelta(hours=7)))) == "2026-11-23T08:00:00Z"


@pytest.mark.parametrize(
    ("read", "message"),
    [
        pytest.param(lambda: fields().text("a"), "a is missing or not text", id="no-text"),
        pytest.param(lambda: fields(a=1).text("a"), "a is missing or not text", id="number"),
        pytest.param(lambda: fields(a={}).items("a"), "a is missing or not a list", id="no-list"),
        pytest.param(lambda: fields(a=[]).table("a"), "a is missing or not an object", id="no-object"),
        pytest.param(lambda: fields(a="now").instant("a"), "a is not an instant", id="no-instant"),
        pytest.param(lambda: fields(a="2026-11-23T08:00:00").instant("a"), "with its time zone", id="naive"),
        pytest.param(lambda: fields(a="0001-01-01T00:00:00+14:00").instant("a"), "not an instant", id="year-0"),
        pytest.param(lambda: fields(a="*").base64("a"), "a is not base64", id="no-base64"),
        pytest.param(lambda: fields(kid="").kid(), "the kid has 0 bytes", id="no-kid"),
        pytest.param(lambda: fields(kid="A" * 100).kid(), "the kid has 75 bytes", id="long-kid"),
        pytest.param(lambda: Fields.of([], RevocationBatchError), "not an object", id="list"),
    ],
)
def test_a_broken_field_is_named(read: Callable[[], object], message: str) -> None:
    with pytest.raises(RevocationBatchError, match=message):
        read()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"[" * 19, "over 18 bytes", id="long"),
        pytest.param(b"{", "not well-formed", id="cut"),
        pytest.param(b"\xff", "not well-formed", id="not-utf8"),
        pytest.param(b'{"a":1,"a":1}', "not well-formed", id="field-twice"),
    ],
)
def test_broken_json_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(RevocationListError, match=message):
        read_json(content, limit=18, kind=RevocationListError)


def test_deep_json_is_refused() -> None:
    with pytest.raises(RevocationListError, match="not well-formed"):
        read_json(b"[" * 200_000, limit=200_000, kind=RevocationListError)

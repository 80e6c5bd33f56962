"""What real issuers write against the schema, taken on verification with a warning, and nothing beyond.

The list is that of the EU's special cases (SpecialCaseHandling) and of codes in circulation: surrounding white space,
null members, a date-time where a date belongs, a whole number written as a float, signs other than capital letters in a
standardised name, an empty `dr`, members that the schema does not know. An issuer gets none of this.

The schemas do not say what a date looks like, so that one which cannot be read is told of here as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from vaxcert.verify.report import Warning_

if TYPE_CHECKING:
    from collections.abc import Iterator

_DCC_MEMBERS = frozenset(("ver", "nam", "dob", "v", "t", "r"))
_NAME_MEMBERS = frozenset(("fn", "gn", "fnt", "gnt"))
_GROUP_MEMBERS = {
    "v": frozenset(("ci", "co", "dn", "dt", "is", "ma", "mp", "sd", "tg", "vp")),
    "t": frozenset(("ci", "co", "dr", "is", "ma", "nm", "sc", "tc", "tg", "tr", "tt")),
    "r": frozenset(("ci", "co", "df", "du", "fr", "is", "tg")),
}
_STANDARDISED_NAMES = ("fnt", "gnt")
_DOSES = ("dn", "sd")
_DATES = ("dt", "fr", "df", "du")
_RECOVERY_DATES = _DATES[1:]
_INSTANT = "sc"

_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_ZONE = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_DATE_TIME = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[T ]{_CLOCK}{_ZONE}?")
_ZONED_DATE_TIME = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}{_ZONE}")
_STANDARDISED = re.compile(r"[A-Z<]*")

_MESSAGES = {
    "whitespace_trimmed": "white space around a value was ignored",
    "null_dropped": "a member without a value was ignored",
    "date_time_cut": "a date-time stands where a date belongs; its time was ignored",
    "float_as_integer": "a dose number is written as a float",
    "name_signs_dropped": "a standardised name holds other signs than capital letters and fillers",
    "empty_member_dropped": "an empty member was ignored",
    "unknown_member": "the payload has a member that the schema does not know",
    "unreadable_date": "a date of the event is none that exists",
}


def mend(dcc: Mapping[str, object]) -> tuple[dict[str, object], tuple[Warning_, ...]]:
    """Return *dcc* with every tolerated fault mended, and a warning for each kind that was found."""
    found: dict[str, None] = {}  # an ordered set
    mended = _without_nulls(dcc, found)
    for key, value in mended.items():
        if key == "nam" and isinstance(value, Mapping):
            mended[key] = _mended_name(value, found)
        elif key == "dob" and isinstance(value, str):
            mended[key] = _mended_date(_trimmed(value, found), found)
        elif key in _GROUP_MEMBERS and isinstance(value, (list, tuple)):
            mended[key] = [_mended_entry(key, entry, found) if isinstance(entry, Mapping) else entry for entry in value]
    _note(found, "unknown_member", not mended.keys() <= _DCC_MEMBERS)
    return mended, tuple(Warning_(code, _MESSAGES[code]) for code in found)


def is_plain(event: Mapping[str, object], group: str) -> bool:
    """Return whether *event* has nothing for `mend` to find, where the strict schema has found nothing.

    Args:
        event: The one entry of a payload that `schema.is_strict` accepts.
        group: Its group, `v`, `t` or `r`.
    """
    if group == "v":
        # To a JSON schema 2.0 is a whole number.
        return type(event["dn"]) is int and type(event["sd"]) is int and _is_date(cast("str", event["dt"]))
    if group == "t":
        return _is_instant(cast("str", event[_INSTANT]))
    return all(_is_date(cast("str", event[member])) for member in _RECOVERY_DATES)


def _mended_name(name: Mapping[str, object], found: dict[str, None]) -> dict[str, object]:
    mended = _without_nulls(name, found)
    for key, value in mended.items():
        if isinstance(value, str):
            text = _trimmed(value, found)
            if key in _STANDARDISED_NAMES and not _STANDARDISED.fullmatch(text):
                text = "".join(_standard_signs(text.upper()))
                _note(found, "name_signs_dropped")
            mended[key] = text
    _note(found, "unknown_member", not mended.keys() <= _NAME_MEMBERS)
    return mended


def _standard_signs(name: str) -> Iterator[str]:
    for sign in name:
        if "A" <= sign <= "Z" or sign == "<":
            yield sign
        elif sign in " -":
            yield "<"


def _mended_entry(group: str, entry: Mapping[str, object], found: dict[str, None]) -> dict[str, object]:
    mended = _without_nulls(entry, found)
    for key, value in mended.items():
        if isinstance(value, str):
            mended[key] = text = _trimmed(value, found)
            if key in _DATES:
                mended[key] = text = _mended_date(text, found)
                _note(found, "unreadable_date", not _is_date(text))
            elif key == _INSTANT:
                _note(found, "unreadable_date", not _is_instant(text))
        elif key in _DOSES and isinstance(value, float) and value.is_integer():
            mended[key] = int(value)
            _note(found, "float_as_integer")
    if group == "t" and mended.get("dr") == "":
        del mended["dr"]
        _note(found, "empty_member_dropped")
    _note(found, "unknown_member", not mended.keys() <= _GROUP_MEMBERS[group])
    return mended


def _trimmed(text: str, found: dict[str, None]) -> str:
    trimmed = text.strip()
    _note(found, "whitespace_trimmed", trimmed != text)
    return trimmed


def _mended_date(text: str, found: dict[str, None]) -> str:
    if match := _DATE_TIME.fullmatch(text):
        _note(found, "date_time_cut")
        return match[1]
    return text


def _is_date(text: str) -> bool:
    return len(text) == len("2021-05-29") and _is_calendar_date(text)


@lru_cache(maxsize=4096)  # a nation's doses fall on few days
def _is_calendar_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text  # it reads weeks, too
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    """Return whether *text* is a date-time with its zone (RFC 3339), which the schema tests write in four ways."""
    if not _ZONED_DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _without_nulls(members: Mapping[str, object], found: dict[str, None]) -> dict[str, object]:
    kept = {key: value for key, value in members.items() if value is not None}
    _note(found, "null_dropped", len(kept) != len(members))
    return kept


def _note(found: dict[str, None], code: str, condition: bool = True) -> None:  # noqa: FBT001, FBT002 - reads as a sentence
    if condition:
        found[code] = None

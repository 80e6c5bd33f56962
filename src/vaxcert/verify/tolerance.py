"""What real issuers write against the schema, taken on verification with a warning, and nothing beyond.

The list is that of the EU's special cases (SpecialCaseHandling) and of codes in circulation: surrounding white space, null
members, a date-time where a date belongs, a whole number written as a float, signs other than letters in a standardised
name, an empty `dr`, members that the schema does not know. An issuer gets none of this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

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
_DATES = frozenset(("dt", "fr", "df", "du"))
_DATE_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9:.]+(?:Z|[+-][0-9:]+)?", re.ASCII)
_STANDARDISED = re.compile(r"[A-Z<]*", re.ASCII)

_MESSAGES = {
    "whitespace_trimmed": "white space around a value was ignored",
    "null_dropped": "a member without a value was ignored",
    "date_time_cut": "a date-time stands where a date belongs; its time was ignored",
    "float_as_integer": "a dose number is written as a float",
    "name_signs_dropped": "a standardised name holds other signs than letters and fillers",
    "empty_member_dropped": "an empty member was ignored",
    "unknown_member": "the payload has a member that the schema does not know",
}


def mend(dcc: Mapping[str, object]) -> tuple[dict[str, object], tuple[Warning_, ...]]:
    """Return *dcc* with every tolerated fault mended, and a warning for each kind that was found."""
    found: dict[str, None] = {}  # an ordered set
    mended = _without_nulls(dcc, found)
    for key in list(mended):
        value = mended[key]
        if key == "nam" and isinstance(value, Mapping):
            mended[key] = _mended_name(value, found)
        elif key == "dob" and isinstance(value, str):
            mended[key] = _mended_date(value.strip(), found)
            _note(found, "whitespace_trimmed", value != value.strip())
        elif key in _GROUP_MEMBERS and isinstance(value, (list, tuple)):
            mended[key] = [
                _mended_entry(key, entry, found) if isinstance(entry, Mapping) else entry
                for entry in value
                if entry is not None
            ]
            _note(found, "null_dropped", len(value) != sum(entry is not None for entry in value))
            if not mended[key]:
                del mended[key]  # an empty group says as little as an absent one
    _note(found, "unknown_member", not mended.keys() <= _DCC_MEMBERS)
    return mended, tuple(Warning_(code, _MESSAGES[code]) for code in found)


def is_plain(dcc: Mapping[str, object], event: Mapping[str, object], group: str) -> bool:
    """Return whether a payload that the schema accepts has nothing for `mend` to find: the quick way past it.

    It may say no for nothing, which only costs time, and never yes for something.
    """
    name = dcc["nam"]
    if not (
        isinstance(name, dict)
        and _DCC_MEMBERS.issuperset(dcc)
        and _NAME_MEMBERS.issuperset(name)
        and _GROUP_MEMBERS[group].issuperset(event)
    ):
        return False
    values = [value for value in event.values() if type(value) is str]
    if group == "v":
        if not (type(event["dn"]) is int and type(event["sd"]) is int):
            return False
    elif not all(values):
        return False  # an empty `dr`
    # White space is the space, which shows beside a bar, or something that is not printable.
    joined = "|".join(["", *values, *name.values(), ""])
    return " |" not in joined and "| " not in joined and joined.isprintable()


def _mended_name(name: Mapping[str, object], found: dict[str, None]) -> dict[str, object]:
    mended = _without_nulls(name, found)
    for key, value in mended.items():
        if not isinstance(value, str):
            continue
        trimmed = value.strip()
        _note(found, "whitespace_trimmed", trimmed != value)
        if key in ("fnt", "gnt") and not _STANDARDISED.fullmatch(trimmed):
            trimmed = "".join(_standard_signs(trimmed.upper()))
            _note(found, "name_signs_dropped")
        mended[key] = trimmed
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
    for key in list(mended):
        value = mended[key]
        if isinstance(value, str):
            trimmed = value.strip()
            _note(found, "whitespace_trimmed", trimmed != value)
            if key == "dr" and not trimmed:
                del mended[key]
                _note(found, "empty_member_dropped")
                continue
            mended[key] = _mended_date(trimmed, found) if key in _DATES else trimmed
        elif key in ("dn", "sd") and isinstance(value, float) and value.is_integer():
            mended[key] = int(value)
            _note(found, "float_as_integer")
    _note(found, "unknown_member", not mended.keys() <= _GROUP_MEMBERS[group])
    return mended


def _mended_date(text: str, found: dict[str, None]) -> str:
    if match := _DATE_TIME.fullmatch(text):
        _note(found, "date_time_cut")
        return match[1]
    return text


def _without_nulls(members: Mapping[str, object], found: dict[str, None]) -> dict[str, object]:
    kept = {key: value for key, value in members.items() if value is not None}
    _note(found, "null_dropped", len(kept) != len(members))
    return kept


def _note(found: dict[str, None], code: str, condition: bool = True) -> None:  # noqa: FBT001, FBT002 - reads as a sentence
    if condition:
        found[code] = None

"""The texts of the registry's messages, as data: each in Vietnamese and English, each one part of the GSM alphabet.

A text's fields are bounded one by one, so what fits with the longest fields fits with all: nobody learns at a booking
that the name of a site is too long for a telephone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

from vaxcert.data import load_json
from vaxcert.errors import MessageTextError
from vaxcert.model.messages import SEPTETS, ShortMessage, cut, septets, unaccented
from vaxcert.registry.sites.hours import local

if TYPE_CHECKING:
    from collections.abc import Mapping

FieldValue = str | int | date | datetime
"""What a caller may put into a field: text, a number, a day (``25/11/2026``) or an instant (``08:30 25/11/2026``)."""

_FIELD = re.compile(r"\{(\w+)\}")
_UNSHOWABLE = "?"


class Language(StrEnum):
    """The languages that people are written to in."""

    VI = "vi"
    EN = "en"

    __hash__ = str.__hash__


class Audience(StrEnum):
    """Who reads a message."""

    CITIZEN = "citizen"
    OFFICE = "office"

    __hash__ = str.__hash__


class _FieldRow(TypedDict):
    longest: int
    may_be_cut: NotRequired[bool]


class _TextRow(TypedDict):
    subject: str
    text: str


class _TemplateRow(TypedDict):
    id: str
    to: str
    lapses_after_minutes: NotRequired[int]
    replaces_earlier: NotRequired[bool]
    fields: dict[str, _FieldRow]
    vi: _TextRow
    en: _TextRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """One place in a text that a message fills.

    Attributes:
        longest: The septets that it may take, unaccented.
        may_be_cut: Whether a longer value loses its last words; otherwise it is refused.
    """

    longest: int
    may_be_cut: bool


@dataclass(frozen=True, slots=True, repr=False)
class Rendered:
    """What goes out: to a telephone, or as a letter.

    Attributes:
        subject: The letter's subject, with accents.
        text: The letter's text, with accents.
        sms: One part of the GSM alphabet, without them.
    """

    subject: str
    text: str
    sms: ShortMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message that is sent again and again.

    Attributes:
        name: Its name, which is stored.
        to: Who reads it.
        lapses_after: How long after its time it is of no use any more; None: never.
        replaces_earlier: Whether it makes what was said before about the same thing, and has not gone out yet, void.
        fields: What it is filled with.
        subjects: The subject in each language.
        texts: The text in each language.
    """

    name: str
    to: Audience
    lapses_after: timedelta | None
    replaces_earlier: bool
    fields: Mapping[str, TemplateField]
    subjects: Mapping[Language, str]
    texts: Mapping[Language, str]

    def render(self, language: Language, fields: Mapping[str, FieldValue]) -> Rendered:
        """Return the message with these *fields*.

        In a field that may be cut, a character that no telephone shows becomes a question mark.

        Raises:
            ValueError: The template has other fields.
            MessageTextError: A field that may not be cut is too long, or has a character that no telephone shows.
        """
        if fields.keys() != self.fields.keys():
            raise ValueError(f"the template {self.name} has the fields {', '.join(self.fields) or 'none'}")
        constants = _constants()
        written = {name: _written(value) for name, value in fields.items()}
        short = {name: _bounded(name, text, self.fields[name]) for name, text in written.items()}
        return Rendered(
            self.subjects[language],
            _fill(self.texts[language], {**constants, **written}),
            ShortMessage(_fill(unaccented(self.texts[language]), {**constants, **short})),
        )


def template(name: str) -> Template:
    """Return the template of this *name*.

    Raises:
        ValueError: There is none.
    """
    try:
        return templates()[name]
    except KeyError:
        raise ValueError(f"no template has the name {name}") from None


@cache
def templates() -> Mapping[str, Template]:
    """Return all templates by name."""
    rows = cast("list[_TemplateRow]", load_json("registry/message-templates.json")["templates"])
    return {row["id"]: _template(row) for row in rows}


@cache
def _constants() -> dict[str, str]:
    return cast("dict[str, str]", load_json("registry/message-templates.json")["constants"])


def _template(row: _TemplateRow) -> Template:
    minutes = row.get("lapses_after_minutes")
    texts = {Language.VI: row["vi"], Language.EN: row["en"]}
    return Template(
        name=row["id"],
        to=Audience(row["to"]),
        lapses_after=None if minutes is None else timedelta(minutes=minutes),
        replaces_earlier=row.get("replaces_earlier", False),
        fields={
            name: TemplateField(longest=field["longest"], may_be_cut=field.get("may_be_cut", False))
            for name, field in row["fields"].items()
        },
        subjects={language: text["subject"] for language, text in texts.items()},
        texts={language: text["text"] for language, text in texts.items()},
    )


def _written(value: FieldValue) -> str:
    if isinstance(value, datetime):
        return f"{local(value):%H:%M %d/%m/%Y}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return " ".join(str(value).split())


def _bounded(name: str, text: str, field: TemplateField) -> str:
    plain = unaccented(text)
    if field.may_be_cut:
        plain = "".join(sign if sign in SEPTETS else _UNSHOWABLE for sign in plain)
        if septets(plain) <= field.longest:
            return plain
        start = _start(plain, field.longest)
        return (
            cut(plain, field.longest) if " " in start.strip() else start
        )  # a word without an end is cut where it must
    if septets(plain) > field.longest:
        raise MessageTextError(f"the field {name} is longer than {field.longest} septets")
    return plain


def _start(text: str, limit: int) -> str:
    used = accumulate(SEPTETS[sign] for sign in text)
    return "".join(sign for sign, size in zip(text, used, strict=True) if size <= limit)


def _fill(text: str, fields: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda match: fields[match[1]], text)

"""What a health declaration asks, as data: the forms of successive acts, each in force from its day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import NotRequired, TypedDict, cast

from vaxcert.data import load_json
from vaxcert.errors import RequestError


class Part(StrEnum):
    """The parts of a form."""

    HISTORY = "history"
    """Diseases, medicines, allergies."""
    CONTACTS = "contacts"
    """Where the infection may have been met in the last days."""


class _QuestionRow(TypedDict):
    id: str
    part: str
    number: int
    vi: str
    en: str
    detail: NotRequired[bool]


class _FormRow(TypedDict):
    id: str
    since: str
    valid_hours: int
    questions: list[_QuestionRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a form.

    Attributes:
        id: What the answer is kept under; the same thing has the same id in every form.
        part: The part of the form it stands in.
        number: Its number there.
        vi: The question in Vietnamese, short.
        en: The question in English, short.
        detail: Whether a yes asks for words: which medicine, which vaccine.
    """

    id: str
    part: Part
    number: int
    vi: str
    en: str
    detail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationForm:
    """The questions of one act.

    Attributes:
        act: The act's number, such as ``3588/QĐ-BYT``.
        since: The first day that the form is used.
        validity: How long a declaration counts after it was signed.
        questions: In the form's order.
    """

    act: str
    since: date
    validity: timedelta
    questions: tuple[Question, ...]


@cache
def declaration_forms() -> tuple[DeclarationForm, ...]:
    """Return the forms, the oldest first."""
    rows = cast("list[_FormRow]", load_json("registry/health-declaration.json")["forms"])
    return tuple(
        DeclarationForm(
            act=row["id"],
            since=date.fromisoformat(row["since"]),
            validity=timedelta(hours=row["valid_hours"]),
            questions=tuple(_question(question) for question in row["questions"]),
        )
        for row in sorted(rows, key=lambda row: row["since"])
    )


def declaration_form_on(day: date) -> DeclarationForm:
    """Return the form in force on *day*.

    Raises:
        RequestError: There was none yet.
    """
    in_force = [form for form in declaration_forms() if form.since <= day]
    if not in_force:
        raise RequestError(f"no health declaration was in force on {day.isoformat()}")
    return in_force[-1]


def _question(row: _QuestionRow) -> Question:
    return Question(
        id=row["id"],
        part=Part(row["part"]),
        number=row["number"],
        vi=row["vi"],
        en=row["en"],
        detail=row.get("detail", False),
    )

"""A health declaration: what somebody answered, for whom, and until when it counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.registrations.declaration_form import DeclarationForm, Question

MAX_DETAIL: Final = 200
"""The longest words to an answer: the name of a medicine, a place, a vaccine."""


class Answer(StrEnum):
    """What may be answered. Not to know is an answer; not to answer is none."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A signed declaration, whole.

    Attributes:
        id: Its id.
        person: Whose health it is about.
        signed_by: Who signed: the person or a guardian; None where a member of staff wrote down what was said.
        act: The form that it answers.
        answers: One for every question of the form, by its id.
        details: The words to an answer, by the id of its question.
        signed_at: When.
        valid_until: The first instant at which it counts no longer.
    """

    id: UUID
    person: UUID
    signed_by: UUID | None
    act: str
    answers: Mapping[str, Answer]
    details: Mapping[str, str]
    signed_at: datetime
    valid_until: datetime

    def counts_at(self, at: datetime) -> bool:
        """Say whether the site may go by it at *at*, or has to ask again."""
        return self.signed_at <= at < self.valid_until

    def is_yes(self, question: str) -> bool:
        """Say whether *question* was answered with yes. Unknown is not no either: ask `answers` for that."""
        return self.answers.get(question) is Answer.YES


def answer_problems(
    form: DeclarationForm, answers: Mapping[str, str], details: Mapping[str, str]
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with *answers* to *form*: one missing, one too many, no answer, words missing or unasked."""
    questions = {question.id: question for question in form.questions}
    # The name is not repeated: what somebody wrote in the wrong place may be anything.
    problems = [
        FieldProblem(field, "unknown_question", "has what is no question of this form")
        for field, names in (("answers", answers), ("details", details))
        if not names.keys() <= questions.keys()
    ]
    for question in form.questions:
        problems += _problems_of(question, answers.get(question.id), details.get(question.id))
    return tuple(problems)


def _problems_of(question: Question, answer: str | None, detail: str | None) -> list[FieldProblem]:
    found = []
    if answer is None:
        found.append(FieldProblem(f"answers.{question.id}", "missing", "must be answered: yes, no or unknown"))
    elif answer not in set(Answer):
        found.append(FieldProblem(f"answers.{question.id}", "unknown_answer", "must be yes, no or unknown"))
    if answer == Answer.YES and question.detail and not (detail or "").strip():
        found.append(FieldProblem(f"details.{question.id}", "missing", "must say which, since the answer is yes"))
    if detail is None:
        return found
    if len(detail) > MAX_DETAIL:
        found.append(FieldProblem(f"details.{question.id}", "too_long", f"is longer than {MAX_DETAIL} characters"))
    elif not detail.isprintable():
        found.append(
            FieldProblem(f"details.{question.id}", "invisible_character", "has a control or invisible character")
        )
    if answer != Answer.YES:
        found.append(FieldProblem(f"details.{question.id}", "not_asked", "goes with the answer yes only"))
    return found

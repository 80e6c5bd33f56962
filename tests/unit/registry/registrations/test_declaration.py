from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from vaxcert.registry.registrations.declaration import MAX_DETAIL, Answer, Declaration, answer_problems
from vaxcert.registry.registrations.declaration_form import declaration_form_on

FORM = declaration_form_on(date(2026, 3, 2))
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
ALL_NO = {question.id: "no" for question in FORM.questions}


def codes(answers: dict[str, str], details: dict[str, str] | None = None) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in answer_problems(FORM, answers, details or {})]


def declared(**answers: Answer) -> Declaration:
    return Declaration(
        id=UUID(int=1),
        person=UUID(int=2),
        signed_by=None,
        act=FORM.act,
        answers={question.id: Answer.NO for question in FORM.questions} | answers,
        details={},
        signed_at=AT,
        valid_until=AT + FORM.validity,
    )


def test_s6_every_question_answered_is_a_declaration() -> None:
    assert codes(ALL_NO) == []
    assert codes(dict.fromkeys(ALL_NO, "unknown")) == []
    assert codes({**ALL_NO, "infection": "yes"}) == []


def test_s6_not_to_answer_is_no_answer() -> None:
    answers = dict(ALL_NO)
    del answers["pregnancy"]
    assert codes(answers) == [("answers.pregnancy", "missing")]
    assert len(codes({})) == len(FORM.questions)


@pytest.mark.parametrize("answer", ["", "YES", "có", "maybe", "true"])
def test_only_three_answers_are_answers(answer: str) -> None:
    assert codes({**ALL_NO, "infection": answer}) == [("answers.infection", "unknown_answer")]


def test_a_yes_that_asks_which_needs_words() -> None:
    yes = {**ALL_NO, "other_allergy": "yes"}
    assert codes(yes) == [("details.other_allergy", "missing")]
    assert codes(yes, {"other_allergy": "  "}) == [("details.other_allergy", "missing")]
    assert codes(yes, {"other_allergy": "penicillin"}) == []


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ("a" * (MAX_DETAIL + 1), "too_long"),
        ("penicillin\n", "invisible_character"),
        ("\u202epen", "invisible_character"),
    ],
)
def test_words_are_short_and_visible(detail: str, code: str) -> None:
    yes = {**ALL_NO, "other_allergy": "yes"}
    assert codes(yes, {"other_allergy": detail}) == [("details.other_allergy", code)]
    assert codes(yes, {"other_allergy": "a" * MAX_DETAIL}) == []


@pytest.mark.parametrize("answer", ["no", "unknown"])
def test_words_go_with_a_yes_only(answer: str) -> None:
    assert codes({**ALL_NO, "symptoms": answer}, {"symptoms": "ho"}) == [("details.symptoms", "not_asked")]


def test_what_no_question_asks_is_refused_and_not_repeated() -> None:
    problems = answer_problems(FORM, {**ALL_NO, "Nguyễn Văn A": "no"}, {"0912345678": "x"})
    assert [(problem.field, problem.code) for problem in problems] == [
        ("answers", "unknown_question"),
        ("details", "unknown_question"),
    ]
    assert all("Nguyễn" not in str(problem) and "0912" not in str(problem) for problem in problems)


def test_s6_an_expired_declaration_has_to_be_asked_again() -> None:
    declaration = declared()
    assert declaration.counts_at(AT)
    assert declaration.counts_at(AT + FORM.validity - timedelta(seconds=1))
    assert not declaration.counts_at(AT + FORM.validity)


def test_a_declaration_does_not_count_before_it_was_signed() -> None:
    assert not declared().counts_at(AT - timedelta(seconds=1))


def test_unknown_is_neither_yes_nor_no() -> None:
    assert declared(infection=Answer.YES).is_yes("infection")
    assert not declared(infection=Answer.UNKNOWN).is_yes("infection")
    assert not declared().is_yes("no such question")

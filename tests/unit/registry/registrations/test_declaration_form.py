from datetime import date, timedelta

import pytest

from vaxcert.errors import RequestError
from vaxcert.registry.registrations.declaration_form import (
    Part,
    declaration_form_on,
    declaration_forms,
)


def test_s6_the_form_has_the_twelve_questions_of_the_history_and_those_of_the_contacts() -> None:
    form = declaration_form_on(date(2021, 9, 1))
    history = [question for question in form.questions if question.part is Part.HISTORY]
    contacts = [question for question in form.questions if question.part is Part.CONTACTS]
    assert [question.number for question in history] == list(range(1, 13))
    assert [question.number for question in contacts] == list(range(1, len(contacts) + 1))
    assert contacts


def test_s6_a_declaration_counts_for_one_to_two_days() -> None:
    for form in declaration_forms():
        assert timedelta(hours=24) <= form.validity <= timedelta(hours=48)


def test_every_question_has_an_id_of_its_own_and_words_in_both_languages() -> None:
    for form in declaration_forms():
        assert len({question.id for question in form.questions}) == len(form.questions)
        assert all(question.vi.strip() and question.en.isascii() for question in form.questions)


def test_the_allergies_ask_which() -> None:
    asked = {question.id for question in declaration_form_on(date(2026, 3, 2)).questions if question.detail}
    assert {"anaphylaxis", "other_allergy"} <= asked


def test_there_was_no_form_before_the_first_act() -> None:
    first = declaration_forms()[0]
    assert declaration_form_on(first.since) is first
    with pytest.raises(RequestError, match="no health declaration was in force on 2021-07-25"):
        declaration_form_on(first.since - timedelta(days=1))

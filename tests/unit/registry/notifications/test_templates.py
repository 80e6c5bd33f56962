"""The texts of messages: each fits one part, in both languages, whatever its fields are."""

from datetime import UTC, date, datetime, timedelta

import pytest

from vaxcert.errors import MessageTextError
from vaxcert.model.messages import ONE_PART, parts, septets, unaccented
from vaxcert.registry.notifications.templates import Audience, Language, Template, template, templates

EVERY = [
    pytest.param(each, language, id=f"{each.name}-{language.value}")
    for each in templates().values()
    for language in Language
]
FORBIDDEN_TO_CITIZENS = (
    "vắc xin",
    "vaccin",
    "tiêm",
    "inject",
    "mũi",
    "dose",
    "covid",
    "phản ứng",
    "reaction",
    "cccd",
    "astra",
    "pfizer",
)


def longest(each: Template, letter: str = "W") -> dict[str, str]:
    return {name: letter * field.longest for name, field in each.fields.items()}


@pytest.mark.parametrize(("each", "language"), EVERY)
def test_s5_every_text_with_its_longest_fields_is_one_part(each: Template, language: Language) -> None:
    rendered = each.render(language, longest(each))
    assert parts(rendered.sms.text) == 1
    assert septets(rendered.sms.text) <= ONE_PART


@pytest.mark.parametrize(("each", "language"), EVERY)
def test_s5_no_text_loses_a_word_of_its_template(each: Template, language: Language) -> None:
    text = each.render(language, longest(each)).sms.text
    for word in unaccented(each.texts[language]).split():
        if "{" not in word:
            assert word in text


@pytest.mark.parametrize(("each", "language"), EVERY)
def test_s5_no_text_for_citizens_tells_of_their_health(each: Template, language: Language) -> None:
    if each.to is Audience.CITIZEN:
        said = f"{each.subjects[language]} {each.texts[language]}".lower()
        assert not [word for word in FORBIDDEN_TO_CITIZENS if word in said]


@pytest.mark.parametrize(("each", "language"), EVERY)
def test_an_sms_has_no_accents(each: Template, language: Language) -> None:
    text = each.render(language, longest(each)).sms.text
    assert text == unaccented(text)
    assert "{" not in text


def test_both_languages_use_the_same_fields() -> None:
    for each in templates().values():
        filled = {language: each.render(language, longest(each, "Q")).text for language in Language}
        assert filled[Language.VI].count("Q") >= sum(field.longest for field in each.fields.values())
        assert filled[Language.EN].count("Q") >= sum(field.longest for field in each.fields.values())


def test_a_letter_keeps_the_accents() -> None:
    rendered = template("appointment-confirmed").render(
        Language.VI, {"at": datetime(2026, 3, 2, 1, 30, tzinfo=UTC), "site": "Trạm y tế Bình Minh", "code": "0126"}
    )
    assert rendered.text.startswith("Lịch hẹn: 08:30 02/03/2026 tại Trạm y tế Bình Minh. Mã 0126.")
    assert rendered.sms.text.startswith("Lich hen: 08:30 02/03/2026 tai Tram y te Binh Minh. Ma 0126.")
    assert rendered.subject == "Lịch hẹn của bạn"


def test_a_day_is_written_as_in_vietnam() -> None:
    rendered = template("next-visit-due").render(Language.EN, {"day": date(2026, 4, 9)})
    assert "09/04/2026" in rendered.sms.text


def test_the_name_of_a_site_gives_way_word_by_word() -> None:
    fields = {"at": "08:30 02/03/2026", "site": "Trung tâm " * 12, "code": "X"}
    text = template("appointment-confirmed").render(Language.VI, fields).sms.text
    assert text.count("Trung tam") == 5
    assert "Trung. Ma X." in text


def test_an_endless_word_is_cut() -> None:
    fields = {"at": "08:30 02/03/2026", "site": "x" * 100, "code": "X"}
    assert "tai " + "x" * 56 + ". Ma X" in template("appointment-confirmed").render(Language.VI, fields).sms.text


def test_a_name_in_another_script_is_shown_as_question_marks() -> None:
    fields = {"at": "08:30 02/03/2026", "site": "โรงพยาบาล 5", "code": "X"}
    assert "? 5. Ma X" in template("appointment-confirmed").render(Language.VI, fields).sms.text


def test_a_code_that_is_too_long_is_refused() -> None:
    with pytest.raises(MessageTextError, match="code is longer than 8"):
        template("login-code").render(Language.VI, {"code": "123456789", "minutes": 5})


def test_a_code_that_no_telephone_shows_is_refused() -> None:
    with pytest.raises(MessageTextError, match=r"U\+4E2D"):
        template("login-code").render(Language.VI, {"code": "中", "minutes": 5})


def test_a_line_break_in_a_field_becomes_a_blank() -> None:
    text = template("login-code").render(Language.VI, {"code": "12\n34", "minutes": 5}).sms.text
    assert "12 34" in text


@pytest.mark.parametrize("fields", [{}, {"code": "1"}, {"code": "1", "minutes": 2, "name": "Ánh"}])
def test_other_fields_are_a_mistake_of_the_caller(fields: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match="code, minutes"):
        template("login-code").render(Language.VI, fields)


def test_an_unknown_template_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no-such"):
        template("no-such")


def test_a_login_code_is_of_no_use_later() -> None:
    assert template("login-code").lapses_after == timedelta(minutes=10)
    assert template("certificate-ready").lapses_after is None


def test_a_message_does_not_show_itself() -> None:
    rendered = template("login-code").render(Language.VI, {"code": "4711", "minutes": 5})
    assert "4711" not in repr(rendered)

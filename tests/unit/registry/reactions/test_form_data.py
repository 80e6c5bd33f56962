"""The form's lists: WHO's variables, and the words of every code."""

from dataclasses import fields
from enum import StrEnum

import msgspec
import pytest

from vaxcert.registry.doses.dose import Dose
from vaxcert.registry.people.demographics import Demographics
from vaxcert.registry.reactions.form import AefiForm, Cause, ReactionOutcome, Reason
from vaxcert.registry.reactions.form_data import ListName, core_variables, form_codes
from vaxcert.registry.reactions.tables import EVENT_LENGTH

FORM = {field.name for field in msgspec.structs.fields(AefiForm)}


def test_s29_the_form_has_the_25_core_variables() -> None:
    assert [variable.number for variable in core_variables()] == list(range(1, 26))
    assert len({variable.name for variable in core_variables()}) == 25


@pytest.mark.parametrize(
    "variable", [each for each in core_variables() if each.held_by == "form"], ids=lambda v: v.name
)
def test_what_the_form_holds_is_a_field_of_it(variable: object) -> None:
    name = getattr(variable, "name")  # noqa: B009 - a frozen value, by its name
    assert {"seriousness": "reasons"}.get(name, name) in FORM


def test_what_the_person_and_the_dose_hold_is_known_of_them() -> None:
    held = {
        "patient": ("name", fields(Demographics)),
        "birth_date": ("birth_date", fields(Demographics)),
        "sex": ("sex", fields(Demographics)),
        "address": ("address", fields(Demographics)),
        "vaccine": ("product", fields(Dose)),
        "dose_number": ("number", fields(Dose)),
        "lot": ("lot_number", fields(Dose)),
        "vaccinated_at": ("given_at", fields(Dose)),
    }
    for variable in core_variables():
        if variable.held_by in {"person", "dose"}:
            name, known = held[variable.name]
            assert name in {field.name for field in known}


@pytest.mark.parametrize(
    ("name", "kind"), [("reasons", Reason), ("outcomes", ReactionOutcome), ("causes", Cause)], ids=str
)
def test_every_code_has_its_words(name: ListName, kind: type[StrEnum]) -> None:
    assert list(form_codes(name)) == [member.value for member in kind] or set(form_codes(name)) == set(kind)
    assert all(each.vi and each.en for each in form_codes(name).values())


def test_events_fit_their_column() -> None:
    assert all(len(code) <= EVENT_LENGTH for code in form_codes("events"))


def test_anaphylaxis_from_grade_2_on_is_always_serious() -> None:
    serious = [code for code, each in form_codes("events").items() if each.always_serious]
    assert {"anaphylaxis_2", "anaphylaxis_3", "anaphylaxis_4"} <= set(serious)
    assert "anaphylaxis_1" not in serious
    assert "fever_38" not in serious

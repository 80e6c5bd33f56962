"""What may not stand on a form, what makes it serious, what is missing."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from vaxcert.model.person import Sex
from vaxcert.registry.reactions.form import AefiForm, Autopsy, Pregnancy, ReactionOutcome, Reason
from vaxcert.registry.reactions.form_data import form_codes
from vaxcert.registry.reactions.form_rules import form_problems, missing_variables, reasons_of

GIVEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NOW = GIVEN + timedelta(days=2)
PLAIN = AefiForm(
    events=("fever_38",),
    onset_at=GIVEN + timedelta(hours=5),
    outcome=ReactionOutcome.RECOVERING,
    reporter_name="Bùi Thị Hạnh",
    reporter_role="điều dưỡng",
    reporter_phone="0255 3 822 222",
    description="sốt 38,5",
)
DEAD = {"outcome": ReactionOutcome.DIED, "reasons": (Reason.DEATH,), "died_on": date(2026, 3, 3)}


def form(**changes: object) -> AefiForm:
    return msgspec.structs.replace(PLAIN, **changes)


def problems(
    filled: AefiForm, *, sex: Sex | None = Sex.FEMALE, given_at: datetime | None = GIVEN
) -> set[tuple[str, str]]:
    found = form_problems(filled, given_on=date(2026, 3, 2), given_at=given_at, sex=sex, at=NOW)
    return {(problem.field, problem.code) for problem in found}


def test_a_plain_form_has_no_problem() -> None:
    assert problems(PLAIN) == set()


def test_a_death_that_is_told_whole_has_no_problem() -> None:
    assert problems(form(**DEAD, autopsy=Autopsy.PLANNED)) == set()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"events": ("fever_38", "swoon")}, ("events", "unknown_event")),
        ({"events": ("fever_38", "fever_38")}, ("events", "repeated")),
        ({"events": ("other",), "description": None}, ("description", "missing")),
        ({"reasons": (Reason.DISABILITY, Reason.DISABILITY)}, ("reasons", "repeated")),
        ({"onset_at": datetime(2026, 3, 2, 8, 0)}, ("onset_at", "no_time_zone")),  # noqa: DTZ001 - that is the point
        ({"onset_at": NOW + timedelta(seconds=1)}, ("onset_at", "in_future")),
        ({"onset_at": GIVEN - timedelta(seconds=1)}, ("onset_at", "before_injection")),
        ({"onset_at": GIVEN - timedelta(days=1), "onset_time_known": False}, ("onset_at", "before_injection")),
        ({"outcome": ReactionOutcome.DIED, "died_on": date(2026, 3, 3)}, ("reasons", "outcome_mismatch")),
        ({"reasons": (Reason.DEATH,)}, ("reasons", "outcome_mismatch")),
        ({**DEAD, "died_on": None}, ("died_on", "missing")),
        ({**DEAD, "died_on": date(2026, 3, 1)}, ("died_on", "out_of_range")),
        ({**DEAD, "died_on": date(2026, 3, 5)}, ("died_on", "out_of_range")),
        ({"died_on": date(2026, 3, 3)}, ("died_on", "outcome_mismatch")),
        ({"autopsy": Autopsy.NO}, ("died_on", "outcome_mismatch")),
        ({"national_receipt_on": date(2026, 3, 5)}, ("national_receipt_on", "in_future")),
    ],
)
def test_what_contradicts_itself_is_told(changes: dict[str, object], problem: tuple[str, str]) -> None:
    assert problem in problems(form(**changes))


def test_every_problem_is_told_at_once() -> None:
    wrong = form(events=("swoon",), onset_at=NOW + timedelta(days=1), reasons=(Reason.DEATH,))
    assert {field for field, _code in problems(wrong)} == {"events", "onset_at", "reasons"}


def test_where_only_the_day_is_known_its_hour_says_nothing() -> None:
    earlier = form(onset_at=GIVEN - timedelta(hours=1), onset_time_known=False)
    assert problems(earlier) == set()


def test_where_only_the_day_of_the_injection_is_known_its_hour_says_nothing() -> None:
    assert problems(form(onset_at=GIVEN - timedelta(hours=1)), given_at=None) == set()


@pytest.mark.parametrize("pregnancy", [Pregnancy.FIRST_TRIMESTER, Pregnancy.BREASTFEEDING])
def test_a_man_is_not_pregnant(pregnancy: Pregnancy) -> None:
    assert problems(form(pregnancy=pregnancy), sex=Sex.MALE) == {("pregnancy", "sex_mismatch")}
    assert problems(form(pregnancy=pregnancy), sex=Sex.FEMALE) == set()
    assert problems(form(pregnancy=pregnancy), sex=None) == set()


def test_a_man_who_is_said_not_to_be_is_no_problem() -> None:
    assert problems(form(pregnancy=Pregnancy.NO), sex=Sex.MALE) == set()


def test_a_reaction_without_a_reason_is_not_serious() -> None:
    assert reasons_of(PLAIN) == ()


@pytest.mark.parametrize("reason", [each for each in Reason if each is not Reason.DEATH])
def test_e6_any_reason_makes_it_serious(reason: Reason) -> None:
    assert reasons_of(form(reasons=(reason,))) == (reason,)


@pytest.mark.parametrize("event", [code for code, each in form_codes("events").items() if each.always_serious])
def test_e6_some_events_are_serious_whatever_came_of_them(event: str) -> None:
    assert reasons_of(form(events=("fever_38", event))) == (Reason.IMPORTANT_EVENT,)
    assert reasons_of(form(events=(event,), reasons=(Reason.HOSPITALISATION,))) == (Reason.HOSPITALISATION,)


def test_reasons_stand_in_the_form_s_order() -> None:
    given = (Reason.HOSPITALISATION, Reason.LIFE_THREATENING)
    assert reasons_of(form(reasons=given)) == (Reason.LIFE_THREATENING, Reason.HOSPITALISATION)


def test_a_whole_report_lacks_nothing() -> None:
    assert missing_variables(PLAIN) == ()


def test_what_is_missing_is_told_in_the_form_s_order() -> None:
    lacking = form(description=None, reporter_phone=None, onset_time_known=False, outcome=ReactionOutcome.UNKNOWN)
    assert missing_variables(lacking, unknown=["lot"]) == (
        "reporter_phone",
        "lot",
        "onset_at",
        "description",
        "outcome",
    )

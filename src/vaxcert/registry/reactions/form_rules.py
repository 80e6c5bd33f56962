"""What may not stand on a form, what makes it serious, and what is still missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem
from vaxcert.model.person import Sex
from vaxcert.registry.reactions.form import Pregnancy, ReactionOutcome, Reason
from vaxcert.registry.reactions.form_data import core_variables, form_codes
from vaxcert.registry.sites.hours import local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from vaxcert.registry.reactions.form import AefiForm

_PREGNANT = frozenset(Pregnancy) - {Pregnancy.NO, Pregnancy.UNKNOWN}


def form_problems(
    form: AefiForm, *, given_on: date, given_at: datetime | None, sex: Sex | None, at: datetime
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with *form*, all of it at once.

    Args:
        form: The form, whose single values were read already.
        given_on: The day of the injection.
        given_at: Its time, where that is known.
        sex: The person's sex, where that is known.
        at: Now.
    """
    return (*_event_problems(form), *_onset_problems(form, given_on, given_at, at), *_end_problems(form, sex, at))


def _event_problems(form: AefiForm) -> Iterator[FieldProblem]:
    if not form_codes("events").keys() >= set(form.events):
        yield FieldProblem("events", "unknown_event", "has a code that is not on the form")
    if len(set(form.events)) != len(form.events):
        yield FieldProblem("events", "repeated", "has one more than once")
    if "other" in form.events and form.description is None:
        yield FieldProblem("description", "missing", "is missing: another event is told in words")
    if len(set(form.reasons)) != len(form.reasons):
        yield FieldProblem("reasons", "repeated", "has one more than once")


def _onset_problems(form: AefiForm, given_on: date, given_at: datetime | None, at: datetime) -> Iterator[FieldProblem]:
    if form.onset_at.tzinfo is None:
        yield FieldProblem("onset_at", "no_time_zone", "needs a time zone, such as +07:00")
        return
    if form.onset_at > at:
        yield FieldProblem("onset_at", "in_future", "lies in the future")
    exactly = given_at if form.onset_time_known else None
    if _day(form.onset_at) < given_on or (exactly is not None and form.onset_at < exactly):
        yield FieldProblem("onset_at", "before_injection", "lies before the injection")


def _end_problems(form: AefiForm, sex: Sex | None, at: datetime) -> Iterator[FieldProblem]:
    died = form.outcome is ReactionOutcome.DIED
    if died != (Reason.DEATH in form.reasons):
        yield FieldProblem("reasons", "outcome_mismatch", "must name death exactly if the outcome is death")
    if not died and (form.died_on is not None or form.autopsy is not None):
        yield FieldProblem("died_on", "outcome_mismatch", "belongs to the outcome death alone")
    if died and form.died_on is None:
        yield FieldProblem("died_on", "missing", "is missing: the outcome is death")
    if form.died_on is not None and not _first_day(form) <= form.died_on <= _day(at):
        yield FieldProblem("died_on", "out_of_range", "must lie between the onset and today")
    if form.national_receipt_on is not None and form.national_receipt_on > _day(at):
        yield FieldProblem("national_receipt_on", "in_future", "lies in the future")
    if sex is Sex.MALE and form.pregnancy in _PREGNANT:
        yield FieldProblem("pregnancy", "sex_mismatch", "does not go with the person's sex")


def reasons_of(form: AefiForm) -> tuple[Reason, ...]:
    """Return why the form's reaction is serious; none where it is not.

    An event that is serious whatever came of it, such as an anaphylaxis from grade II on, is one also where whoever
    filled in the form has named no reason: it is then an important medical event.
    """
    if not form.reasons and any(form_codes("events")[event].always_serious for event in form.events):
        return (Reason.IMPORTANT_EVENT,)
    return tuple(reason for reason in Reason if reason in form.reasons)


def missing_variables(form: AefiForm, *, unknown: Iterable[str] = ()) -> tuple[str, ...]:
    """Return which of the wanted core variables a report lacks, in the form's order.

    A serious reaction is reported without them all the same, and they are brought after it.

    Args:
        form: The form.
        unknown: The variables that the person, dose or site do not have.
    """
    empty = {
        "description": form.description is None,
        "reporter_phone": form.reporter_phone is None,
        "onset_at": not form.onset_time_known,
        "outcome": form.outcome is ReactionOutcome.UNKNOWN,
    }
    lacking = {name for name, is_empty in empty.items() if is_empty} | set(unknown)
    return tuple(variable.name for variable in core_variables() if variable.wanted and variable.name in lacking)


def _day(instant: datetime) -> date:
    return local(instant).date()


def _first_day(form: AefiForm) -> date:
    return _day(form.onset_at) if form.onset_at.tzinfo is not None else form.onset_at.date()

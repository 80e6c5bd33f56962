from datetime import UTC, date, datetime, timedelta

import pytest

from vaxcert.errors import RequestError
from vaxcert.registry.appointments.terms import all_terms, terms_on

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMS = terms_on(date(2026, 3, 2))


def test_a_place_is_held_for_five_to_ten_minutes() -> None:
    assert all(timedelta(minutes=5) <= terms.hold <= timedelta(minutes=10) for terms in all_terms())


def test_a_hold_ends_with_its_time_or_when_the_slot_begins() -> None:
    assert TERMS.hold_ends(AT, AT + timedelta(days=1)) == AT + TERMS.hold
    assert TERMS.hold_ends(AT, AT + timedelta(minutes=1)) == AT + timedelta(minutes=1)


def test_an_offer_ends_so_early_that_somebody_else_may_still_come() -> None:
    assert TERMS.offer_ends(AT, AT + timedelta(days=1)) == AT + TERMS.offer
    starts = AT + TERMS.before_slot + timedelta(minutes=5)
    assert TERMS.offer_ends(AT, starts) == AT + timedelta(minutes=5)


def test_shortly_before_the_slot_nothing_is_offered() -> None:
    assert TERMS.offer_ends(AT, AT + TERMS.before_slot) is None


def test_there_were_no_terms_before_the_first() -> None:
    with pytest.raises(RequestError, match="no terms of booking hold on 2020-12-31"):
        terms_on(date(2020, 12, 31))
    assert terms_on(all_terms()[0].since) is all_terms()[0]

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.sites.capacity import Throughput, first_share, slots_on, throughput_problems
from vaxcert.registry.sites.hours import OpenPeriod

MONDAY = date(2026, 3, 2)
HOURS = (
    OpenPeriod(weekday=1, opens=time(7, 30), closes=time(11, 30)),
    OpenPeriod(weekday=1, opens=time(13), closes=time(17)),
)
TWO_TABLES = Throughput(tables=2, per_table_hour=12)


def test_slots_are_made_from_the_hours_of_the_day() -> None:
    slots = slots_on(MONDAY, HOURS, TWO_TABLES)
    assert len(slots) == 8
    assert slots[0].starts_at == datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    assert slots[-1].ends_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert {slot.capacity for slot in slots} == {24}
    assert [slot.session for slot in slots] == [Session.MORNING] * 4 + [Session.AFTERNOON] * 4


def test_a_closed_day_has_no_slots() -> None:
    assert slots_on(date(2026, 3, 3), HOURS, TWO_TABLES) == ()


def test_what_is_left_of_a_period_is_no_slot() -> None:
    slots = slots_on(MONDAY, HOURS[:1], replace(TWO_TABLES, slot_minutes=90))
    assert [slot.ends_at.hour for slot in slots] == [2, 3]


def test_a_slot_that_begins_at_noon_is_in_the_afternoon() -> None:
    hours = (OpenPeriod(weekday=1, opens=time(11), closes=time(13)),)
    assert [slot.session for slot in slots_on(MONDAY, hours, TWO_TABLES)] == [Session.MORNING, Session.AFTERNOON]


def test_some_places_are_kept_for_those_who_come_without_an_appointment() -> None:
    slots = slots_on(MONDAY, HOURS, replace(TWO_TABLES, walk_in_percent=25))
    assert {slot.capacity for slot in slots} == {18}


def test_some_places_are_kept_for_later_doses() -> None:
    slots = slots_on(MONDAY, HOURS, replace(TWO_TABLES, later_dose_percent=50))
    assert {(slot.capacity, slot.first_capacity) for slot in slots} == {(24, 12)}
    assert {slot.first_capacity for slot in slots_on(MONDAY, HOURS, replace(TWO_TABLES, later_dose_percent=100))} == {0}


def test_fractions_of_places_are_carried_on() -> None:
    slots = slots_on(MONDAY, HOURS[:1], Throughput(tables=1, per_table_hour=10, slot_minutes=15))
    assert [slot.capacity for slot in slots] == [2, 3] * 8


def test_a_slot_without_a_place_is_none() -> None:
    slots = slots_on(MONDAY, HOURS[:1], Throughput(tables=1, per_table_hour=2, slot_minutes=15))
    assert [slot.capacity for slot in slots] == [1] * 8


def test_the_part_for_first_doses_is_cut_down() -> None:
    assert [first_share(capacity, 30) for capacity in (0, 1, 3, 10)] == [0, 0, 2, 7]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tables", 0),
        ("tables", 101),
        ("per_table_hour", 0),
        ("per_table_hour", 121),
        ("slot_minutes", 4),
        ("slot_minutes", 481),
        ("walk_in_percent", -1),
        ("walk_in_percent", 100),
        ("later_dose_percent", -1),
        ("later_dose_percent", 101),
    ],
)
def test_figures_out_of_bounds_are_refused(field: str, value: int) -> None:
    (problem,) = throughput_problems(replace(TWO_TABLES, **{field: value}))
    assert (problem.field, problem.code) == (field, "out_of_range")


def test_figures_within_bounds_are_not() -> None:
    assert throughput_problems(TWO_TABLES) == ()

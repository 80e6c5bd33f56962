"""Slots made from any hours: what they hold together, and what each of them keeps."""

from datetime import date, time, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vaxcert.registry.sites.capacity import (
    MAX_PER_TABLE_HOUR,
    MAX_SLOT_MINUTES,
    MAX_SLOT_PLACES,
    MAX_TABLES,
    MIN_SLOT_MINUTES,
    Throughput,
    slots_on,
)
from vaxcert.registry.sites.hours import OpenPeriod, format_hours, hours_problems, instant_of, parse_period

MONDAY = date(2026, 3, 2)
THROUGHPUTS = st.builds(
    Throughput,
    tables=st.integers(1, MAX_TABLES),
    per_table_hour=st.integers(1, MAX_PER_TABLE_HOUR),
    slot_minutes=st.integers(MIN_SLOT_MINUTES, MAX_SLOT_MINUTES),
    walk_in_percent=st.integers(0, 99),
    later_dose_percent=st.integers(0, 100),
)
CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@st.composite
def periods(draw: st.DrawFn) -> OpenPeriod:
    opens, closes = sorted(draw(st.lists(CLOCKS, min_size=2, max_size=2, unique=True)))
    return OpenPeriod(weekday=draw(st.integers(1, 7)), opens=opens, closes=closes)


@given(period=periods(), throughput=THROUGHPUTS)
def test_a_period_has_the_places_of_its_whole_slots_and_none_more(period: OpenPeriod, throughput: Throughput) -> None:
    day = MONDAY + timedelta(days=period.weekday - 1)
    slots = slots_on(day, [period], throughput)
    length = timedelta(minutes=throughput.slot_minutes)
    whole = (instant_of(day, period.closes) - instant_of(day, period.opens)) // length
    hours = Fraction(whole * throughput.slot_minutes, 60)
    places = hours * throughput.tables * throughput.per_table_hour * (100 - throughput.walk_in_percent) / 100
    total = sum(slot.capacity for slot in slots)
    assert total == int(places)
    assert sum(slot.first_capacity for slot in slots) <= total * (100 - throughput.later_dose_percent) / 100


@given(period=periods(), throughput=THROUGHPUTS)
def test_slots_stand_one_after_another_within_their_period(period: OpenPeriod, throughput: Throughput) -> None:
    day = MONDAY + timedelta(days=period.weekday - 1)
    slots = slots_on(day, [period], throughput)
    for earlier, later in pairwise(slots):
        assert earlier.ends_at <= later.starts_at
        assert abs(earlier.capacity - later.capacity) <= max(1, min(earlier.capacity, later.capacity))
    for slot in slots:
        assert instant_of(day, period.opens) <= slot.starts_at < slot.ends_at <= instant_of(day, period.closes)
        assert 0 <= slot.first_capacity <= slot.capacity <= MAX_SLOT_PLACES
        assert slot.capacity > 0


@given(week=st.sets(periods(), max_size=8))
def test_hours_are_read_as_they_are_written(week: set[OpenPeriod]) -> None:
    assert sorted(each for text in format_hours(week) for each in parse_period(text)) == sorted(week)


@given(week=st.lists(periods(), max_size=6))
def test_hours_overlap_exactly_where_two_periods_share_a_minute(week: list[OpenPeriod]) -> None:
    minutes = [
        (period.weekday, minute)
        for period in week
        for minute in range(
            period.opens.hour * 60 + period.opens.minute, period.closes.hour * 60 + period.closes.minute
        )
    ]
    assert (hours_problems(week) == ()) is (len(set(minutes)) == len(minutes))

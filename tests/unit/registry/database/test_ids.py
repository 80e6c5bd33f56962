"""Ids of version 7."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vaxcert.registry.database.ids import new_id

INSTANTS = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - the zone is added
    max_value=datetime(9999, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


@given(INSTANTS)
def test_an_id_is_of_version_7_and_says_when(at: datetime) -> None:
    made = new_id(at)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(at.timestamp() * 1000)


def test_ids_grow_with_time() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    made = [new_id(start + timedelta(milliseconds=step)) for step in range(100)]
    assert made == sorted(made)


def test_ids_of_one_instant_differ() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert len({new_id(at) for _turn in range(10_000)}) == 10_000

"""How requests are read: every bad field is named at once, and no value is repeated."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from msgspec import Meta

from vaxcert.errors import RequestError
from vaxcert.service.registry.request import PageRequest, Request, read_request


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Wish(Request, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=2, max_length=10)]
    count: Annotated[int, Meta(ge=1)] = 1
    colour: Colour | None = None
    day: date | None = None
    parts: list[int] = []  # noqa: RUF012 - a struct copies its defaults
    loud: bool = False
    id: UUID | None = None


def problems(given: dict[str, Any], *, texts: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(RequestError) as told:
        read_request(Wish, given, texts=texts)
    return [(problem.field, problem.code) for problem in told.value.problems]


def test_a_whole_request_is_read() -> None:
    assert read_request(Wish, {"name": "An", "colour": "red", "day": "2026-03-02"}) == Wish(
        name="An", colour=Colour.RED, day=date(2026, 3, 2)
    )


def test_texts_stand_for_values_where_said() -> None:
    given = {"name": "An", "count": "3", "loud": "true", "parts": ["1", "2"]}
    assert read_request(Wish, given, texts=True) == Wish(name="An", count=3, loud=True, parts=[1, 2])
    assert problems(given) == [("count", "invalid"), ("parts[0]", "invalid"), ("loud", "invalid")]


def test_every_bad_field_is_named_at_once() -> None:
    given = {"colour": "green", "count": 0, "day": "yesterday", "more": 1, "id": "7"}
    assert problems(given) == [
        ("more", "unknown_field"),
        ("name", "missing"),
        ("count", "invalid"),
        ("colour", "invalid"),
        ("day", "invalid"),
        ("id", "invalid"),
    ]


def test_no_value_is_repeated() -> None:
    with pytest.raises(RequestError) as told:
        read_request(Wish, {"name": "Nguyễn Văn An", "colour": "Nguyễn", "day": "Nguyễn", "x" * 100: 1})
    said = str(told.value) + "".join(problem.field + problem.message for problem in told.value.problems)
    assert "Nguyễn" not in said
    assert max(len(problem.field) for problem in told.value.problems) <= 80


@pytest.mark.parametrize("limit", [0, 501, -1])
def test_a_page_is_bounded(limit: int) -> None:
    with pytest.raises(RequestError):
        read_request(PageRequest, {"limit": limit})

"""Pages of answers that stand in the order of their ids."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from uuid import UUID

from vaxcert.errors import FieldProblem, RequestError
from vaxcert.service.registry.request import Page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vaxcert.service.registry.request import PageRequest

FIRST: Final = UUID(int=0)
"""Comes before every id."""

LAST: Final = UUID(int=(1 << 128) - 1)
"""Comes after every id."""


class HasId(Protocol):
    """What a page holds."""

    @property
    def id(self) -> UUID:
        """Its id."""


T = TypeVar("T", bound=HasId)


def read_after(request: PageRequest, *, start: UUID = FIRST) -> UUID:
    """Return the id after which the asked page begins; *start* for the first page.

    Raises:
        RequestError: It is no id.
    """
    if request.after is None:
        return start
    try:
        return UUID(request.after)
    except ValueError:
        raise not_a_page() from None


def cursor_of(instant: datetime) -> str:
    """Return *instant* as a page's `next` has it: an address may hold it as it is."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def not_a_page() -> RequestError:
    """Return the error for an `after` that is no `next` of any page."""
    problem = FieldProblem("after", "invalid", "must be `next` of the page before")
    return RequestError("the request is wrong in after", problems=[problem])


def page_of(found: Sequence[T], limit: int) -> Page[T]:
    """Return the page of the first *limit* of what was *found*; one more than that was asked for, to know of more."""
    return Page(items=list(found[:limit]), next=str(found[limit - 1].id) if len(found) > limit else None)

"""Requests and answers of the registry: plain values that the command line, HTTP and Python share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")
R = TypeVar("R", bound="Request")

MAX_PAGE = 500
_SHOWN = 80


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a use case is asked; a subclass names each field with its type and `Meta`."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What a use case says."""


class Document(Answer, frozen=True, kw_only=True):
    """A file."""

    name: str
    media_type: str
    content: bytes


class PageRequest(Request, frozen=True, kw_only=True):
    """A question with more answers than are given at once."""

    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE, description="how many at most")] = 50
    after: Annotated[str, Meta(max_length=200, description="`next` of the page before")] | None = None


class Page(Answer, Generic[T], frozen=True, kw_only=True):
    """Some of the answers; *next* is there as long as there are more."""

    items: list[T]
    next: str | None = None


def read_request(kind: type[R], given: Mapping[str, object], *, texts: bool = False) -> R:
    """Return the request in *given*.

    Args:
        kind: Which request.
        given: The fields by name.
        texts: Whether values may stand as texts, as on a command line or in a form: ``"3"`` for 3.

    Raises:
        RequestError: Fields are wrong, missing or unknown; all of them are named.
    """
    values: dict[str, object] = {}
    fields = fields_of(kind)
    problems = [
        FieldProblem(name[:_SHOWN], "unknown_field", "there is no such field") for name in given if name not in fields
    ]
    for name, field in fields.items():
        if name not in given:
            if field.required:
                problems.append(FieldProblem(name, "missing", "must be there"))
            continue
        try:
            values[field.name] = msgspec.convert(given[name], field.type, strict=not texts)
        except msgspec.ValidationError as error:
            problems.append(_problem(name, field.type, str(error)))
    check(problems)
    return kind(**values)


@cache
def fields_of(kind: type[Request]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """Return the fields of *kind* by the names that callers use; to find them takes longer than to read a request."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def _problem(field: str, kind: object, said: str) -> FieldProblem:
    # The library says "Expected `int`, got `str` - at `$.a[0]`"; only of an enum it repeats the value.
    message, _, place = said.partition(" - at `$")
    inner = place.rstrip("`")
    if message.startswith("Invalid enum value"):
        message = "must be one of " + ", ".join(_words(msgspec.inspect.type_info(kind)))
    return FieldProblem(field + inner, "invalid", message[:1].lower() + message[1:])


def _words(kind: msgspec.inspect.Type) -> Iterator[str]:
    """Yield the words that *kind* may be made of."""
    match kind:
        case msgspec.inspect.EnumType(cls=words):
            yield from (str(word.value) for word in words)
        case msgspec.inspect.Metadata(type=inner):
            yield from _words(inner)
        case msgspec.inspect.UnionType(types=members):
            for member in members:
                yield from _words(member)
        case msgspec.inspect.DictType(value_type=item) | msgspec.inspect.ListType(item_type=item):
            yield from _words(item)
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.FrozenSetType(item_type=item):
            yield from _words(item)
        case _:
            return


def check(problems: list[FieldProblem]) -> None:
    """Refuse the request if there are *problems*.

    Raises:
        RequestError: There are.
    """
    if problems:
        fields = ", ".join(dict.fromkeys(problem.field for problem in problems))
        raise RequestError(f"the request is wrong in {fields}", problems=problems)

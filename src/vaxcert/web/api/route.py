"""What a row of the table is: a method, a path, and what is called there."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, cast, get_type_hints

from vaxcert.service.registry.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.rights import Right
    from vaxcert.service.registry.use_case import UseCase
    from vaxcert.service.wording import Language
    from vaxcert.web.office import Office

R = TypeVar("R", bound=Request)
A = TypeVar("A")

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and how they want to be answered."""

    lang: Language
    actor: Actor | None = None
    """None where nobody was asked who they are."""
    key: str | None = None
    """Of the request, by which it is known when it is sent again."""


@dataclass(frozen=True)
class OfficeCall(Generic[R, A]):
    """A function of the office, a request and its caller: what needs no transaction of the registry.

    Attributes:
        function: What is called; where it is a coroutine it is awaited.
        right: What the caller must be allowed; None where everybody may.
        waits: Whether it waits for a disk, and so has a thread of its own.
    """

    function: Callable[[Office, R, Caller], A]
    right: Right | None = None
    waits: bool = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def request(self) -> type[R]:
        """The class of its request."""
        return cast("type[R]", self._hints["request"])

    @property
    def answer(self) -> Any:  # noqa: ANN401 - a type, which one only the caller knows
        """The type of its answer: a struct, or bytes."""
        return self._hints["return"]

    @property
    def description(self) -> str:
        """What it does."""
        return inspect.getdoc(self.function) or ""

    @property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)


def office_call(
    right: Right | None = None, *, waits: bool = False
) -> Callable[[Callable[[Office, R, Caller], A]], OfficeCall[R, A]]:
    """Make of the function below what a row of the table can name."""

    def make(function: Callable[[Office, R, Caller], A]) -> OfficeCall[R, A]:
        return OfficeCall(function, right, waits)

    return make


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table."""

    method: Method
    path: str
    """Below `/api/v1`; `{name}` stands for the field of this name in the request."""
    call: UseCase[Any, Any] | OfficeCall[Any, Any]
    tag: str = ""
    status: HTTPStatus = HTTPStatus.OK
    """Of the answer; `CREATED` makes the header `Idempotency-Key` a duty."""
    media: tuple[str, ...] = (JSON,)
    """The types that the answer's content may have; a document says itself which of them it has."""
    takes: tuple[str, ...] = (JSON,)
    """The types that the body may have; bytes of any other type than JSON become the request's field `content`."""
    max_bytes: int | None = None
    """The largest body, where it is not the service's general bound."""
    pace: str | None = None
    """The name of a stricter rate that the route has beside the general one."""

    @property
    def right(self) -> Right | None:
        """What the caller must be allowed; None where everybody may."""
        return self.call.right

    @property
    def creates(self) -> bool:
        """Whether the same request, sent twice, would make something twice."""
        return self.status is HTTPStatus.CREATED

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The fields of the request that stand in the path."""
        return tuple(part.strip("{}") for part in self.path.split("/") if part.startswith("{"))

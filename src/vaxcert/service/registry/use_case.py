"""What a use case is: one function of a transaction and a request, with the right that it takes."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vaxcert.service.registry.request import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.service.registry.rights import Right
    from vaxcert.service.registry.work import Work

_SECTIONS = re.compile(r"^(?:Args|Returns|Raises):$", re.MULTILINE)

R = TypeVar("R", bound=Request)
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class UseCase(Generic[R, A]):
    """A function that `Desk.run` carries out; called directly it works within another one's transaction.

    Attributes:
        function: What it does.
        right: What its actor must be allowed.
        reads: Whether it writes nothing: then there is no key to it, and the database refuses to write.
        counts: Whether it reads many rows, to count them.
    """

    function: Callable[[Work, R], A]
    right: Right
    reads: bool = False
    counts: bool = False

    def __call__(self, work: Work, request: R) -> A:
        """Carry it out within the transaction of *work*; the right of the outer use case counts."""
        return self.function(work, request)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @cached_property
    def request(self) -> type[R]:
        """The class of its request."""
        kind: type[R] = self._annotation("request")
        return kind

    @cached_property
    def answer(self) -> type[A]:
        """The class of its answer."""
        kind: type[A] = self._annotation("return")
        return kind

    @property
    def summary(self) -> str:
        """The first line of its description."""
        return self.description.partition("\n")[0]

    @property
    def description(self) -> str:
        """What it does, for those who call it from elsewhere than Python."""
        return _SECTIONS.split(inspect.getdoc(self.function) or "", maxsplit=1)[0].strip()

    def _annotation(self, name: str) -> Any:  # noqa: ANN401 - a class, which one only the caller knows
        # Only these two are resolved: the types of other parameters are imported for type checkers alone.
        written = self.function.__annotations__[name]
        return eval(written, self.function.__globals__) if isinstance(written, str) else written  # noqa: S307 - our own annotation


def use_case(
    right: Right, *, reads: bool = False, counts: bool = False
) -> Callable[[Callable[[Work, R], A]], UseCase[R, A]]:
    """Make a use case of the function below, for those who have *right*; one that *counts* only reads."""

    def make(function: Callable[[Work, R], A]) -> UseCase[R, A]:
        made = UseCase(function, right, reads or counts, counts)
        made.__dict__["__doc__"] = function.__doc__
        return made

    return make

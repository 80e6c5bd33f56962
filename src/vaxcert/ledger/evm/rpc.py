"""JSON-RPC over HTTP: what a node says is input like any other, bounded and checked before it is believed.

Nothing is sent twice by itself, except where the node asks for it with status 429 or 503.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeAlias, cast

from vaxcert.errors import ChainUnavailableError, NodeRefusedError
from vaxcert.ledger.evm.bounded_http import OK, HttpAddress, shown

if TYPE_CHECKING:
    from collections.abc import Callable

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEADLINE = timedelta(seconds=15)
"""For one call, further tries included; a name's look-up alone has the resolver's own limits."""

MAX_DEPTH = 32
"""The receipts of a block nest six levels deep."""
MAX_BRACKETS = 1_000_000
"""An object of a receipt takes a hundred bytes and more; empty ones of two would fill the memory."""

_PAUSES = (0.25, 1.0)
"""Seconds before a second and a third try, where the node says that it is busy."""
_BUSY = frozenset({429, 503})
_REFUSALS = frozenset(range(400, 500)) - {408, 425, 429}
"""The client's fault (RFC 9110 §15.5), less those that another try may cure."""
_HEX_DATA = re.compile(r"0x((?:[0-9a-fA-F]{2})*)")

_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Node(Protocol):
    """Something that answers JSON-RPC: a node over HTTP, or a chain in this process."""

    @property
    def name(self) -> str:
        """What to call it in messages: nothing secret."""
        ...

    def request(self, method: str, *params: Json) -> Json:
        """Return the result of one call.

        Raises:
            NodeRefusedError: The node answered with an error.
            ChainUnavailableError: It did not answer, or not with JSON-RPC.
        """
        ...


class HttpNode:
    """A node at an HTTP address."""

    def __init__(
        self, url: str, *, deadline: timedelta = DEADLINE, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Take the node's *url*, which may hold a user and a password; nothing is sent yet.

        Args:
            url: `http://` or `https://`.
            deadline: For one call.
            pause: How to wait so many seconds.

        Raises:
            SettingsError: It is no such address.
        """
        self._address = HttpAddress(url)
        self._deadline = deadline.total_seconds()
        self._pause = pause
        self._numbers = itertools.count(1)

    @property
    def name(self) -> str:
        """The host and the port: paths and queries of hosted nodes often are their keys."""
        return self._address.name

    def __repr__(self) -> str:
        return f"HttpNode({self.name})"

    def request(self, method: str, *params: Json) -> Json:
        """Return the result of one call."""
        number = next(self._numbers)
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        until = time.monotonic() + self._deadline
        reply = self._address.post(body, until=until)
        for pause in _PAUSES:
            seconds = max(pause, reply.retry_after)
            if reply.status not in _BUSY or time.monotonic() + seconds >= until:
                break
            self._pause(seconds)
            reply = self._address.post(body, until=until)
        if reply.status == OK:
            return self._result(reply.body, number)
        message = f"{self.name} answered {method} with HTTP status {reply.status}"
        if reply.status in _REFUSALS:
            raise NodeRefusedError(message, reason=f"HTTP status {reply.status}", number=reply.status)
        raise ChainUnavailableError(message)

    def _result(self, body: bytes, number: int) -> Json:
        try:
            answer = json.loads(_bounded(body), parse_constant=_refuse_constant)
        except ValueError as error:
            raise ChainUnavailableError(f"the answer of {self.name} is not JSON") from error
        if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0" or answer.get("id") != number:
            raise ChainUnavailableError(f"the answer of {self.name} is not the JSON-RPC answer to the question")
        if answer.get("error") is not None:
            raise refusal_of(answer["error"], node=self.name)
        if "result" not in answer:
            raise ChainUnavailableError(f"the answer of {self.name} has neither a result nor an error")
        return cast("Json", answer["result"])


def refusal_of(error: Json, *, node: str) -> NodeRefusedError:
    """Return the error object of a JSON-RPC answer as an exception.

    Spec:
        JSON-RPC 2.0 §5.1. Where the revert bytes stand differs from node to node: `data` is hexadecimal text, text with
        it inside, or an object that holds it in turn.
    """
    if not isinstance(error, dict):
        return NodeRefusedError(f"{node} refused, without saying why")
    reason, number, data = error.get("message"), error.get("code"), error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    found = _HEX_DATA.search(data) if isinstance(data, str) else None
    reason = shown(reason) if isinstance(reason, str) else ""
    return NodeRefusedError(
        f"{node} refused: {reason or 'no reason given'}",
        reason=reason,
        number=number if isinstance(number, int) else 0,
        revert=bytes.fromhex(found[1]) if found else b"",
    )


def _bounded(body: bytes) -> bytes:
    """Return *body*, which nests no deeper than twice `MAX_DEPTH` and has at most `MAX_BRACKETS`.

    The parser's own bound on depth is the interpreter's recursion limit, which a library may have lifted to where the
    stack overflows. Here every step is linear, and the same for well-formed and for hostile content.
    """
    outside_of_texts = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    brackets = b"".join(outside_of_texts).translate(None, delete=_NO_BRACKETS)
    if len(brackets) > MAX_BRACKETS:
        raise ValueError("too many values")
    for _ in range(MAX_DEPTH):  # each turn takes away the innermost level, or two
        if not brackets:
            return body
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    raise ValueError("nested too deep, or not at all")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

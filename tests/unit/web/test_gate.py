"""The gate: what it lets through, what it turns away and how, and that it opens again."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.web_office import UNLIMITED, Clock
from vaxcert.web.gate import Gate
from vaxcert.web.journal import Journal
from vaxcert.web.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from vaxcert.web.settings import Limits


@dataclass
class Answered:
    """One answer, as a server would send it."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def problem(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.messages[1]["body"])
        return found


class Door:
    """A gate before an application that does what a test says."""

    def __init__(self, app: Callable[..., Awaitable[None]], limits: Limits = UNLIMITED) -> None:
        self.log = io.BytesIO()
        self.metrics = Metrics()
        self.journal = Journal(self.log, Clock())
        self.gate = Gate(app, limits=limits, metrics=self.metrics, journal=self.journal)

    async def ask(self, path: str = "/api/v1/people", *, client: str = "10.0.0.1", **more: Any) -> Answered:
        answered = Answered()
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"secret=1",
            "headers": [],
            "scheme": "http",
            "client": (client, 1),
            "path_template": "/api/v1/people",
        } | more

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            answered.messages.append(message)

        await self.gate(scope, receive, send)  # type: ignore[arg-type] # a table of its members
        return answered

    @property
    def lines(self) -> list[dict[str, Any]]:
        self.journal.flush()
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


async def fine(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"fine"})


def test_what_comes_past_the_bound_is_told_to_come_back_and_then_let_in() -> None:
    async def play() -> None:
        opened, full, begun = asyncio.Event(), asyncio.Event(), []

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            begun.append(scope["path"])
            if len(begun) == 2:
                full.set()
            await opened.wait()
            await fine(scope, receive, send)

        door = Door(slow, replace(UNLIMITED, in_flight=2))
        waiting = [asyncio.create_task(door.ask()) for _ in range(2)]
        await full.wait()
        refused = await door.ask()
        assert refused.status == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.problem["code"] == "overloaded"
        opened.set()
        assert [(await each).status for each in waiting] == [200, 200]
        assert (await door.ask()).status == 200, "it recovers at once"

    asyncio.run(play())


def test_a_burst_of_short_requests_is_counted_before_any_is_answered() -> None:
    async def play() -> None:
        door = Door(fine, replace(UNLIMITED, in_flight=5))
        answers = await asyncio.gather(*(door.ask() for _ in range(12)))
        assert [answer.status for answer in answers] == [200] * 5 + [503] * 7
        assert (await door.ask()).status == 200

    asyncio.run(play())


def test_who_asks_how_a_full_house_is_gets_an_answer() -> None:
    async def play() -> None:
        door = Door(fine, replace(UNLIMITED, in_flight=0))
        assert (await door.ask()).status == 503
        for path in ("/health", "/ready", "/metrics"):
            assert (await door.ask(path)).status == 200

    asyncio.run(play())


def test_what_takes_too_long_is_broken_off() -> None:
    async def never(_scope: Any, _receive: Any, _send: Any) -> None:
        await asyncio.Event().wait()

    async def play() -> None:
        door = Door(never, replace(UNLIMITED, request_time=timedelta(milliseconds=5)))
        refused = await door.ask()
        assert (refused.status, refused.problem["code"]) == (408, "too_slow")

    asyncio.run(play())


def test_a_defect_says_where_it_is_and_nothing_of_what_it_worked_on() -> None:
    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ValueError("Nguyễn Thị Mẫu, 0912345678")

    door = Door(broken)
    refused = asyncio.run(door.ask())
    assert (refused.status, refused.problem["code"]) == (500, "internal_error")
    defect, request = door.lines
    assert (defect["event"], defect["error"]) == ("defect", "ValueError")
    assert defect["place"].startswith("test_gate:") or ".test_gate:" in defect["place"]
    assert defect["request"] == request["request"]
    assert "Mẫu" not in door.log.getvalue().decode() + str(refused.messages)
    assert "secret" not in door.log.getvalue().decode()


def test_an_answer_that_was_begun_is_broken_off_and_not_mended() -> None:
    async def halfway(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("too late")

    with pytest.raises(Exception, match="defect"):
        asyncio.run(Door(halfway).ask())


def test_over_tls_browsers_are_told_to_stay_there() -> None:
    door = Door(fine)
    assert "strict-transport-security" not in asyncio.run(door.ask()).headers
    assert "max-age" in asyncio.run(door.ask(scheme="https")).headers["strict-transport-security"]


def test_every_request_is_counted_under_its_route() -> None:
    door = Door(fine)
    asyncio.run(door.ask("/api/v1/people/somebody", path_template="/api/v1/people/{person}"))
    text = door.metrics.text().decode()
    assert 'route="/api/v1/people/{person}",status="200"} 1.0' in text
    assert "somebody" not in text


def test_what_is_no_request_goes_by() -> None:
    seen = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(Door(app).gate({"type": "lifespan"}, None, None))  # type: ignore[arg-type] # nothing is sent
    assert seen == ["lifespan"]

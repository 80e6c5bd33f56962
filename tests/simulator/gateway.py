"""A gateway for SMS and webhooks on the loopback interface: real HTTP, and as unreliable as it is told to be."""

from __future__ import annotations

import json
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@dataclass(frozen=True)
class Arrival:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads(self.body)
        return known


@dataclass(frozen=True)
class Behaviour:
    """What one request is answered with."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    """None: the id that the gateway gave the message."""
    is_silent: bool = False
    """Take the message over, and say nothing before the connection ends."""


@dataclass
class Gateway:
    """What came in, and what each key has become; a key that is here already makes no second message."""

    arrivals: list[Arrival] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    to_come: deque[Behaviour] = field(default_factory=deque)
    gate: threading.Event = field(default_factory=threading.Event)
    """Cleared, the gateway takes messages over and does not answer until it is set."""
    scheme: str = "http"
    port: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/send"

    def take(self, arrival: Arrival) -> Behaviour:
        self.arrivals.append(arrival)
        behaviour = self.to_come.popleft() if self.to_come else Behaviour()
        if behaviour.status < 300:
            key = arrival.headers.get("idempotency-key") or arrival.headers.get("webhook-id", "")
            self.messages.setdefault(key, arrival.told)
        return behaviour


@contextmanager
def running_gateway(tls: ssl.SSLContext | None = None) -> Iterator[Gateway]:
    """Yield a gateway on a free port; over *tls*, where there is a context for it."""
    gateway = Gateway(scheme="http" if tls is None else "https")
    gateway.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the caller was killed in the middle of it: nothing came
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            behaviour = gateway.take(Arrival(self.path, headers, body))
            gateway.gate.wait()
            if behaviour.is_silent:
                self.close_connection = True
                return
            answer = behaviour.body
            if answer is None:
                answer = json.dumps({"id": f"gw-{len(gateway.messages)}"}).encode()
            self.send_response(behaviour.status)
            for name, value in behaviour.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A caller that hangs up is what the tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    gateway.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()

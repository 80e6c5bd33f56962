"""A JSON-RPC node that fails or lies: a proxy before a real one.

    with FaultyRpc(anvil.url) as node:
        node.on("eth_getTransactionReceipt", lie(forge_status))
        node.on("eth_sendRawTransaction", drop_after, times=1)
        ...  # node.url is where to ask

A rule holds for one method, or for every method (`"*"`); the newest rule that still has a turn wins. Nothing sleeps:
what hangs, hangs until the client gives up or the proxy is closed.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from tests.simulator.anvil import RpcFailure, rpc

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


@dataclass
class Exchange:
    """One call: what was asked, and the means to answer it well or badly."""

    method: str
    params: list[Any]
    identifier: object
    upstream: str
    closing: threading.Event
    handler: BaseHTTPRequestHandler

    def ask(self, *, url: str | None = None, method: str | None = None, params: list[Any] | None = None) -> Any:
        """Return the real node's result."""
        asked = self.params if params is None else params
        return rpc(url or self.upstream, method or self.method, *asked)

    def answer(self, result: object) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", "id": self.identifier, "result": result}).encode())

    def refuse(self, error: dict[str, Any]) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", "id": self.identifier, "error": error}).encode())

    def write(
        self, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        """Send *body*, saying that it has *length* bytes, whether or not it has."""
        with contextlib.suppress(OSError):  # a client that has given up is what some tests are about
            self.handler.send_response(status)
            self.handler.send_header("Content-Type", "application/json")
            self.handler.send_header("Content-Length", str(len(body) if length is None else length))
            for name, value in (headers or {}).items():
                self.handler.send_header(name, value)
            self.handler.end_headers()
            self.handler.wfile.write(body)

    def hang_up(self) -> None:
        """Close the connection without a word."""
        with contextlib.suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)

    def wait_for_the_client(self, *, dripping: bytes = b"") -> None:
        """Hold the connection, sending *dripping* again and again, until the client goes or the proxy is closed."""
        connection = self.handler.connection
        connection.settimeout(0.02)
        with contextlib.suppress(OSError):
            while not self.closing.is_set():
                with contextlib.suppress(TimeoutError):
                    if connection.recv(1) == b"":
                        return
                if dripping:
                    connection.sendall(dripping)


Fault: TypeAlias = Callable[[Exchange], None]


def forward(exchange: Exchange) -> None:
    """Answer as the real node does."""
    try:
        exchange.answer(exchange.ask())
    except RpcFailure as failure:
        exchange.refuse(failure.error)


def drop(exchange: Exchange) -> None:
    """Lose the question."""
    exchange.hang_up()


def drop_after(exchange: Exchange) -> None:
    """Do what was asked, and lose the answer."""
    exchange.ask()
    exchange.hang_up()


def hang(exchange: Exchange) -> None:
    """Take the question and say nothing."""
    exchange.wait_for_the_client()


def drip_headers(exchange: Exchange) -> None:
    """Send a header that never ends, a byte at a time: no single read ever times out."""
    exchange.handler.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    exchange.wait_for_the_client(dripping=b"a")


def drip_body(exchange: Exchange) -> None:
    """Send a body that never ends, a byte at a time."""
    exchange.write(b"{", length=1_000_000)
    exchange.wait_for_the_client(dripping=b" ")


def truncate(exchange: Exchange) -> None:
    """Send the first half of the answer and end the connection."""
    body = json.dumps({"jsonrpc": "2.0", "id": exchange.identifier, "result": exchange.ask()}).encode()
    exchange.write(body[: len(body) // 2], length=len(body))


def cut_json(exchange: Exchange) -> None:
    """Send half of the answer as if it were whole."""
    body = json.dumps({"jsonrpc": "2.0", "id": exchange.identifier, "result": exchange.ask()}).encode()
    exchange.write(body[: len(body) // 2])


def gzip_bomb(exchange: Exchange) -> None:
    """Send a few kilobytes that inflate to 64 MB, which nobody asked for."""
    bomb = gzip.compress(b" " * (64 << 20), compresslevel=1)
    exchange.write(bomb, headers={"Content-Encoding": "gzip"})


def huge(exchange: Exchange) -> None:
    """Announce 100 MB."""
    exchange.write(b"{", length=100 << 20)
    exchange.wait_for_the_client()


def huge_unannounced(exchange: Exchange) -> None:
    """Send without end, in chunks, with no length."""
    handler = exchange.handler
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with contextlib.suppress(OSError):
        while not exchange.closing.is_set():
            handler.wfile.write(chunk)


def body(raw: bytes) -> Fault:
    """Answer with *raw*, whatever was asked."""
    return lambda exchange: exchange.write(raw)


def status(code: int, **headers: str) -> Fault:
    """Answer with an HTTP status (`Retry_After="1"` is a header)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.write(b"no", status=code, headers=named)


def rpc_error(code: int, message: str, data: object = None) -> Fault:
    """Answer with an error object."""
    return lambda exchange: exchange.refuse({"code": code, "message": message, "data": data})


def result(value: object) -> Fault:
    """Answer with *value*, whatever the real node knows."""
    return lambda exchange: exchange.answer(value)


def lie(change: Callable[[list[Any], Any], Any]) -> Fault:
    """Answer with what *change* makes of the parameters and the true result."""

    def fault(exchange: Exchange) -> None:
        try:
            exchange.answer(change(exchange.params, exchange.ask()))
        except RpcFailure as failure:
            exchange.refuse(failure.error)

    return fault


def fork(other: str) -> Fault:
    """Answer from another node, as if it were this one."""

    def fault(exchange: Exchange) -> None:
        try:
            exchange.answer(exchange.ask(url=other))
        except RpcFailure as failure:
            exchange.refuse(failure.error)

    return fault


def stale(block: int) -> Fault:
    """Answer as a node does that has seen nothing after *block*; for every method (`"*"`)."""
    return lambda exchange: _stale(exchange, block)


_TAGS = {"latest", "pending", "safe", "finalized"}


def _stale(exchange: Exchange, block: int) -> None:
    params = [hex(block) if isinstance(value, str) and value in _TAGS else value for value in exchange.params]
    if exchange.method == "eth_blockNumber":
        return exchange.answer(hex(block))
    if exchange.method == "eth_getBlockByNumber" and int(params[0], 16) > block:
        return exchange.answer(None)
    try:
        found = exchange.ask(params=params)
    except RpcFailure as failure:
        return exchange.refuse(failure.error)
    if exchange.method == "eth_getTransactionReceipt" and found and int(found["blockNumber"], 16) > block:
        found = None
    if exchange.method == "eth_getLogs":
        found = [log for log in found if int(log["blockNumber"], 16) <= block]
    return exchange.answer(found)


@dataclass
class _Rule:
    method: str
    fault: Fault
    left: int | None


class FaultyRpc:
    """A proxy in front of *upstream*; `url` is its own address, `calls` what it was asked."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.calls: list[tuple[str, list[Any]]] = []
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def on(self, method: str, fault: Fault, *, times: int | None = None) -> None:
        """Answer *method* (`"*"`: every one) by *fault*, for the next *times* calls or for good."""
        with self._lock:
            self._rules.insert(0, _Rule(method, fault, times))

    def heal(self) -> None:
        """Be an honest node again."""
        with self._lock:
            self._rules.clear()

    def count(self, method: str) -> int:
        return sum(called == method for called, _ in self.calls)

    def encrypt(self, certificate: Path) -> None:
        """Speak TLS from now on, with the certificate and key in a PEM file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def pause_accepting(self) -> None:
        """Leave whoever connects unanswered: the system takes the connection, and nobody reads from it."""
        self._server.shutdown()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fault_for(self, method: str) -> Fault:
        with self._lock:
            for rule in self._rules:
                if rule.method in ("*", method) and rule.left != 0:
                    if rule.left is not None:
                        rule.left -= 1
                    return rule.fault
        return forward

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                proxy.calls.append((asked["method"], asked["params"]))
                exchange = Exchange(asked["method"], asked["params"], asked["id"], proxy.upstream, proxy._closing, self)
                proxy._fault_for(exchange.method)(exchange)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the overridden name
                """Say nothing: the tests look at `calls`."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is what some tests are about."""

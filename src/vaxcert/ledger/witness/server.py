"""The witness over HTTP: one call, with a bound on everything that a stranger sends.

It speaks plain HTTP/1.1, on an address inside the machine or behind a proxy that does TLS.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerError, StorageError, WitnessRefusedError
from vaxcert.ledger.witness.request import MAX_REQUEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vaxcert.ledger.witness.witness import Witness

CALL: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
"""The content type of the answer that tells the size cosigned last (tlog-witness)."""
MAX_CONNECTIONS: Final = 64
"""At once; a log asks once for each checkpoint, so more are not logs."""
CONNECTION_TIME: Final = timedelta(seconds=30)
"""The life of a connection, however busy: who sends a byte a second keeps no place for long."""

_SHOWN_LENGTH = 200
_TEXT_TYPE = "text/plain; charset=utf-8"
_logger = logging.getLogger(__name__)


class WitnessServer(ThreadingHTTPServer):
    """Answers for *witness* at *address*; port 0 is any free one, and `server_port` says which.

    Args:
        witness: Decides.
        address: Host and port.
        clock: Returns the time now (aware); read once for each request.
        connection_time: The life of a connection.
    """

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(
        self,
        witness: Witness,
        *,
        address: tuple[str, int],
        clock: Callable[[], datetime],
        connection_time: timedelta = CONNECTION_TIME,
    ) -> None:
        self.witness = witness
        self.clock = clock
        self.connection_time = connection_time
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Take the address, without asking who in the network has its name, as the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Give the connection a thread, or hang up where too many have one."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer on this connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Note that a connection broke, without what was sent on it."""
        del request, client_address
        _logger.warning("a connection broke", exc_info=sys.exception())


def serve_witness(
    witness: Witness,
    *,
    host: str,
    port: int,
    clock: Callable[[], datetime],
    started: Callable[[WitnessServer], None] | None = None,
) -> None:
    """Answer for *witness* until the process is interrupted, or the server given to *started* is shut down.

    Args:
        witness: Decides.
        host: The address to listen at.
        port: The port; 0 is any free one.
        clock: Returns the time now (aware).
        started: Called once when requests are taken: tells where, and may keep the server to shut it down.

    Raises:
        StorageError: The address is taken, or not this machine's.
    """
    try:
        server = WitnessServer(witness, address=(host, port), clock=clock)
    except OSError as error:
        raise StorageError(f"the witness cannot listen at {host}, port {port}: {error.strerror or error}") from error
    with server:
        if started is not None:
            started(server)
        server.serve_forever()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept (tlog-witness: SHOULD)
    server: WitnessServer

    def setup(self) -> None:
        seconds = self.server.connection_time.total_seconds()
        super().setup()
        # A time-out is one read's. Whoever reads or writes when the life is over meets the end of the connection.
        self.connection.settimeout(seconds)
        self._end = threading.Timer(seconds, self._hang_up)
        self._end.daemon = True
        self._end.start()

    def finish(self) -> None:
        self._end.cancel()
        super().finish()

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self) -> None:
        """Answer the one call there is."""
        try:
            body = self._body()
            line = self.server.witness.add_checkpoint(body, clock=self.server.clock)
        except WitnessRefusedError as error:
            self._refuse(error)
        except (LedgerError, StorageError):
            _logger.exception("nothing was cosigned")
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness's state cannot be read or written\n")
        else:
            self._answer(HTTPStatus.OK, line)

    def do_GET(self) -> None:
        """Say that this is not the way."""
        self._refuse(WitnessRefusedError("checkpoints are posted", status=HTTPStatus.METHOD_NOT_ALLOWED))

    def _body(self) -> bytes:
        if self.path != CALL:
            raise WitnessRefusedError("there is nothing here", status=HTTPStatus.NOT_FOUND)
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            raise WitnessRefusedError("the request does not say its length", status=HTTPStatus.LENGTH_REQUIRED)
        if len(length) > len(str(MAX_REQUEST_BYTES)) or int(length) > MAX_REQUEST_BYTES:
            raise WitnessRefusedError(
                f"the request has over {MAX_REQUEST_BYTES} bytes", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            )
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise WitnessRefusedError("the request is cut off", status=HTTPStatus.BAD_REQUEST)
        return body

    def _refuse(self, error: WitnessRefusedError) -> None:
        if error.size is None:
            self._answer(HTTPStatus(error.status), f"{error.message}\n")
        else:
            self._answer(HTTPStatus(error.status), f"{error.size}\n", content_type=SIZE_TYPE)

    def _answer(self, status: HTTPStatus, text: str, *, content_type: str = _TEXT_TYPE) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if status in _UNREAD:
            # What was not read of the request would be taken for the next one.
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        return "vaxcert-witness"

    def log_message(self, form: str, *arguments: object) -> None:
        text = (form % arguments)[:_SHOWN_LENGTH]
        _logger.info("%s", "".join(letter if letter.isprintable() else "?" for letter in text))


_UNREAD = frozenset(
    (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.LENGTH_REQUIRED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )
)

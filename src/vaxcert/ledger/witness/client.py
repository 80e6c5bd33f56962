"""Asking a witness for its cosignature, with a bound on what it answers and how long it takes."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from vaxcert.errors import LedgerUnavailableError, SettingsError, WitnessRefusedError
from vaxcert.ledger.log.checkpoint import parse_checkpoint
from vaxcert.ledger.log.cosignature import add_cosignatures
from vaxcert.ledger.log.note import parse_note
from vaxcert.ledger.log.text import parse_size
from vaxcert.ledger.witness.request import format_request
from vaxcert.ledger.witness.server import CALL, SIZE_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vaxcert.ledger.log.note_key import NoteVerifier

MAX_ANSWER_BYTES: Final = 64 * 1024
"""A few lines; the largest signatures in use take 7 kB each in base64."""
TIME_LIMIT: Final = timedelta(seconds=20)
"""For a whole request and its answer."""

_REASONS: Final[dict[int, str]] = {
    HTTPStatus.FORBIDDEN: "the witness does not know the key that signed the checkpoint",
    HTTPStatus.NOT_FOUND: "the witness does not watch this log, or is elsewhere",
    HTTPStatus.CONFLICT: "the witness has cosigned another tree than this one",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the checkpoint does not extend the one that the witness has cosigned",
}


class _Answer(NamedTuple):
    status: int
    content_type: str
    content: bytes


def request_cosignature(
    url: str,
    note: str,
    *,
    witness: NoteVerifier,
    prove: Callable[[int, int], Sequence[bytes]],
    old_size: int = 0,
    time_limit: timedelta = TIME_LIMIT,
) -> str:
    """Return the checkpoint *note* with the cosignature of the witness at *url*.

    Where *old_size* is not what the witness cosigned last, it says what was, and is asked once more.

    Args:
        url: The witness's submission prefix, http or https.
        note: The signed checkpoint.
        witness: The witness's key.
        prove: Returns the consistency path from a smaller size to a larger one, as `TransparencyLog` does.
        old_size: The size that the witness is believed to have cosigned last; 0 where nothing is known.
        time_limit: For each of the two requests.

    Raises:
        SettingsError: *url* is not one of http or https.
        WitnessRefusedError: The witness did not cosign; where it has cosigned a larger size, its `size` says so.
        NoteError: The witness's answer is no cosignature of *note* by its key.
        LedgerUnavailableError: There was no answer in time, or one past the bound.
    """
    size = parse_checkpoint(parse_note(note).text).size
    believed = old_size if old_size <= size else 0  # a larger one would be malformed: 0 asks what the witness has
    answer = _ask(url, _body(note, believed, size, prove), time_limit)
    known = _conflicting_size(answer)
    if known is not None and known != believed:
        if known > size:
            raise WitnessRefusedError(
                f"the witness has cosigned size {known}, and this checkpoint has {size}",
                status=HTTPStatus.CONFLICT,
                size=known,
            )
        answer = _ask(url, _body(note, known, size, prove), time_limit)
    if answer.status != HTTPStatus.OK:
        reason = _REASONS.get(answer.status, "the witness did not cosign")
        raise WitnessRefusedError(
            f"{reason} (status {answer.status})", status=answer.status, size=_conflicting_size(answer)
        )
    return add_cosignatures(note, answer.content, verifiers=(witness,))


def _body(note: str, old_size: int, size: int, prove: Callable[[int, int], Sequence[bytes]]) -> bytes:
    # No tree needs a proof that it extends the empty one, or itself.
    path = prove(old_size, size) if 0 < old_size < size else ()
    return format_request(note, old_size=old_size, path=path)


def _conflicting_size(answer: _Answer) -> int | None:
    if answer.status != HTTPStatus.CONFLICT or answer.content_type != SIZE_TYPE:
        return None
    text, newline, rest = answer.content.decode("ascii", "replace").partition("\n")
    size = parse_size(text)
    if size is None or not newline or rest:
        raise LedgerUnavailableError("the witness's answer cannot be read")
    return size


def _ask(url: str, body: bytes, time_limit: timedelta) -> _Answer:
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "vaxcert", "Connection": "close"}
    try:
        with _connected(url, time_limit.total_seconds()) as (connection, target):
            connection.request("POST", target, body, headers)
            response = connection.getresponse()
            # What ends with its connection may have been cut off, by the time limit too.
            is_delimited = response.chunked or response.length is not None
            content = response.read(MAX_ANSWER_BYTES + 1)
    except (OSError, HTTPException) as error:
        raise LedgerUnavailableError("the witness did not answer in time, or not in HTTP") from error
    if not is_delimited or response.length or len(content) > MAX_ANSWER_BYTES:
        raise LedgerUnavailableError(f"the witness's answer is cut off, or has over {MAX_ANSWER_BYTES} bytes")
    return _Answer(response.status, response.getheader("Content-Type", ""), content)


@contextmanager
def _connected(url: str, seconds: float) -> Iterator[tuple[HTTPConnection, str]]:
    """Give a connection that ends after *seconds*, whatever is still going on on it."""
    host, port, target, is_secure = _address(url)
    connection = HTTPConnection(host, port, timeout=seconds)
    try:
        connection.connect()
        line: socket.socket = connection.sock
        # A second handle on the connection, which stays one when the first goes over into TLS.
        with line.dup() as watched:
            timer = threading.Timer(seconds, _hang_up, (watched,))
            timer.daemon = True
            timer.start()
            try:
                if is_secure:
                    connection.sock = ssl.create_default_context().wrap_socket(line, server_hostname=host)
                yield connection, target
            finally:
                timer.cancel()
    finally:
        connection.close()


def _address(url: str) -> tuple[str, int, str, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError("the witness's address cannot be read") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("a witness's address begins with http:// or https:// and a host")
    if parts.username is not None or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        raise SettingsError("a witness's address has neither a user nor a query")
    is_secure = parts.scheme == "https"
    return parts.hostname, port or (HTTPS_PORT if is_secure else HTTP_PORT), parts.path.rstrip("/") + CALL, is_secure


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)

"""One HTTPS POST within bounds: so many bytes back at most, the whole of it within a time, and no redirect followed."""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from vaxcert.errors import SettingsError
from vaxcert.registry.notifications.schedule import Attempt, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIME_LIMIT: Final = timedelta(seconds=15)
"""For one message once there is a connection, and for each address of the name that is tried for one."""

MAX_ANSWER_BYTES: Final = 64 * 1024
_MAX_URL_LENGTH: Final = 2048
_PORTS: Final = {"https": 443, "http": 80}
_REFUSALS: Final = frozenset((400, 413, 422))
"""What says that this message is wrong. Any other answer but success speaks of the receiver, or of its settings here:
that one is tried again, so that a token that has run out costs time and no messages."""


@dataclass(frozen=True, slots=True)
class Url:
    """Where to post."""

    host: str
    port: int
    is_secure: bool
    target: str
    authority: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a POST, and the body of a success."""

    attempt: Attempt
    body: bytes = b""


def parse_url(text: str) -> Url:
    """Return the address in *text*.

    Raises:
        SettingsError: It is not one of https, or of http on this machine itself; or it holds a user or a fragment.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise SettingsError("the address to post to cannot be read") from error
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _MAX_URL_LENGTH
    if not plain or parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.fragment:
        raise SettingsError("the address to post to is none of https", hint="https://host/path, without a user")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise SettingsError("messages go out over https only", hint="http is for addresses of this machine itself")
    return Url(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_secure=parts.scheme == "https",
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        authority=parts.netloc,
    )


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def post(url: Url, body: bytes, headers: Mapping[str, str], *, within: timedelta = TIME_LIMIT) -> Posted:
    """Post *body* to *url*, and return what came of it; nothing that goes wrong on the way raises."""
    connection = HTTPConnection(url.host, url.port, timeout=within.total_seconds())
    try:
        connection.connect()
        with hung_up_after(connection.sock, within):
            if url.is_secure:
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=url.host)
            connection.request("POST", url.target, body, {**_COMMON, "Host": url.authority, **headers})
            response = connection.getresponse()
            content = response.read(MAX_ANSWER_BYTES + 1)
    except (OSError, HTTPException, UnicodeError) as error:  # a host's name may be none that can be looked up
        return Posted(Attempt(outcome=Outcome.FAILED, code=_cause(error)))
    finally:
        connection.close()
    if not HTTP_OK <= response.status < HTTP_REDIRECT:
        outcome = Outcome.REFUSED if response.status in _REFUSALS else Outcome.FAILED
        wait = _wait(response.getheader("Retry-After", ""))
        return Posted(Attempt(outcome=outcome, code=f"http_{response.status}", wait=wait))
    # What was taken over is taken over, however long the answer is.
    return Posted(Attempt(outcome=Outcome.ACCEPTED), content if len(content) <= MAX_ANSWER_BYTES else b"")


HTTP_OK: Final = 200
HTTP_REDIRECT: Final = 300
_COMMON: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "vaxcert",
}


@contextmanager
def hung_up_after(connected: socket.socket, limit: timedelta) -> Iterator[None]:
    """End the connection *limit* from now, whatever is still going on on it; also once it has gone over into TLS."""
    # A second handle on the connection, which its own `dup` refuses once it is in TLS.
    with socket.socket(fileno=os.dup(connected.fileno())) as watched:
        timer = threading.Timer(limit.total_seconds(), _hang_up, (watched,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _wait(seconds: str) -> timedelta:
    return timedelta(seconds=int(seconds)) if re.fullmatch(r"[0-9]{1,5}", seconds) else timedelta(0)


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls_certificate"
    if isinstance(error, TimeoutError):
        return "timeout"
    return "no_connection" if isinstance(error, ConnectionRefusedError | socket.gaierror) else "no_answer"

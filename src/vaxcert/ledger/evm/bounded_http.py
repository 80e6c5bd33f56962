"""One HTTP POST within bounds: so many bytes back at most, never compressed, the whole of it by one deadline.

web3's own HTTP provider bounds neither the length of an answer nor the time of the whole of it (its timeout is that
of one read), and inflates what comes compressed.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from vaxcert.errors import ChainUnavailableError, SettingsError

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""The receipts of a full block of a public chain take about 2 MB."""
OK = 200

_MAX_URL_LENGTH = 2048
_SHOWN_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; the body only where the status is 200."""

    status: int
    body: bytes = b""
    retry_after: int = 0
    """How many seconds the server asks to wait; 0 where it does not say."""


class HttpAddress:
    """Where to post. Each call has a connection of its own: an anchor takes a dozen calls every few minutes."""

    def __init__(self, url: str) -> None:
        """Take the *url*, which may hold a user and a password.

        Raises:
            SettingsError: It is not an `http://` or `https://` address.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        named = parts.scheme in ("http", "https") and parts.hostname
        if not named or len(url) > _MAX_URL_LENGTH or not (url.isascii() and url.isprintable()) or " " in url:
            # The address itself is not shown: it often holds a key.
            raise SettingsError("a node's address begins with http:// or https:// and names a host")
        tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = port or (http.client.HTTPS_PORT if tls else http.client.HTTP_PORT)
        self._tls = ssl.create_default_context() if tls else None
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.name = parts.netloc.rpartition("@")[2]
        """Host and port, the part that is nobody's secret."""
        self._headers = {
            "Host": self.name,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "vaxcert",
        }
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"

    def post(self, body: bytes, *, until: float) -> Reply:
        """Return the answer to *body*, which is there before the monotonic clock says *until*.

        Raises:
            ChainUnavailableError: There is none, or it is cut off, too long, too late or compressed.
        """
        try:
            with self._connect(until) as connected:
                connection = http.client.HTTPConnection(self._host)
                connection.sock = _Timed(connected, until)
                connection.request("POST", self._target, body, self._headers)
                return self._read(connection.getresponse())
        except TimeoutError as error:
            raise ChainUnavailableError(f"{self.name} did not answer in time") from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:  # a name may be none that can be looked up
            raise ChainUnavailableError(f"{self.name} does not answer: {shown(str(error))}") from error

    def _connect(self, until: float) -> socket.socket:
        failure = OSError("its name has no address")
        for *_, address in socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM):
            try:
                # One address at a time: create_connection would allow each of a name's addresses the whole time.
                connected = socket.create_connection((str(address[0]), self._port), timeout=_left(until))
            except OSError as error:
                failure = error
                continue
            return connected if self._tls is None else self._tls.wrap_socket(connected, server_hostname=self._host)
        raise failure

    def _read(self, response: http.client.HTTPResponse) -> Reply:
        if response.status != OK:
            wanted = response.getheader("Retry-After", "")
            return Reply(response.status, retry_after=int(wanted) if re.fullmatch(r"[0-9]{1,5}", wanted) else 0)
        if response.getheader("Content-Encoding", "identity").lower() != "identity":
            # A few compressed kilobytes can hold gigabytes; we have asked for none.
            raise ChainUnavailableError(f"{self.name} answered with compressed content, which was not asked for")
        declared = response.length
        if declared is not None and declared > MAX_ANSWER_BYTES:
            raise ChainUnavailableError(f"the answer of {self.name} has {declared} bytes, over {MAX_ANSWER_BYTES}")
        body = response.read(MAX_ANSWER_BYTES + 1)
        if len(body) > MAX_ANSWER_BYTES:
            raise ChainUnavailableError(f"the answer of {self.name} has over {MAX_ANSWER_BYTES} bytes")
        if declared is not None and len(body) < declared:
            raise ChainUnavailableError(f"the answer of {self.name} is cut off after {len(body)} of {declared} bytes")
        return Reply(response.status, body)


def shown(text: str) -> str:
    """Return what a stranger wrote as one short line that no terminal obeys."""
    return "".join(character if character.isprintable() else " " for character in text[:_SHOWN_LENGTH]).strip()


class _Timed(io.RawIOBase):
    """A connected socket all of whose reads and writes end by one deadline; what `http.client` asks of a socket."""

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._socket = connected
        self._until = until

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        self._socket.settimeout(_left(self._until))
        return self._socket.recv_into(buffer)

    def sendall(self, content: bytes) -> None:
        self._socket.settimeout(_left(self._until))
        self._socket.sendall(content)

    def close(self) -> None:
        """Leave the socket open: `http.client` closes it before it reads the body."""


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left

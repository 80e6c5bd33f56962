"""A mail server on the loopback interface that speaks enough SMTP (RFC 5321) to take letters, and to refuse them."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from email.message import EmailMessage


@dataclass
class MailServer:
    """The letters that came, and how each command is answered where not as usual."""

    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """The answer to a command, such as ``{"RCPT": "550 no such mailbox"}``; an empty one hangs up."""
    port: int = 0


class _HungUpError(Exception):
    pass


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    kept: MailServer
    tls: ssl.SSLContext | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is what the tests are about."""


class _Session(socketserver.StreamRequestHandler):
    """One caller's commands."""

    @property
    def kept(self) -> MailServer:
        assert isinstance(self.server, _Server)
        return self.server.kept

    @property
    def tls(self) -> ssl.SSLContext | None:
        assert isinstance(self.server, _Server)
        return self.server.tls

    def handle(self) -> None:
        with suppress(_HungUpError):
            self.say("CONNECT", "220 mail.example ready")
            while line := self.rfile.readline(4096):
                verb, _, rest = line.decode("ascii").strip().partition(" ")
                self.obey(verb.upper(), rest)

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # which in TLS is another than the one that the server closes

    def obey(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            self.say(verb, f"250-mail.example\r\n250-{'STARTTLS' if self.tls else '8BITMIME'}\r\n250 AUTH PLAIN")
        elif verb == "STARTTLS" and self.tls:
            self.say(verb, "220 go on")
            self.connection = self.tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        elif verb == "AUTH":
            self.kept.logins.append(rest)
            self.say(verb, "235 welcome")
        elif verb == "DATA":
            self.say(verb, "354 go on")
            self.kept.letters.append(self.letter())
            self.say("LETTER", "250 taken over")
        elif verb == "QUIT":
            self.say(verb, "221 bye")
            raise _HungUpError
        else:
            if verb == "RCPT":
                self.kept.recipients.append(rest)
            self.say(verb, "250 ok")

    def letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline(4096)) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines), policy=default)

    def say(self, verb: str, usual: str) -> None:
        answer = self.kept.answers.get(verb, usual)
        if not answer:
            raise _HungUpError
        self.wfile.write(f"{answer}\r\n".encode())
        self.wfile.flush()


@contextmanager
def running_mail_server(tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[MailServer]:
    """Yield a server that takes letters on a free port; with *tls*, once it is asked to, or *at_once*."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.kept = MailServer(port=server.server_address[1])
        server.tls = tls
        if tls is not None and at_once:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.kept
        finally:
            server.shutdown()
            thread.join()

"""Messages by mail.

SMTP cannot promise that a letter goes out once: a server that has taken it over and whose answer is lost has it, and we
do not know. It is then sent again, since twice is better than never, under the same Message-ID, by which mail programs
know a copy again.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, Literal

from vaxcert.errors import SettingsError
from vaxcert.registry.notifications.schedule import Attempt, Outcome
from vaxcert.service.registry.notifications.delivery_post import TIME_LIMIT, hung_up_after, is_loopback

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from vaxcert.registry.notifications.message import Parcel

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_PERMANENT: Final = range(550, 555)
"""No such mailbox, too large, no such name, the transaction failed: each for this letter (RFC 5321 §4.2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SmtpServer:
    """A mail server.

    Raises:
        SettingsError: The connection would be in the clear to another machine, or the sender is no address.
    """

    host: str
    sender: str
    port: int | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    within: timedelta = TIME_LIMIT

    def __post_init__(self) -> None:
        if self.security == "none" and not is_loopback(self.host):
            raise SettingsError("mail goes out over TLS only", hint="`none` is for a server on this machine itself")
        try:
            Address(addr_spec=self.sender)
        except Exception as error:
            raise SettingsError("the sender of mails is no mail address") from error


@dataclass(frozen=True, slots=True)
class SmtpCarrier:
    """Hands letters to one server, each over a connection of its own."""

    server: SmtpServer

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:
        """Hand one letter to the server."""
        letter = self._letter(parcel, at)
        try:
            self._send(letter)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _said in error.recipients.values()]
            return _answered(codes[0] if codes else 0)
        except smtplib.SMTPAuthenticationError as error:
            return Attempt(outcome=Outcome.FAILED, code=f"smtp_login_{error.smtp_code}")
        except smtplib.SMTPResponseException as error:
            return _answered(error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            code = "timeout" if isinstance(error, TimeoutError) else "smtp_no_answer"
            return Attempt(outcome=Outcome.FAILED, code=code)
        return Attempt(outcome=Outcome.ACCEPTED, receipt=str(letter["Message-ID"]))

    def _send(self, letter: EmailMessage) -> None:
        server = self.server
        encryption = None if server.security == "none" else ssl.create_default_context()
        seconds, port = server.within.total_seconds(), server.port or _PORTS[server.security]
        own_name = server.sender.rpartition("@")[2]  # otherwise smtplib asks the name service who we are
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, port, own_name, timeout=seconds, context=encryption)
        else:
            smtp = smtplib.SMTP(server.host, port, own_name, timeout=seconds)
        try:
            assert smtp.sock is not None  # it has just read the server's greeting
            with hung_up_after(smtp.sock, server.within):
                if server.security == "starttls":
                    smtp.starttls(context=encryption)
                if server.user is not None:
                    smtp.login(server.user, server.password or "")
                smtp.send_message(letter)
                with suppress(OSError, smtplib.SMTPException):
                    smtp.quit()  # the letter is taken over, whatever the server says to this
        finally:
            smtp.close()

    def _letter(self, parcel: Parcel, at: datetime) -> EmailMessage:
        letter = EmailMessage(policy=SMTP_POLICY)
        letter["From"] = Address(addr_spec=self.server.sender)
        letter["To"] = Address(addr_spec=parcel.content.address)
        letter["Subject"] = parcel.content.subject
        letter["Date"] = format_datetime(at)
        letter["Message-ID"] = f"<{parcel.id}@{self.server.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office programs stay quiet
        letter["Content-Language"] = parcel.language
        letter.set_content(parcel.content.text + "\n", cte="quoted-printable")
        return letter


def _answered(code: int) -> Attempt:
    outcome = Outcome.REFUSED if code in _PERMANENT else Outcome.FAILED
    return Attempt(outcome=outcome, code=f"smtp_{code}")

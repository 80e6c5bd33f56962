"""What carries messages away, and the settings that say which: the `notifications` table of `registry.toml`.

```toml
[notifications]
sms = "gateway"          # or console, file
mail = "smtp"            # or console, file
webhook = "signed"       # or console, file

[notifications.gateway]  # POSTs {"id", "to", "text", "sender"}; the answer may name the message: {"id"}
url = "https://sms.example/send"
token_file = "secrets/sms-token"
sender = "SYT Quang Ngai"

[notifications.smtp]
host = "mail.example"
sender = "so-suc-khoe@example.vn"
user = "registry"
password_file = "secrets/mail-password"

[notifications.webhooks.ministry]
url = "https://ministry.example/hook"
secret_file = "secrets/ministry-hook"

[notifications.file]
folder = "outgoing"
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from vaxcert.errors import SettingsError
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.signature import parse_secret
from vaxcert.service.files import read_file
from vaxcert.service.registry.notifications.delivery_http import SignedWebhooks, SmsGateway, Webhook
from vaxcert.service.registry.notifications.delivery_local import ConsoleCarrier, FolderCarrier
from vaxcert.service.registry.notifications.delivery_mail import SmtpCarrier, SmtpServer
from vaxcert.service.registry.notifications.delivery_post import parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from vaxcert.registry.notifications.message import Parcel
    from vaxcert.registry.notifications.schedule import Attempt

MAX_SECRET_BYTES: Final = 4096


class Carrier(Protocol):
    """What takes messages of one channel over."""

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:
        """Try once to hand *parcel* over, and return what came of it; nothing that can go wrong outside raises."""
        ...


class GatewaySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An SMS gateway over HTTP."""

    url: str
    token_file: str | None = None
    sender: Annotated[str, Meta(max_length=40)] | None = None


class SmtpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail server. Without encryption only on the machine itself."""

    host: str
    sender: str
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_file: str | None = None


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine that is told."""

    url: str
    secret_file: str


class FolderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A folder that each message becomes a file in."""

    folder: str


class NotificationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How messages leave. Until something is said, they are printed by whoever runs the delivery."""

    sms: Literal["console", "file", "gateway"] = "console"
    mail: Literal["console", "file", "smtp"] = "console"
    webhook: Literal["console", "file", "signed"] = "console"
    gateway: GatewaySettings | None = None
    smtp: SmtpSettings | None = None
    webhooks: dict[str, WebhookSettings] = {}
    file: FolderSettings | None = None


def parse_settings(table: Mapping[str, Any]) -> NotificationSettings:
    """Return the settings in the `notifications` *table* of a registry's settings.

    Raises:
        SettingsError: They are wrong.
    """
    try:
        return msgspec.convert(table, NotificationSettings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"the settings of notifications are wrong: {error}") from error


def carriers_of(settings: NotificationSettings, folder: Path, console: TextIO) -> dict[Channel, Carrier]:
    """Return what carries the messages of each channel.

    Args:
        settings: Which.
        folder: The registry's folder, from which the paths in the settings start.
        console: Where the console carrier writes.

    Raises:
        SettingsError: A carrier is named and not described, or its address or secret has a wrong form.
        StorageError: The file of a secret cannot be read.
    """
    made: dict[str, Carrier] = {}
    for name in {settings.sms, settings.mail, settings.webhook}:
        made[name] = _carrier(name, settings, folder, console)
    return {
        Channel.SMS: made[settings.sms],
        Channel.MAIL: made[settings.mail],
        Channel.WEBHOOK: made[settings.webhook],
    }


def _carrier(name: str, settings: NotificationSettings, folder: Path, console: TextIO) -> Carrier:
    match name:
        case "file":
            return FolderCarrier(folder / _described(settings.file, "file").folder)
        case "gateway":
            gateway = _described(settings.gateway, "gateway")
            token = None if gateway.token_file is None else _secret(folder / gateway.token_file)
            return SmsGateway(parse_url(gateway.url), token=token, sender=gateway.sender)
        case "smtp":
            return SmtpCarrier(_smtp_server(_described(settings.smtp, "smtp"), folder))
        case "signed":
            return SignedWebhooks(
                {
                    name: Webhook(parse_url(hook.url), parse_secret(_secret(folder / hook.secret_file)))
                    for name, hook in settings.webhooks.items()
                }
            )
        case _:
            return ConsoleCarrier(console)


def _smtp_server(settings: SmtpSettings, folder: Path) -> SmtpServer:
    if (settings.user is None) != (settings.password_file is None):
        raise SettingsError("the settings of smtp name a user without a password file, or a file without a user")
    return SmtpServer(
        host=settings.host,
        port=settings.port,
        security=settings.security,
        sender=settings.sender,
        user=settings.user,
        password=None if settings.password_file is None else _secret(folder / settings.password_file),
    )


T = TypeVar("T")


def _described(settings: T | None, name: str) -> T:
    if settings is None:
        raise SettingsError(f"the settings have no table notifications.{name}")
    return settings


def _secret(path: Path) -> str:
    try:
        secret = read_file(path, limit=MAX_SECRET_BYTES).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} holds no secret of plain characters") from error
    if not secret or not secret.isprintable():
        raise SettingsError(f"{path} holds no secret of one line")
    return secret

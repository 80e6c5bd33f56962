"""The signature on a webhook: that a message is ours, and of now.

The scheme and its three headers are those of Standard Webhooks 1.0, so that receivers have a library for it in their
language.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from vaxcert.errors import SettingsError

if TYPE_CHECKING:
    from datetime import datetime

ID_HEADER: Final = "webhook-id"
TIME_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

_PREFIX: Final = "whsec_"
_MIN_SECRET_BYTES: Final = 24
_MAX_SECRET_BYTES: Final = 64
_VERSION: Final = "v1,"


def parse_secret(text: str) -> bytes:
    """Return the key in *text*: ``whsec_`` and 24 to 64 bytes in base64.

    Raises:
        SettingsError: It has another form.
    """
    hint = f"a webhook's secret is {_PREFIX} and {_MIN_SECRET_BYTES} to {_MAX_SECRET_BYTES} bytes in base64"
    try:
        secret = b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise SettingsError("the webhook's secret cannot be read", hint=hint) from error
    if not text.startswith(_PREFIX) or not _MIN_SECRET_BYTES <= len(secret) <= _MAX_SECRET_BYTES:
        raise SettingsError("the webhook's secret has another form", hint=hint)
    return secret


def sign_webhook(secret: bytes, *, message: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that vouch for *body*, sent *at* this instant.

    Args:
        secret: What sender and receiver share.
        message: The message's id: the same each time that it is tried, so that the receiver knows it again.
        body: What is posted.
        at: When it is sent: of each try its own. A receiver refuses what is minutes old, since it may be replayed.
    """
    seconds = str(int(at.timestamp()))
    signature = b64encode(_mac(secret, message, seconds, body)).decode()
    return {ID_HEADER: message, TIME_HEADER: seconds, SIGNATURE_HEADER: _VERSION + signature}


def _mac(secret: bytes, message: str, seconds: str, body: bytes) -> bytes:
    return hmac.new(secret, f"{message}.{seconds}.".encode() + body, sha256).digest()

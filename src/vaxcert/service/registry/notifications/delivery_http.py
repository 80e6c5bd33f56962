"""Messages over HTTP: to an SMS gateway, and to the machines of offices as signed webhooks.

Each try of a message has the same key, so a receiver that keeps keys takes it over once, however often it is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from vaxcert.registry.notifications.schedule import Attempt, Outcome
from vaxcert.registry.notifications.signature import sign_webhook
from vaxcert.service.registry.notifications.delivery_post import TIME_LIMIT, post

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from vaxcert.registry.notifications.message import Parcel
    from vaxcert.service.registry.notifications.delivery_post import Url

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
_MAX_RECEIPT: Final = 80


@dataclass(frozen=True, slots=True, repr=False)
class SmsGateway:
    """A gateway that takes one SMS a request, as JSON."""

    url: Url
    token: str | None = None
    sender: str | None = None
    within: timedelta = TIME_LIMIT

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:  # noqa: ARG002 - the carriers' signature
        """Hand one SMS to the gateway."""
        body = {"id": str(parcel.id), "to": parcel.content.address, "text": parcel.content.sms}
        if self.sender is not None:
            body["sender"] = self.sender
        headers = {IDEMPOTENCY_HEADER: str(parcel.id)}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        posted = post(self.url, msgspec.json.encode(body), headers, within=self.within)
        if posted.attempt.outcome is not Outcome.ACCEPTED:
            return posted.attempt
        return Attempt(outcome=Outcome.ACCEPTED, receipt=_receipt(posted.body))


@dataclass(frozen=True, slots=True, repr=False)
class Webhook:
    """Where a machine is told, and the secret that it shares with the registry."""

    url: Url
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class SignedWebhooks:
    """The machines that are told, by the names that the settings give them."""

    webhooks: Mapping[str, Webhook]
    within: timedelta = TIME_LIMIT

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:
        """Post one event to a machine."""
        hook = self.webhooks.get(parcel.content.address)
        if hook is None:
            # It may be in the settings tomorrow: this is no fault of the message.
            return Attempt(outcome=Outcome.FAILED, code="unknown_webhook")
        body = msgspec.json.encode(
            {
                "id": str(parcel.id),
                "type": parcel.template,
                "timestamp": parcel.created_at,
                "data": {
                    "language": parcel.language,
                    "subject": parcel.content.subject,
                    "text": parcel.content.text,
                },
            }
        )
        headers = sign_webhook(hook.secret, message=str(parcel.id), body=body, at=at)
        return post(hook.url, body, headers, within=self.within).attempt


class _GatewayAnswer(msgspec.Struct):
    id: str | int | None = None


def _receipt(body: bytes) -> str | None:
    try:
        said = msgspec.json.decode(body, type=_GatewayAnswer).id
    except (msgspec.DecodeError, UnicodeDecodeError):  # the gateway took it over; what it calls it is of little use
        return None
    text = "" if said is None else str(said)
    return text if 0 < len(text) <= _MAX_RECEIPT and text.isprintable() else None

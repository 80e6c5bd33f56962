"""A message as the outbox holds it, and as a channel gets it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Channel(StrEnum):
    """The ways to somebody."""

    SMS = "sms"
    MAIL = "mail"
    WEBHOOK = "webhook"
    """To a machine of an office; the address is the name that the settings give it."""

    __hash__ = str.__hash__


class Content(Struct, frozen=True, kw_only=True):
    """Where a message goes and what it says; it lies sealed, and only until the channel has taken it."""

    address: str
    subject: str
    text: str
    sms: str

    def __repr__(self) -> str:
        return "Content(...)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parcel:
    """A message on its way.

    Attributes:
        id: The same at each try: what a gateway or a receiver knows it again by.
        template: What kind of message it is.
        language: In which language it is written.
        channel: How it goes.
        created_at: When it was written.
        content: Where it goes and what it says.
    """

    id: UUID
    template: str
    language: str
    channel: Channel
    created_at: datetime
    content: Content

    def __repr__(self) -> str:
        return f"Parcel(id={self.id}, template={self.template!r}, channel={self.channel.value!r})"

"""The three things that a certificate may attest."""

from __future__ import annotations

from enum import StrEnum


class CertificateType(StrEnum):
    """What a certificate attests; the value is the payload's key for its group (DCC schema 1.3.0, root object)."""

    VACCINATION = "v"
    TEST = "t"
    RECOVERY = "r"

    # An Enum hashes by its name, in Python; a text that equals its value has to hash by it, and does so in C.
    __hash__ = str.__hash__

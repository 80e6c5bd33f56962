"""The three things that a certificate may attest."""

from __future__ import annotations

from enum import StrEnum


class CertificateType(StrEnum):
    """What a certificate attests; the value is the payload's key for its group (DCC schema 1.3.0, root object)."""

    VACCINATION = "v"
    TEST = "t"
    RECOVERY = "r"

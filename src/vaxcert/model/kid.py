"""The key identifier of a DSC."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

KID_LENGTH = 8
"""A kid is the first 8 bytes of the DSC's SHA-256 (hcert-spec §A.1)."""


@dataclass(frozen=True, slots=True)
class Kid:
    """A lookup hint for a DSC, never a proof: it is truncated, so several DSCs may share one."""

    value: bytes

    @classmethod
    def of_dsc(cls, der: bytes) -> Self:
        """Return the kid of the DSC encoded as *der* (hcert-spec §A.1)."""
        return cls(sha256(der).digest()[:KID_LENGTH])

    def __str__(self) -> str:
        return b64encode(self.value).decode("ascii")

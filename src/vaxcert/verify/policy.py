"""What a verifier allows beyond the specification, and how old its trust material may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.trust.public_key import SIGNING_KEY_KINDS

if TYPE_CHECKING:
    from datetime import timedelta


ALLOWED_KEYS = SIGNING_KEY_KINDS
"""The kinds of key whose signatures are taken; an `Allowance` adds others."""


class Allowance(StrEnum):
    """Something that some issuers do against the specification, taken only where it is named."""

    P384_UNDER_ES256 = "p384-under-es256"
    """A P-384 key that signs with SHA-256 under the label ES256; the specification knows P-256 only."""

    RSA_1024 = "rsa-1024"
    """An RSA key of 1024 bits: forgeable by a determined attacker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A verifier's own rules. The default allows nothing beyond the specification."""

    allow: frozenset[Allowance] = frozenset()
    max_age: timedelta | None = None
    """The oldest trust list that still decides; None takes any age."""
    max_revocation_age: timedelta | None = None
    """The oldest revocation list by which a certificate that is not in it counts as not revoked; None takes any age."""
    require_receipt: bool = False
    """Whether a certificate without a receipt of a known log stays undetermined: it may have been issued unseen."""

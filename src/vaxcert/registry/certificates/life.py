"""The life of a certificate: its states, the steps between them, and who may take them.

A site verifies the record and signs it, and the centre signs the certificate; the sequencer logs it, and the chain
anchors the log (Decision 5772/QĐ-BYT, with its two signatures in three steps). The state is what the registry knows:
that a certificate stands in the log is proved by the log alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import CertificateStateError, SeparationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class CertificateState(StrEnum):
    """How far a certificate has come."""

    DRAFT = "draft"
    """There is a dose to certify."""
    VERIFIED = "verified"
    """Somebody of the site has compared the record with what happened."""
    SITE_SIGNED = "site_signed"
    """The site answers for the record."""
    CERTIFIED = "certified"
    """The centre has signed: it is to be issued, and has its id."""
    LOGGED = "logged"
    """It is issued and stands in the log."""
    ANCHORED = "anchored"
    """A head of the log that covers it is final on the chain."""
    REFUSED = "refused"
    """It is not issued."""
    SUPERSEDED = "superseded"
    """Another one stands in its place: its renewal or its correction."""
    REVOKED = "revoked"
    """It does not count any more. Nothing leaves this state."""


class Step(StrEnum):
    """What happens to a certificate."""

    VERIFY = "verify"
    SITE_SIGN = "site_sign"
    CENTRE_SIGN = "centre_sign"
    LOG = "log"
    ANCHOR = "anchor"
    RETURN = "return"
    """Back to the beginning, for the record to be put right and verified anew."""
    REFUSE = "refuse"
    FAIL = "fail"
    """The issuer cannot sign what the centre has certified."""
    SUPERSEDE = "supersede"
    REVOKE = "revoke"


class Origin(StrEnum):
    """Why there is this certificate."""

    INJECTION = "injection"
    CORRECTION = "correction"
    RENEWAL = "renewal"


_STATES = CertificateState

ON_THE_WAY: Final = frozenset((_STATES.DRAFT, _STATES.VERIFIED, _STATES.SITE_SIGNED, _STATES.CERTIFIED))
"""Of a dose there is one certificate at most in these states."""

IN_FORCE: Final = frozenset((_STATES.LOGGED, _STATES.ANCHORED))
"""Of a dose there is one certificate at most in these states, too: it can be shown and holds until it expires."""

WAYS: Final[Mapping[Step, Mapping[CertificateState, CertificateState]]] = {
    Step.VERIFY: {_STATES.DRAFT: _STATES.VERIFIED},
    Step.SITE_SIGN: {_STATES.VERIFIED: _STATES.SITE_SIGNED},
    Step.CENTRE_SIGN: {_STATES.SITE_SIGNED: _STATES.CERTIFIED},
    Step.LOG: {_STATES.CERTIFIED: _STATES.LOGGED},
    Step.ANCHOR: {_STATES.LOGGED: _STATES.ANCHORED},
    Step.RETURN: dict.fromkeys((_STATES.VERIFIED, _STATES.SITE_SIGNED), _STATES.DRAFT),
    Step.REFUSE: dict.fromkeys((_STATES.DRAFT, _STATES.VERIFIED, _STATES.SITE_SIGNED), _STATES.REFUSED),
    Step.FAIL: {_STATES.CERTIFIED: _STATES.REFUSED},
    Step.SUPERSEDE: dict.fromkeys(IN_FORCE, _STATES.SUPERSEDED),
    Step.REVOKE: dict.fromkeys((*IN_FORCE, _STATES.SUPERSEDED), _STATES.REVOKED),
}
"""Where each step leads from each state that it may be taken in."""

SIGNATURES: Final[Mapping[Step, str]] = {
    Step.VERIFY: "verified_by",
    Step.SITE_SIGN: "site_signed_by",
    Step.CENTRE_SIGN: "certified_by",
}
"""The steps that somebody answers for by name, and the name's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """The accounts that have had a hand in a certificate."""

    entered_by: str
    """Who entered the injection, or this version of its record."""
    verified_by: str | None = None
    site_signed_by: str | None = None
    certified_by: str | None = None

    def check_free(self, account: str) -> None:
        """Check that *account* may take the next of the three steps.

        Raises:
            SeparationError: It entered the injection, or took an earlier step. Nobody certifies what they entered, and
                no two of the three steps are one account's.
        """
        if account == self.entered_by:
            raise SeparationError("who entered the injection does not certify it")
        if account in {self.verified_by, self.site_signed_by, self.certified_by}:
            raise SeparationError("each of the three steps is another account's")


def state_after(state: CertificateState, step: Step) -> CertificateState:
    """Return where *step* leads from *state*.

    Raises:
        CertificateStateError: The step cannot be taken there.
    """
    try:
        return WAYS[step][state]
    except KeyError:
        raise CertificateStateError(f"a certificate that is {state} takes no step {step}") from None

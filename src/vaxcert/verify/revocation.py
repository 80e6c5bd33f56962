"""The step that asks revocation lists: whether the certificate was withdrawn, or a newer one stands in its place.

A certificate that a list names is rejected, however old the list and whatever the instant of verification: what was
revoked never comes back, it may have been wrong from the start, and the EU's lists tell no instant. How old a list may
be matters to its silence alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vaxcert.errors import RevokedError, StaleRevocationListError, SupersededError
from vaxcert.trust.revocation.hashes import revocation_hashes
from vaxcert.trust.revocation.revocation_list import CertificateMarks, RevocationReason
from vaxcert.verify.report import RevocationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from vaxcert.codec.cose import PlainSign1, Sign1
    from vaxcert.codec.cwt import Claims
    from vaxcert.trust.revocation.revocation_list import Revocation, RevocationList
    from vaxcert.verify.formats.hcert import Trial
    from vaxcert.verify.policy import Policy


@runtime_checkable
class ScopedList(Protocol):
    """A revocation list that speaks of some signers' certificates alone; any other speaks of all."""

    def covers(self, kid: bytes) -> bool:
        """Return whether it speaks of certificates with *kid*."""
        ...


def marks_of(message: Sign1 | PlainSign1, claims: Claims, event: Mapping[str, object]) -> CertificateMarks:
    """Return what identifies the certificate with these *claims* and this one *event* to a revocation list."""
    uvci, country = event.get("ci"), event.get("co")
    hashes = revocation_hashes(
        uvci=uvci if isinstance(uvci, str) else "",
        countries=[part for part in (country, claims.issuer) if isinstance(part, str)],
        signature=message.signature,
        algorithm=message.algorithm,
    )
    return CertificateMarks(message.kid, claims.issued_seconds, hashes)


def is_in_none(lists: Iterable[RevocationList], marks: CertificateMarks) -> bool:
    """Return whether none of *lists* has the certificate with *marks*."""
    return all(each.find(marks) is None for each in lists)


def check_lists_fresh(lists: Iterable[RevocationList], policy: Policy, at: datetime) -> None:
    """Check that each of *lists* is young enough at *at* (aware) for *policy* to believe its silence.

    Raises:
        StaleRevocationListError: One is not.
    """
    for each in lists:
        if _is_stale(each, policy, at):
            raise StaleRevocationListError(each.as_of)


def check_revocation(trial: Trial) -> None:
    """Check that none of those lists of *trial* that speak of its certificate names it, and note what they say.

    There has to be one.

    Raises:
        RevokedError: A list says that it was revoked, or does not say why it is in it.
        SupersededError: A list says that a newer certificate stands in its place.
        StaleRevocationListError: It is in no list, and every list that speaks of it is too old.
        RevocationListError: A list was damaged after it was loaded.
    """
    lists = speaking_of(trial.revocations, trial.message.kid)
    marks = marks_of(trial.message, trial.claims, trial.event)
    found = [(each, hit) for each in lists if (hit := each.find(marks)) is not None]
    if found:
        # Of two lists the one that says "revoked" decides; a list that gives no reason may mean either.
        by, hit = min(found, key=lambda pair: _RANK[pair[1].reason])
        trial.revocation = RevocationStatus(as_of=by.as_of, reason=hit.reason, at=hit.at)
        raise _refusal(hit)
    newest = max(lists, key=lambda each: each.as_of)
    trial.revocation = RevocationStatus(as_of=newest.as_of)
    if _is_stale(newest, trial.policy, trial.at):
        raise StaleRevocationListError(newest.as_of)


_RANK = {RevocationReason.REVOKED: 0, RevocationReason.SUPERSEDED: 1, None: 2}


def speaking_of(lists: Iterable[RevocationList], kid: bytes) -> Sequence[RevocationList]:
    """Return those of *lists* that speak of certificates with *kid*."""
    return [each for each in lists if not isinstance(each, ScopedList) or each.covers(kid)]


def _refusal(hit: Revocation) -> RevokedError | SupersededError:
    if hit.reason is RevocationReason.SUPERSEDED:
        return SupersededError(hit.at)
    return RevokedError(hit.at, by_kid=hit.by_kid)


def _is_stale(each: RevocationList, policy: Policy, at: datetime) -> bool:
    return policy.max_revocation_age is not None and at - each.as_of > policy.max_revocation_age

"""The one sequencer between the registry and the log: it drains what the registry has asked for, in order, once.

Each round is three commits: the registry's, by which the certificates have their ids; the log's; and the registry's, by
which they are issued there too. Killed between two of them, the next round finds by the ids what was done, so that no
certificate is lost and none is issued twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vaxcert.errors import IssuanceMismatchError, PersonErasedError, SchemaError
from vaxcert.ledger.store.instants import moment_of
from vaxcert.model.certificate_type import CertificateType
from vaxcert.registry.certificates import intent_store, store
from vaxcert.registry.certificates.intent_store import IssuedAs
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.certificates.renewal import rule_on
from vaxcert.registry.certificates.store import RECORD_PLACE, TEXT_PLACE
from vaxcert.registry.certificates.tables import IntentKind, IntentState
from vaxcert.service.anchor_state import anchoring_of
from vaxcert.service.batch.identity import marks_of
from vaxcert.service.batch.own_log import open_own_log
from vaxcert.service.batch.workbench import Plan, Workbench
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.certificates.sequencer_lock import alone
from vaxcert.service.registry.certificates.sequencer_log import IssueJob, LogWriter
from vaxcert.service.registry.notifications.notify import notify
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.work import NOBODY
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.registry.certificates.intent_store import Intent
    from vaxcert.service.registry.certificates.sequencer_log import InLog, Outcome
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.work import Work
    from vaxcert.signing.issuer_secret import IssuerSecret
    from vaxcert.signing.signer import Signer

ACTOR: Final = Actor(
    account="certificate-sequencer", roles=frozenset({Role.SERVICE}), kind=ActorKind.SERVICE, area=COUNTRY
)
PAGE: Final = 200
"""So many intents a round: few enough that nobody waits for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What a draining came to."""

    issued: int = 0
    revoked: int = 0
    erased: int = 0
    refused: int = 0
    """That the issuer does not sign; see the certificates' words."""

    def __add__(self, other: Drained) -> Drained:
        """Return both together."""
        return Drained(
            issued=self.issued + other.issued,
            revoked=self.revoked + other.revoked,
            erased=self.erased + other.erased,
            refused=self.refused + other.refused,
        )

    def __bool__(self) -> bool:
        """Say whether anything was done."""
        return self != Drained()


@dataclass(slots=True)
class _Taken:
    """What a round takes up."""

    intents: Sequence[Intent]
    jobs: list[IssueJob] = field(default_factory=list)
    refused: list[tuple[Intent, str]] = field(default_factory=list)
    """What no certificate may say any more."""


def issuing_bench(signer: Signer, secret: IssuerSecret, *, issuer: str, at: datetime, country: str = "VN") -> Workbench:
    """Return the bench at which the registry's certificates are issued, by the rule in force at *at* (aware).

    Args:
        signer: Holds the private key of a DSC.
        secret: What ids follow from, and what certificates are sealed with in the log.
        issuer: Who answers for the certificates.
        at: The time.
        country: The issuing country.
    """
    validity = rule_on(at.astimezone(UTC).date()).validity
    plan = Plan(
        kind=CertificateType.VACCINATION, country=country, issuer=issuer, validity=validity, level=9, formats=("txt",)
    )
    return Workbench(plan, signer, secret)


class CertificateSequencer:
    """Drains the intents of one registry into one ledger."""

    def __init__(self, desk: Desk, ledger: Path, bench: Workbench) -> None:
        """Work for *desk* with the ledger in the folder *ledger*, issuing at *bench*; see `issuing_bench`."""
        self._desk, self._ledger, self._bench = desk, ledger, bench

    def drain(self, at: datetime) -> Drained:
        """Do all that the registry has asked for, and return how much it was.

        Raises:
            IssuanceMismatchError: The ledger, the secret or the country is another than before.
            JobMismatchError: The log has certificates of another secret or country.
            LedgerStateError: The log may not be written to.
            RegistryBusyError: Another sequencer is at work.
            SigningError: The signer cannot sign; nothing was issued.
            StorageError: A file cannot be read or written.
        """
        total = Drained()
        with open_own_log(self._ledger, self._bench.secret, self._bench.plan.country) as log, alone(self._ledger):
            while (done := self._round(log, LogWriter(log, self._bench), at)) is not None:
                total += done
        return total

    def follow_anchors(self, at: datetime) -> int:
        """Note which certificates are covered by a head that is final on the chain; return how many newly are."""
        ledger = LedgerFolder(self._ledger)
        with ledger.open(read_only=True) as log:
            anchoring = anchoring_of(ledger, log)
        if anchoring is None or anchoring.final is None:
            return 0
        with self._desk.working(ACTOR, at) as work:
            count = store.anchor_below(work.connection, anchoring.final.size, at)
            if count:
                work.note("certificates.anchored", NOBODY, after=anchoring.final.root)
            return count

    def _round(self, log: TransparencyLog, writer: LogWriter, at: datetime) -> Drained | None:
        """Do what is asked for next; None where nothing is. Whatever a round takes up it brings to an end."""
        with self._desk.working(ACTOR, at) as work:
            self._check_log(work, log)
            taken = self._take(work)
        if not taken.intents:
            return None
        outcome = writer.issue(taken.jobs, at)
        outcome.refused += taken.refused
        revoked = [intent for intent in taken.intents if intent.kind is IntentKind.REVOKE]
        writer.revoke(revoked)
        with self._desk.working(ACTOR, at) as work:
            issued = _note_issued(work, outcome)
            intent_store.end(work.connection, [intent.id for intent in revoked], IntentState.DONE, at)
        # Apart, as a reader of the log can hold it up, and nobody waits for a certificate because of that.
        erased = [intent for intent in taken.intents if intent.kind is IntentKind.ERASE]
        for intent in erased:
            writer.erase(intent, at)
        with self._desk.working(ACTOR, at) as work:
            intent_store.end(work.connection, [intent.id for intent in erased], IntentState.DONE, at)
            for intent in erased:
                intent_store.forget(work.connection, intent.certificate)
        return Drained(issued=issued, revoked=len(revoked), erased=len(erased), refused=len(outcome.refused))

    def _check_log(self, work: Work, log: TransparencyLog) -> None:
        if not intent_store.pin_log(work.connection, log.log_id, self._bench.plan.country):
            raise IssuanceMismatchError(
                "the registry's certificates stand in another log, or are of another country",
                hint="name the ledger that was used before",
            )

    def _take(self, work: Work) -> _Taken:
        """Return the next intents; the certificates to be issued have their ids written down."""
        taken = _Taken(intent_store.waiting(work.connection, PAGE))
        for intent in taken.intents:
            if intent.kind is IntentKind.ISSUE:
                self._prepare(work, intent, taken)
        named = [(job.intent, job.uvci) for job in taken.jobs if job.intent.uvci is None]
        intent_store.name(work.connection, named)
        return taken

    def _prepare(self, work: Work, intent: Intent, taken: _Taken) -> None:
        """Make a job of *intent*, or see that there can be none."""
        assert intent.record is not None  # a constraint: what is certified has its record
        _open(work, intent)
        try:
            record = work.unseal(CertifiedRecord, intent.person, RECORD_PLACE, intent.certificate, intent.record)
            marks = marks_of(record.to_record(), self._bench.secret)._replace(version=intent.revision)
        except PersonErasedError:
            intent_store.end(work.connection, [intent.id], IntentState.CANCELLED, work.at)
            return
        except SchemaError as error:  # a value set has changed since it was certified
            taken.refused.append((intent, error.problems[0].code if error.problems else error.code))
            return
        uvci = self._bench.id_of(marks.identity, marks.version)
        if intent.uvci not in {None, uvci}:
            raise IssuanceMismatchError(
                "a certificate was given its id under another issuer's secret", hint="name the secret used before"
            )
        taken.jobs.append(IssueJob(intent, uvci, Row(1, record.to_fields()), marks))


def _note_issued(work: Work, outcome: Outcome) -> int:
    """Note in the registry what stands in the log; return how many certificates are issued there now."""
    # An erasure may have come between: what it cancelled stays so, and its own intent takes it out of the log again.
    asked = [each.intent.id for each in outcome.issued]
    still = intent_store.end(work.connection, asked, IntentState.DONE, work.at)
    issued = [each for each in outcome.issued if each.intent.id in still]
    intent_store.log_issued(work.connection, [_issued_as(work, each) for each in issued], work.at)
    for each in issued:
        certificate, person = each.intent.certificate, each.intent.person
        work.note("certificate.issued", certificate, after=each.row.digest, person=person)
        notify(work, person, "certificate-ready", f"certificate:{certificate}", about=certificate)
    for intent, code in outcome.refused:
        if intent_store.end(work.connection, [intent.id], IntentState.FAILED, work.at, code):
            intent_store.fail(work.connection, intent.certificate, code, work.at)
            work.note("certificate.not_issuable", intent.certificate, after=code, person=intent.person)
    return len(issued)


def _open(work: Work, intent: Intent) -> None:
    """Have the data key of the person ready; where they were erased there is none, and what is sealed says so."""
    if intent.key_id is not None and intent.wrapped is not None:
        work.open_subject(intent.person, intent.key_id, intent.wrapped)


def _issued_as(work: Work, logged: InLog) -> IssuedAs:
    intent, row = logged.intent, logged.row
    _open(work, intent)
    return IssuedAs(
        intent=intent.id,
        certificate=intent.certificate,
        replaces=intent.replaces,
        text=work.seal(intent.person, TEXT_PLACE, intent.certificate, logged.text),
        kid=row.kid,
        leaf_index=logged.leaf_index,
        issued_at=moment_of(row.issued_at),
        expires_at=moment_of(row.expires_at),
    )

"""What the sequencer does in the log: issues, revokes and erases, each once however often it is begun again.

A certificate's id follows from the dose and the revision alone. So whoever was cut off after the commit of the log and
before that of the registry finds the certificate there under its id, and takes it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from vaxcert.ledger.store import statements
from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.model.uvci import Uvci
from vaxcert.registry.certificates.life import Origin
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.chunk import Chunk, Issued
from vaxcert.service.batch.sequencer import CORRECTED, Supersession
from vaxcert.service.revocation_book import BOOK_NAME, RevocationBook
from vaxcert.service.revoking import Named, Revoker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.transaction import Transaction
    from vaxcert.registry.certificates.intent_store import Intent
    from vaxcert.service.batch.identity import Marks
    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.row import Row

_PLACE: Final = "registry"


class IssueJob(NamedTuple):
    """A certificate to be issued."""

    intent: Intent
    uvci: str
    row: Row
    marks: Marks

    def __repr__(self) -> str:
        return f"IssueJob(intent={self.intent!r})"


class InLog(NamedTuple):
    """A certificate that stands in the log."""

    intent: Intent
    row: CertificateRow
    leaf_index: int
    text: str

    def __repr__(self) -> str:
        return f"InLog(intent={self.intent!r}, leaf_index={self.leaf_index})"


@dataclass(slots=True)
class Outcome:
    """What became of some intents."""

    issued: list[InLog] = field(default_factory=list)
    refused: list[tuple[Intent, str]] = field(default_factory=list)
    """Those that the issuer does not sign, each with the code of the reason."""


class LogWriter:
    """Writes into one open log, and into the book of revocations beside it."""

    def __init__(self, log: TransparencyLog, bench: Workbench) -> None:
        """Write into *log* what is issued at *bench*."""
        self._log, self._bench = log, bench
        self._book = log.path / BOOK_NAME

    def issue(self, jobs: Sequence[IssueJob], at: datetime) -> Outcome:
        """Issue the certificates of *jobs* that the log does not have yet; return all, with what the log knows of them.

        Raises:
            SignerRevokedError: What the signer signs was revoked.
            SigningError: It cannot sign.
            LedgerStateError: The log may not be written to.
            StorageError: The log or the book cannot be written.
        """
        outcome = Outcome()
        if not jobs:
            return outcome
        known = self._log.certificates_by_id([job.uvci for job in jobs])
        new = [job for job in jobs if job.uvci not in known]
        with BatchBook(self._book, self._log) as book:
            if new:
                book.check_signer(self._bench.signer.kid.value, at)
                signed = self._sign(new, at, outcome)
                with self._log.transaction() as transaction:
                    outcome.issued += [self._add(transaction, job, issued, at) for job, issued in signed]
            outcome.issued += [self._again(job, known[job.uvci]) for job in jobs if job.uvci in known]
            # After the log, which is what tells a run that was cut off that it has been here.
            replacing = [_supersession(each) for each in outcome.issued if each.intent.old_uvci is not None]
            if replacing:
                book.supersede(replacing)
        return outcome

    def revoke(self, intents: Iterable[Intent]) -> None:
        """Revoke certificates in the book and in the log.

        One that was erased from the log meanwhile has nothing left that could be revoked.
        """
        for (at, word), group in groupby(intents, key=lambda intent: (intent.at, intent.word)):
            named = [Named(_PLACE, Uvci.parse(each.uvci), each.uvci) for each in group if each.uvci is not None]
            with RevocationBook.open(self._book, create=True) as book:
                for _ in Revoker(book, at=at, word=word, log=self._log).revoke(named):
                    pass

    def erase(self, intent: Intent, at: datetime) -> None:
        """Erase what ties a certificate to its leaf; nothing where the log does not have it, or has it no more.

        Raises:
            StorageError: It is erased, but a reader keeps its bytes for now: erase again.
        """
        found = None if intent.uvci is None else self._log.certificate(intent.uvci)
        if found is not None:
            self._log.erase(found.leaf_index, at=at)

    def _sign(self, jobs: Sequence[IssueJob], at: datetime, outcome: Outcome) -> list[tuple[IssueJob, Issued]]:
        result = self._bench.work(Chunk(1, [job.row for job in jobs], at, [job.marks for job in jobs]))
        first: dict[int, str] = {}
        for place, reject in result.rejects:
            first.setdefault(place, reject.problem.code)
        outcome.refused += [(jobs[place].intent, code) for place, code in first.items()]
        return [(jobs[issued.place], issued) for issued in result.issued]

    def _add(self, transaction: Transaction, job: IssueJob, issued: Issued, at: datetime) -> InLog:
        (leaf,) = transaction.add_new_certificates([issued.row])
        if leaf is None:  # another process has issued from the same dose just now
            found = self._log.certificate(job.uvci)
            assert found is not None
            return self._again(job, found)
        old_uvci = job.intent.old_uvci
        old = None if old_uvci is None else self._log.certificate(old_uvci)
        if old is not None:
            statements.supersede(transaction, old, LoggedCertificate(leaf, *issued.row), at=at)
            if job.intent.origin is Origin.CORRECTION and not self._log.is_revoked(old.id):
                statements.revoke(transaction, old, at=at, reason=CORRECTED)
        return InLog(job.intent, issued.row, leaf, _text(issued))

    def _again(self, job: IssueJob, found: LoggedCertificate) -> InLog:
        """Return what stands in the log of a certificate that was issued before."""
        row = CertificateRow(*found[1:])
        stored = parse_stored(self._bench.secret.open(found.cose, about=found.id.encode()))
        return InLog(job.intent, row, found.leaf_index, _text(self._bench.again(0, row, stored)))


def _text(issued: Issued) -> str:
    return issued.outputs[0].decode().rstrip("\n")


def _supersession(issued: InLog) -> Supersession:
    assert issued.intent.old_uvci is not None
    return Supersession(issued.intent.old_uvci, issued.row.id, issued.row.issued_at)

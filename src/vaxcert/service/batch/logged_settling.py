"""What becomes of a segment's certificates where there is a log: it alone knows what was issued from other folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem, QrError, UnprintableTextError
from vaxcert.ledger.store import statements
from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.service.batch.settlement import OF_ANOTHER, OUTDATED, REVOKED, UNKNOWN, Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.sealed import StoredCertificate
    from vaxcert.ledger.store.transaction import Transaction
    from vaxcert.service.batch.chunk import Issued
    from vaxcert.service.batch.settlement import Candidate, Settlement

CORRECTED: Final = "corrected"
"""The reason in the log for which a certificate is revoked that a file of corrections has replaced."""


class LoggedSettling:
    """Settles one segment in one transaction of the log."""

    def __init__(
        self, settlement: Settlement, log: TransparencyLog, transaction: Transaction, *, log_first: int | None
    ) -> None:
        """Settle into *settlement*; *log_first* as `Sequencer.settle` has it."""
        self._settlement, self._log, self._transaction = settlement, log, transaction
        self._bench, self._mode, self._log_first = settlement.bench, settlement.mode, log_first

    def settle(self, unknown: Sequence[Candidate], known: Sequence[Candidate]) -> None:
        """Settle the certificates whose records the place of the output has not, and those that it has."""
        if self._mode is Mode.CORRECT:
            for candidate in unknown:
                self._settle_known(candidate)
        else:
            leaves = self._transaction.add_new_certificates([candidate.issued.row for candidate in unknown])
            for candidate, leaf in zip(unknown, leaves, strict=True):
                if leaf is None:
                    self._settle_known(candidate)
                else:
                    self._take(candidate.number, candidate.issued, leaf)
        # Another folder may have corrected them since, which the log alone knows.
        following = [self._id_after(candidate) for candidate in known]
        newer = self._log.certificates_by_id(following)
        for candidate, certificate_id in zip(known, following, strict=True):
            latest_id = self._bench.id_of(candidate.issued.marks.identity, candidate.versions[-1].version)
            is_newest = certificate_id not in newer
            if is_newest and self._settlement.is_same(candidate) and not self._settlement.is_withdrawn(latest_id):
                self._settlement.keep_same(candidate)
            else:
                self._settle_known(candidate)

    def _id_after(self, candidate: Candidate) -> str:
        return self._bench.id_of(candidate.issued.marks.identity, candidate.versions[-1].version + 1)

    def _settle_known(self, candidate: Candidate) -> None:
        """Settle a certificate whose record the log may have, from this run before it was cut off or from another."""
        marks, settlement = candidate.issued.marks, self._settlement
        latest_here = candidate.versions[-1].version if candidate.versions else 0
        versions = self._logged_versions(marks.identity, latest_here)
        if not versions or versions[-1][1].version < latest_here:
            self._settle_unlogged(candidate)
            return
        logged, stored = versions[-1]
        if settlement.is_withdrawn(logged.id):
            settlement.refuse(candidate, REVOKED)
        elif self._mode is Mode.RENEW:
            if marks.version == stored.version + 1:
                self._revise(candidate, stored.version)
            elif stored.version == marks.version and self._is_own(logged):
                self._give_again(candidate, logged, stored)
            else:  # was renewed or corrected by another run
                settlement.keep_same(candidate, is_here=False)
        elif stored.content == marks.content:
            self._give_again(candidate, logged, stored)
        elif settlement.is_outdated(candidate, [*candidate.versions, *(version for _, version in versions)]):
            settlement.refuse(candidate, OUTDATED)
        elif settlement.is_of_another(candidate, stored.content):
            settlement.refuse(candidate, OF_ANOTHER)
        else:
            self._revise(candidate, stored.version)

    def _settle_unlogged(self, candidate: Candidate) -> None:
        """Settle a certificate whose record the log does not have, while its folder may: from before it had a log."""
        if not candidate.versions:
            self._settlement.refuse(candidate, UNKNOWN)
        elif self._settlement.is_outdated(candidate, candidate.versions):
            self._settlement.refuse(candidate, OUTDATED)
        else:
            self._revise(candidate, candidate.versions[-1].version)

    def _logged_versions(self, identity: bytes, latest_here: int) -> list[tuple[LoggedCertificate, StoredCertificate]]:
        """Return the versions of a record that the log has; what was erased or never in it may be missing between."""
        versions: list[tuple[LoggedCertificate, StoredCertificate]] = []
        version, secret = 1, self._bench.secret
        while (found := self._log.certificate(self._bench.id_of(identity, version))) or version <= latest_here:
            if found is not None:
                versions.append((found, parse_stored(secret.open(found.cose, about=found.id.encode()))))
            version += 1
        return versions

    def _is_own(self, logged: LoggedCertificate) -> bool:
        """Whether *logged* may have come from this run, which was cut off before it went out."""
        return self._log_first is not None and logged.leaf_index >= self._log_first

    def _give_again(self, candidate: Candidate, logged: LoggedCertificate, stored: StoredCertificate) -> None:
        try:
            issued = self._bench.again(candidate.issued.place, CertificateRow(*logged[1:]), stored)
        except (QrError, UnprintableTextError) as error:  # it was issued for another form of output
            field = error.field if isinstance(error, UnprintableTextError) else ""
            self._settlement.refuse(candidate, FieldProblem(field, error.code, error.message))
            return
        if stored.version > 1:  # the book may be another one, or have been cut off from this
            self._settlement.note_supersession(issued, logged.issued_at)
        self._settlement.give_again(candidate, issued, logged.leaf_index, is_own=self._is_own(logged))

    def _revise(self, candidate: Candidate, latest: int) -> None:
        issued = self._settlement.next_version(candidate, latest)
        if issued is None:
            return
        (leaf,) = self._transaction.add_new_certificates([issued.row])
        assert leaf is not None  # which versions the log has was asked in this transaction
        self._take(candidate.number, issued, leaf)

    def _take(self, number: int, issued: Issued, leaf: int) -> None:
        """Let *issued*, which is new in the log, go out, and say there what it supersedes."""
        if issued.marks.version == 1:
            self._settlement.take(number, issued, leaf)
            return
        self._settlement.take_revised(number, issued, leaf)
        old = self._log.certificate(self._bench.id_of(issued.marks.identity, issued.marks.version - 1))
        if old is None:
            return  # it was issued into the job folder before there was a log
        signed_at = self._settlement.signed_at
        statements.supersede(self._transaction, old, LoggedCertificate(leaf, *issued.row), at=signed_at)
        if self._mode is Mode.CORRECT:
            statements.revoke(self._transaction, old, at=signed_at, reason=CORRECTED)

"""Every entry against what it commits to: its salt, its digest, and the row that is stored for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import LedgerError
from vaxcert.ledger.audit.entry_counts import EntryCounts
from vaxcert.ledger.audit.entry_rows import Rows, leaves_of
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.audit.report import instant_of
from vaxcert.ledger.audit.row_check import check_certificate_row, check_statement_row, tell_of_underived
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store.statements import digest_of
from vaxcert.signing.issuer_secret import is_sealed

if TYPE_CHECKING:
    from vaxcert.ledger.audit.certificate_check import CertificateCheck
    from vaxcert.ledger.audit.entry_rows import Leaf
    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.store.reader import Bundle, Erasure, LoggedCertificate, LoggedStatement, LogReader
    from vaxcert.ledger.store.sealed import Opener


class EntryCheck:
    """Walks along the entries, and along certificates, statements and erasures beside them."""

    def __init__(
        self,
        reader: LogReader,
        findings: Findings,
        *,
        certificates: CertificateCheck,
        opener: Opener | None,
        rows_required: bool,
    ) -> None:
        """Check the entries of *reader*.

        Args:
            reader: The log.
            findings: Where to tell what is wrong.
            certificates: Judges each certificate that is what its leaf stands for.
            opener: Opens the certificates that are sealed; without, those are not looked into.
            rows_required: Whether a leaf without a row is wrong although the log says that it never kept one.
        """
        self._findings = findings
        self._certificate_check = certificates
        self._opener = opener
        self._reader = reader
        self._rows_required = rows_required
        self._certificates: Rows[LoggedCertificate] = Rows(
            reader.certificates(), findings, name="certificates", stray=self._stray_certificate
        )
        self._statements: Rows[LoggedStatement] = Rows(
            reader.statements(), findings, name="statements", stray=self._stray_statement
        )
        self._erasures: Rows[Erasure] = Rows(reader.erasures(), findings, name="erasures", stray=self._stray_erasure)
        self.counts = EntryCounts()
        self._is_any_erased = False  # of the certificates, so that statements may be about one of them

    def add(self, n: int, bundle: Bundle, changed: frozenset[int]) -> None:
        """Check the entries of bundle *n*; they come in order.

        Args:
            n: Which bundle.
            bundle: The entries.
            changed: The places at which the entry is no longer what it was, which has been told.
        """
        for leaf in leaves_of(n, bundle, changed):
            index, kind = leaf.leaf_index, leaf.kind
            certificate, statement = self._certificates.take(index), self._statements.take(index)
            erasure = self._erasures.take(index)
            if certificate is not None and (kind is not EntryKind.CERTIFICATE or leaf.is_erased):
                self._stray_certificate(certificate)
            if statement is not None and (kind is None or kind is EntryKind.CERTIFICATE or leaf.is_erased):
                self._stray_statement(statement)
            if kind is None:
                self._findings.add(
                    FindingCode.ENTRY_CHANGED, f"the entry of leaf {index} is of no known kind", index=index
                )
                continue
            self.counts.leaves[kind] += 1
            if leaf.is_erased:
                self._check_erased(leaf, erasure)
                continue
            self.counts.entries += 1
            if erasure is not None:
                self._stray_erasure(erasure)
            if kind is EntryKind.CERTIFICATE:
                self._check_certificate(leaf, certificate)
            else:
                self._check_statement(leaf, statement)

    def skip(self, stop: int) -> None:
        """Pass over the rows of the leaves before *stop*, whose entries are gone, which the caller has told."""
        self._is_any_erased = True  # among them, for all that is known
        for rows in (self._certificates, self._statements, self._erasures):
            rows.skip_to(stop)

    def finish(self) -> None:
        """Tell of the rows that have no leaf."""
        for rows in (self._certificates, self._statements, self._erasures):
            rows.finish()

    def _check_certificate(self, leaf: Leaf, row: LoggedCertificate | None) -> None:
        if row is None:
            self._missing(leaf, FindingCode.CERTIFICATE_MISSING, is_cut=self._certificates.is_cut)
            return
        self.counts.kept[EntryKind.CERTIFICATE] += 1
        self.counts.sealed += self._opener is None and is_sealed(row.cose)
        certificate = check_certificate_row(leaf, row, self._opener, self._findings)
        if certificate is not None:
            self._certificate_check.judge(row, certificate)

    def _check_statement(self, leaf: Leaf, row: LoggedStatement | None) -> None:
        assert leaf.kind is not None
        if row is None:
            self._missing(leaf, FindingCode.STATEMENT_MISSING, is_cut=self._statements.is_cut)
            return
        self.counts.kept[leaf.kind] += 1
        try:
            recomputed = digest_of(row, self._reader)
            is_accounted_for = recomputed is not None or self._may_be_unlinked(row)
        except LedgerError:  # certificates that cannot be read have been told of, or will be
            recomputed, is_accounted_for = None, True
        if not is_accounted_for:
            self._findings.add(
                FindingCode.STATEMENT_FORGED,
                f"the statement of leaf {leaf.leaf_index} is about a certificate that is not here, and no erasure "
                "accounts for that",
                index=leaf.leaf_index,
                row_digest=row.digest,
            )
            return
        self.counts.unlinked += recomputed is None
        check_statement_row(leaf, row, recomputed, self._findings)

    def _may_be_unlinked(self, row: LoggedStatement) -> bool:
        """Return whether a certificate that *row* is about may rightly be gone; the log has none after its statement.

        An erasure takes the certificate's name out of the statements about it.
        """
        if self.counts.digests_only[EntryKind.CERTIFICATE]:
            return True
        names = (row.subject, row.detail if row.kind is EntryKind.SUPERSESSION else None)
        return self._is_any_erased and all(name is None or self._reader.certificate(name) for name in names)

    def _check_erased(self, leaf: Leaf, erasure: Erasure | None) -> None:
        assert leaf.kind is not None
        self.counts.erased[leaf.kind] += 1
        if erasure is None:
            is_certificate = leaf.kind is EntryKind.CERTIFICATE
            self._findings.add(
                FindingCode.CERTIFICATE_MISSING if is_certificate else FindingCode.STATEMENT_MISSING,
                f"salt and digest of leaf {leaf.leaf_index} are gone, and no erasure of it is recorded",
                index=leaf.leaf_index,
            )
            return
        self._is_any_erased |= leaf.kind is EntryKind.CERTIFICATE
        if any(leaf.salt) or any(leaf.digest):
            self._stray_erasure(erasure)
        elif leaf.kind is not EntryKind.CERTIFICATE:
            self._findings.add(
                FindingCode.STATEMENT_ERASED,
                f"the statement of leaf {leaf.leaf_index} was erased, which none ever is",
                index=leaf.leaf_index,
                kind=leaf.kind.value,
                erased_at=instant_of(erasure.at),
            )
        else:
            self._findings.add(
                FindingCode.ENTRY_ERASED,
                f"leaf {leaf.leaf_index} was erased",
                index=leaf.leaf_index,
                erased_at=instant_of(erasure.at),
            )

    def _missing(self, leaf: Leaf, code: FindingCode, *, is_cut: bool) -> None:
        if not leaf.leads and not leaf.is_changed:
            tell_of_underived(leaf, self._findings)
        if is_cut:
            return  # what cannot be read may be there
        assert leaf.kind is not None
        if leaf.has_row or self._rows_required:
            what = "certificate" if leaf.kind is EntryKind.CERTIFICATE else "statement"
            self._findings.add(
                code,
                f"the {what} of leaf {leaf.leaf_index} is not stored any more, and was not erased",
                index=leaf.leaf_index,
                digest=leaf.digest,
            )
        else:
            self.counts.digests_only[leaf.kind] += 1

    def _stray_certificate(self, row: LoggedCertificate) -> None:
        self._findings.add(
            FindingCode.CERTIFICATE_FORGED,
            f"a certificate is stored for leaf {row.leaf_index}, which stands for none",
            index=row.leaf_index,
            row_digest=row.digest,
        )

    def _stray_statement(self, row: LoggedStatement) -> None:
        self._findings.add(
            FindingCode.STATEMENT_FORGED,
            f"a statement is stored for leaf {row.leaf_index}, which does not stand for it",
            index=row.leaf_index,
            row_digest=row.digest,
        )

    def _stray_erasure(self, row: Erasure) -> None:
        self._findings.add(
            FindingCode.SALT_CHANGED,
            f"an erasure of leaf {row.leaf_index} is recorded, and it is not erased",
            index=row.leaf_index,
            erased_at=instant_of(row.at),
        )

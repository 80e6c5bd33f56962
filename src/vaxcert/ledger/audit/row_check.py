"""A stored certificate or statement against its leaf: which of the two was changed, as far as it can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import CodecError, LedgerFormatError, SealError
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.store.sealed import stored_row

if TYPE_CHECKING:
    from vaxcert.ledger.audit.entry_rows import Leaf
    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate, LoggedStatement
    from vaxcert.ledger.store.sealed import Opener


def check_certificate_row(
    leaf: Leaf, row: LoggedCertificate, opener: Opener | None, findings: Findings
) -> CertificateRow | None:
    """Return what the certificate in *row* says, where it is or may be what *leaf* stands for; tell of what differs.

    Certificate, digest, salt and entry are four witnesses. An entry that the tree vouches for is right; so whichever
    digest leads to it with the salt is right too, and the other was changed. Of a certificate that is sealed, with no
    *opener*, the row's digest stands in for it: then nothing is known of what it says, and nothing is returned.
    """
    index = leaf.leaf_index
    try:
        opened = stored_row(row, opener)
    except (CodecError, SealError, LedgerFormatError) as error:
        findings.add(
            FindingCode.CERTIFICATE_FORGED,
            f"what is stored for leaf {index} is no certificate: {error.message}",
            index=index,
            leaf_digest=leaf.digest,
        )
        _tell_of_lost(leaf, findings)
        return None
    digest = row.digest if opened is None else opened.digest
    is_same = digest == leaf.digest
    if is_same and (leaf.leads or leaf.is_changed):
        return opened
    if not is_same and not leaf.is_changed and leaf.is_led_to_by(digest):
        findings.add(
            FindingCode.ENTRY_CHANGED,
            f"the digest stored with leaf {index} is not that of its certificate, which the entry stands for",
            index=index,
            leaf_digest=leaf.digest,
            certificate_digest=digest,
        )
        return opened
    if is_same:
        findings.add(
            FindingCode.SALT_CHANGED,
            f"the salt stored with leaf {index} does not lead from its certificate to its entry",
            index=index,
            digest=leaf.digest,
            entry=leaf.entry,
        )
        return opened
    findings.add(
        FindingCode.CERTIFICATE_FORGED,
        f"the certificate stored for leaf {index} is not the one that the leaf stands for",
        index=index,
        leaf_digest=leaf.digest,
        certificate_digest=digest,
    )
    _tell_of_lost(leaf, findings)
    return None


def check_statement_row(leaf: Leaf, row: LoggedStatement, recomputed: bytes | None, findings: Findings) -> None:
    """Tell of what differs between *leaf* and the statement in *row*.

    Args:
        leaf: The leaf.
        row: The statement.
        recomputed: Its digest, from what it says; None where that could not be done.
        findings: Where to tell.
    """
    digest = row.digest if recomputed is None else recomputed
    if row.kind is leaf.kind and row.digest == digest == leaf.digest:
        if not leaf.leads and not leaf.is_changed:
            findings.add(
                FindingCode.SALT_CHANGED,
                f"the salt stored with leaf {leaf.leaf_index} does not lead from its statement to its entry",
                index=leaf.leaf_index,
                digest=leaf.digest,
                entry=leaf.entry,
            )
        return
    if row.kind is leaf.kind and row.digest == digest and not leaf.is_changed and leaf.is_led_to_by(digest):
        findings.add(
            FindingCode.ENTRY_CHANGED,
            f"the digest stored with leaf {leaf.leaf_index} is not that of its statement, which the entry stands for",
            index=leaf.leaf_index,
            leaf_digest=leaf.digest,
            statement_digest=digest,
        )
        return
    findings.add(
        FindingCode.STATEMENT_FORGED,
        f"the statement stored for leaf {leaf.leaf_index} is not the one that the leaf stands for",
        index=leaf.leaf_index,
        leaf_digest=leaf.digest,
        row_digest=row.digest,
        recomputed_digest=recomputed,
    )
    _tell_of_lost(leaf, findings)


def _tell_of_lost(leaf: Leaf, findings: Findings) -> None:
    """Tell where not even the leaf's own salt and digest lead to its entry."""
    if not leaf.leads and not leaf.is_changed:
        tell_of_underived(leaf, findings)


def tell_of_underived(leaf: Leaf, findings: Findings) -> None:
    """Tell that salt and digest no longer lead to the entry, and that nothing says which of them was changed."""
    findings.add(
        FindingCode.ENTRY_CHANGED,
        f"salt and digest stored with leaf {leaf.leaf_index} do not lead to its entry",
        index=leaf.leaf_index,
        entry=leaf.entry,
        digest=leaf.digest,
    )

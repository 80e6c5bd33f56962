"""Statements: what their rows say, and the digest that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.ledger.log.entry import EntryKind, audit_head_digest, revocation_digest, supersession_digest
from vaxcert.ledger.log.tree import HASH_BYTES
from vaxcert.ledger.store.instants import seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.ledger.store.reader import LoggedCertificate, LoggedStatement, LogReader
    from vaxcert.ledger.store.transaction import Transaction


def revoke(transaction: Transaction, certificate: LoggedCertificate, *, at: datetime, reason: str | None = None) -> int:
    """Log that *certificate* was revoked at *at*, and return the statement's index.

    Args:
        transaction: Where it is written.
        certificate: The certificate, as the log has it.
        at: The time of the revocation.
        reason: A short word from a list of the issuer's, nothing about a person.
    """
    seconds = seconds_of(at)
    digest = revocation_digest(certificate.digest, revoked_at=seconds, reason=reason)
    return transaction.add_statement(EntryKind.REVOCATION, digest, at=seconds, subject=certificate.id, detail=reason)


def supersede(transaction: Transaction, old: LoggedCertificate, new: LoggedCertificate, *, at: datetime) -> int:
    """Log that *new* stands in the place of *old* from *at* on, and return the statement's index."""
    seconds = seconds_of(at)
    digest = supersession_digest(old.digest, new.digest, at=seconds)
    return transaction.add_statement(EntryKind.SUPERSESSION, digest, at=seconds, subject=old.id, detail=new.id)


def keep_head(transaction: Transaction, root: bytes, *, size: int, at: datetime) -> int:
    """Log another log's head, taken over at *at*, and return the statement's index."""
    seconds = seconds_of(at)
    digest = audit_head_digest(root, size=size, at=seconds)
    return transaction.add_statement(EntryKind.AUDIT_HEAD, digest, at=seconds, detail=f"{size} {root.hex()}")


def digest_of(statement: LoggedStatement, log: LogReader) -> bytes | None:
    """Return the digest that follows from what *statement* says; None where a certificate it is about is gone."""
    if statement.kind is EntryKind.AUDIT_HEAD:
        size, root = _head(statement.detail or "")
        return audit_head_digest(root, size=size, at=statement.at)
    subject = _digest(statement.subject, log)
    if statement.kind is EntryKind.REVOCATION:
        if subject is None:
            return None
        return revocation_digest(subject, revoked_at=statement.at, reason=statement.detail)
    successor = _digest(statement.detail, log)
    if subject is None or successor is None:
        return None
    return supersession_digest(subject, successor, at=statement.at)


def _digest(certificate_id: str | None, log: LogReader) -> bytes | None:
    found = None if certificate_id is None else log.certificate(certificate_id)
    return None if found is None else found.digest


def _head(detail: str) -> tuple[int, bytes]:
    size, _, root = detail.partition(" ")
    try:
        head = int(size), bytes.fromhex(root)
    except ValueError:
        return 0, bytes(HASH_BYTES)  # of no head: its digest is no statement's
    return head if len(head[1]) == HASH_BYTES else (0, bytes(HASH_BYTES))

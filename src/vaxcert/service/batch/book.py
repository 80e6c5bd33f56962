"""The book of revocations as a batch uses it: what it says of old certificates and of the signer, and what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vaxcert.errors import SignerRevokedError
from vaxcert.model.kid import Kid
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import LoggedCertificate
    from vaxcert.service.batch.sequencer import Supersession


class BatchBook:
    """The book at one place, opened when it is needed, and made when something has to be written."""

    def __init__(self, path: Path, log: TransparencyLog | None = None) -> None:
        """Use the book at *path*, whether it is there or not, and the *log* that the certificates stand in."""
        self._path, self._log = path, log
        self._book: RevocationBook | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._book is not None:
            self._book.close()

    def is_revoked(self, certificate_id: str) -> bool:
        """Whether the certificate with this id was revoked; a superseded one is only that."""
        if self._log is not None and self._log.is_revoked(certificate_id):
            return True
        if self._book is None and not self._path.exists():
            return False
        entry = self._opened().entries_by_id([certificate_id]).get(certificate_id)
        return entry is not None and entry.reason is RevocationReason.REVOKED

    def check_signer(self, kid: bytes, at: datetime) -> None:
        """Check that the DSC with *kid* was not revoked as of *at*.

        Raises:
            SignerRevokedError: It was.
        """
        if self._book is None and not self._path.exists():
            return
        for rule in self._opened().kid_rules():
            if rule.kid == kid and rule.since <= at.timestamp():
                message = f"what the DSC {Kid(kid)} signs is revoked"
                raise SignerRevokedError(message, hint="sign with another; `vaxcert keys rotate` makes it")

    def supersede(self, supersessions: Sequence[Supersession]) -> None:
        """Write *supersessions* down, with what the log knows of those superseded; once more does no harm."""
        log = self._log
        known = {} if log is None else log.certificates_by_id([old_id for old_id, _, _ in supersessions])
        self._opened().add(_entry(each, known.get(each.old_id)) for each in supersessions)

    def _opened(self) -> RevocationBook:
        if self._book is None:
            self._book = RevocationBook.open(self._path, create=True)
        return self._book


def _entry(supersession: Supersession, old: LoggedCertificate | None) -> BookEntry:
    return BookEntry(
        supersession.old_id,
        RevocationReason.SUPERSEDED,
        supersession.at,
        successor=supersession.new_id,
        kid=None if old is None else old.kid,
        expires_at=None if old is None else old.expires_at,
    )

"""The book of revocations as a batch uses it: what it says of old certificates and of the signer, and what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vaxcert.errors import SignerRevokedError
from vaxcert.model.kid import Kid
from vaxcert.service.revocation_book import BookEntry, RevocationBook
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from vaxcert.service.batch.sequencer import Supersession


class BatchBook:
    """The book at one place, opened when it is needed, and made when something has to be written."""

    def __init__(self, path: Path) -> None:
        """Use the book at *path*, whether it is there or not."""
        self._path = path
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

    def supersede(self, supersessions: Iterable[Supersession]) -> None:
        """Write *supersessions* down; once more does no harm."""
        self._opened().add(
            BookEntry(old_id, RevocationReason.SUPERSEDED, at, successor=new_id) for old_id, new_id, at in supersessions
        )

    def _opened(self) -> RevocationBook:
        if self._book is None:
            self._book = RevocationBook.open(self._path, create=True)
        return self._book

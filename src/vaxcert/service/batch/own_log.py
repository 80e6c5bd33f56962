"""The log that a batch issues into, whose certificates all follow from one issuer's secret."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from vaxcert.errors import JobMismatchError, SealError
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.signing.issuer_secret import IssuerSecret


@contextmanager
def open_own_log(folder: Path, secret: IssuerSecret, country: str) -> Iterator[TransparencyLog]:
    """Give the log in *folder*, into which certificates of *country* were issued under *secret*, or none.

    Raises:
        JobMismatchError: It has certificates of another secret or country.
        LedgerFormatError: There is no log.
        StorageError: It cannot be read.
    """
    with LedgerFolder(folder).open() as log:
        newest = log.newest_sealed()
        if newest is not None:
            if f":{country}:" not in newest.id:
                raise JobMismatchError(
                    f"the certificates in {folder} are of another country",
                    hint="choose its own ledger for each country: here no record gets a second certificate",
                )
            try:
                secret.open(newest.cose, about=newest.id.encode())
            except SealError as error:
                raise JobMismatchError(
                    f"the certificates in {folder} were issued under another issuer's secret",
                    hint="name that one: with another every record would get a second certificate",
                ) from error
        yield log

"""Lists for verifiers, made from the issuer's book: its own signed list, and those of the EU."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Final

from vaxcert.errors import RevocationListError, SigningError, UvciError
from vaxcert.issue.issuer import MAX_VALIDITY
from vaxcert.model.uvci import Uvci
from vaxcert.service.files import whole_file, whole_folder
from vaxcert.service.revoking import signature_hash
from vaxcert.signing.issuer_secret import is_sealed
from vaxcert.trust.revocation.folder import write_batches, write_partitions
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.own_format import Head, moment
from vaxcert.trust.revocation.own_writer import write_own_list
from vaxcert.trust.revocation.revoked import RevokedEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import LoggedCertificate
    from vaxcert.service.revocation_book import BookEntry, RevocationBook
    from vaxcert.signing.signer import Signer
    from vaxcert.trust.revocation.folder import WriteFigures

_PUBLIC_MODE: Final = 0o644
_CHUNK: Final = 1000


def export_own(
    book: RevocationBook, out: Path, *, signer: Signer, at: datetime, valid_for: timedelta | None = None
) -> Head:
    """Write the issuer's own list of what *book* has to the new file *out*, and return what it says of itself.

    Args:
        book: What was revoked and superseded; what has expired by *at* is left out.
        out: The file.
        signer: A document signer: the list speaks of its country's certificates.
        at: The instant that the list speaks for (aware).
        valid_for: When a newer list is promised; None promises none.

    Raises:
        RevocationListError: There are more rules for whole keys than a list may have.
        SigningError: The key could not be used, or its DSC names no country or is not valid then.
        StorageError: Something stands at *out*, or it cannot be written.
    """
    seconds = int(at.timestamp())
    head = Head(
        country=_country(signer, at),
        as_of=seconds,
        next_update=None if valid_for is None else seconds + int(valid_for.total_seconds()),
        count=0,
        directory=b"",
        kid_rules=tuple(book.kid_rules()),
    )
    with whole_file(out, mode=_PUBLIC_MODE) as stream, tempfile.TemporaryFile(dir=out.parent) as spool:
        return write_own_list(stream, book.records(at=seconds), head=head, signer=signer, spool=spool)


@dataclass(slots=True)
class EuEntries:
    """What the EU's lists are told of a book: one hash a certificate.

    Such a list cannot say that all is revoked that a key signed from an instant on; so each of those certificates is
    named, which only a ledger knows.
    """

    book: RevocationBook
    log: TransparencyLog | None
    hash_type: HashType
    at: datetime
    _seconds: int = field(init=False)

    def __post_init__(self) -> None:
        self._seconds = int(self.at.timestamp())

    def __iter__(self) -> Iterator[RevokedEntry]:
        """Yield the hashes.

        Raises:
            RevocationListError: One cannot be made from what the book and the log know: a list without it would let
                that certificate pass.
        """
        entries = self.book.entries()
        while chunk := list(islice(entries, _CHUNK)):
            yield from self._of_chunk(chunk)
        rules = {rule.kid: rule for rule in self.book.kid_rules()}
        if not rules:
            return
        if self.log is None:
            raise RevocationListError(
                "a list of the EU cannot say that a whole key is revoked",
                hint="name the ledger with --ledger: then each certificate is named that the key signed",
            )
        for certificate in self.log.certificates():
            rule = rules.get(certificate.kid)
            if rule is not None and certificate.issued_at >= rule.since and certificate.expires_at >= self._seconds:
                yield RevokedEntry(
                    certificate.kid,
                    self.hash_type,
                    self._value(certificate.id, _country_of(certificate.id), _signed(certificate)),
                    moment(certificate.expires_at),
                )

    def _of_chunk(self, chunk: Sequence[BookEntry]) -> Iterator[RevokedEntry]:
        lacking = [entry.id for entry in chunk if None in (entry.kid, entry.expires_at) or self._lacks_hash(entry)]
        logged = {} if self.log is None else self.log.certificates_by_id(lacking)
        for entry in chunk:
            certificate = logged.get(entry.id)
            expires_at = entry.expires_at if certificate is None else certificate.expires_at
            if expires_at is not None and expires_at < self._seconds:
                continue
            hashed = entry.signature_hash
            if hashed is None and certificate is not None:
                hashed = _signed(certificate)
            yield RevokedEntry(
                entry.kid if certificate is None else certificate.kid,
                self.hash_type,
                self._value(entry.id, entry.country or _country_of(entry.id), hashed),
                # Of unknown end: no certificate that was issued here lives longer.
                self.at + MAX_VALIDITY if expires_at is None else moment(expires_at),
            )

    def _lacks_hash(self, entry: BookEntry) -> bool:
        return self.hash_type is HashType.SIGNATURE and entry.signature_hash is None

    def _value(self, identifier: str, country: str | None, signed: bytes | None) -> bytes:
        if self.hash_type is HashType.UCI:
            return sha256(identifier.encode()).digest()
        if self.hash_type is HashType.COUNTRYCODEUCI and country is not None:
            return sha256((country + identifier).encode()).digest()
        if self.hash_type is HashType.SIGNATURE and signed is not None:
            return signed
        raise RevocationListError(
            f"there is a certificate of which nothing is known that a list by {self.hash_type} could have",
            hint="name the ledger with --ledger, or make a list by UCI",
        )


def export_batches(entries: EuEntries, out: Path, *, signer: Signer) -> WriteFigures:
    """Write *entries* as signed batches of the EU gateway to the new folder *out*.

    Raises:
        RevocationListError: An entry cannot be made.
        SigningError: The key could not be used, or its DSC names no country or is not valid then.
        StorageError: Something stands at *out*, or it cannot be written.
    """
    country = _country(signer, entries.at)
    with whole_folder(out) as folder:
        return write_batches(folder, entries, signer, country=country, at=entries.at)


def export_partitions(entries: EuEntries, out: Path) -> WriteFigures:
    """Write *entries* as the EU's revocation service would serve them to the new folder *out*.

    Raises:
        RevocationListError: An entry cannot be made.
        StorageError: Something stands at *out*, or it cannot be written.
    """
    with whole_folder(out) as folder:
        return write_partitions(folder, entries, as_of=entries.at)


def _country(signer: Signer, at: datetime) -> str:
    """Return the country that *signer* speaks for at *at*: no verifier would believe another list."""
    dsc = signer.certificate
    if dsc is None or dsc.country is None:
        raise SigningError("the signer's DSC names no country, so nobody knows whose certificates the list speaks of")
    if not dsc.is_valid_at(at.timestamp()):
        raise SigningError(f"the signer's DSC is not valid at {at:%Y-%m-%dT%H:%MZ}, the list's instant")
    return dsc.country


def _country_of(identifier: str) -> str | None:
    try:
        return Uvci.parse(identifier).country
    except UvciError:
        return None


def _signed(certificate: LoggedCertificate) -> bytes | None:
    """Return the hash of its signature, or None where the log keeps it sealed."""
    return None if is_sealed(certificate.cose) else signature_hash(certificate.cose)

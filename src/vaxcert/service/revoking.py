"""Revoking certificates: into the issuer's book, and with a ledger into its log.

The book comes first and keeps the instant. What stands in the log follows from the book alone, so that a run which was
killed in between is done again without a second statement.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from vaxcert.codec import cbor, cose
from vaxcert.codec.hc1 import PREFIX
from vaxcert.errors import CertificateUnknownError, InputError, VaxcertError
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.ledger.store.instants import moment_of, seconds_of
from vaxcert.ledger.store.statements import revoke as log_revocation
from vaxcert.model.kid import KID_LENGTH
from vaxcert.model.uvci import Uvci, check_character
from vaxcert.service.revocation_book import BookEntry
from vaxcert.service.sources import MAX_LINE_BYTES
from vaxcert.signing.issuer_secret import is_sealed
from vaxcert.trust.revocation.hashes import HashType, revocation_hashes
from vaxcert.trust.revocation.own_key import canonical_id
from vaxcert.trust.revocation.revocation_list import RevocationReason
from vaxcert.verify.formats.hcert import layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
    from vaxcert.service.revocation_book import RevocationBook

CHUNK: Final = 5000
"""So many are written in one transaction, in the book and in the log."""


class Named(NamedTuple):
    """A certificate that somebody points at: by its identifier, or by itself."""

    place: str
    """Where it was named, such as ``ids.txt:7``; nothing of what stood there."""
    uvci: Uvci
    written: str
    """The identifier as it stands in the certificate; where somebody typed it, in the registered form."""
    row: CertificateRow | None = None
    """What the certificate says of itself, where it was given; not verified."""


class Refused(NamedTuple):
    """Something that was named and is not revoked."""

    place: str
    error: VaxcertError


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many certificates a revoking was about."""

    written: int = 0
    """That the book has something new of."""
    known: int = 0
    """That were revoked before."""
    logged: int = 0
    """That the log has a statement about now."""
    unknown: int = 0
    """That the log has no certificate of, and that were revoked all the same."""
    refused: int = 0


def read_name(place: str, text: str) -> Named | Refused:
    """Return which certificate *text* names: an identifier, an `HC1:` text, or a line of JSON from `vaxcert issue`."""
    text = text.lstrip().rstrip("\r\n")  # a space at the end is a character of base45
    try:
        if text.startswith("{"):
            return _of_json(place, text)
        if text.startswith(PREFIX):
            return _of_text(place, text)
        uvci = Uvci.parse(text.rstrip())
        return Named(place, uvci, str(uvci))
    except VaxcertError as error:
        return Refused(place, error)


def named_in(lines: Iterable[bytes], name: str) -> Iterator[Named | Refused]:
    """Yield which certificates the *lines* of a file called *name* name; blank ones are skipped."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        if len(line) > MAX_LINE_BYTES:
            yield Refused(place, InputError(f"the line is longer than {MAX_LINE_BYTES} bytes"))
        else:
            yield read_name(place, line.decode("utf-8-sig", "replace"))


def _of_json(place: str, line: str) -> Named:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        item = None
    text, identifier = (item.get("text"), item.get("id")) if isinstance(item, dict) else (None, None)
    if isinstance(text, str):
        return _of_text(place, text)
    if isinstance(identifier, str):
        return Named(place, Uvci.parse(identifier), identifier)
    raise InputError("the line is no JSON object with a member text or id")


def _of_text(place: str, text: str) -> Named:
    _, content, _ = layers(text)
    row = certificate_row(content)
    return Named(place, Uvci.parse(row.id), row.id, row)


class Revoker:
    """Writes revocations into a book and, where there is one, into a log."""

    def __init__(
        self,
        book: RevocationBook,
        *,
        at: datetime,
        word: str | None = None,
        log: TransparencyLog | None = None,
        take_unknown: bool = False,
    ) -> None:
        """Revoke as of *at* (aware).

        Args:
            book: Gets all of them.
            at: Since when; what the book has already keeps its own instant.
            word: Why, in a word of the issuer's; nothing about a person.
            log: Gets a statement about each that it has a certificate of.
            take_unknown: Whether to revoke what *log* has no certificate of.
        """
        self._book = book
        self._seconds = seconds_of(at)
        self._word = word
        self._log = log
        self._take_unknown = take_unknown
        self.tally = Tally()

    def revoke(self, named: Iterable[Named | Refused]) -> Iterator[Refused | int]:
        """Revoke what is *named*, some thousands at a time; yield what is refused, and how many are done so far.

        Raises:
            LedgerStateError: The log may not be written to. The book has the revocations: once it may, revoke again.
            StorageError: The book or the log cannot be written.
        """
        names, done = iter(named), 0
        while chunk := list(islice(names, CHUNK)):
            refused = self._revoke_chunk(chunk)
            self.tally.refused += len(refused)
            yield from refused
            done += len(chunk)
            yield done

    def _revoke_chunk(self, chunk: Sequence[Named | Refused]) -> list[Refused]:
        named = [each for each in chunk if isinstance(each, Named)]
        logged = {} if self._log is None else _find_logged(self._log, named)
        refused: list[Refused] = []
        entries: list[BookEntry] = []
        certificates: dict[str, LoggedCertificate] = {}
        for each in chunk:
            if isinstance(each, Refused):
                refused.append(each)
                continue
            certificate = logged.get(each.uvci.urn)
            error = None if self._log is None else self._problem(each, certificate)
            if error is not None:
                refused.append(Refused(each.place, error))
                continue
            entries.append(self._entry(each, certificate))
            if certificate is not None:
                certificates[each.uvci.urn] = certificate
        self._write(entries, certificates)
        return refused

    def _problem(self, named: Named, certificate: LoggedCertificate | None) -> VaxcertError | None:
        if certificate is None:
            if self._take_unknown:
                self.tally.unknown += 1
                return None
            return CertificateUnknownError("the log has no certificate with this identifier")
        if named.row is not None and named.row.digest != certificate.digest:
            return CertificateUnknownError("the log has another certificate with this identifier than the one given")
        return None

    def _entry(self, named: Named, certificate: LoggedCertificate | None) -> BookEntry:
        """Return what the book gets: of what only an unverified text says, nothing that could cut a list short."""
        signed = named.row if certificate is None or is_sealed(certificate.cose) else certificate
        known = certificate or named.row
        return BookEntry(
            id=named.written if certificate is None else certificate.id,
            reason=RevocationReason.REVOKED,
            at=self._seconds,
            word=self._word,
            kid=None if known is None else known.kid,
            country=named.uvci.country,
            signature_hash=None if signed is None else signature_hash(signed.cose),
            expires_at=None if certificate is None else certificate.expires_at,
        )

    def _write(self, entries: Sequence[BookEntry], certificates: Mapping[str, LoggedCertificate]) -> None:
        ids = {canonical_id(entry.id) for entry in entries}
        before = self._book.entries_by_id(list(ids))
        known = sum(entry.reason is RevocationReason.REVOKED for entry in before.values())
        self._book.add(entries)
        self.tally.written += len(ids) - known
        self.tally.known += known
        if self._log is None or not certificates:
            return
        # By the book's instant and word, which stay, a second run makes the same statement and no new one.
        kept = self._book.entries_by_id(list(certificates))
        with self._log.transaction() as transaction:
            for key, certificate in certificates.items():
                log_revocation(transaction, certificate, at=moment_of(kept[key].at), reason=kept[key].word)
        self.tally.logged += len(certificates)


def signature_hash(content: bytes) -> bytes:
    """Return the hash by which the EU's lists name the certificate in the COSE_Sign1 *content* by its signature."""
    message = cose.parse(cbor.decode(content))
    hashes = revocation_hashes(uvci="", countries=(), signature=message.signature, algorithm=message.algorithm)
    return hashes[HashType.SIGNATURE][0]


def _find_logged(log: TransparencyLog, named: Sequence[Named]) -> dict[str, LoggedCertificate]:
    """Return the certificates that are *named*, by their canonical identifiers, however they are written in the log."""
    spellings: dict[str, str] = {}
    for each in named:
        urn = each.uvci.urn
        for spelling in (each.written, urn, f"{urn}#{check_character(urn)}"):
            spellings.setdefault(spelling, urn)
    found = log.certificates_by_id(list(spellings))
    return {spellings[spelling]: certificate for spelling, certificate in found.items()}


def read_kid(text: str) -> bytes:
    """Return the kid that *text* writes in base64 or in hexadecimal.

    Raises:
        InputError: It is none.
    """
    try:
        kid = bytes.fromhex(text) if len(text) == 2 * KID_LENGTH else b64decode(text, validate=True)
    except ValueError:
        kid = b""
    if len(kid) != KID_LENGTH:
        raise InputError("a kid is 8 bytes, in base64 or in hexadecimal")
    return kid

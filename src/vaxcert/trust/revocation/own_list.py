"""An issuer's own revocation list: who is named in it, since when and why, offline and without reading all of it."""

from __future__ import annotations

import mmap
from bisect import bisect_left, bisect_right
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from vaxcert.errors import (
    RevocationListError,
    SignatureError,
    StorageError,
    UnknownSignerError,
    UntrustedRevocationListError,
)
from vaxcert.trust.public_key import SIGNING_KEY_KINDS
from vaxcert.trust.revocation import own_format as form
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.own_key import KEY_BYTES, key_of
from vaxcert.trust.revocation.revocation_list import Revocation, RevocationReason
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.codec.cose import Sign1
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.revocation.own_format import Head, KidRule, Layout, Sliceable
    from vaxcert.trust.revocation.revocation_list import CertificateMarks
    from vaxcert.trust.trust_list import TrustList

MAX_CLOCK_SKEW: Final = timedelta(days=1)
"""A list from further in the future was made by a clock that is wrong, and its age would say nothing."""


_COPIED_BYTES: Final = 1024 * 1024


class OwnList:
    """What a country's issuer says of its own certificates: the list that knows the reason.

    It speaks of those certificates alone whose signer the trust list has under the same country: whoever signs for one
    country cannot revoke another's certificates. Every block of records is checked against the signed directory when it
    is read, so that what is changed on the disk after the loading is noticed. Safe to share between threads.
    """

    __slots__ = ("_content", "_directory", "_kids", "_records", "_rules", "_source", "as_of", "head", "signer")

    def __init__(self, content: Sliceable, trust_list: TrustList, *, now: datetime | None = None) -> None:
        """Take the list in *content*, having checked it: `load` and `of_bytes` are the ways in."""
        parts = form.layout(content)
        message = form.parse_message(content[parts.head])
        head = form.parse_head(message.payload)
        self._directory = _directory(content, parts, head)
        self.signer: Dsc = _signer(message, head, trust_list)
        self.head = head
        self.as_of = form.moment(head.as_of)
        if now is not None and self.as_of > now + MAX_CLOCK_SKEW:
            raise RevocationListError(f"the revocation list is of {self.as_of:%Y-%m-%dT%H:%MZ}, which is to come")
        self._content = content
        self._records = parts.records.start
        self._kids = frozenset(dsc.kid.value for dsc in trust_list.entries if dsc.country == head.country)
        self._rules = {rule.kid: rule for rule in head.kid_rules}
        self._source: tuple[Path | bytes, TrustList] | None = None

    @classmethod
    def of_bytes(cls, content: bytes, trust_list: TrustList, *, now: datetime | None = None) -> Self:
        """Return the list in *content*, signed by one of *trust_list*; the errors are those of `load`."""
        loaded = cls(content, trust_list, now=now)
        loaded._source = content, trust_list
        return loaded

    @classmethod
    def load(cls, path: Path, trust_list: TrustList, *, now: datetime | None = None) -> Self:
        """Return the list in the file at *path*, which stays where it is and is read block by block.

        Args:
            path: The file. Put a newer list in its place by renaming, never by writing into it.
            trust_list: Its signer has to be in it, and says with its country whose certificates the list speaks of.
            now: The present (aware); None believes any date.

        Raises:
            RevocationListError: It is malformed, cut or changed, or of a time to come.
            StorageError: It cannot be read.
            UntrustedRevocationListError: Its signature does not hold, or its signer may not speak for the country.
        """
        try:
            with path.open("rb") as stream:
                if not stream.peek(1):  # nothing can be mapped of an empty file
                    raise RevocationListError("the revocation list is empty")
                content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error
        try:
            loaded = cls(content, trust_list, now=now)
        except BaseException:
            content.close()
            raise
        loaded._source = path, trust_list
        return loaded

    def __reduce__(self) -> tuple[object, ...]:
        # A worker process maps the file for itself.
        if self._source is None:
            raise TypeError("a list whose source is not known cannot be pickled")
        return _revive, self._source

    def __len__(self) -> int:
        """Return how many certificates it names one by one."""
        return self.head.count

    @property
    def country(self) -> str:
        """The country whose certificates it speaks of."""
        return self.head.country

    @property
    def next_update(self) -> datetime | None:
        """By when a newer list is promised, or None where nothing is."""
        return None if self.head.next_update is None else form.moment(self.head.next_update)

    @property
    def kid_rules(self) -> tuple[KidRule, ...]:
        """The keys of which all is revoked that they signed from an instant on."""
        return self.head.kid_rules

    def covers(self, kid: bytes) -> bool:
        """Return whether the list speaks of certificates with *kid* at all."""
        return kid in self._kids

    def find(self, marks: CertificateMarks) -> Revocation | None:
        """Return what the list says of the certificate with *marks*, or None where it says nothing.

        Raises:
            RevocationListError: The file was changed since it was loaded.
        """
        if marks.kid not in self._kids:
            return None
        rule = self._rules.get(marks.kid)
        by_rule = None
        if rule is not None and marks.issued_at >= rule.since:
            by_rule = Revocation(reason=rule.reason, at=form.moment(rule.at), by_kid=True)
            if rule.reason is RevocationReason.REVOKED:
                return by_rule
        for digest in marks.hashes.get(HashType.UCI, ()):
            record = self._record(key_of(digest))
            if record is not None:
                return Revocation(reason=record.reason, at=form.moment(record.at))
        return by_rule

    def records(self) -> Iterator[form.Record]:
        """Yield every record in the order of the keys.

        Raises:
            RevocationListError: The file was changed since it was loaded.
        """
        for number in range(len(self._directory) // form.PLACE_BYTES):
            block = self._block(number)
            for start in range(0, len(block), form.RECORD_BYTES):
                yield form.unpack_record(block[start : start + form.RECORD_BYTES])

    def copy_to(self, stream: IO[bytes]) -> None:
        """Write the list to *stream* as it was read."""
        for start in range(0, len(self._content), _COPIED_BYTES):
            stream.write(self._content[start : start + _COPIED_BYTES])

    def _record(self, key: bytes) -> form.Record | None:
        starts = _Keys(self._directory, form.PLACE_BYTES)
        number = bisect_right(starts, key) - 1
        if number < 0:
            return None
        block = self._block(number)
        keys = _Keys(block, form.RECORD_BYTES)
        place = bisect_left(keys, key)
        if place == len(keys) or keys[place] != key:
            return None
        start = place * form.RECORD_BYTES
        return form.unpack_record(block[start : start + form.RECORD_BYTES])

    def _block(self, number: int) -> bytes:
        """Return the records of block *number*, checked against the directory."""
        start = self._records + number * form.BLOCK_BYTES
        end = self._records + min(self.head.count * form.RECORD_BYTES, (number + 1) * form.BLOCK_BYTES)
        block = self._content[start:end]
        place = number * form.PLACE_BYTES + KEY_BYTES
        if sha256(block).digest() != self._directory[place : place + form.DIGEST_BYTES]:
            raise RevocationListError("the revocation list was changed after it was signed")
        return block


class _Keys:
    """The keys at the start of equal pieces, as a sequence that `bisect` can search."""

    __slots__ = ("_content", "_size")

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = content, size

    def __len__(self) -> int:
        return len(self._content) // self._size

    def __getitem__(self, index: int) -> bytes:
        start = index * self._size
        return self._content[start : start + KEY_BYTES]


def _directory(content: Sliceable, parts: Layout, head: Head) -> bytes:
    """Return the directory: a copy, which nobody changes after this check."""
    sizes = (parts.directory.stop - parts.directory.start, parts.records.stop - parts.records.start)
    if sizes != (form.directory_size(head.count), head.count * form.RECORD_BYTES):
        raise RevocationListError("the revocation list has another number of records than its head says")
    directory = content[parts.directory]
    if sha256(directory).digest() != head.directory:
        raise RevocationListError("the revocation list was changed after it was signed")
    return directory


def _signer(message: Sign1, head: Head, trust_list: TrustList) -> Dsc:
    """Return who signed *message*, who may speak for the country in *head*."""
    try:
        candidates = trust_list.candidates(message.kid)
    except UnknownSignerError as error:
        raise UntrustedRevocationListError(
            f"the signer of the revocation list is not in the trust list ({error.message})", hint=error.hint
        ) from error
    covered = form.to_be_signed(message.protected, message.payload)
    for dsc in candidates:
        if dsc.key_kind not in SIGNING_KEY_KINDS or not dsc.signs_payloads:
            continue
        try:
            verify_signature(
                dsc.public_key,
                dsc.key_kind,
                algorithm=message.algorithm,
                to_be_signed=covered,
                signature=message.signature,
            )
        except SignatureError:
            continue
        if dsc.country != head.country:
            raise UntrustedRevocationListError("the revocation list speaks of another country than its signer's")
        if not dsc.is_valid_at(head.as_of):
            raise UntrustedRevocationListError("the revocation list was made outside its signer's validity")
        return dsc
    raise UntrustedRevocationListError("the signature of the revocation list does not hold")


def _revive(source: Path | bytes, trust_list: TrustList) -> OwnList:
    return OwnList.load(source, trust_list) if isinstance(source, Path) else OwnList.of_bytes(source, trust_list)

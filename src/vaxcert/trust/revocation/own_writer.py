"""Writing an issuer's own revocation list, of any length in constant memory."""

from __future__ import annotations

import shutil
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from typing import IO, TYPE_CHECKING, Protocol

from vaxcert.codec import cose
from vaxcert.errors import RevocationListError
from vaxcert.trust.revocation import own_format as form
from vaxcert.trust.revocation.own_key import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.model.kid import Kid
    from vaxcert.trust.revocation.own_format import Head, Record

_COPIED_BYTES = 1024 * 1024


class ListSigner(Protocol):
    """Whoever signs a list: a document signer of the country."""

    @property
    def kid(self) -> Kid:
        """The kid that goes into the header."""
        ...

    @property
    def algorithm(self) -> int:
        """The COSE algorithm."""
        ...

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature over *to_be_signed* in COSE form."""
        ...


def write_own_list(
    stream: IO[bytes], records: Iterable[Record], *, head: Head, signer: ListSigner, spool: IO[bytes]
) -> Head:
    """Write the list with *records* to *stream*, and return its head as signed.

    Args:
        stream: Where the list goes.
        records: In ascending order of their keys. Of several with one key the first is taken.
        head: What the list says of itself; its count and directory are filled in here.
        signer: A document signer of the country in *head*, whom verifiers have in their trust lists.
        spool: An empty file to write and read again: what stands before the records is known only after them.

    Raises:
        RevocationListError: There are more rules or records than a list may have.
        SigningError: The key could not be used.
        ValueError: The records are not in order.
    """
    directory, count = _write_records(spool, records)
    head = replace(head, count=count, directory=sha256(directory).digest())
    if count > form.MAX_SECONDS or len(head.kid_rules) > form.MAX_KID_RULES:
        raise RevocationListError(f"a revocation list has at most {form.MAX_KID_RULES} rules for whole keys")
    payload = form.encode_head(head)
    protected = form.protected_header(signer.algorithm, signer.kid.value)
    message = cose.encode(protected, payload, signer.sign(form.to_be_signed(protected, payload)))
    stream.write(form.MAGIC)
    for part in (message, directory):
        stream.write(form.item_start(len(part)) + part)
    stream.write(form.item_start(count * form.RECORD_BYTES))
    spool.seek(0)
    shutil.copyfileobj(spool, stream, _COPIED_BYTES)
    return head


def _write_records(spool: IO[bytes], records: Iterable[Record]) -> tuple[bytes, int]:
    """Write *records* to *spool*, and return their directory and how many they are."""
    directory = bytearray()
    count = 0
    packed = map(form.pack_record, _unique(records))
    while block := b"".join(islice(packed, form.BLOCK_RECORDS)):
        directory += block[:KEY_BYTES] + sha256(block).digest()
        count += len(block) // form.RECORD_BYTES
        spool.write(block)
    return bytes(directory), count


def _unique(records: Iterable[Record]) -> Iterable[Record]:
    last = b""
    for record in records:
        if record.key > last:
            last = record.key
            yield record
        elif record.key < last:
            raise ValueError("the records of a revocation list come in the order of their keys")

"""What verified batches of the EU gateway say of a certificate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from vaxcert.errors import RevocationListError
from vaxcert.trust.revocation.hashes import ENTRY_BYTES
from vaxcert.trust.revocation.packed import PackedEntries
from vaxcert.trust.revocation.revocation_list import Revocation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from vaxcert.trust.revocation.batch import VerifiedBatch
    from vaxcert.trust.revocation.hashes import HashType
    from vaxcert.trust.revocation.revocation_list import CertificateMarks

FOUND = Revocation(reason=None, at=None)
"""All that an EU list says: neither why nor since when."""

Entries = dict[tuple[bytes | None, "HashType"], PackedEntries]


@dataclass(frozen=True, slots=True, kw_only=True)
class EuBatches:
    """A revocation list of batches, 16 bytes an entry."""

    as_of: datetime
    _entries: Mapping[tuple[bytes | None, HashType], PackedEntries] = field(repr=False)

    @classmethod
    def of(cls, batches: Iterable[VerifiedBatch], *, at: datetime, as_of: datetime | None = None) -> Self:
        """Return the list of *batches*.

        Args:
            batches: What trusted signers have signed.
            at: Batches that have expired by then (aware) are left out.
            as_of: When they were fetched; by default the last instant at which one was signed, which is no later.

        Raises:
            RevocationListError: There is nothing that the list's date could be taken from.
        """
        collected: dict[tuple[bytes | None, HashType], list[bytes]] = {}
        signed: list[datetime] = []
        for verified in batches:
            batch = verified.batch
            if verified.signed_at is not None:
                signed.append(verified.signed_at)
            if batch.expires > at:
                collected.setdefault((batch.kid, batch.hash_type), []).extend(batch.entries)
        if as_of is None and not signed:
            raise RevocationListError("no batch says when it was signed, so the list's age is not known")
        packed = {key: PackedEntries.of(entries, ENTRY_BYTES) for key, entries in collected.items()}
        return cls(as_of=max(signed) if as_of is None else as_of, _entries=packed)

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def find(self, marks: CertificateMarks) -> Revocation | None:
        """Return that a batch has the certificate with *marks*, or None.

        Batches whose signer's kid is not known are asked for every certificate.
        """
        for hash_type, values in marks.hashes.items():
            for kid in (marks.kid, None):
                entries = self._entries.get((kid, hash_type))
                if entries is not None and any(value[:ENTRY_BYTES] in entries for value in values):
                    return FOUND
        return None

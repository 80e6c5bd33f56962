"""The rows behind a bundle of entries: each certificate, statement and erasure where its entry says, and as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from vaxcert.errors import CodecError, LedgerDamagedError, LedgerFormatError, SealError
from vaxcert.ledger.log.entry import DIGEST_BYTES, SALT_BYTES, EntryKind
from vaxcert.ledger.store.problem import Part, Problem
from vaxcert.ledger.store.reader import ERASED_BIT, KIND_BITS, ROW_BIT, LoggedCertificate, LoggedStatement
from vaxcert.ledger.store.sealed import differing_columns, stored_row
from vaxcert.ledger.store.statements import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vaxcert.ledger.store.reader import Bundle, Erasure, LogReader
    from vaxcert.ledger.store.sealed import Opener


class _Row(Protocol):
    @property
    def leaf_index(self) -> int: ...


_R = TypeVar("_R", bound=_Row)

_NO_SALT: Final = bytes(SALT_BYTES)
_NO_DIGEST: Final = bytes(DIGEST_BYTES)


class Rows(Generic[_R]):
    """Rows in the order of their leaves, taken as far as the entries have come; after one that is damaged none."""

    def __init__(self, rows: Iterator[_R]) -> None:
        self._rows = rows
        self.damage: str | None = None
        self._next = self._read()

    def before(self, index: int) -> dict[int, _R]:
        """Return the rows of leaves before *index* that were not taken yet."""
        taken: dict[int, _R] = {}
        while self._next is not None and self._next.leaf_index < index:
            taken[self._next.leaf_index] = self._next
            self._next = self._read()
        return taken

    def left_over(self, part: Part) -> Problem | None:
        """Return the first row that was not taken, as a problem."""
        if self._next is not None:
            return Problem(part, self._next.leaf_index, "there is a row for a leaf that the log does not have")
        return None if self.damage is None else Problem(part, 0, self.damage)

    def _read(self) -> _R | None:
        try:
            return next(self._rows, None)
        except LedgerDamagedError as error:
            self.damage = error.message
            return None


class RowCheck:
    """Walks along the rows as `check` walks along the entries."""

    def __init__(self, log: LogReader, opener: Opener | None) -> None:
        self._log = log
        self._opener = opener
        self._certificates = Rows(log.certificates())
        self._statements = Rows(log.statements())
        self._erasures = Rows(log.erasures())
        self._taken: dict[int, LoggedCertificate | LoggedStatement] = {}

    def digest_at(self, index: int) -> bytes | None:
        """Return the digest in the row of a leaf of the last bundle."""
        row = self._taken.get(index)
        return None if row is None else row.digest

    def first_problem(self, low: int, bundle: Bundle) -> Problem | None:
        """Return the first thing wrong with the rows of *bundle*, whose first leaf is *low*."""
        high = low + bundle.width
        certificates, statements = self._certificates.before(high), self._statements.before(high)
        self._taken = {**certificates, **statements}
        erasures = self._erasures.before(high)
        strays = [index for index in (*self._taken, *erasures) if index < low]
        if strays:
            return Problem(Part.CERTIFICATE, strays[0], "a row stands out of the order of the leaves")
        if not self._taken and not erasures and not any(kind & (ROW_BIT | ERASED_BIT) for kind in set(bundle.kinds)):
            return None
        for place, kind in enumerate(bundle.kinds):
            index = low + place
            part, other = (Part.CERTIFICATE, statements) if _is_certificate(kind) else (Part.STATEMENT, certificates)
            if kind & ERASED_BIT or index in erasures:
                part, message = Part.ERASURE, self._erased(index, kind, bundle.cut(place, place + 1), erasures)
            elif index in other:
                message = "the row is of another kind than the entry"
            else:
                message = self._stored(index, kind, bundle.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES])
            if message is not None:
                return Problem(part, index, message)
        return None

    def left_over(self) -> Problem | None:
        """Return the first row of a leaf that the log does not have."""
        return (
            self._certificates.left_over(Part.CERTIFICATE)
            or self._statements.left_over(Part.STATEMENT)
            or self._erasures.left_over(Part.ERASURE)
        )

    def _erased(self, index: int, kind: int, entry: Bundle, erasures: Mapping[int, Erasure]) -> str | None:
        if not kind & ERASED_BIT:
            return "the entry was erased and is there again"
        if index in self._taken or entry.salts != _NO_SALT or entry.digests != _NO_DIGEST:
            return "the entry is marked as erased and is not"
        return None if index in erasures else "nothing says when the entry was erased"

    def _stored(self, index: int, kind: int, digest: bytes) -> str | None:
        row = self._taken.get(index)
        if row is None:
            damage = self._certificates.damage or self._statements.damage or "the row is missing"
            return damage if kind & ROW_BIT else None
        if not kind & ROW_BIT:
            return "there is a row for an entry of a digest alone"
        if row.digest != digest or (isinstance(row, LoggedStatement) and row.kind.number != kind & KIND_BITS):
            return "the row has another kind or digest than the entry"
        return self._said_by(row)

    def _said_by(self, row: LoggedCertificate | LoggedStatement) -> str | None:
        """Return what is wrong with *row* by itself."""
        if isinstance(row, LoggedCertificate):
            try:
                said = stored_row(row, self._opener)
            except (CodecError, SealError, LedgerFormatError) as error:
                return f"what is stored is no certificate: {error.message}"
            columns = differing_columns(row, said) if said is not None else ""
            return f"the columns {columns} are not those of the certificate" if columns else None
        digest = digest_of(row, self._log)
        return "its digest does not follow from what it says" if digest not in (None, row.digest) else None


def _is_certificate(kind: int) -> bool:
    return kind & KIND_BITS == EntryKind.CERTIFICATE.number

"""Entries and the rows beside them, both in the order of their leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, Protocol, TypeVar

from vaxcert.errors import LedgerError
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.log.entry import DIGEST_BYTES, ENTRY_BYTES, SALT_BYTES, EntryKind, entries_of, entry_of
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.store.reader import ERASED_BIT, KIND_BITS, ROW_BIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.store.reader import Bundle

_KINDS: Final = {kind.number: kind for kind in EntryKind}
_UNDERIVED: Final = bytes(ENTRY_BYTES)


class Leaf(NamedTuple):
    """One entry of a bundle, and what is known of it. (A tuple, since one is made for every entry of the log.)."""

    leaf_index: int
    kind: EntryKind | None
    """None where its number is none."""
    entry: bytes
    salt: bytes
    digest: bytes
    leads: bool
    """Whether kind, salt and digest lead to the entry."""
    is_changed: bool
    """Whether the entry is no longer the one that the tree was built with."""
    is_erased: bool
    has_row: bool
    """Whether the log says that it keeps the certificate or statement itself too."""

    def is_led_to_by(self, digest: bytes) -> bool:
        """Return whether another *digest* leads to the entry."""
        return self.kind is not None and entry_of(self.kind, self.salt, digest) == self.entry


def leaves_of(n: int, bundle: Bundle, changed: frozenset[int]) -> Iterator[Leaf]:
    """Yield the leaves of bundle *n*; at the places in *changed* the entry is no longer what it was."""
    derived = derived_entries(bundle)
    is_plain = derived == bundle.entries
    for place, number in enumerate(bundle.kinds):
        entry = bundle.entries[place * ENTRY_BYTES : (place + 1) * ENTRY_BYTES]
        yield Leaf(
            n * TILE_WIDTH + place,
            _KINDS.get(number & KIND_BITS),
            entry,
            bundle.salts[place * SALT_BYTES : (place + 1) * SALT_BYTES],
            bundle.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES],
            is_plain or derived[place * ENTRY_BYTES : (place + 1) * ENTRY_BYTES] == entry,
            place in changed,
            bool(number & ERASED_BIT),
            bool(number & ROW_BIT),
        )


def derived_entries(bundle: Bundle) -> bytes:
    """Return the entries to which kinds, salts and digests lead, packed; zeros where they lead nowhere."""
    digests = [bundle.digests[start : start + DIGEST_BYTES] for start in range(0, len(bundle.digests), DIGEST_BYTES)]
    numbers = {number & (KIND_BITS | ERASED_BIT) for number in bundle.kinds}
    if len(numbers) == 1 and (kind := _KINDS.get(numbers.pop())) is not None:
        return entries_of(kind, bundle.salts, digests)
    return b"".join([_derived(bundle, place, digest) for place, digest in enumerate(digests)])


def _derived(bundle: Bundle, place: int, digest: bytes) -> bytes:
    kind = _KINDS.get(bundle.kinds[place] & (KIND_BITS | ERASED_BIT))
    if kind is None:
        return _UNDERIVED
    return entry_of(kind, bundle.salts[place * SALT_BYTES : (place + 1) * SALT_BYTES], digest)


class HasLeaf(Protocol):
    """A row that belongs to a leaf."""

    @property
    def leaf_index(self) -> int:
        """The leaf."""
        ...


RowT = TypeVar("RowT", bound=HasLeaf)


class Rows(Generic[RowT]):
    """The rows of one table, taken leaf by leaf as the audit goes along; none is passed over in silence."""

    def __init__(self, rows: Iterator[RowT], findings: Findings, *, name: str, stray: Callable[[RowT], None]) -> None:
        """Read *rows*, which come in the order of their leaves, one by one.

        Args:
            rows: The table.
            findings: Where to tell that it cannot be read.
            name: What it is called there.
            stray: What to do with a row whose leaf was passed already, or does not exist.
        """
        self._rows = rows
        self._findings = findings
        self._name = name
        self._stray = stray
        self.is_cut = False
        """Whether the table could not be read to its end, so that nothing is known of what it lacks."""
        self.taken = 0
        self._next = self._read()

    def take(self, index: int) -> RowT | None:
        """Return the row of leaf *index*, or None where it has none."""
        row = self._next
        while row is not None and row.leaf_index < index:
            self._stray(row)
            row = self._next = self._read()
        if row is None or row.leaf_index != index:
            return None
        self._next = self._read()
        self.taken += 1
        return row

    def skip_to(self, index: int) -> None:
        """Pass over the rows of the leaves before *index*, whose entries cannot be read."""
        while self._next is not None and self._next.leaf_index < index:
            self._next = self._read()

    def finish(self) -> None:
        """Read on to the end: whatever is left has no leaf."""
        while self._next is not None:
            self._stray(self._next)
            self._next = self._read()

    def _read(self) -> RowT | None:
        try:
            return next(self._rows, None)
        except LedgerError as error:
            self.is_cut = True
            self._findings.add(
                FindingCode.LOG_UNREADABLE, f"the {self._name} cannot be read to their end: {error.message}"
            )
            return None

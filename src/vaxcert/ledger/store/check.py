"""Whether a log is what it was built as: everything recomputed from salts and digests up to the signed roots.

The walk goes from the first leaf to the last, so that what it names first is the first thing wrong. Where two stored
values contradict each other, a third that hangs together with one of them says which was changed: in the end the
newest signed root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError, LedgerError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.entry import DIGEST_BYTES, ENTRY_BYTES, EntryKind, entries_of, entry_of
from vaxcert.ledger.log.proof import complete_nodes, root_of_inclusion
from vaxcert.ledger.log.receipt import verify_inclusion_receipt
from vaxcert.ledger.log.receipt_encoding import encode_inclusion_receipt
from vaxcert.ledger.log.tile import TILE_HEIGHT, TILE_WIDTH
from vaxcert.ledger.log.tree import HASH_BYTES, leaf_hashes
from vaxcert.ledger.store.check_rows import RowCheck
from vaxcert.ledger.store.edge import Edge
from vaxcert.ledger.store.identity import read_verifier
from vaxcert.ledger.store.problem import Part, Problem
from vaxcert.ledger.store.reader import ERASED_BIT, KIND_BITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.log.note_key import NoteVerifier
    from vaxcert.ledger.store.reader import Bundle, LoggedCheckpoint, LogReader
    from vaxcert.ledger.store.sealed import Opener

_REPLACED: Final = "an entry from here on was replaced, and its salt, digest and leaf with it"
_NUMBERS: Final = {kind.number: kind for kind in EntryKind}


def first_problem(
    log: LogReader, *, frontier: bytes | None = None, full: bool = True, opener: Opener | None = None
) -> Problem | None:
    """Return the first thing wrong with *log*, or None.

    Args:
        log: The log.
        frontier: The hashes of its right edge, where they are kept apart from the tiles.
        full: Whether each entry is recomputed; without, only the head: frontier, tiles and newest checkpoint.
        opener: Opens certificates that are sealed; without, those are not looked into.
    """
    walk = _Walk(log, opener)
    return walk.problem(frontier) if full else walk.head_problem(frontier)


class _Walk:
    def __init__(self, log: LogReader, opener: Opener | None) -> None:
        self._log = log
        self._opener = opener
        self._size = log.size
        self._verifier: NoteVerifier = read_verifier(log.origin, log.vkey, log.log_id)
        self._edge = Edge()

    def problem(self, frontier: bytes | None) -> Problem | None:
        """Return the first thing wrong with entries, rows and tiles, then with the *frontier* and the checkpoints."""
        rows = RowCheck(self._log, self._opener)
        for n in range(-(-self._size // TILE_WIDTH)):
            problem = self._bundle_problem(n, rows)
            if problem is not None:
                return problem
        return rows.left_over() or self._edge_problem(frontier) or self._checkpoint_problem(self._log.checkpoints())

    def head_problem(self, frontier: bytes | None) -> Problem | None:
        """Return what is wrong between the *frontier*, the tiles and the newest checkpoint."""
        try:
            if frontier is not None and Edge.of_frontier(self._size, frontier).root != self._log.root():
                return Problem(Part.FRONTIER, self._size, "the frontier has another root than the tiles")
        except LedgerDamagedError as error:
            return Problem(Part.TILE, self._size, error.message)
        newest = self._log.checkpoint()
        return None if newest is None else self._checkpoint_problem(iter((newest,)))

    def _bundle_problem(self, n: int, rows: RowCheck) -> Problem | None:
        low = n * TILE_WIDTH
        width = min(TILE_WIDTH, self._size - low)
        try:
            bundle = self._log.bundle(n)
        except LedgerDamagedError as error:
            return Problem(Part.ENTRY, low, error.message)
        tile = self._tile(0, n)
        if bundle.width != width:
            return Problem(Part.ENTRY, low + min(width, bundle.width), f"bundle {n} has not {width} entries")
        if len(tile) != width * HASH_BYTES:
            return Problem(Part.TILE, low, f"tile {n} of level 0 is missing or has not {width} hashes")
        row_problem = rows.first_problem(low, bundle)
        found = filter(None, (self._entry_problem(low, bundle, tile, rows), row_problem))
        return min(found, key=lambda problem: problem.index, default=None) or self._tile_problem(tile)

    def _checkpoint_problem(self, checkpoints: Iterator[LoggedCheckpoint]) -> Problem | None:
        """Return the first of *checkpoints* whose signature, size, root, or signature in its receipts is wrong."""
        for checkpoint in checkpoints:
            try:
                message = self._checkpoint_message(checkpoint)
            except LedgerError as error:
                message = error.message
            if message is not None:
                return Problem(Part.CHECKPOINT, checkpoint.size, message)
        return None

    def _entry_problem(self, low: int, bundle: Bundle, tile: bytes, rows: RowCheck) -> Problem | None:
        leaves, derived = leaf_hashes(bundle.entries), _derived(bundle)
        if leaves == tile and derived == bundle.entries:
            return None
        place = next(
            place
            for place in range(bundle.width)
            if _at(leaves, place) != _at(tile, place) or _at(derived, place) != _at(bundle.entries, place)
        )
        index = low + place
        one = bundle.cut(place, place + 1)
        if _at(leaves, place) == _at(tile, place):
            return Problem(_changed(one, rows.digest_at(index)), index, "salt and digest do not lead to the entry")
        # The entry or its leaf hash: the tree above knows, else what leads to the entry does.
        is_entry = not self._leads(0, index, _at(leaves, place)) and (
            self._leads(0, index, _at(tile, place)) or _at(derived, place) != one.entries
        )
        part = Part.ENTRY if is_entry else Part.TILE
        return Problem(part, index, f"the {part} is not the one of which the tree was built")

    def _tile_problem(self, leaves: bytes) -> Problem | None:
        found: Problem | None = None
        for level, start, hashes in self._edge.extend(leaves):
            n, place = divmod(start, TILE_WIDTH)
            stored = hashes if found or not level else _at(self._tile(level, n), place)
            if stored == hashes:
                continue
            first, height = start << TILE_HEIGHT * level, TILE_HEIGHT * level
            if not self._leads(height, start, hashes) and self._leads(height, start, stored):
                found = Problem(Part.ENTRY, first, _REPLACED)
            else:
                found = Problem(Part.TILE, first, "the hash does not follow from the leaves below it", level)
        return found

    def _edge_problem(self, frontier: bytes | None) -> Problem | None:
        own = self._edge.frontier
        if frontier is not None and frontier != own:
            if len(frontier) != len(own):
                return Problem(Part.FRONTIER, self._size, "the frontier is not that of a tree of this size")
            places = range(len(own) // HASH_BYTES)
            place = next(place for place in places if _at(frontier, place) != _at(own, place))
            level, index = complete_nodes(0, self._size)[place]
            if not self._leads(level, index, _at(own, place)) and self._leads(level, index, _at(frontier, place)):
                return Problem(Part.ENTRY, index << level, _REPLACED)
            return Problem(Part.FRONTIER, self._size, "the frontier does not follow from the tiles")
        level = 1
        while count := self._size >> TILE_HEIGHT * level:
            n, rest = divmod(count, TILE_WIDTH)
            if len(self._tile(level, n)) != rest * HASH_BYTES:
                return Problem(Part.TILE, n << TILE_HEIGHT * (level + 1), f"the tile has not {rest} hashes", level)
            level += 1
        return None

    def _checkpoint_message(self, checkpoint: LoggedCheckpoint) -> str | None:
        opened = open_checkpoint(checkpoint.note, verifier=self._verifier)
        size, root = checkpoint.size, checkpoint.root
        if (opened.size, opened.root) != (size, root):
            return "its row says something else than its note"
        if size > self._size:
            return f"it covers more than the {self._size} entries of the log"
        if self._log.root(size) != root:
            return "the log has another root at this size"
        if size:
            last = size - 1
            receipt = encode_inclusion_receipt(
                checkpoint.receipt_signature,
                key_id=self._verifier.key_id,
                size=size,
                index=last,
                path=self._log.inclusion_path(last, size),
            )
            leaf = _at(self._tile(0, last // TILE_WIDTH), last % TILE_WIDTH)
            verify_inclusion_receipt(receipt, leaf=leaf, verifier=self._verifier)
        return None

    def _leads(self, level: int, index: int, node: bytes) -> bool:
        """Return whether *node* leads to the newest signed root, by the other hashes that are stored."""
        try:
            newest = self._log.checkpoint()
            if newest is None or (index + 1) << level > newest.size:
                return False
            signed = open_checkpoint(newest.note, verifier=self._verifier)
            path = self._log.inclusion_path(index << level, signed.size)[level:]
            root = root_of_inclusion(node, index=index, tree_size=-(-signed.size >> level), path=path)
        except LedgerError:
            return False
        return root == signed.root

    def _tile(self, level: int, n: int) -> bytes:
        """Return a stored tile; of one that is missing, nothing."""
        try:
            return self._log.tile(level, n)
        except LedgerDamagedError:
            return b""


def _derived(bundle: Bundle) -> bytes:
    """Return the entries to which the salts and digests lead; of those erased, the entries themselves."""
    kinds = set(bundle.kinds)
    kind = _NUMBERS.get(bundle.kinds[0] & KIND_BITS)
    if kind is not None and all(byte & (KIND_BITS | ERASED_BIT) == kind.number for byte in kinds):
        digests = [bundle.digests[at : at + DIGEST_BYTES] for at in range(0, len(bundle.digests), DIGEST_BYTES)]
        return entries_of(kind, bundle.salts, digests)
    return b"".join(_derived_one(bundle.cut(place, place + 1)) for place in range(bundle.width))


def _derived_one(one: Bundle) -> bytes:
    if one.kinds[0] & ERASED_BIT:
        return one.entries
    kind = _NUMBERS.get(one.kinds[0] & KIND_BITS)
    return bytes(ENTRY_BYTES) if kind is None else entry_of(kind, one.salts, one.digests)


def _changed(one: Bundle, row_digest: bytes | None) -> Part:
    """Return which of kind, salt and digest was changed, of an entry that is itself as it was."""
    kind = _NUMBERS.get(one.kinds[0] & KIND_BITS)
    if any(entry_of(other, one.salts, one.digests) == one.entries for other in EntryKind):
        return Part.KIND
    if kind is not None and row_digest is not None and entry_of(kind, one.salts, row_digest) == one.entries:
        return Part.DIGEST
    return Part.SALT


def _at(packed: bytes, place: int) -> bytes:
    return packed[place * HASH_BYTES : (place + 1) * HASH_BYTES]

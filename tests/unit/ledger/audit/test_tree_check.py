"""The tree built anew: against an independent one, and with every single stored hash changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import pytest

from tests.reference_tree import ReferenceTree
from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.heads import Head, HeadCheck, Voucher
from vaxcert.ledger.audit.tree_check import TreeCheck
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.tile import TILE_WIDTH, tiles_of
from vaxcert.ledger.log.tree import leaf_hashes, root_of
from vaxcert.ledger.store.edge import Edge
from vaxcert.ledger.store.reader import ERASED_BIT, Bundle

KIND = EntryKind.CERTIFICATE
ODD = b"\xee" * 32


def bundles_of(size: int) -> list[Bundle]:
    """Return the entries of a log, all from their number."""
    salts = [sha256(b"salt %d" % index).digest()[:16] for index in range(size)]
    digests = [sha256(b"digest %d" % index).digest() for index in range(size)]
    entries = [entry_of(KIND, salt, digest) for salt, digest in zip(salts, digests, strict=True)]
    return [
        Bundle(
            bytes([KIND.number]) * len(entries[start : start + TILE_WIDTH]),
            b"".join(entries[start : start + TILE_WIDTH]),
            b"".join(salts[start : start + TILE_WIDTH]),
            b"".join(digests[start : start + TILE_WIDTH]),
        )
        for start in range(0, size, TILE_WIDTH)
    ]


@dataclass
class Tiles:
    """Tiles in memory, as many as the tree of *size* has."""

    size: int
    hashes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def tile(self, level: int, n: int) -> bytes:
        try:
            return self.hashes[level, n]
        except KeyError:
            raise LedgerDamagedError("gone") from None


def tiles_over(bundles: list[Bundle]) -> Tiles:
    edge, tiles = Edge(), Tiles(sum(bundle.width for bundle in bundles))
    for bundle in bundles:
        for level, start, new in edge.extend(leaf_hashes(bundle.entries)):
            for offset in range(0, len(new), 32):
                n = (start + offset // 32) // TILE_WIDTH
                tiles.hashes[level, n] = tiles.hashes.get((level, n), b"") + new[offset : offset + 32]
    return tiles


def run(
    bundles: list[Bundle | None], tiles: Tiles, *, heads: list[Head] | None = None, size: int | None = None
) -> tuple[TreeCheck, list[tuple[str, int | None]], list[frozenset[int]]]:
    findings = Findings(kept_per_code=10_000)
    size = tiles.size if size is None else size
    check = TreeCheck(tiles, HeadCheck(heads or [], [], findings), findings, size=size)
    changed = [check.add(n, bundle, min(TILE_WIDTH, size - n * TILE_WIDTH)) for n, bundle in enumerate(bundles)]
    check.finish()
    return check, [(finding.code.value, finding.index) for finding in findings.ordered()], changed


def head(size: int, root: bytes, voucher: Voucher = Voucher.CHECKPOINT) -> Head:
    return Head(size=size, root=root, voucher=voucher)


def with_piece(packed: bytes, place: int, piece: bytes) -> bytes:
    return packed[: place * len(piece)] + piece + packed[(place + 1) * len(piece) :]


SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 700]


@pytest.mark.parametrize("size", SIZES)
def test_every_head_of_a_whole_log_has_its_root(size: int) -> None:
    bundles = bundles_of(size)
    entries = b"".join(bundle.entries for bundle in bundles)
    reference = ReferenceTree([entries[start : start + 32] for start in range(0, len(entries), 32)])
    heads = [head(each, reference.root(each)) for each in range(size + 1)]
    check, found, changed = run(list(bundles), tiles_over(bundles), heads=heads)
    assert found == []
    assert set(changed) <= {frozenset()}
    assert check.hashes == sum(tile.width for tile in tiles_of(size))


@pytest.mark.parametrize("size", SIZES)
def test_a_head_with_another_root_is_met_at_its_size(size: int) -> None:
    bundles = bundles_of(size)
    _, found, _ = run(list(bundles), tiles_over(bundles), heads=[head(size, ODD)])
    assert found == [("history_rewritten", None)]


def test_each_single_hash_of_a_small_tree_is_compared() -> None:
    bundles = bundles_of(513)
    whole = tiles_over(bundles)
    for (level, n), hashes in whole.hashes.items():
        for place in range(0, len(hashes) // 32, 37):
            tiles = Tiles(whole.size, {**whole.hashes, (level, n): with_piece(hashes, place, ODD)})
            _, found, changed = run(list(bundles), tiles)
            # Between a leaf hash and an entry that disagree, what lies above and below decides for the entry.
            assert found == [("tile_changed", (n * TILE_WIDTH + place) << 8 * level)]
            assert set(changed) == {frozenset()}


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("column", ["entries", "with salt and digest"])
def test_a_changed_entry_is_told_from_a_changed_tile(n: int, column: str) -> None:
    bundles = bundles_of(600)
    tiles = tiles_over(bundles)
    bundle = bundles[n]
    if column == "entries":
        bundles[n] = bundle._replace(entries=with_piece(bundle.entries, 7, ODD))
    else:
        # All that an insider can change with the entry; in the last tile only a signed head is left to tell.
        digests = with_piece(bundle.digests, 7, ODD)
        entry = entry_of(KIND, bundle.salts[7 * 16 : 8 * 16], ODD)
        bundles[n] = bundle._replace(entries=with_piece(bundle.entries, 7, entry), digests=digests)
    root = run_root(tiles)
    _, found, changed = run(list(bundles), tiles, heads=[head(600, root)])
    assert found == [("entry_changed", n * TILE_WIDTH + 7)]
    assert changed[n] == {7}


def run_root(tiles: Tiles) -> bytes:
    leaves = b"".join(tiles.hashes[0, n] for n in range(3))
    return root_of(leaves)


def test_an_anchor_s_word_counts_more_than_a_checkpoint_s() -> None:
    bundles = bundles_of(100)
    tiles = tiles_over(bundles)
    old_root = ReferenceTree(_entries(bundles)).root(100)
    entry = entry_of(KIND, bundles[0].salts[:16], ODD)
    bundles[0] = bundles[0]._replace(
        entries=with_piece(bundles[0].entries, 0, entry), digests=with_piece(bundles[0].digests, 0, ODD)
    )
    new_root = ReferenceTree(_entries(bundles)).root(100)
    heads = [head(100, new_root), head(100, old_root, Voucher.ANCHOR)]
    _, found, _ = run(list(bundles), tiles, heads=heads)
    assert ("entry_changed", 0) in found
    heads = [head(100, old_root), head(100, new_root, Voucher.ANCHOR)]
    _, found, _ = run(list(bundles), tiles, heads=heads)
    assert ("tile_changed", 0) in found


def _entries(bundles: list[Bundle]) -> list[bytes]:
    entries = b"".join(bundle.entries for bundle in bundles)
    return [entries[start : start + 32] for start in range(0, len(entries), 32)]


def test_entry_and_leaf_hash_changed_side_by_side_are_told_apart() -> None:
    bundles = bundles_of(256)
    tiles = tiles_over(bundles)
    root = ReferenceTree(_entries(bundles)).root(256)
    bundles[0] = bundles[0]._replace(entries=with_piece(bundles[0].entries, 3, ODD))
    tiles.hashes[0, 0] = with_piece(tiles.hashes[0, 0], 4, ODD)
    _, found, changed = run(list(bundles), tiles, heads=[head(256, root)])
    assert found == [("entry_changed", 3), ("tile_changed", 4)]
    assert changed == [{3}]


def test_what_was_erased_is_believed_of_the_tile() -> None:
    bundles = bundles_of(20)
    kinds = with_piece(bundles[0].kinds, 5, bytes([KIND.number | ERASED_BIT]))
    tiles = tiles_over(bundles)
    bundles[0] = bundles[0]._replace(kinds=kinds, entries=with_piece(bundles[0].entries, 5, ODD))
    _, found, changed = run(list(bundles), tiles)
    assert found == [("entry_changed", 5)]
    assert changed == [{5}]


@pytest.mark.parametrize(("level", "n"), [(0, 0), (0, 2), (1, 0)])
def test_a_tile_that_is_gone_is_told_once_and_the_entries_stand_in(level: int, n: int) -> None:
    bundles = bundles_of(600)
    tiles = tiles_over(bundles)
    root = run_root(tiles)
    del tiles.hashes[level, n]
    _, found, _ = run(list(bundles), tiles, heads=[head(600, root)])
    assert found == [("tile_changed", n * TILE_WIDTH << 8 * level)]


@pytest.mark.parametrize("cut", [-32, 32])
def test_a_tile_of_another_length_is_told(cut: int) -> None:
    bundles = bundles_of(100)
    tiles = tiles_over(bundles)
    tiles.hashes[0, 0] = tiles.hashes[0, 0][:cut] if cut < 0 else tiles.hashes[0, 0] + bytes(cut)
    _, found, _ = run(list(bundles), tiles)
    assert found == [("tile_changed", 0)]


def test_a_tile_that_grew_while_the_audit_runs_is_cut() -> None:
    bundles = bundles_of(100)
    tiles = tiles_over(bundles)
    cut = Bundle(*(column[: len(column) // 100 * 90] for column in bundles[0]))
    _, found, _ = run([cut], tiles, size=90)
    assert found == []


def test_tiles_stand_in_for_entries_that_are_gone() -> None:
    bundles: list[Bundle | None] = list(bundles_of(600))
    tiles = tiles_over(bundles_of(600))
    root = run_root(tiles)
    bundles[1] = None
    check, found, _ = run(bundles, tiles, heads=[head(600, root)])
    assert (found, check.is_broken) == ([], False)


def test_where_both_are_gone_no_later_head_is_compared() -> None:
    bundles: list[Bundle | None] = list(bundles_of(600))
    tiles = tiles_over(bundles_of(600))
    bundles[1] = None
    del tiles.hashes[0, 1]
    check, found, _ = run(bundles, tiles, heads=[head(100, ODD), head(600, ODD), head(900, ODD)])
    assert found == [("tile_changed", 256), ("history_rewritten", None)]
    assert (check.is_broken, check.skipped) == (True, 2)


@pytest.mark.parametrize("size", [1, 300])
def test_a_head_past_the_end_is_told(size: int) -> None:
    bundles = bundles_of(size)
    _, found, _ = run(list(bundles), tiles_over(bundles), heads=[head(size + 1, ODD)])
    assert found == [("log_rolled_back", None)]


def test_codes_are_those_of_findings() -> None:
    assert FindingCode("tile_changed") is FindingCode.TILE_CHANGED

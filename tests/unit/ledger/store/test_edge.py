"""The right edge grows to the same tree as all leaves at once, and hands each tile what belongs to it."""

from __future__ import annotations

from hashlib import sha256

import pytest

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.tile import tiles_of
from vaxcert.ledger.log.tree import EMPTY_ROOT, root_of
from vaxcert.ledger.store.edge import Edge

LEAVES = b"".join(sha256(b"%d" % number).digest() for number in range(66_000))


def grow(*stops: int) -> tuple[Edge, dict[int, bytes]]:
    """Return the edge of a tree that grew up to each of *stops*, and its levels as the tiles got them."""
    edge, levels, size = Edge(), dict[int, bytes](), 0
    for stop in stops:
        for level, start, hashes in edge.extend(LEAVES[size * 32 : stop * 32]):
            assert start * 32 == len(levels.get(level, b""))
            levels[level] = levels.get(level, b"") + hashes
        size = stop
    return edge, levels


@pytest.mark.parametrize("stops", [(1,), (2,), (3,), (1, 2, 3), (255, 256, 257), (256,), (7, 700), (65_535, 65_537)])
def test_the_root_is_that_of_all_leaves(stops: tuple[int, ...]) -> None:
    edge, _ = grow(*stops)
    assert edge.size == stops[-1]
    assert edge.root == root_of(LEAVES[: stops[-1] * 32])
    assert len(edge.frontier) == 32 * stops[-1].bit_count()


def test_each_tile_gets_its_hashes_once() -> None:
    edge, levels = grow(300, 65_536, 66_000)
    counts = dict.fromkeys(range(3), 0)
    for tile in tiles_of(edge.size):
        assert isinstance(tile.level, int)
        counts[tile.level] += tile.width
    assert {level: len(hashes) // 32 for level, hashes in levels.items()} == counts
    assert levels[0] == LEAVES
    for place in (0, 1, 255, 256):
        assert levels[1][place * 32 : place * 32 + 32] == root_of(LEAVES[place * 256 * 32 : (place + 1) * 256 * 32])
    assert levels[2] == root_of(LEAVES[: 65_536 * 32])


def test_it_goes_on_from_its_frontier() -> None:
    edge, _ = grow(700)
    again = Edge.of_frontier(700, edge.frontier)
    for each in (edge, again):
        list(each.extend(LEAVES[700 * 32 : 1000 * 32]))
    assert again.frontier == edge.frontier
    assert Edge.of_frontier(0, b"").root == EMPTY_ROOT


def test_no_leaves_change_nothing() -> None:
    edge, _ = grow(5)
    before = edge.frontier
    assert list(edge.extend(b"")) == []
    assert (edge.size, edge.frontier) == (5, before)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (5, 1), (5, 3), (8, 2)])
def test_a_frontier_of_another_size_is_refused(size: int, count: int) -> None:
    with pytest.raises(LedgerDamagedError, match="frontier"):
        Edge.of_frontier(size, bytes(32 * count))
    with pytest.raises(LedgerDamagedError, match="frontier"):
        Edge.of_frontier(size, bytes(31))

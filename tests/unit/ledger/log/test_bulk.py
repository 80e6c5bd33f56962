"""What is made in bulk is what is made one by one."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest

from tests.reference_tree import ReferenceTree
from vaxcert.errors import TileError
from vaxcert.ledger.log.bulk import TiledTree, receipts
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.proof import root_of_inclusion
from vaxcert.ledger.log.receipt import verify_inclusion_receipt
from vaxcert.ledger.log.receipt_encoding import encode_inclusion_receipt, receipt_signature
from vaxcert.ledger.log.receipt_parsing import parse_inclusion_receipt
from vaxcert.ledger.log.tree import parents, root_of

LARGE = 70_000
EDGES = [
    range(257),  # indexes of one, two and three bytes
    range(65_534, 65_538),  # and of five
    range(35_000, 35_600),
    range(69_880, LARGE),  # 273 full tiles are 69,888 leaves
]


@cache
def tree() -> ReferenceTree:
    return ReferenceTree([sha256(number.to_bytes(4, "big")).digest() for number in range(LARGE)])


@cache
def key() -> LogKey:
    return LogKey.create("ledger.example/test")


def _leaves(size: int) -> bytes:
    return tree().packed[: 32 * size]


def _signature(size: int) -> bytes:
    return receipt_signature(key(), tree().root(size), size)


def _bulk(tiled: TiledTree, indexes: range | None = None) -> list[bytes]:
    signature = _signature(tiled.tree_size)
    return list(receipts(tiled, signature=signature, key_id=key().key_id, indexes=indexes))


def _single(index: int, size: int, signature: bytes) -> bytes:
    path = tree().inclusion(index, size)
    return encode_inclusion_receipt(signature, key_id=key().key_id, size=size, index=index, path=path)


def _read_tile(level: int, n: int) -> bytes:
    """Return a tile of the log of 70,000 entries, as a store has it."""
    hashes = tree().packed[: LARGE * 32]
    for _ in range(8 * level):
        hashes = parents(hashes)
    return hashes[n * 8192 : (n + 1) * 8192]


# --- the same as one by one ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 23, 24, 25, 70, 255, 256, 257, 511, 512, 513, 700])
def test_every_receipt_is_the_one_made_by_itself(size: int) -> None:
    tiled = TiledTree.of_leaves(_leaves(size))
    signature = _signature(size)
    assert tiled.root == tree().root(size)
    assert _bulk(tiled) == [_single(index, size, signature) for index in range(size)]


@pytest.mark.parametrize("indexes", EDGES)
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, LARGE])
def test_the_receipts_of_a_range_are_those_made_by_themselves(size: int, indexes: range) -> None:
    tiled = TiledTree.of_leaves(_leaves(size))
    there = range(min(indexes.start, size), min(indexes.stop, size))
    signature = _signature(size)
    assert _bulk(tiled, there) == [_single(index, size, signature) for index in there]


def test_a_receipt_made_in_bulk_is_proof() -> None:
    tiled = TiledTree.of_leaves(_leaves(700))
    made = _bulk(tiled)
    for index in (0, 23, 24, 255, 256, 511, 512, 699):
        logged = verify_inclusion_receipt(made[index], leaf=tree().leaves[index], verifier=key().verifier)
        assert (logged.index, logged.tree_size, logged.root) == (index, 700, tree().root(700))


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_536, 65_537, LARGE])
def test_a_log_in_tiles_gives_what_its_leaves_give(size: int) -> None:
    of_leaves, of_tiles = TiledTree.of_leaves(_leaves(size)), TiledTree.of_tiles(size, _read_tile)
    assert of_tiles.tile_roots == of_leaves.tile_roots
    assert of_tiles.root == tree().root(size)
    last = range(max(size - 300, 0), size)
    assert _bulk(of_tiles, last) == _bulk(of_leaves, last)


def test_a_path_of_25_hashes_is_encoded_as_by_itself() -> None:
    size, n = 2**25, 98_765
    roots = [sha256(number.to_bytes(4, "big")).digest() for number in range(size // 256)]
    leaves = _leaves(256)
    roots[n] = root_of(leaves)
    tiled = TiledTree(tree_size=size, tile_roots=b"".join(roots), read_leaves=lambda _: leaves)
    indexes = range(n * 256 + 7, n * 256 + 9)
    made = receipts(tiled, signature=bytes(64), key_id=key().key_id, indexes=indexes)
    for index, receipt in zip(indexes, made, strict=True):
        hashes = parse_inclusion_receipt(receipt).path
        assert len(hashes) == 25
        leaf = leaves[32 * (index % 256) :][:32]
        assert root_of_inclusion(leaf, index=index, tree_size=size, path=hashes) == tiled.root
        assert receipt == encode_inclusion_receipt(bytes(64), key_id=key().key_id, size=size, index=index, path=hashes)


# --- a stream ------------------------------------------------------------------------------------------------------


def test_no_tile_is_read_before_its_turn_or_twice() -> None:
    read: list[int] = []

    def reading(n: int) -> bytes:
        read.append(n)
        return _read_tile(0, n)

    tiled = TiledTree(tree_size=LARGE, tile_roots=TiledTree.of_leaves(_leaves(LARGE)).tile_roots, read_leaves=reading)
    stream = receipts(tiled, signature=_signature(LARGE), key_id=key().key_id, indexes=range(500, 2000))
    assert read == []
    next(stream)
    assert read == [1]
    assert len(list(stream)) == 1499
    assert read == list(range(1, 8))


@pytest.mark.parametrize("indexes", [range(0), range(700, 700), range(9, 3), range(10**9, 10**9)])
def test_no_leaves_have_no_receipts(indexes: range) -> None:
    tiled = TiledTree.of_leaves(_leaves(700))
    assert _bulk(tiled, indexes) == []


def test_an_empty_tree_has_no_receipts() -> None:
    tiled = TiledTree.of_leaves(b"")
    assert _bulk(tiled) == []
    assert tiled.root == tree().root(0)


@pytest.mark.parametrize("indexes", [range(701), range(-1, 5), range(700, 701), range(0, 10, 2), range(10, 0, -1)])
def test_leaves_that_are_not_there_are_refused(indexes: range) -> None:
    tiled = TiledTree.of_leaves(_leaves(700))
    with pytest.raises(ValueError, match="no such leaves in a tree of 700"):
        _bulk(tiled, indexes)


# --- tiles that are not the tree's ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_a_changed_tile_is_refused(bad: int) -> None:
    def lying(n: int) -> bytes:
        hashes = _read_tile(0, n)
        return hashes[:-1] + bytes([hashes[-1] ^ 1]) if n == bad else hashes

    roots = TiledTree.of_leaves(_leaves(768)).tile_roots
    with pytest.raises(TileError, match=f"the leaves from {bad * 256} on"):
        _bulk(TiledTree(tree_size=768, tile_roots=roots, read_leaves=lying))


def test_tiles_in_another_order_are_refused() -> None:
    roots = TiledTree.of_leaves(_leaves(512)).tile_roots
    with pytest.raises(TileError, match="the leaves from 0 on"):
        _bulk(TiledTree(tree_size=512, tile_roots=roots, read_leaves=lambda n: _read_tile(0, 1 - n)))


def test_a_short_tile_is_refused() -> None:
    roots = TiledTree.of_leaves(_leaves(700)).tile_roots
    with pytest.raises(TileError, match="fewer hashes than the 256"):
        _bulk(TiledTree(tree_size=700, tile_roots=roots, read_leaves=lambda n: _read_tile(0, n)[32:]))
    with pytest.raises(TileError, match="fewer hashes than the 188"):
        TiledTree.of_tiles(700, lambda level, n: _read_tile(level, n)[: 187 * 32])


def test_a_short_tile_of_roots_is_refused() -> None:
    with pytest.raises(TileError, match="fewer hashes than the 2 "):
        TiledTree.of_tiles(700, lambda level, n: _read_tile(level, n)[: 32 if level else None])


@pytest.mark.parametrize("roots", [b"", bytes(32), bytes(96), bytes(63)])
def test_another_number_of_roots_than_of_tiles_is_refused(roots: bytes) -> None:
    with pytest.raises(TileError, match="not 2"):
        TiledTree(tree_size=257, tile_roots=roots, read_leaves=lambda n: _read_tile(0, n))


@pytest.mark.parametrize("leaves", [bytes(31), bytes(33), bytes(8192 + 16)])
def test_leaves_that_are_not_whole_are_refused(leaves: bytes) -> None:
    with pytest.raises(ValueError, match="a multiple of 32"):
        TiledTree.of_leaves(leaves)

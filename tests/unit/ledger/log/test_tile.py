"""Tiles and entry bundles stand where C2SP tlog-tiles puts them, under one path each."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

import pytest

from tests.reference_tree import ReferenceTree
from vaxcert.errors import TileError
from vaxcert.ledger.log.proof import complete_nodes, fold
from vaxcert.ledger.log.tile import (
    ENTRIES,
    TILE_WIDTH,
    TileAddress,
    TileLevel,
    bundles_of,
    entry_bundle,
    node_in_tile,
    parse_entry_bundle,
    tile_path,
    tiles_of,
)
from vaxcert.ledger.log.tree import parents, root_of

PATHS: list[tuple[str, TileLevel, int, int]] = [
    ("tile/0/000", 0, 0, 256),
    ("tile/0/000.p/1", 0, 0, 1),
    ("tile/0/999.p/255", 0, 999, 255),
    ("tile/0/x001/000", 0, 1000, 256),
    ("tile/0/x001/x234/067", 0, 1234067, 256),
    ("tile/0/x001/x234/067.p/5", 0, 1234067, 5),
    ("tile/3/x001/007", 3, 1007, 256),
    ("tile/63/005", 63, 5, 256),
    ("tile/entries/x123/456.p/78", ENTRIES, 123456, 78),
    ("tile/0/x036/x028/x797/x018/x963/967", 0, 2**55 - 1, 256),
]


@pytest.mark.parametrize(("path", "level", "n", "width"), PATHS)
def test_a_tile_has_one_path(path: str, level: TileLevel, n: int, width: int) -> None:
    assert tile_path(level, n, width) == TileAddress(level, n, width).path == path


@pytest.mark.parametrize(
    ("level", "n", "width"),
    [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, 2**55, 256), (0, 0, 0), (0, 0, 257), (0, 0, -1)],
)
def test_a_tile_that_cannot_be_has_no_path(level: int, n: int, width: int) -> None:
    with pytest.raises(ValueError, match=r"there is no tile|a tile has"):
        tile_path(level, n, width)


# --- which tiles there are -----------------------------------------------------------------------------------------


def test_the_tiles_of_70000_leaves_are_those_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert Counter((tile.level, tile.width) for tile in tiles) == {
        (0, 256): 273,
        (0, 112): 1,
        (1, 256): 1,
        (1, 17): 1,
        (2, 1): 1,
    }
    assert [tile.path for tile in tiles if tile.width < TILE_WIDTH] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert Counter(bundle.width for bundle in bundles_of(70_000)) == {256: 273, 112: 1}


def test_an_empty_tree_has_no_tiles() -> None:
    assert list(tiles_of(0)) == list(bundles_of(0)) == []


@pytest.mark.parametrize(
    ("size", "paths"),
    [
        (1, ["tile/0/000.p/1"]),
        (255, ["tile/0/000.p/255"]),
        (256, ["tile/0/000", "tile/1/000.p/1"]),
        (257, ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]),
    ],
)
def test_a_full_tile_puts_one_hash_into_the_next_level(size: int, paths: list[str]) -> None:
    assert [tile.path for tile in tiles_of(size)] == paths


# --- where a node is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "index", "place"),
    [
        (0, 0, (0, 0, 0, 1)),
        (0, 257, (0, 1, 1, 1)),
        (3, 0, (0, 0, 0, 8)),
        (3, 33, (0, 1, 8, 8)),
        (7, 3, (0, 1, 128, 128)),
        (8, 0, (1, 0, 0, 1)),
        (8, 256, (1, 1, 0, 1)),
        (9, 129, (1, 1, 2, 2)),
        (16, 1, (2, 0, 1, 1)),
        (62, 1, (7, 0, 64, 64)),
    ],
)
def test_a_node_is_folded_from_hashes_of_one_tile(level: int, index: int, place: tuple[int, int, int, int]) -> None:
    assert node_in_tile(level, index) == place


@pytest.mark.parametrize("size", [255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_the_root_is_folded_from_tiles(forest: ReferenceTree, tiles: dict[tuple[int, int], bytes], size: int) -> None:
    assert fold([_from_tiles(tiles, level, index) for level, index in complete_nodes(0, size)]) == forest.root(size)


@pytest.fixture(scope="module")
def forest() -> ReferenceTree:
    return ReferenceTree([sha256(number.to_bytes(4, "big")).digest() for number in range(70_000)])


@pytest.fixture(scope="module")
def tiles(forest: ReferenceTree) -> dict[tuple[int, int], bytes]:
    """Return the tiles of all levels under (level, n)."""
    found: dict[tuple[int, int], bytes] = {}
    hashes = forest.packed
    tile_level = 0
    while hashes:
        for start in range(0, len(hashes), TILE_WIDTH * 32):
            found[tile_level, start // (TILE_WIDTH * 32)] = hashes[start : start + TILE_WIDTH * 32]
        for _ in range(8):
            hashes = parents(hashes)
        tile_level += 1
    return found


def test_the_tiles_are_as_many_and_as_wide_as_their_list_says(tiles: dict[tuple[int, int], bytes]) -> None:
    assert {key: len(hashes) // 32 for key, hashes in tiles.items()} == {
        (tile.level, tile.n): tile.width for tile in tiles_of(70_000)
    }


def _from_tiles(tiles: dict[tuple[int, int], bytes], level: int, index: int) -> bytes:
    tile_level, n, first, count = node_in_tile(level, index)
    return root_of(tiles[tile_level, n][32 * first : 32 * (first + count)])


# --- entry bundles -------------------------------------------------------------------------------------------------


def test_a_bundle_is_entries_behind_their_lengths() -> None:
    assert entry_bundle([b"one", b"", b"x" * 300]) == b"\x00\x03one\x00\x00\x01\x2c" + b"x" * 300
    assert parse_entry_bundle(b"\x00\x03one\x00\x00\x01\x2c" + b"x" * 300) == [b"one", b"", b"x" * 300]


def test_one_entry_is_a_bundle() -> None:
    assert entry_bundle([b""]) == b"\x00\x00"
    assert parse_entry_bundle(b"\x00\x00") == [b""]


def test_the_largest_bundle_is_read() -> None:
    entries = [bytes([number]) * 0xFFFF for number in range(256)]
    assert parse_entry_bundle(entry_bundle(entries)) == entries


@pytest.mark.parametrize(
    "entries",
    [[], [b""] * 257, [b"x" * 0x10000]],
    ids=["none", "257 of them", "one too long"],
)
def test_what_is_no_bundle_is_not_written(entries: list[bytes]) -> None:
    with pytest.raises(ValueError, match="1 to 256 entries"):
        entry_bundle(entries)


@pytest.mark.parametrize(
    "bundle",
    [
        b"\x00",
        b"\x00\x01",
        b"\x00\x03on",
        b"\x00\x03one\x00",
        b"\x00\x03one\x00\x04two",
        b"\xff\xff" + b"x" * 0xFFFE,
        b"\x00\x00" * 257,
    ],
    ids=["half a length", "no entry", "cut", "cut length", "cut second", "one byte short", "257 of them"],
)
def test_a_cut_or_overfull_bundle_is_refused(bundle: bytes) -> None:
    with pytest.raises(TileError, match="cut or has more than 256"):
        parse_entry_bundle(bundle)


def test_an_empty_bundle_is_refused() -> None:
    with pytest.raises(TileError, match="empty"):
        parse_entry_bundle(b"")


@pytest.mark.parametrize("field", ["level", "n", "width"])
def test_an_address_does_not_change(field: str) -> None:
    address: Any = TileAddress(0, 0)
    with pytest.raises(AttributeError):
        setattr(address, field, 1)

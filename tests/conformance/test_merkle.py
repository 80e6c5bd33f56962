"""The tree and its proofs against the public vectors: transparency-dev's, RFC 6962's known tree, a log of Tessera's."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from vaxcert.errors import ConsistencyError, InclusionProofError
from vaxcert.ledger.log.proof import (
    complete_nodes,
    consistency_ranges,
    fold,
    inclusion_ranges,
    verify_consistency,
    verify_inclusion,
)
from vaxcert.ledger.log.tile import bundles_of, node_in_tile, parse_entry_bundle, tiles_of
from vaxcert.ledger.log.tree import EMPTY_ROOT, leaf_hash, root_of

if TYPE_CHECKING:
    from pathlib import Path

    Case = dict[str, Any]

LOG_SIZE = 15


@pytest.fixture(scope="module")
def merkle(vectors: Path) -> Path:
    """Return the folder of the Merkle vectors."""
    return vectors / "merkle"


# --- transparency-dev: 98 inclusion and 98 consistency proofs ------------------------------------------------------


def _cases(merkle: Path, kind: str) -> list[Case]:
    folder = merkle / "transparency-dev-merkle" / kind
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.rglob("*.json"))]


def _bytes(text: str | None) -> bytes:
    return b64decode(text or "", validate=True)


def _path(case: Case) -> list[bytes]:
    return [_bytes(part) for part in case["proof"] or []]


def _wants(cases: list[Case]) -> Counter[bool]:
    return Counter(case["wantErr"] for case in cases)


def test_the_98_inclusion_proofs(merkle: Path) -> None:
    cases = _cases(merkle, "inclusion")
    assert len(cases) == 98
    outcomes = []
    for case in cases:
        try:
            verify_inclusion(
                _bytes(case["leafHash"]),
                index=case["leafIdx"],
                tree_size=case["treeSize"],
                path=_path(case),
                root=_bytes(case["root"]),
            )
        except InclusionProofError:
            outcomes.append((case["desc"], True))
        else:
            outcomes.append((case["desc"], False))
    assert outcomes == [(case["desc"], case["wantErr"]) for case in cases]
    assert _wants(cases) == {True: 92, False: 6}


def test_the_98_consistency_proofs(merkle: Path) -> None:
    cases = _cases(merkle, "consistency")
    assert len(cases) == 98
    outcomes = []
    for case in cases:
        try:
            verify_consistency(
                smaller=case["size1"],
                larger=case["size2"],
                smaller_root=_bytes(case["root1"]),
                larger_root=_bytes(case["root2"]),
                path=_path(case),
            )
        except ConsistencyError:
            outcomes.append((case["desc"], True))
        else:
            outcomes.append((case["desc"], False))
    assert outcomes == [(case["desc"], case["wantErr"]) for case in cases]
    assert _wants(cases) == {True: 92, False: 6}


# --- RFC 6962's known tree -----------------------------------------------------------------------------------------


def test_the_known_tree_of_eight_leaves(merkle: Path) -> None:
    known = json.loads((merkle / "rfc6962_known_tree.json").read_text("utf-8"))
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in known["leaf_inputs_hex"]]
    roots = [bytes.fromhex(root) for root in known["root_hash_by_size_hex"]]
    assert (len(leaves), len(roots)) == (8, 9)
    assert [root_of(b"".join(leaves[:size])) for size in range(9)] == roots


# --- a log that Tessera wrote: 15 entries, a checkpoint of every size ----------------------------------------------


def _log_root(log: Path, size: int) -> bytes:
    """Return the root that the log's checkpoint of *size* states (its signature is tested with the notes)."""
    origin, stated_size, root, empty, *_ = (log / f"checkpoint.{size}").read_text("utf-8").split("\n")
    assert (origin, stated_size, empty) == ("example.com/log/testdata", str(size), "")
    return b64decode(root, validate=True)


def _read(log: Path, tile: str) -> bytes:
    return (log / tile).read_bytes()


@pytest.fixture(scope="module")
def log(merkle: Path) -> Path:
    """Return the folder of Tessera's log."""
    return merkle / "tessera-log"


def test_the_log_has_the_tiles_and_bundles_that_its_sizes_ask_for(log: Path) -> None:
    found = {path.relative_to(log).as_posix() for path in (log / "tile").rglob("*") if path.is_file()}
    assert found == {address.path for size in range(LOG_SIZE + 1) for address in [*tiles_of(size), *bundles_of(size)]}
    assert len(found) == 2 * LOG_SIZE


@pytest.mark.parametrize("size", range(LOG_SIZE + 1))
def test_the_root_of_a_checkpoint_follows_from_tile_and_entries(log: Path, size: int) -> None:
    root = _log_root(log, size)
    if not size:
        assert root == EMPTY_ROOT
        return
    (bundle,), (tile,) = bundles_of(size), tiles_of(size)
    entries = parse_entry_bundle(_read(log, bundle.path))
    hashes = _read(log, tile.path)
    assert len(entries) == tile.width == size
    assert b"".join([leaf_hash(entry) for entry in entries]) == hashes
    assert root_of(hashes) == root


def test_every_entry_is_proved_under_every_checkpoint(log: Path) -> None:
    proved = 0
    for size in range(1, LOG_SIZE + 1):
        for index in range(size):
            leaf = _hash_of(log, index, index + 1)
            path = [_hash_of(log, low, high) for low, high in inclusion_ranges(index, size)]
            verify_inclusion(leaf, index=index, tree_size=size, path=path, root=_log_root(log, size))
            proved += 1
    assert proved == 120


def test_every_checkpoint_extends_every_earlier_one(log: Path) -> None:
    proved = 0
    for larger in range(1, LOG_SIZE + 1):
        for smaller in range(1, larger + 1):
            verify_consistency(
                smaller=smaller,
                larger=larger,
                smaller_root=_log_root(log, smaller),
                larger_root=_log_root(log, larger),
                path=[_hash_of(log, low, high) for low, high in consistency_ranges(smaller, larger)],
            )
            proved += 1
    assert proved == 120


def test_no_checkpoint_is_proved_by_a_path_with_another_one_s_root(log: Path) -> None:
    for size in range(2, LOG_SIZE + 1):
        path = [_hash_of(log, low, high) for low, high in inclusion_ranges(0, size)]
        with pytest.raises(InclusionProofError, match="another root"):
            verify_inclusion(_hash_of(log, 0, 1), index=0, tree_size=size, path=path, root=_log_root(log, size - 1))


def _hash_of(log: Path, low: int, high: int) -> bytes:
    hashes = []
    for level, index in complete_nodes(low, high):
        tile_level, n, first, count = node_in_tile(level, index)
        assert (tile_level, n) == (0, 0)
        hashes.append(root_of(_read(log, f"tile/0/000.p/{LOG_SIZE}")[32 * first : 32 * (first + count)]))
    return fold(hashes)

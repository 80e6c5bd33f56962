"""The static files are those of tlog-tiles, never change, and the checkpoint comes last."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.small_log import log_key
from tests.stored_log import AT, KEY, certificates, digests, fill, flipped, make_log, sql
from vaxcert.errors import LedgerDamagedError, LedgerRolledBackError, LedgerStateError, NoteError, StorageError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.proof import complete_nodes, fold, inclusion_ranges, verify_inclusion
from vaxcert.ledger.log.tile import node_in_tile, parse_entry_bundle, tile_path
from vaxcert.ledger.log.tree import leaf_hash, root_of
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.tile_export import export_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TransparencyLog]:
    with make_log(tmp_path / "log") as log:
        yield log


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def files(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


class Client:
    """Reads the site as any client of tlog-tiles does: the checkpoint, and only the tiles that its size calls for."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.checkpoint = open_checkpoint((site / "checkpoint").read_bytes(), verifier=KEY.verifier)

    def node(self, level: int, index: int) -> bytes:
        tile_level, n, first, count = node_in_tile(level, index)
        width = min(256, (self.checkpoint.size >> 8 * tile_level) - n * 256)
        tile = (self.site / tile_path(tile_level, n, width)).read_bytes()
        assert len(tile) == width * 32
        return root_of(tile[first * 32 : (first + count) * 32])

    def verify(self, index: int, leaf: bytes) -> None:
        size = self.checkpoint.size
        path = [
            fold([self.node(*place) for place in complete_nodes(*range_)]) for range_ in inclusion_ranges(index, size)
        ]
        verify_inclusion(leaf, index=index, tree_size=size, path=path, root=self.checkpoint.root)


def test_a_client_finds_every_leaf_by_the_files_alone(log: TransparencyLog, site: Path) -> None:
    log.append(digests(66_000))
    log.sign_checkpoint(KEY, at=AT)
    assert export_tiles(log, site).size == 66_000
    client = Client(site)
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        client.verify(index, log.entry(index).leaf)
    assert {name for name in files(site) if not name.startswith("tile/0/")} == {
        "checkpoint",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
    }
    assert len(files(site)) == 258 + 4
    assert (site / "tile/0/257.p/208").is_file()


def test_the_public_export_has_no_entries_and_nothing_personal(log: TransparencyLog, site: Path) -> None:
    fill(log, 300)
    export_tiles(log, site)
    content = b"".join(files(site).values())
    for entry, row in zip(log.entries(), certificates(300), strict=True):
        assert entry.salt is not None
        for secret in (entry.entry, entry.salt, row.digest, row.id.encode(), row.cose[-64:]):
            assert secret not in content
    assert not [name for name in files(site) if "entries" in name]


def test_bundles_of_entries_are_for_auditors(log: TransparencyLog, site: Path) -> None:
    fill(log, 300)
    export_tiles(log, site, entries=True)
    entries = parse_entry_bundle((site / "tile/entries/000").read_bytes())
    entries += parse_entry_bundle((site / "tile/entries/001.p/44").read_bytes())
    assert entries == [entry.entry for entry in log.entries()]
    assert leaf_hash(entries[299]) == (site / "tile/0/001.p/44").read_bytes()[-32:]
    assert stat.S_IMODE((site / "tile/entries/000").stat().st_mode) == 0o600
    assert stat.S_IMODE((site / "tile/0/000").stat().st_mode) == 0o644


def test_growth_adds_files_and_changes_none(log: TransparencyLog, site: Path) -> None:
    before: dict[str, bytes] = {}
    for start, count in ((0, 1), (1, 255), (256, 10), (266, 600)):
        fill(log, count, start=start)
        export_tiles(log, site, entries=True)
        now = files(site)
        before.pop("checkpoint", None)
        assert before.items() <= now.items()
        before = now
        client = Client(site)
        for index in (0, start, start + count - 1):
            client.verify(index, log.entry(index).leaf)


def test_the_export_ends_at_the_checkpoint(log: TransparencyLog, site: Path) -> None:
    fill(log, 10)
    log.append(digests(500))
    export_tiles(log, site)
    assert set(files(site)) == {"checkpoint", "tile/0/000.p/10"}


def test_once_more_writes_nothing(log: TransparencyLog, site: Path) -> None:
    fill(log, 300)
    export_tiles(log, site)
    times = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    export_tiles(log, site)
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == times


def test_a_file_that_was_lost_is_written_again(log: TransparencyLog, site: Path) -> None:
    fill(log, 600)
    export_tiles(log, site)
    lost = (site / "tile/0/001").read_bytes()
    (site / "tile/0/001").unlink()
    export_tiles(log, site, entries=True)
    assert (site / "tile/0/001").read_bytes() == lost
    assert (site / "tile/entries/001").is_file()


def test_the_checkpoint_is_written_last(log: TransparencyLog, site: Path) -> None:
    fill(log, 300)
    export_tiles(log, site)
    note = (site / "checkpoint").read_bytes()
    fill(log, 300, start=300)
    (site / "tile/0/002.p/88").mkdir(parents=True)  # where a file has to go
    with pytest.raises(StorageError):
        export_tiles(log, site)
    assert (site / "checkpoint").read_bytes() == note


def test_a_log_without_a_checkpoint_has_no_export(log: TransparencyLog, site: Path) -> None:
    log.append(digests(3))
    with pytest.raises(LedgerStateError, match="no checkpoint"):
        export_tiles(log, site)
    assert not site.exists()


def test_the_empty_log_has_a_checkpoint_alone(log: TransparencyLog, site: Path) -> None:
    log.sign_checkpoint(KEY, at=AT)
    export_tiles(log, site)
    assert set(files(site)) == {"checkpoint"}


def test_a_newer_export_or_another_history_is_not_written_over(
    log: TransparencyLog, site: Path, tmp_path: Path
) -> None:
    fill(log, 300)
    export_tiles(log, site)
    before = files(site)
    with make_log(tmp_path / "other") as other:
        fill(other, 10)
        with pytest.raises(LedgerRolledBackError, match="size 300"):
            export_tiles(other, site)
        fill(other, 290, start=10)
        with pytest.raises(LedgerRolledBackError, match="another history"):
            export_tiles(other, site)
    assert files(site) == before


def test_another_logs_export_is_not_written_over(log: TransparencyLog, site: Path, tmp_path: Path) -> None:
    fill(log, 3)
    export_tiles(log, site)
    key = log_key("other.example/vn")
    with TransparencyLog.create(tmp_path / "other", origin=key.name, vkey=key.vkey, at=AT) as other:
        other.append(digests(9))
        other.sign_checkpoint(key, at=AT)
        with pytest.raises(NoteError):
            export_tiles(other, site)


def test_a_file_that_is_not_what_the_log_has_is_not_accepted(log: TransparencyLog, site: Path) -> None:
    fill(log, 300)
    export_tiles(log, site)
    path = site / "tile/0/001.p/44"
    path.write_bytes(flipped(path.read_bytes(), 0))
    with pytest.raises(LedgerDamagedError, match="not what the log has"):
        export_tiles(log, site)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tile SET hashes = substr(hashes, 1, 32) WHERE id = 1",
        "DELETE FROM tile WHERE id = 1 << 56",
        "DELETE FROM segment WHERE first = 256",
        "DELETE FROM segment WHERE first = 0",
    ],
)
def test_a_damaged_log_is_not_exported(log: TransparencyLog, site: Path, tmp_path: Path, statement: str) -> None:
    fill(log, 300)
    sql(tmp_path / "log", statement)
    with pytest.raises(LedgerDamagedError):
        export_tiles(log, site, entries=True)
    assert not (site / "checkpoint").exists()

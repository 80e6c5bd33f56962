"""An auditor reads the same log from files, and every change to them is refused or named."""

from __future__ import annotations

import json
import shutil
import stat
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.small_log import log_key
from tests.stored_log import AT, KEY, certificate, digests, fill, flipped, make_log
from vaxcert.errors import LedgerDamagedError, LedgerFormatError, LedgerStateError, NoteError, StorageError
from vaxcert.ledger.store.auditor_export import AuditorExport
from vaxcert.ledger.store.auditor_writer import export_for_auditor
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.problem import Part
from vaxcert.ledger.store.statements import revoke, supersede

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vaxcert.ledger.store.reader import LogReader

SIZE = 620


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a log, exported beside it, that has grown past its checkpoint."""
    folder = tmp_path_factory.mktemp("source")
    with make_log(folder / "log") as log:
        fill(log, 400)
        rows = list(log.certificates())
        fill(log, 210, start=400)
        with log.transaction() as transaction:
            revoke(transaction, rows[300], at=AT, reason="lost")
            supersede(transaction, rows[301], rows[302], at=AT)
            transaction.append(digests(8))
        log.erase(303, at=AT)
        log.erase(301, at=AT)
        log.sign_checkpoint(KEY, at=AT)
        outbox = Outbox(log.database, holder="test")
        outbox.lease.take(AT, timedelta(hours=1))
        outbox.record_event(size=400, root=log.root(400), metadata_hash=bytes(32), seq=1, event="{}", at=AT)
        anchor = outbox.anchor(400)
        assert anchor is not None
        outbox.record_final(anchor.id, seq=1, event='{"seq": 1}', bundle=b"bundle", at=AT)
        with log.transaction() as transaction:  # what no checkpoint covers yet
            transaction.add_certificates([certificate(5000)])
        export_for_auditor(log, folder / "export", attachments={"anchor.json": b"{}\n"})
    return folder


@pytest.fixture
def folder(source: Path, tmp_path: Path) -> Path:
    return shutil.copytree(source / "export", tmp_path / "export")


def test_it_reads_as_the_log_does(source: Path, folder: Path) -> None:
    with TransparencyLog.open(source / "log", read_only=True) as log:
        export: LogReader = AuditorExport.open(folder)
        assert (export.origin, export.vkey, export.log_id) == (log.origin, log.vkey, log.log_id)
        assert export.size == SIZE
        assert (export.root(), export.root(400)) == (log.root(SIZE), log.root(400))
        assert list(export.entries()) == list(log.entries(0, SIZE))
        assert list(export.entries(250, 260)) == list(log.entries(250, 260))
        assert export.entry(300) == log.entry(300)
        assert list(export.certificates()) == [row for row in log.certificates() if row.leaf_index < SIZE]
        assert list(export.statements()) == list(log.statements())
        assert list(export.erasures()) == list(log.erasures())
        assert list(export.checkpoints()) == list(log.checkpoints())
        assert [export.checkpoint(), export.checkpoint(400)] == [log.checkpoint(SIZE), log.checkpoint(400)]
        assert export.checkpoint(401) is None
        assert export.inclusion_path(300, 500) == log.inclusion_path(300, 500)
        assert export.consistency_path(400, SIZE) == log.consistency_path(400, SIZE)
        for key in (certificate(300).id, certificate(301).id, certificate(302).digest, "none", certificate(5).id):
            assert export.certificate(key) == log.certificate(key)


def test_it_is_in_order(folder: Path) -> None:
    assert AuditorExport.open(folder).check() is None


def test_it_has_the_proofs_of_the_anchors_and_what_was_attached(folder: Path) -> None:
    assert list(AuditorExport.open(folder).proof_bundles()) == [b"bundle"]
    assert (folder / "anchor.json").read_bytes() == b"{}\n"


def test_it_is_its_owners_alone(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("leaves.jsonl", "certificates.jsonl", "export.json", "anchor.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_an_empty_log_is_exported(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        log.sign_checkpoint(KEY, at=AT)
        export_for_auditor(log, tmp_path / "export")
    export = AuditorExport.open(tmp_path / "export")
    assert (export.size, export.check(), list(export.entries())) == (0, None, [])


def test_an_export_overwrites_nothing_and_is_whole_or_not_there(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        with pytest.raises(LedgerStateError, match="no checkpoint"):
            export_for_auditor(log, tmp_path / "export")
        fill(log, 3)
        for name in ("leaves.jsonl", "checkpoint", "export.json", "tile"):
            with pytest.raises(ValueError, match="of its own"):
                export_for_auditor(log, tmp_path / "export", attachments={name: b""})
        with pytest.raises(ValueError, match="no name of a file"):
            export_for_auditor(log, tmp_path / "export", attachments={"../outside": b""})
        assert [path.name for path in tmp_path.iterdir()] == ["log"]
        export_for_auditor(log, tmp_path / "export")
        with pytest.raises(StorageError, match="exists"):
            export_for_auditor(log, tmp_path / "export")


# Refused.


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerFormatError, match="no export"):
        AuditorExport.open(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"size": "620"},
        {"size": True},
        {"size": -1},
        {"size": 2**63},
        {"origin": None},
        {"more": 1},
        {"vkey": "nonsense"},
    ],
)
def test_a_description_that_is_not_right_is_refused(folder: Path, change: dict[str, object]) -> None:
    path = folder / "export.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(LedgerFormatError):
        AuditorExport.open(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{" * 4000, "\udcff"])
def test_a_description_that_is_no_object_is_refused(folder: Path, content: str) -> None:
    (folder / "export.json").write_text(content, errors="surrogateescape")
    with pytest.raises(LedgerFormatError):
        AuditorExport.open(folder)


def test_a_description_that_is_too_long_is_refused(folder: Path) -> None:
    (folder / "export.json").write_bytes(b" " * 5000)
    with pytest.raises(StorageError, match="over"):
        AuditorExport.open(folder)


def describe(folder: Path, **change: object) -> None:
    path = folder / "export.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def test_another_size_or_origin_than_the_signed_one_is_refused(folder: Path) -> None:
    describe(folder, size=619)
    with pytest.raises(LedgerDamagedError, match="size"):
        AuditorExport.open(folder)
    describe(folder, size=SIZE, origin="other.example/vn")
    with pytest.raises(LedgerDamagedError, match="another log"):
        AuditorExport.open(folder)


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_checkpoint_that_is_not_signed_is_refused(folder: Path, content: bytes | None) -> None:
    (folder / "checkpoint").unlink()
    if content is not None:
        (folder / "checkpoint").write_bytes(content)
    with pytest.raises(NoteError):
        AuditorExport.open(folder)


def test_a_checkpoint_by_another_key_is_refused(folder: Path) -> None:
    describe(folder, vkey=log_key(KEY.name, seed="another").vkey)
    with pytest.raises(NoteError):
        AuditorExport.open(folder)


@pytest.mark.parametrize("keep", [0, SIZE - 1])
def test_missing_leaves_are_refused(folder: Path, keep: int) -> None:
    lines = (folder / "leaves.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "leaves.jsonl").write_bytes(b"".join(lines[:keep]))
    with pytest.raises(LedgerDamagedError, match=f"{keep} lines"):
        AuditorExport.open(folder)


def test_a_file_that_is_missing_is_named(folder: Path) -> None:
    (folder / "certificates.jsonl").unlink()
    with pytest.raises(StorageError, match=r"certificates\.jsonl"):
        list(AuditorExport.open(folder).certificates())
    (folder / "leaves.jsonl").unlink()
    with pytest.raises(StorageError, match=r"leaves\.jsonl"):
        AuditorExport.open(folder)


def rewrite(folder: Path, name: str, number: int, change: Callable[[Any], object]) -> None:
    """Change the object in one line of a file."""
    lines = (folder / name).read_bytes().splitlines(keepends=True)
    new = change(json.loads(lines[number]))
    lines[number] = new if isinstance(new, bytes) else json.dumps(new).encode() + b"\n"
    (folder / name).write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"nonsense\n",
        lambda _: b"[" * 5000 + b"\n",
        lambda _: b"\xff\n",
        lambda _: b"[]\n",
        lambda _: b'{"kind": "certificate/v1"}\n',
        lambda leaf: leaf | {"more": 1},
        lambda leaf: leaf | {"kind": "other/v1"},
        lambda leaf: leaf | {"kind": 1},
        lambda leaf: leaf | {"row": 1},
        lambda leaf: leaf | {"row": None},
        lambda leaf: leaf | {"salt": None},
        lambda leaf: leaf | {"digest": None},
        lambda leaf: leaf | {"salt": leaf["salt"] + "00"},
        lambda leaf: leaf | {"digest": leaf["digest"][:-2]},
        lambda leaf: leaf | {"digest": leaf["digest"].upper() + ""},
        lambda leaf: leaf | {"digest": " " + leaf["digest"]},
        lambda leaf: leaf | {"salt": "zz" * 16},
        lambda leaf: leaf | {"salt": 5},
    ],
)
def test_a_malformed_leaf_is_refused(folder: Path, change: Callable[[Any], object]) -> None:
    rewrite(folder, "leaves.jsonl", 257, change)
    export = AuditorExport.open(folder)
    with pytest.raises(LedgerDamagedError):
        export.entry(300)
    problem = export.check()
    assert problem is not None
    assert (problem.part, problem.index) == (Part.ENTRY, 256)
    assert not export.entry(255).is_erased


@pytest.mark.parametrize("name", ["certificates", "statements", "erasures", "checkpoints", "proofs"])
@pytest.mark.parametrize("tail", [b"nonsense\n", b'{"leaf_index":1}\n', b"{}", b"{" + b" " * 2_000_000])
def test_a_malformed_line_is_refused_in_every_file(folder: Path, name: str, tail: bytes) -> None:
    path = folder / f"{name}.jsonl"
    path.write_bytes(path.read_bytes() + tail)
    export = AuditorExport.open(folder)
    read = {"proofs": export.proof_bundles}.get(name) or getattr(export, name)
    with pytest.raises(LedgerDamagedError, match=name):
        list(read())


@pytest.mark.parametrize(
    ("line", "change", "part", "index"),
    [
        (("certificates", 5), {"id": "x"}, Part.CERTIFICATE, 5),
        (("certificates", 5), {"digest": "00" * 32}, Part.CERTIFICATE, 5),
        (("certificates", 5), {"cose": "AAAA"}, Part.CERTIFICATE, 5),
        (("certificates", 5), {"cose": "A"}, Part.CERTIFICATE, 5),
        (("certificates", 5), {"leaf_index": 4}, Part.CERTIFICATE, 4),
        (("certificates", 5), {"leaf_index": 0}, Part.CERTIFICATE, 0),
        (("statements", 0), {"at": 1}, Part.STATEMENT, 610),
        (("erasures", 0), {"leaf_index": 5}, Part.ERASURE, 5),
        (("checkpoints", 0), {"root": "00" * 32}, Part.CHECKPOINT, 400),
        (("leaves", 9), {"salt": "00" * 16}, Part.SALT, 9),
        (("leaves", 9), {"digest": "00" * 32}, Part.DIGEST, 9),
        (("leaves", 9), {"kind": "revocation/v1"}, Part.KIND, 9),
        (("leaves", 9), {"row": False}, Part.CERTIFICATE, 9),
        (("leaves", 617), {"row": True}, Part.CERTIFICATE, 617),
    ],
)
def test_what_was_changed_is_named(
    folder: Path, line: tuple[str, int], change: dict[str, object], part: Part, index: int
) -> None:
    rewrite(folder, f"{line[0]}.jsonl", line[1], lambda row: row | change)
    problem = AuditorExport.open(folder).check()
    assert problem is not None
    assert (problem.part, problem.index) == (part, index)


def test_a_row_out_of_the_order_of_the_leaves_is_named(folder: Path) -> None:
    lines = (folder / "certificates.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "certificates.jsonl").write_bytes(b"".join([*lines, lines[3]]))
    problem = AuditorExport.open(folder).check()
    assert problem is not None
    assert (problem.part, problem.index) == (Part.CERTIFICATE, 3)


@pytest.mark.parametrize(
    ("name", "change", "part", "index"),
    [
        ("tile/0/001", lambda content: flipped(content, 32 * 5), Part.TILE, 261),
        ("tile/0/001", lambda content: content[:-1], Part.TILE, 256),
        ("tile/0/001", lambda content: content + bytes(32), Part.TILE, 256),
        ("tile/1/000.p/2", lambda content: flipped(content, 32), Part.TILE, 256),
        ("tile/entries/001", lambda content: flipped(content, 34 * 5 + 2), Part.ENTRY, 261),
        ("tile/entries/001", lambda content: flipped(content, 34 * 5 + 1), Part.ENTRY, 256),
        ("tile/entries/001", lambda content: content[:-34], Part.ENTRY, 256),
        ("tile/entries/002.p/108", lambda _: b"\x00\x01a" * 108, Part.ENTRY, 512),
        ("tile/entries/002.p/108", lambda _: b"", Part.ENTRY, 512),
    ],
)
def test_a_changed_tile_or_bundle_is_named(
    folder: Path, name: str, change: Callable[[bytes], bytes], part: Part, index: int
) -> None:
    (folder / name).write_bytes(change((folder / name).read_bytes()))
    problem = AuditorExport.open(folder).check()
    assert problem is not None
    assert (problem.part, problem.index) == (part, index)


def test_a_missing_tile_is_named(folder: Path) -> None:
    (folder / "tile/0/001").unlink()
    export = AuditorExport.open(folder)
    problem = export.check()
    assert problem is not None
    assert (problem.part, problem.index) == (Part.TILE, 256)
    for level, n in ((0, 1), (0, 3), (0, -1), (1, 1), (7, 0)):
        with pytest.raises(LedgerDamagedError):
            export.tile(level, n)
    for n in (3, -1):
        with pytest.raises(LedgerDamagedError):
            export.bundle(n)


def test_a_huge_tile_is_not_read(folder: Path) -> None:
    (folder / "tile/0/001").write_bytes(bytes(100_000))
    with pytest.raises(StorageError, match="over"):
        AuditorExport.open(folder).tile(0, 1)

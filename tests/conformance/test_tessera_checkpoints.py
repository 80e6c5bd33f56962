"""The checkpoints of a log that another implementation wrote are opened with its key, and stand for its tiles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import CheckpointError, NoteError
from vaxcert.ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.note import parse_note
from vaxcert.ledger.log.note_key import NoteVerifier
from vaxcert.ledger.log.tree import HASH_BYTES, root_of

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINTS = 17


@pytest.fixture(scope="module")
def log(vectors: Path) -> Path:
    return vectors / "merkle" / "tessera-log"


@pytest.fixture(scope="module")
def verifier(log: Path) -> NoteVerifier:
    found = re.search(r"\S+\+[0-9a-f]{8}\+\S+", (log / "VKEY.txt").read_text("utf-8"))
    assert found is not None
    return NoteVerifier.of_vkey(found.group())


@pytest.fixture(scope="module")
def notes(log: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(log.glob("checkpoint*"))}


def test_every_checkpoint_is_opened(notes: dict[str, bytes], verifier: NoteVerifier) -> None:
    opened = {name: open_checkpoint(note, verifier=verifier) for name, note in notes.items()}
    assert len(opened) == CHECKPOINTS
    for name, checkpoint in opened.items():
        assert checkpoint.origin == "example.com/log/testdata"
        assert name in ("checkpoint", f"checkpoint.{checkpoint.size}")
    assert sorted(checkpoint.size for checkpoint in opened.values()) == [*range(16), 15]


def test_every_checkpoint_is_written_as_it_was(notes: dict[str, bytes]) -> None:
    for note in notes.values():
        parsed = parse_note(note)
        assert parsed.to_text().encode() == note
        assert parse_checkpoint(parsed.text).text == parsed.text


def test_every_root_is_that_of_the_tile_of_its_size(notes: dict[str, bytes], verifier: NoteVerifier, log: Path) -> None:
    compared = 0
    for note in notes.values():
        checkpoint = open_checkpoint(note, verifier=verifier)
        if checkpoint.size:
            tile = (log / "tile" / "0" / "000.p" / str(checkpoint.size)).read_bytes()
            assert len(tile) == checkpoint.size * HASH_BYTES
            assert root_of(tile) == checkpoint.root
            compared += 1
    assert compared == CHECKPOINTS - 1  # the empty tree has no tile


def test_no_checkpoint_is_opened_with_another_key(notes: dict[str, bytes], verifier: NoteVerifier) -> None:
    stranger = LogKey.create(verifier.name).verifier
    for note in notes.values():
        with pytest.raises(NoteError, match="no known key"):
            open_checkpoint(note, verifier=stranger)


def test_no_checkpoint_says_another_size(notes: dict[str, bytes], verifier: NoteVerifier) -> None:
    for note in notes.values():
        signed = parse_note(note)
        checkpoint = parse_checkpoint(signed.text)
        text = Checkpoint(checkpoint.origin, checkpoint.size + 1, checkpoint.root).text
        changed = note.decode().replace(signed.text, text)
        with pytest.raises((NoteError, CheckpointError)):
            open_checkpoint(changed, verifier=verifier)

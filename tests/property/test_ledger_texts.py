"""Notes, checkpoints, receipts and requests: what is written is read again, and nothing else raises the unexpected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.small_log import SmallLog
from vaxcert.errors import KeyFileError, LedgerProofError, VaxcertError, WitnessRefusedError
from vaxcert.ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.note import parse_note, sign_note, verify_note
from vaxcert.ledger.log.note_key import NoteVerifier
from vaxcert.ledger.log.receipt import Receipt, verify_inclusion_receipt
from vaxcert.ledger.log.receipt_encoding import encode_inclusion_receipt
from vaxcert.ledger.log.receipt_parsing import parse_consistency_receipt, parse_inclusion_receipt
from vaxcert.ledger.log.tlog_proof import TlogProof, parse_tlog_proof
from vaxcert.ledger.witness.request import AddCheckpoint, format_request, parse_request

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = SmallLog(size=20)
KEY = LOG.key
NOTE = LOG.note(20)
RECEIPT = LOG.receipt(3, 20, with_note=True)
HASHES = st.binary(min_size=32, max_size=32)
PATHS = st.lists(HASHES, max_size=63)
SIZES = st.integers(min_value=0, max_value=2**63 - 1)
LINES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.lists(st.one_of(LINES, st.just("")), max_size=6))
def test_any_text_is_signed_and_read_again(lines: list[str]) -> None:
    text = "\n".join([*lines, ""]) or "\n"
    note = parse_note(sign_note(text, KEY))
    assert note.text == text
    assert verify_note(note, [KEY.verifier]) == (KEY.verifier,)


@given(LINES, SIZES.filter(bool), HASHES, st.lists(LINES, max_size=3))
def test_any_checkpoint_is_read_again(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(checkpoint.text) == checkpoint


@given(SIZES.filter(bool), HASHES)
def test_any_signed_checkpoint_is_opened(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(KEY.name, size, root)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), verifier=KEY.verifier) == checkpoint


@given(SIZES, SIZES, PATHS, st.binary(min_size=64, max_size=64))
def test_any_receipt_is_read_again(size: int, index: int, path: list[bytes], signature: bytes) -> None:
    content = encode_inclusion_receipt(signature, key_id=KEY.key_id, size=size, index=index, path=path)
    parsed = parse_inclusion_receipt(content)
    assert (parsed.numbers, parsed.path, parsed.tree_size) == ((size, index), tuple(path), size)
    assert (parsed.signature, parsed.kid) == (signature, KEY.key_id)


@given(
    st.sampled_from(EntryKind),
    st.binary(min_size=16, max_size=16),
    st.binary(max_size=80),
    st.none() | st.binary(max_size=80),
    st.none() | LINES,
    st.none() | st.binary(max_size=80),
)
def test_any_receipt_file_is_read_again(  # noqa: PLR0917 - one strategy a field
    kind: EntryKind,
    salt: bytes,
    inclusion: bytes,
    consistency: bytes | None,
    checkpoint: str | None,
    anchor: bytes | None,
) -> None:
    receipt = Receipt(
        kind=kind, salt=salt, inclusion=inclusion, consistency=consistency, checkpoint=checkpoint, anchor=anchor
    )
    assert Receipt.of_cbor(receipt.to_cbor()) == receipt


@given(SIZES, PATHS, st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.none() | st.binary(max_size=40))
def test_any_tlog_proof_is_read_again(index: int, path: list[bytes], checkpoint: str, extra: bytes | None) -> None:
    proof = TlogProof(index=index, path=tuple(path), checkpoint=checkpoint, extra=extra)
    assert parse_tlog_proof(proof.text) == proof


@given(SIZES, PATHS, st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_request_is_read_again(old_size: int, path: list[bytes], note: str) -> None:
    request = AddCheckpoint(old_size=old_size, path=tuple(path), note=note)
    assert parse_request(format_request(note, old_size=old_size, path=path)) == request


READERS: list[tuple[Callable[[bytes], object], type[VaxcertError], bytes]] = [
    (parse_note, LedgerProofError, NOTE.encode()),
    (lambda content: parse_checkpoint(content.decode("latin-1")), LedgerProofError, LOG.checkpoint(20).text.encode()),
    (parse_inclusion_receipt, LedgerProofError, RECEIPT.inclusion),
    (parse_consistency_receipt, LedgerProofError, LOG.consistency(7, 20)),
    (Receipt.of_cbor, LedgerProofError, RECEIPT.to_cbor()),
    (parse_tlog_proof, LedgerProofError, b"c2sp.org/tlog-proof@v1\nindex 3\n\n" + NOTE.encode()),
    (parse_request, WitnessRefusedError, format_request(NOTE, old_size=7, path=LOG.tree.consistency(7, 20))),
    (lambda content: NoteVerifier.of_vkey(content.decode("latin-1")), KeyFileError, KEY.vkey.encode()),
]


@pytest.mark.parametrize(("read", "error", "sample"), READERS, ids=range(len(READERS)))
@given(data=st.data())
@settings(max_examples=150)
def test_whatever_is_read_raises_its_own_error_or_none(
    read: Callable[[bytes], object], error: type[VaxcertError], sample: bytes, data: st.DataObject
) -> None:
    changed = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(changed)))
        end = data.draw(st.integers(place, min(len(changed), place + 4)))
        changed[place:end] = data.draw(st.binary(max_size=4))
    try:
        read(bytes(changed))
    except error:
        return


@given(st.integers(0, len(RECEIPT.inclusion) - 1), st.integers(1, 255))
@example(3, 1)
def test_no_changed_byte_of_a_receipt_goes_unnoticed(position: int, change: int) -> None:
    content = bytearray(RECEIPT.inclusion)
    content[position] ^= change
    with pytest.raises(VaxcertError):
        verify_inclusion_receipt(bytes(content), leaf=LOG.tree.leaves[3], verifier=KEY.verifier)


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_no_receipt(content: bytes) -> None:
    with pytest.raises(LedgerProofError):
        parse_inclusion_receipt(content)


@given(st.text(max_size=40))
def test_a_log_is_named_by_its_own_key_only(name: str) -> None:
    try:
        other = LogKey.create(name)
    except ValueError:
        return
    assert other.log_id != KEY.log_id

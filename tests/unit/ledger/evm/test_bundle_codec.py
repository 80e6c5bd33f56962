"""Bundles as bytes: one form, bounded, and no change of it verifies to something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, bundle
from vaxcert.codec import cbor
from vaxcert.errors import ChainProofError, LedgerError
from vaxcert.ledger.evm.bundle import MAX_EARLIER, EarlierAnchor, verify_bundle
from vaxcert.ledger.evm.bundle_codec import MAX_BUNDLE_BYTES, decode_bundle, encode_bundle
from vaxcert.ledger.evm.trie_proof import MAX_PROOF_NODES

KINDS = ("state", "receipt")
CONTENT = {kind: encode_bundle(bundle(3, kind=kind, after=1)) for kind in KINDS}
IDENTITY_PART, EVENT_PART, HEADER, ENDPOINTS, PROOF, AFTER_SEQ, AFTER_HASH, EARLIER = range(1, 9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_is_the_same_after_its_way_through_bytes(kind: str) -> None:
    made = bundle(3, kind=kind, after=1)
    decoded = decode_bundle(encode_bundle(made))
    assert decoded == made
    assert verify_bundle(decoded, pinned=IDENTITY) == EVENTS[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_is_small(kind: str) -> None:
    assert len(CONTENT[kind]) < 2500


def outcome(content: bytes) -> object:
    """Return the event that *content* proves, without the one value that is a pointer only, or None."""
    try:
        event = verify_bundle(decode_bundle(content), pinned=IDENTITY)
    except LedgerError:
        return None
    return replace(event, transaction_hash=bytes(32))


@pytest.mark.parametrize("kind", KINDS)
def test_no_change_of_a_byte_verifies_to_something_else(kind: str) -> None:
    content = CONTENT[kind]
    genuine = outcome(content)
    assert genuine is not None
    unproved = 0
    for position in range(len(content)):
        for bit in (position % 8, (position + 3) % 8):
            changed = bytearray(content)
            changed[position] ^= 1 << bit
            found = outcome(bytes(changed))
            assert found in {None, genuine}
            unproved += found is not None
    assert unproved <= 2 * (32 + 2)  # the transaction's hash, and the number of nodes that agreed


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_that_was_cut_or_has_a_tail_is_refused(kind: str) -> None:
    content = CONTENT[kind]
    for end in range(len(content)):
        with pytest.raises(ChainProofError):
            decode_bundle(content[:end])
    for tail in (b"\x00", content):
        with pytest.raises(ChainProofError):
            decode_bundle(content + tail)


def test_a_bundle_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(ChainProofError, match="longer than"):
        decode_bundle(CONTENT["state"] + bytes(MAX_BUNDLE_BYTES))


def test_as_many_earlier_anchors_as_are_allowed_fit() -> None:
    anchors = tuple(
        EarlierAnchor(size=2**63 + number, root=b"r" * 32, metadata_hash=b"m" * 32, time=2**63)
        for number in range(MAX_EARLIER)
    )
    made = replace(bundle(3), earlier=anchors)
    assert decode_bundle(encode_bundle(made)) == made


def test_a_later_version_is_named() -> None:
    with pytest.raises(ChainProofError, match="version 2"):
        decode_bundle(cbor.encode([2, "something else"]))


def changed_part(part: int, value: object, kind: str = "state") -> bytes:
    items: Any = cbor.decode(CONTENT[kind])
    items[part] = value
    return cbor.encode(items)


def part_of(part: int) -> Any:
    items: Any = cbor.decode(CONTENT["state"])
    return items[part]


def with_item(part: int, place: int, value: object) -> bytes:
    items = part_of(part)
    items[place] = value
    return changed_part(part, items)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        cbor.encode(7),
        cbor.encode([]),
        cbor.encode({1: 2}),
        cbor.encode([1]),
        cbor.encode(["1", *[0] * 8]),
        changed_part(0, True),
        changed_part(IDENTITY_PART, None),
        changed_part(IDENTITY_PART, part_of(IDENTITY_PART)[:-1]),
        with_item(IDENTITY_PART, 0, b"evm"),
        with_item(IDENTITY_PART, 0, "e" * 17),
        with_item(IDENTITY_PART, 1, -1),
        with_item(IDENTITY_PART, 1, 1.0),
        with_item(IDENTITY_PART, 2, bytes(31)),
        with_item(IDENTITY_PART, 3, bytes(19)),
        with_item(IDENTITY_PART, 3, bytes(33)),
        changed_part(EVENT_PART, part_of(EVENT_PART)[1:]),
        with_item(EVENT_PART, 0, True),
        with_item(EVENT_PART, 0, "1"),
        with_item(EVENT_PART, 2, bytes(31)),
        changed_part(HEADER, "text"),
        changed_part(HEADER, bytes(16 * 1024 + 1)),
        changed_part(ENDPOINTS, 1001),
        changed_part(ENDPOINTS, -1),
        changed_part(PROOF, []),
        changed_part(PROOF, [3, []]),
        changed_part(PROOF, [1, 0, []]),
        changed_part(PROOF, [2, []]),
        changed_part(PROOF, [2, 2**32, []]),
        changed_part(PROOF, [True, []]),
        changed_part(PROOF, [1, b"node"]),
        changed_part(PROOF, [1, ["node"]]),
        changed_part(PROOF, [1, [bytes(16 * 1024 + 1)]]),
        changed_part(PROOF, [1, [b""] * (MAX_PROOF_NODES + 1)]),
        changed_part(AFTER_SEQ, None),
        changed_part(AFTER_HASH, b""),
        changed_part(EARLIER, [[1, bytes(32), bytes(32)]]),
        changed_part(EARLIER, [[1, bytes(32), bytes(32), 1]] * (MAX_EARLIER + 1)),
        changed_part(EARLIER, {}),
    ],
)
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(ChainProofError):
        decode_bundle(content)


def test_another_form_of_the_same_values_is_refused() -> None:
    content = CONTENT["state"]
    assert content[:2] == b"\x89\x01"
    for other in (b"\x98\x09\x01" + content[2:], b"\x89\x18\x01" + content[2:], b"\x9f\x01" + content[2:] + b"\xff"):
        with pytest.raises(ChainProofError):
            decode_bundle(other)

"""Proof bundles: what a real node gave is verified offline, and everything else is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, bundle, header, receipt_proof, state_proof
from vaxcert.errors import ChainProofError, WrongChainError, WrongContractError
from vaxcert.ledger.anchor.identity import NO_HASH, fold_chain_hash
from vaxcert.ledger.evm.bundle import MAX_EARLIER, EarlierAnchor, ProofBundle, verify_bundle

KINDS = ("state", "receipt")


def refuse(changed: ProofBundle, why: str = ".", **options: Any) -> None:
    with pytest.raises(ChainProofError, match=why):
        verify_bundle(changed, pinned=IDENTITY, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_real_anchor_is_proved(kind: str, number: int) -> None:
    before = (number - 1, EVENTS[number - 2].chain_hash if number > 1 else NO_HASH)
    made = bundle(number, kind=kind)
    assert verify_bundle(made, pinned=IDENTITY) == EVENTS[number - 1]
    assert verify_bundle(made, pinned=IDENTITY, previous=before) == EVENTS[number - 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [0, 1])
def test_anchors_that_have_no_bundle_of_their_own_are_folded(kind: str, after: int) -> None:
    made = bundle(3, kind=kind, after=after)
    assert len(made.earlier) == 2 - after
    before = (after, EVENTS[after - 1].chain_hash if after else NO_HASH)
    assert verify_bundle(made, pinned=IDENTITY, previous=before) == EVENTS[2]


@pytest.mark.parametrize("kind", KINDS)
def test_whether_an_anchor_was_withdrawn_is_not_the_bundle_s_to_say(kind: str) -> None:
    made = bundle(2, kind=kind)
    marked = replace(made, event=replace(made.event, withdrawn=True))
    assert verify_bundle(marked, pinned=IDENTITY) == EVENTS[1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"chain_id": 1}, WrongChainError),
        ({"genesis_hash": bytes(32)}, WrongChainError),
        ({"log_id": bytes(32)}, WrongChainError),
        ({"driver": "tester"}, WrongChainError),
        ({"contract": bytes(20)}, WrongContractError),
        ({"code_hash": bytes(32)}, WrongContractError),
        ({"deploy_block": 2}, WrongContractError),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_of_another_chain_contract_or_log_is_refused(
    kind: str, changes: dict[str, Any], error: type[Exception]
) -> None:
    other = replace(IDENTITY, **changes)
    with pytest.raises(error):
        verify_bundle(bundle(2, kind=kind), pinned=other)
    with pytest.raises(error):
        verify_bundle(replace(bundle(2, kind=kind), identity=other), pinned=IDENTITY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["contract", "code_hash", "log_id"])
def test_a_proof_from_elsewhere_under_the_pinned_identity_is_refused(kind: str, field: str) -> None:
    changes: dict[str, Any] = {field: bytes(len(getattr(IDENTITY, field)))}
    other = replace(IDENTITY, **changes)
    made = replace(bundle(1, kind=kind), identity=other)
    if field == "log_id":  # with a chain hash that folds
        event = made.event
        folded = fold_chain_hash(
            NO_HASH,
            log_id=bytes(32),
            seq=1,
            size=event.size,
            root=event.root,
            metadata_hash=event.metadata_hash,
            time=event.time,
        )
        made = replace(made, event=replace(event, chain_hash=folded))
    if (kind, field) == ("receipt", "code_hash"):
        return  # a receipt says nothing of the code: the driver looks at it before every session
    with pytest.raises((ChainProofError, WrongContractError)):
        verify_bundle(made, pinned=other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "field", ["seq", "size", "root", "metadata_hash", "time", "chain_hash", "block_number", "block_hash"]
)
def test_an_event_with_one_other_value_is_refused(kind: str, field: str) -> None:
    made = bundle(2, kind=kind)
    value = getattr(made.event, field)
    changes: dict[str, Any] = {field: bytes(32) if isinstance(value, bytes) else value + 1}
    refuse(replace(made, event=replace(made.event, **changes)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["size", "root", "metadata_hash", "time"])
def test_an_event_with_another_value_and_a_chain_hash_to_fit_is_refused(kind: str, field: str) -> None:
    made = bundle(1, kind=kind)
    value = getattr(made.event, field)
    changes: dict[str, Any] = {field: b"\x77" * 32 if isinstance(value, bytes) else value + 1}
    event = replace(made.event, **changes)
    folded = fold_chain_hash(
        NO_HASH,
        log_id=IDENTITY.log_id,
        seq=1,
        size=event.size,
        root=event.root,
        metadata_hash=event.metadata_hash,
        time=event.time,
    )
    refuse(replace(made, event=replace(event, chain_hash=folded)))


@pytest.mark.parametrize("kind", KINDS)
def test_an_anchor_that_was_hidden_does_not_fold(kind: str) -> None:
    made = bundle(3, kind=kind, after=0)
    refuse(replace(made, earlier=made.earlier[1:]), "does not follow")
    refuse(replace(made, earlier=made.earlier[:1]), "does not follow")
    refuse(replace(made, earlier=()), "does not follow")
    refuse(replace(made, after_seq=1, after_hash=EVENTS[0].chain_hash), "not larger|does not follow")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["size", "root", "metadata_hash", "time"])
def test_an_earlier_anchor_that_was_altered_does_not_fold(kind: str, field: str) -> None:
    made = bundle(3, kind=kind, after=0)
    value = getattr(made.earlier[1], field)
    changes: dict[str, Any] = {field: bytes(32) if isinstance(value, bytes) else value + 1}
    altered = replace(made.earlier[1], **changes)
    refuse(replace(made, earlier=(made.earlier[0], altered)), "does not follow")


@pytest.mark.parametrize("previous", [(0, NO_HASH), (2, EVENTS[1].chain_hash), (1, EVENTS[1].chain_hash), (1, NO_HASH)])
def test_a_bundle_that_does_not_go_on_after_the_last_one_is_refused(previous: tuple[int, bytes]) -> None:
    refuse(bundle(2), "goes on after anchor 1", previous=previous)


def test_the_header_of_another_block_is_refused() -> None:
    for other in (3, 5, 6, 9):
        refuse(replace(bundle(2), header=header(other).encoded), "not that of the anchor's block")
        refuse(replace(bundle(2, kind="receipt"), header=header(other).encoded), "not that of the anchor's block")


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_that_was_altered_or_cut_is_refused(kind: str) -> None:
    made = bundle(2, kind=kind)
    altered = bytearray(made.header)
    altered[-1] ^= 1
    for changed in (bytes(altered), made.header[:-1], b"", b"\xc0", made.header + b"\x00"):
        refuse(replace(made, header=changed))


def test_the_proof_of_another_block_or_another_transaction_is_refused() -> None:
    for other in (3, 6):
        refuse(replace(bundle(2), proof=state_proof(other)[0]))
    refuse(replace(bundle(2, kind="receipt"), proof=receipt_proof(EVENTS[0])))


def test_another_anchor_s_values_over_a_valid_proof_are_refused() -> None:
    """The block and its proof are real, and the event is another one: a wrong head under a right header."""
    second, third = bundle(2), bundle(3)
    pretended = replace(
        third.event, block_number=second.event.block_number, block_hash=second.event.block_hash, time=second.event.time
    )
    folded = fold_chain_hash(
        third.after_hash,
        log_id=IDENTITY.log_id,
        seq=3,
        size=pretended.size,
        root=pretended.root,
        metadata_hash=pretended.metadata_hash,
        time=pretended.time,
    )
    for kind in KINDS:
        made = bundle(2, kind=kind)
        changed = replace(third, header=made.header, proof=made.proof, event=replace(pretended, chain_hash=folded))
        refuse(changed, "another head: anchor 2, size 250|no such anchor")


def test_an_anchor_older_than_the_contract_is_refused() -> None:
    identity = replace(IDENTITY, deploy_block=5)
    with pytest.raises(ChainProofError, match="older than the contract"):
        verify_bundle(replace(bundle(2), identity=identity), pinned=identity)


def test_a_fold_that_starts_nowhere_is_refused() -> None:
    refuse(replace(bundle(1), after_seq=0, after_hash=b"\x01" * 32), "starts nowhere")
    refuse(replace(bundle(2), after_hash=NO_HASH), "starts nowhere")


def test_too_many_earlier_anchors_are_refused_before_they_are_folded() -> None:
    anchor = EarlierAnchor.of_event(EVENTS[0])
    refuse(replace(bundle(3), earlier=(anchor,) * (MAX_EARLIER + 1)), "too many")


@pytest.mark.parametrize("sizes", [(100, 100), (250, 100), (0, 100), (2**64, 2**64 + 1)])
def test_trees_that_do_not_grow_are_refused(sizes: tuple[int, int]) -> None:
    earlier = tuple(EarlierAnchor(size=size, root=bytes(32), metadata_hash=bytes(32), time=0) for size in sizes)
    refuse(replace(bundle(3, after=0), earlier=earlier), "not larger")

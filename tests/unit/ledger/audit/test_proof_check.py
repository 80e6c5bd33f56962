"""Proof bundles: of a real node's anchors and of a file's, whole, damaged, left out and of another chain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, bundle
from vaxcert.ledger.anchor.file_bundle import encode_file_bundle
from vaxcert.ledger.anchor.identity import NO_HASH, ChainIdentity, fold_chain_hash
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.proof_check import check_proofs
from vaxcert.ledger.evm.bundle_codec import encode_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.anchor.chain import AnchorEvent
    from vaxcert.ledger.audit.anchor import Anchor

KINDS = ("state", "receipt")
FILE = replace(IDENTITY, driver="file", chain_id=0, contract=bytes(20), code_hash=bytes(32), deploy_block=0)


def checked(bundles: Iterable[bytes], identity: ChainIdentity = IDENTITY) -> tuple[dict[int, Anchor], list[object]]:
    findings = Findings()
    proved = check_proofs(bundles, identity, findings)
    return proved, [(finding.code, finding.seq) for finding in findings.ordered()]


def proofs(kind: str = "state") -> list[bytes]:
    return [encode_bundle(bundle(number, kind=kind)) for number in (1, 2, 3)]


def file_events(count: int = 3) -> list[AnchorEvent]:
    events, before = [], NO_HASH
    for event in EVENTS[:count]:
        before = fold_chain_hash(
            before,
            log_id=FILE.log_id,
            seq=event.seq,
            size=event.size,
            root=event.root,
            metadata_hash=event.metadata_hash,
            time=event.time,
        )
        events.append(replace(event, chain_hash=before))
    return events


def file_proofs(events: list[AnchorEvent]) -> list[bytes]:
    befores = [NO_HASH, *(event.chain_hash for event in events)]
    return [encode_file_bundle(event, identity=FILE, before=before) for event, before in zip(events, befores)]  # noqa: B905 - one more than events


@pytest.mark.parametrize("kind", KINDS)
def test_proofs_of_all_anchors_show_them(kind: str) -> None:
    proved, found = checked(proofs(kind))
    assert found == []
    assert [(anchor.seq, anchor.size, anchor.root, anchor.chain_hash) for anchor in proved.values()] == [
        (event.seq, event.size, event.root, event.chain_hash) for event in EVENTS[:3]
    ]
    assert all(anchor.is_recorded for anchor in proved.values())


@pytest.mark.parametrize("kind", KINDS)
def test_one_proof_shows_the_anchors_before_it_by_their_fold(kind: str) -> None:
    proved, found = checked([encode_bundle(bundle(3, kind=kind, after=0))])
    assert found == []
    assert [(anchor.seq, anchor.chain_hash) for anchor in proved.values()] == [
        (event.seq, event.chain_hash) for event in EVENTS[:3]
    ]
    assert [anchor.is_recorded for anchor in proved.values()] == [False, False, True]
    assert [anchor.block_number is None for anchor in proved.values()] == [True, True, False]


@pytest.mark.parametrize("left_out", [0, 1])
def test_a_proof_that_is_left_out_is_missed(left_out: int) -> None:
    bundles = proofs()
    del bundles[left_out]
    proved, found = checked(bundles)
    assert found == [(FindingCode.EVENT_HIDDEN, left_out + 2)]
    assert len(proved) == 2


@pytest.mark.parametrize("after", [0, 1])
def test_a_proof_may_go_over_earlier_anchors_again(after: int) -> None:
    """Whoever made it did not know of the newest one before."""
    bundles = [*proofs()[:2], encode_bundle(bundle(3, after=after))]
    proved, found = checked(bundles)
    assert found == []
    assert [anchor.is_recorded for anchor in proved.values()] == [True, True, True]


def test_a_proof_that_stands_twice_is_told() -> None:
    bundles = proofs()
    assert checked([*bundles, bundles[2]])[1] == [(FindingCode.EVENT_HIDDEN, 3)]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xff" * 40])
def test_a_damaged_proof_is_told_once(place: int, damage: bytes) -> None:
    bundles = proofs()
    bundles[place] = damage
    proved, found = checked(bundles)
    assert found == [(FindingCode.CHAIN_PROOF_INVALID, place + 1)]
    assert sorted(proved) == [number for number in (1, 2, 3) if number != place + 1]


def test_two_damaged_proofs_in_a_row_are_two() -> None:
    assert [code for code, _ in checked([b"", b"", proofs()[2]])[1]] == [FindingCode.CHAIN_PROOF_INVALID] * 2  # type: ignore[misc,has-type] # pairs


@pytest.mark.parametrize("field", ["size", "root", "time"])
def test_an_anchor_that_was_altered_is_not_proved(field: str) -> None:
    made = bundle(2)
    value = bytes(32) if field == "root" else getattr(made.event, field) + 1
    altered = replace(made, event=replace(made.event, **{field: value}))  # type: ignore[arg-type] # by its name
    bundles = proofs()
    bundles[1] = encode_bundle(altered)
    assert checked(bundles)[1] == [(FindingCode.CHAIN_PROOF_INVALID, 2)]


def test_proofs_of_another_chain_are_told() -> None:
    _, found = checked(proofs(), replace(IDENTITY, chain_id=1))
    assert found == [(FindingCode.CHAIN_REPLACED, None)] * 3


def test_a_file_cannot_stand_in_for_the_pinned_chain() -> None:
    _, found = checked(file_proofs(file_events(1)))
    assert found == [(FindingCode.CHAIN_REPLACED, None)]


def test_a_chain_cannot_stand_in_for_the_pinned_file() -> None:
    _, found = checked(proofs()[:1], FILE)
    assert [code for code, _ in found] != []  # type: ignore[misc,has-type] # pairs


def test_bundles_of_a_file_show_its_anchors() -> None:
    events = file_events()
    proved, found = checked(file_proofs(events), FILE)
    assert found == []
    assert [anchor.chain_hash for anchor in proved.values()] == [event.chain_hash for event in events]


def test_an_anchor_left_out_of_a_file_is_missed() -> None:
    bundles = file_proofs(file_events())
    assert checked([bundles[0], bundles[2]], FILE)[1] == [(FindingCode.EVENT_HIDDEN, 3)]


def test_an_anchor_altered_in_a_file_does_not_lead_to_the_next() -> None:
    events = file_events()
    bundles = file_proofs(events)
    bundles[1] = encode_file_bundle(replace(events[1], root=bytes(32)), identity=FILE, before=events[0].chain_hash)
    assert checked(bundles, FILE)[1] == [(FindingCode.EVENT_HIDDEN, 3)]


def test_no_proofs_show_nothing() -> None:
    assert checked([]) == ({}, [])

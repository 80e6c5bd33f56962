"""All anchors of a log, from its chain and from its proofs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.unit.ledger.audit.played_chain import PlayedChain
from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, bundle
from vaxcert.errors import ChainUnavailableError, LedgerDamagedError
from vaxcert.ledger.anchor.identity import NO_HASH, fold_chain_hash
from vaxcert.ledger.audit.anchors import Anchors, gather_anchors
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.policy import Evidence
from vaxcert.ledger.evm.bundle_codec import encode_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

THREE = tuple(EVENTS[:3])
PROOFS = [encode_bundle(bundle(number)) for number in (1, 2, 3)]


def gathered(**evidence: object) -> tuple[Anchors, list[tuple[FindingCode, int | None]], set[tuple[str, bool]]]:
    findings = Findings()
    given = {"identity": IDENTITY, "bundles": PROOFS, "chain": PlayedChain(listed=THREE, newest=THREE[-1])} | evidence
    anchors = gather_anchors(Evidence(**given), findings)  # type: ignore[arg-type] # by their names
    open_points = {(item.code, item.decisive) for item in anchors.not_checked}
    return anchors, [(finding.code, finding.seq) for finding in findings.ordered()], open_points


def test_chain_and_proofs_that_agree_leave_nothing_open() -> None:
    anchors, found, unchecked = gathered()
    assert (found, unchecked) == ([], set())
    assert [(anchor.seq, anchor.source, anchor.is_recorded) for anchor in anchors.believed] == [
        (1, "chain", True),
        (2, "chain", True),
        (3, "chain", True),
    ]
    assert (anchors.proofs, anchors.events) == (3, 3)


def test_an_anchor_without_a_proof_is_a_stranger_s() -> None:
    anchors, found, _ = gathered(bundles=PROOFS[:2])
    assert found == []
    assert [anchor.is_recorded for anchor in anchors.believed] == [True, True, False]


def test_proofs_alone_say_how_far_they_reach() -> None:
    anchors, found, unchecked = gathered(chain=None)
    assert (found, unchecked) == ([], {("newer_anchors", False), ("block_unconfirmed", True)})
    assert [anchor.source for anchor in anchors.believed] == ["proof"] * 3


def unconfirmed(blocks: list[bytes], bundles: list[bytes] = PROOFS) -> int | None:
    anchors, _, _ = gathered(chain=None, bundles=bundles, confirmed_blocks=blocks)
    return next((item.count for item in anchors.not_checked if item.code == "block_unconfirmed"), None)


def test_a_confirmed_block_covers_the_anchors_up_to_its_own() -> None:
    blocks = [event.block_hash for event in THREE]
    assert unconfirmed([blocks[2]]) is None
    assert unconfirmed([blocks[2]], [encode_bundle(bundle(3, after=0))]) is None
    assert unconfirmed([blocks[1]]) == 1
    assert unconfirmed([blocks[0]]) == 2
    assert unconfirmed([bytes(32)]) == 3


def test_a_confirmed_block_covers_nothing_beyond_an_anchor_that_is_left_out() -> None:
    assert unconfirmed([THREE[2].block_hash], [PROOFS[0], PROOFS[2]]) == 1


def test_what_is_not_confirmed_names_the_block_to_look_up() -> None:
    anchors, _, _ = gathered(chain=None)
    (reason,) = (item.reason for item in anchors.not_checked if item.code == "block_unconfirmed")
    assert f"block {THREE[2].block_number}, 0x{THREE[2].block_hash.hex()}" in reason


def test_neither_chain_nor_proofs_leave_it_open() -> None:
    anchors, found, unchecked = gathered(chain=None, bundles=())
    assert (anchors.believed, found, unchecked) == ([], [], {("no_chain", True)})


@pytest.mark.parametrize("missing", ["chain", "bundles"])
def test_without_pins_nothing_is_believed(missing: str) -> None:
    anchors, found, unchecked = gathered(identity=None, **{missing: None if missing == "chain" else ()})
    assert (anchors.believed, found, unchecked) == ([], [], {("no_pins", True)})


def test_an_anchor_that_only_a_proof_shows_is_believed_and_its_hiding_named() -> None:
    anchors, found, _ = gathered(chain=PlayedChain(listed=THREE[:2], newest=THREE[1]))
    assert found == [(FindingCode.EVENT_HIDDEN, 3)]
    assert [(anchor.seq, anchor.source) for anchor in anchors.believed] == [(1, "chain"), (2, "chain"), (3, "proof")]


def test_a_chain_with_no_anchor_at_all_hides_those_that_are_proved() -> None:
    anchors, found, _ = gathered(chain=PlayedChain())
    assert found == [(FindingCode.EVENT_HIDDEN, number) for number in (1, 2, 3)]
    assert len(anchors.believed) == 3


def test_another_anchor_than_the_proved_one_is_named() -> None:
    # A chain that was started anew: the same numbers, folded all the same.
    other = replace(THREE[0], root=bytes(32))
    chain_hash = fold_chain_hash(
        NO_HASH,
        log_id=IDENTITY.log_id,
        seq=1,
        size=other.size,
        root=other.root,
        metadata_hash=other.metadata_hash,
        time=other.time,
    )
    other = replace(other, chain_hash=chain_hash)
    anchors, found, _ = gathered(chain=PlayedChain(listed=(other,), newest=other), bundles=PROOFS[:1])
    assert found == [(FindingCode.EVENT_HIDDEN, 1)]
    assert [(anchor.root, anchor.is_recorded) for anchor in anchors.believed] == [(bytes(32), False)]


def test_a_chain_that_is_away_leaves_it_open_and_the_proofs_count() -> None:
    chain = PlayedChain(failing={"check": ChainUnavailableError("no answer")})
    anchors, found, unchecked = gathered(chain=chain)
    assert (found, unchecked) == ([], {("chain_unreachable", True), ("block_unconfirmed", True)})
    assert len(anchors.believed) == 3


def test_a_withdrawn_anchor_is_told() -> None:
    listed = (THREE[0], replace(THREE[1], withdrawn=True), THREE[2])
    _, found, _ = gathered(chain=PlayedChain(listed=listed, newest=THREE[2]))
    assert found == [(FindingCode.ANCHOR_WITHDRAWN, 2)]


def test_proofs_that_cannot_be_read_to_their_end_are_told() -> None:
    def broken() -> Iterator[bytes]:
        yield PROOFS[0]
        raise LedgerDamagedError("a line is malformed")

    anchors, found, _ = gathered(chain=None, bundles=broken())
    assert found == [(FindingCode.LOG_UNREADABLE, None)]
    assert len(anchors.believed) == 1


@pytest.mark.parametrize(("driver", "code"), [("file", "no_chain_behind"), ("tester", "trial_chain")])
def test_a_chain_that_nobody_else_sees_is_called_so(driver: str, code: str) -> None:
    _, _, unchecked = gathered(identity=replace(IDENTITY, driver=driver), bundles=(), chain=PlayedChain())
    assert unchecked == {(code, False)}

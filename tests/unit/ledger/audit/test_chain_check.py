"""A chain that can be asked: its events are folded here up to the proven head, and no failure passes for an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.ledger.audit.played_chain import IDENTITY, PlayedChain, events_of, folded, whole_chain
from vaxcert.errors import (
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    NoContractError,
    NodesDisagreeError,
    VaxcertError,
    WrongChainError,
    WrongContractError,
)
from vaxcert.ledger.audit.chain_check import check_chain
from vaxcert.ledger.audit.findings import FindingCode, Findings

EVENTS = events_of(10, 20, 30)


def codes(chain: PlayedChain) -> list[FindingCode]:
    """Return what is found, having seen that nothing of such a chain is believed."""
    findings = Findings()
    shown, unasked = check_chain(chain, IDENTITY, findings)
    assert shown is None
    assert unasked is None
    return [finding.code for finding in findings.ordered()]


def test_a_whole_chain_is_believed() -> None:
    findings = Findings()
    assert check_chain(whole_chain(10, 20, 30), IDENTITY, findings) == (list(EVENTS), None)
    assert not findings.counts


def test_a_chain_without_anchors_shows_that_there_are_none() -> None:
    findings = Findings()
    assert check_chain(PlayedChain(), IDENTITY, findings) == ([], None)
    assert not findings.counts


def test_what_was_anchored_meanwhile_is_left_to_the_next_audit() -> None:
    shown, _ = check_chain(PlayedChain(listed=EVENTS, newest=EVENTS[1]), IDENTITY, Findings())
    assert shown == list(EVENTS[:2])


@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_a_hidden_event_is_named(hidden: int) -> None:
    listed = tuple(event for place, event in enumerate(EVENTS) if place != hidden)
    assert codes(PlayedChain(listed=listed, newest=EVENTS[-1])) == [FindingCode.EVENT_HIDDEN]


def test_all_events_hidden_is_named() -> None:
    assert codes(PlayedChain(listed=(), newest=EVENTS[-1])) == [FindingCode.EVENT_HIDDEN]


@pytest.mark.parametrize("field", ["root", "size", "time", "metadata_hash", "chain_hash"])
def test_an_altered_event_is_named(field: str) -> None:
    value = bytes(32) if isinstance(getattr(EVENTS[1], field), bytes) else getattr(EVENTS[1], field) + 1
    altered = replace(EVENTS[1], **{field: value})  # type: ignore[arg-type] # by its name
    listed = (EVENTS[0], altered, EVENTS[2])
    assert codes(PlayedChain(listed=listed, newest=EVENTS[-1])) == [FindingCode.EVENT_HIDDEN]


def test_a_list_that_was_folded_anew_does_not_lead_to_the_head() -> None:
    made_up = folded(replace(EVENTS[2], root=bytes(32)), EVENTS[1].chain_hash)
    assert codes(PlayedChain(listed=(*EVENTS[:2], made_up), newest=EVENTS[-1])) == [FindingCode.EVENT_HIDDEN]


@pytest.mark.parametrize("asked", ["check", "head", "events"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ChainResetError("gone"), FindingCode.EVENT_HIDDEN),
        (WrongChainError("another"), FindingCode.CHAIN_REPLACED),
        (NoContractError("none"), FindingCode.CHAIN_REPLACED),
        (WrongContractError("another"), FindingCode.CHAIN_REPLACED),
    ],
)
def test_another_chain_or_one_that_lost_its_past_is_named(asked: str, error: VaxcertError, code: FindingCode) -> None:
    chain = whole_chain(10)
    chain.failing[asked] = error
    assert codes(chain) == [code]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("check", FindingCode.CHAIN_PROOF_INVALID),
        ("head", FindingCode.CHAIN_PROOF_INVALID),
        ("events", FindingCode.EVENT_HIDDEN),
    ],
)
def test_a_lie_about_the_head_is_another_than_one_about_the_events(asked: str, code: FindingCode) -> None:
    chain = whole_chain(10)
    chain.failing[asked] = ChainProofError("it does not follow")
    assert codes(chain) == [code]


@pytest.mark.parametrize("asked", ["check", "head", "events"])
@pytest.mark.parametrize(
    "error",
    [ChainUnavailableError("no answer"), NodesDisagreeError("two forks", height=3, hashes=frozenset((b"1", b"2")))],
)
def test_a_chain_that_does_not_answer_leaves_it_open(asked: str, error: VaxcertError) -> None:
    chain = whole_chain(10)
    chain.failing[asked] = error
    findings = Findings()
    shown, unasked = check_chain(chain, IDENTITY, findings)
    assert shown is None
    assert unasked is not None
    assert (unasked.code, unasked.decisive) == (error.code, True)
    assert not findings.counts

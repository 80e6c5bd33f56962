"""The chain itself, where it can be asked: all anchors of the log, folded up to the head that is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import (
    AnchorFileMissingError,
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    WrongChainError,
)
from vaxcert.ledger.anchor.identity import NO_HASH, verify_events
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.audit.report import NotChecked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.anchor.chain import AnchorEvent, Chain
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.audit.findings import Findings


def check_chain(
    chain: Chain, identity: ChainIdentity, findings: Findings
) -> tuple[Sequence[AnchorEvent] | None, NotChecked | None]:
    """Return the events of *chain* up to its proven head, and what could not be asked.

    No events, and not an empty list, are returned where the chain is another one, does not answer or is not believed.
    """
    try:
        chain.check()
        head = chain.head()
        return _events_up_to(head, chain, identity, findings), None
    except ChainResetError as error:
        findings.add(FindingCode.EVENT_HIDDEN, f"the chain no longer shows an anchor that was final: {error.message}")
    except AnchorFileMissingError as error:  # that it was taken away proves nothing about the log
        reason = f"the chain could not be asked: {error.message}"
        return None, NotChecked(code=ChainUnavailableError.code, reason=reason, decisive=True)
    except WrongChainError as error:
        findings.add(FindingCode.CHAIN_REPLACED, f"the chain is not the pinned one: {error.message}")
    except ChainProofError as error:
        findings.add(FindingCode.CHAIN_PROOF_INVALID, f"what the chain's nodes say does not hold: {error.message}")
    except ChainUnavailableError as error:
        reason = f"the chain could not be asked: {error.message}"
        return None, NotChecked(code=error.code, reason=reason, decisive=True)
    return None, None


def _events_up_to(
    head: AnchorEvent | None, chain: Chain, identity: ChainIdentity, findings: Findings
) -> Sequence[AnchorEvent] | None:
    seq, chain_hash = (0, NO_HASH) if head is None else (head.seq, head.chain_hash)
    try:
        # What was anchored between the two questions is left to the next audit.
        events = [event for event in chain.events() if event.seq <= seq]
        verify_events(events, log_id=identity.log_id)  # done here too, whatever the driver does
        _check_last(events, chain_hash)
    except ChainProofError as error:
        # The head was proved. So a list that does not lead to it leaves one out, or has altered or made up one.
        findings.add(
            FindingCode.EVENT_HIDDEN,
            f"the anchors that the chain's nodes list do not lead to its newest one, anchor {seq}: {error.message}",
            seq=seq,
            size=None if head is None else head.size,
            proved_chain_hash=chain_hash,
        )
        return None
    return events


def _check_last(events: Sequence[AnchorEvent], chain_hash: bytes) -> None:
    if (events[-1].chain_hash if events else NO_HASH) != chain_hash:
        raise ChainProofError(f"the last one listed is anchor {len(events)}")

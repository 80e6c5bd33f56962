"""The ledger: proofs that do not hold, chains that are away or are others, states in which nothing may be written."""

from __future__ import annotations

from vaxcert.errors.base import VaxcertError


class LedgerError(VaxcertError):
    """The ledger cannot do what was asked."""

    code = "ledger_failed"


# A proof that does not hold: rejected.


class LedgerProofError(LedgerError):
    """What claims to prove something about the log does not."""

    code = "ledger_proof_invalid"


class InclusionProofError(LedgerProofError):
    """The path leads to another root, or has the wrong length (RFC 9162 §2.1.3.2)."""

    code = "inclusion_proof_invalid"


class ConsistencyError(LedgerProofError):
    """The larger tree is no extension of the smaller one (RFC 9162 §2.1.4.2)."""

    code = "consistency_proof_invalid"

    def __init__(self, message: str, *, smaller: int, larger: int) -> None:
        """Keep the two tree sizes."""
        super().__init__(message)
        self.smaller = smaller
        self.larger = larger


class TileError(LedgerProofError):
    """A tile or a bundle of entries is malformed, or stands under a path that is none (C2SP tlog-tiles)."""

    code = "tile_invalid"


class NoteError(LedgerProofError):
    """The text is not a signed note, or a signature on it by a known key does not hold (C2SP signed-note)."""

    code = "note_invalid"


class CheckpointError(NoteError):
    """The note is no checkpoint of this log (C2SP tlog-checkpoint)."""

    code = "checkpoint_invalid"


class ReceiptError(LedgerProofError):
    """The receipt is malformed, or does not prove that this certificate stands in the log (RFC 9942)."""

    code = "receipt_invalid"
    hint = "the receipt belongs to another certificate, or was altered: ask the issuer for the right one"


class ChainProofError(LedgerProofError):
    """What a node said about the chain does not follow from the block hash."""

    code = "chain_proof_invalid"


# Something is away: undetermined.


class LedgerUnavailableError(LedgerError):
    """The ledger or its chain did not answer, so that nothing is known."""

    code = "ledger_unavailable"


class ChainUnavailableError(LedgerUnavailableError):
    """No node answered, or what it answered cannot be used."""

    code = "chain_unreachable"


class NodeRefusedError(ChainUnavailableError):
    """A node answered with an error: it does not do what was asked, or the contract refused it."""

    code = "node_refused"

    def __init__(self, message: str, *, reason: str = "", number: int = 0, revert: bytes = b"") -> None:
        """Keep the node's *reason* and error *number*, and the *revert* bytes where a contract refused."""
        super().__init__(message)
        self.reason = reason
        self.number = number
        self.revert = revert


class NodesDisagreeError(ChainUnavailableError):
    """The nodes give different blocks for one height: some are on another fork, or lie."""

    code = "nodes_disagree"

    def __init__(self, message: str, *, height: int, hashes: frozenset[bytes]) -> None:
        """Keep the block's *height* and the different *hashes* that were given for it."""
        super().__init__(message)
        self.height = height
        self.hashes = hashes


class BlockUnverifiableError(ChainUnavailableError):
    """The block has a part that this version does not know, so that its hash cannot be recomputed: not tampering."""

    code = "block_unverifiable"
    hint = "a newer version of vaxcert may know this chain's blocks"


class WitnessRefusedError(LedgerError):
    """A witness did not cosign a checkpoint (C2SP tlog-witness)."""

    code = "witness_refused"

    def __init__(self, message: str, *, status: int, size: int | None = None) -> None:
        """Keep the HTTP *status* and, where it is said, the *size* of the log that the witness last cosigned."""
        super().__init__(message)
        self.status = status
        self.size = size


# States in which the ledger may not go on by itself.


class LedgerStateError(LedgerError):
    """The ledger is in a state in which this may not be done."""

    code = "ledger_state"


class NotLoggedError(LedgerStateError):
    """No signed checkpoint of the log covers what was asked for."""

    code = "not_logged"


class LedgerFormatError(LedgerStateError):
    """There is no ledger here, or one of another format."""

    code = "not_a_ledger"


class LedgerDamagedError(LedgerStateError):
    """The log's own tables contradict each other: somebody or something changed them."""

    code = "log_damaged"


class CertificateIdError(LedgerStateError):
    """Another certificate with the same id stands in the log already."""

    code = "certificate_id_taken"

    def __init__(self, message: str, *, leaf_index: int, hint: str | None = None) -> None:
        """Keep the *leaf_index* of the one that stands there."""
        super().__init__(message, hint=hint)
        self.leaf_index = leaf_index


class LedgerRolledBackError(LedgerStateError):
    """The log is shorter than what it has already promised: it was restored from an old copy."""

    code = "log_rolled_back"


class LedgerHaltedError(LedgerStateError):
    """The log was halted after a conflict and needs an operator."""

    code = "log_halted"
    hint = "find out why, then `vaxcert ledger resume DIR`"


class LeaseLostError(LedgerStateError):
    """Another process has taken over the anchoring of this log."""

    code = "lease_lost"


class EntryErasedError(LedgerStateError):
    """The entry's salt was erased, so that no receipt can be made for it any more."""

    code = "entry_erased"


class WrongChainError(LedgerError):
    """The chain is not the one that is pinned: nothing may be written to it or believed from it."""

    code = "wrong_chain"


class AnchorFileMissingError(WrongChainError):
    """The file that the log is anchored to is not where it was."""

    code = "anchor_file_missing"


class NoContractError(WrongChainError):
    """There is no contract at the pinned address."""

    code = "no_contract"


class WrongContractError(WrongChainError):
    """Another contract than the pinned one stands at the address."""

    code = "wrong_contract"


class ChainResetError(WrongChainError):
    """The chain has forgotten an anchor that was final."""

    code = "ledger_rollback"


class AnchorError(LedgerError):
    """A head could not be anchored."""

    code = "anchor_failed"


class NotWriterError(AnchorError):
    """The contract does not let this account write for this log."""

    code = "not_a_writer"


class NotOwnerError(AnchorError):
    """The account does not own the contract, so that it can neither name writers nor withdraw an anchor."""

    code = "not_the_owner"


class AnchorConflictError(AnchorError):
    """Another head of this log stands on the chain."""

    code = "anchor_conflict"


class FundsError(AnchorError):
    """The anchoring account cannot pay for the transaction."""

    code = "no_funds"

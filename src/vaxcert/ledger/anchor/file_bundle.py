"""What the file chain gives in the place of a proof: an anchor's line, and the word that no chain stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.codec import cbor
from vaxcert.errors import ChainProofError, CodecError, WrongChainError
from vaxcert.ledger.anchor.chain import AnchorEvent
from vaxcert.ledger.anchor.identity import HASH_BYTES, MAX_UINT64, fold_chain_hash

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.identity import ChainIdentity

FILE_BUNDLE = "vaxcert-file-anchor/1"
NOTICE = "a line of a file, at its writer's time; no chain stands behind it"
MAX_BUNDLE_BYTES = 1024
"""One has some 300 bytes."""

_NUMBERS, _HASHES = 3, 6
_START = cbor.encode([FILE_BUNDLE, NOTICE] + [None] * (_NUMBERS + _HASHES))[: len(FILE_BUNDLE) + 2]


def encode_file_bundle(event: AnchorEvent, *, identity: ChainIdentity, before: bytes) -> bytes:
    """Return the bundle of *event*, which follows the anchor with the chain hash *before*."""
    numbers = (event.seq, event.size, event.time)
    hashes = (identity.genesis_hash, identity.log_id, before, event.root, event.metadata_hash, event.transaction_hash)
    return cbor.encode([FILE_BUNDLE, NOTICE, *numbers, *hashes])


def is_file_bundle(content: bytes) -> bool:
    """Return whether *content* is meant as the bundle of a file, and not of a chain."""
    return content.startswith(_START)


def verify_file_bundle(content: bytes, *, pinned: ChainIdentity) -> AnchorEvent:
    """Return the anchor in *content*: what its writer says, and nobody else.

    Its chain hash is worked out here; who kept another one for the same number has seen the file rewritten.

    Raises:
        WrongChainError: It is of another file or another log.
        ChainProofError: It is malformed.
    """
    (seq, size, time), (genesis_hash, log_id, before, root, metadata_hash, transaction_hash) = _decoded(content)
    if (pinned.driver, genesis_hash, log_id) != ("file", pinned.genesis_hash, pinned.log_id):
        raise WrongChainError("the bundle is of another anchor file")
    chain_hash = fold_chain_hash(
        before, log_id=log_id, seq=seq, size=size, root=root, metadata_hash=metadata_hash, time=time
    )
    return AnchorEvent(
        seq=seq,
        size=size,
        root=root,
        metadata_hash=metadata_hash,
        time=time,
        chain_hash=chain_hash,
        block_number=seq,
        block_hash=chain_hash,
        transaction_hash=transaction_hash,
    )


def _decoded(content: bytes) -> tuple[list[int], list[bytes]]:
    try:
        items = cbor.decode(content) if len(content) <= MAX_BUNDLE_BYTES else None
    except CodecError as error:
        raise ChainProofError("the file bundle is not CBOR") from error
    match items:
        case [str(kind), str(notice), *values] if (kind, notice) == (FILE_BUNDLE, NOTICE):
            numbers = [value for value in values[:_NUMBERS] if type(value) is int and 0 <= value <= MAX_UINT64]
            hashes = [value for value in values[_NUMBERS:] if isinstance(value, bytes) and len(value) == HASH_BYTES]
            if [*numbers, *hashes] == values and (len(numbers), len(hashes)) == (_NUMBERS, _HASHES):
                return numbers, hashes
    raise ChainProofError("the file bundle is malformed")

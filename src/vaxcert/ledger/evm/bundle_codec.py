"""Proof bundles as bytes: deterministic CBOR, so that one bundle has one form."""

from __future__ import annotations

from typing import cast

from vaxcert.codec import cbor
from vaxcert.errors import ChainProofError, CodecError
from vaxcert.ledger.anchor.chain import AnchorEvent
from vaxcert.ledger.anchor.identity import HASH_BYTES, MAX_UINT64, ChainIdentity
from vaxcert.ledger.evm.bundle import MAX_EARLIER, EarlierAnchor, ProofBundle
from vaxcert.ledger.evm.header import MAX_HEADER_BYTES
from vaxcert.ledger.evm.receipts import MAX_INDEX, MAX_RECEIPT_BYTES, ReceiptProof
from vaxcert.ledger.evm.state_proof import StateProof
from vaxcert.ledger.evm.trie_proof import MAX_PROOF_NODES

MAX_BUNDLE_BYTES = 256 * 1024
"""One of a public chain has 5 to 10 kB; 1,024 earlier anchors would add 90 kB."""
_VERSION = 1
_STATE, _RECEIPT = 1, 2
_MAX_DRIVER_CHARACTERS = 16
_MAX_ENDPOINTS = 1000


def encode_bundle(bundle: ProofBundle) -> bytes:
    """Return *bundle* as bytes; `decode_bundle` takes no other form of it."""
    identity, event, proof = bundle.identity, bundle.event, bundle.proof
    return cbor.encode(
        [
            _VERSION,
            [
                identity.driver,
                identity.chain_id,
                identity.genesis_hash,
                identity.contract,
                identity.code_hash,
                identity.deploy_block,
                identity.log_id,
            ],
            [
                event.seq,
                event.size,
                event.root,
                event.metadata_hash,
                event.time,
                event.chain_hash,
                event.block_number,
                event.block_hash,
                event.transaction_hash,
            ],
            bundle.header,
            bundle.endpoints,
            [_RECEIPT, proof.index, list(proof.nodes)]
            if isinstance(proof, ReceiptProof)
            else [_STATE, list(proof.nodes)],
            bundle.after_seq,
            bundle.after_hash,
            [[anchor.size, anchor.root, anchor.metadata_hash, anchor.time] for anchor in bundle.earlier],
        ]
    )


def decode_bundle(content: bytes) -> ProofBundle:
    """Return the bundle that *content* is; it has yet to be verified.

    Raises:
        ChainProofError: It is none, of a later version, too long, or not in the one form.
    """
    if len(content) > MAX_BUNDLE_BYTES:
        raise ChainProofError(f"the proof bundle is longer than {MAX_BUNDLE_BYTES} bytes")
    try:
        items = cbor.decode(content)
    except CodecError as error:
        raise ChainProofError("the proof bundle is not CBOR") from error
    match items:
        case [int(version), *_] if version != _VERSION:
            raise ChainProofError(f"the proof bundle is of version {version}, and {_VERSION} is known here")
        case [_, identity, event, header, endpoints, proof, after_seq, after_hash, earlier]:
            bundle = ProofBundle(
                identity=_identity(identity),
                event=_event(event),
                header=_octets(header, limit=MAX_HEADER_BYTES),
                endpoints=_integer(endpoints, limit=_MAX_ENDPOINTS),
                proof=_proof(proof),
                after_seq=_integer(after_seq),
                after_hash=_hash(after_hash),
                earlier=tuple(_earlier(anchor) for anchor in _list(earlier, limit=MAX_EARLIER)),
            )
        case _:
            raise _malformed()
    if encode_bundle(bundle) != content:  # long forms of lengths, and the like
        raise _malformed()
    return bundle


def _identity(items: object) -> ChainIdentity:
    match items:
        case [str(driver), chain_id, genesis_hash, contract, code_hash, deploy_block, log_id] if (
            len(driver) <= _MAX_DRIVER_CHARACTERS
        ):
            try:
                return ChainIdentity(
                    driver=driver,
                    chain_id=_integer(chain_id),
                    genesis_hash=_hash(genesis_hash),
                    contract=_octets(contract, limit=HASH_BYTES),
                    code_hash=_hash(code_hash),
                    deploy_block=_integer(deploy_block),
                    log_id=_hash(log_id),
                )
            except ValueError as error:
                raise _malformed() from error
    raise _malformed()


def _event(items: object) -> AnchorEvent:
    match items:
        case [seq, size, root, metadata_hash, time, chain_hash, block_number, block_hash, transaction_hash]:
            return AnchorEvent(
                seq=_integer(seq),
                size=_integer(size),
                root=_hash(root),
                metadata_hash=_hash(metadata_hash),
                time=_integer(time),
                chain_hash=_hash(chain_hash),
                block_number=_integer(block_number),
                block_hash=_hash(block_hash),
                transaction_hash=_hash(transaction_hash),
            )
    raise _malformed()


def _proof(items: object) -> StateProof | ReceiptProof:
    match items:
        case [int(kind), nodes] if kind == _STATE:
            return StateProof(_nodes(nodes))
        case [int(kind), index, nodes] if kind == _RECEIPT:
            return ReceiptProof(_integer(index, limit=MAX_INDEX), _nodes(nodes))
    raise _malformed()


def _nodes(items: object) -> tuple[bytes, ...]:
    return tuple(_octets(node, limit=MAX_RECEIPT_BYTES) for node in _list(items, limit=MAX_PROOF_NODES))


def _earlier(items: object) -> EarlierAnchor:
    match items:
        case [size, root, metadata_hash, time]:
            return EarlierAnchor(
                size=_integer(size), root=_hash(root), metadata_hash=_hash(metadata_hash), time=_integer(time)
            )
    raise _malformed()


def _list(value: object, *, limit: int) -> list[object]:
    if not isinstance(value, list) or len(value) > limit:
        raise _malformed()
    return cast("list[object]", value)


def _integer(value: object, *, limit: int = MAX_UINT64) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit:
        raise _malformed()
    return value


def _octets(value: object, *, limit: int) -> bytes:
    if not isinstance(value, bytes) or len(value) > limit:
        raise _malformed()
    return value


def _hash(value: object) -> bytes:
    content = _octets(value, limit=HASH_BYTES)
    if len(content) != HASH_BYTES:
        raise _malformed()
    return content


def _malformed() -> ChainProofError:
    return ChainProofError("the proof bundle is malformed")

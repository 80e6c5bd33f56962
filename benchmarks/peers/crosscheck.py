"""Proof, before anything is timed, that all workers do the same work: each reads the other's certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peers.envelope import from_text, to_text
from benchmarks.peers.environments import SCHEMA_CHECKED
from vaxcert import PemSigner
from vaxcert.codec import cbor, cose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.peers.client import Worker
    from benchmarks.peers.corpus import Corpus


class CrossCheckError(Exception):
    """A worker's certificates or answers are not what the others make of them."""


def cross_check(vaxcert: Worker, peers: Sequence[Worker], corpus: Corpus, *, expired: str) -> None:
    """Check that vaxcert and each of *peers* accept one another's certificates and refuse bad ones.

    One that breaks nothing but the JSON Schema must be refused by those that check it, and read by the bare peers: else
    a row would stand for more or less work than its name says.

    Args:
        vaxcert: The worker whose certificates are the corpus's texts.
        peers: All the others.
        corpus: The whole corpus.
        expired: A certificate whose signature holds and whose time is over.

    Raises:
        CrossCheckError: A certificate is not read as the payload that went in, or a bad one is not refused.
    """
    for peer in peers:
        _check_reads(peer, corpus.texts, corpus, made_by=vaxcert.name)
        _check_reads(vaxcert, peer.make(), corpus, made_by=peer.name)
    bad = {"forged": with_forged_signature(corpus.texts[0]), "expired": expired}
    for worker in (vaxcert, *peers):
        for kind, text in bad.items():
            if "refused" not in worker.read([text])[0]:
                raise CrossCheckError(f"{worker.name} takes a certificate that is {kind}")
    breach = with_broken_schema(corpus)
    for worker in (vaxcert, *peers):
        refused = "refused" in worker.read([breach])[0]
        if refused != (worker is vaxcert or worker.name.endswith(SCHEMA_CHECKED)):
            raise CrossCheckError(f"{worker.name} {'refuses' if refused else 'takes'} a DCC that breaks its schema")


def with_forged_signature(text: str) -> str:
    """Return *text* with one bit of its signature turned over; all its layers stay well-formed."""
    sealed = bytearray(from_text(text))
    sealed[-1] ^= 1  # the signature is the last item of a COSE_Sign1 (RFC 9052 §4.2)
    return to_text(bytes(sealed))


def with_broken_schema(corpus: Corpus) -> str:
    """Return a certificate of the key of *corpus* that is sound but for one date of its DCC, which is none."""
    signer = PemSigner.from_pem(corpus.key_pem.encode("ascii"), corpus.certificate_pem.encode("ascii"))
    protected = cose.protected_header(signer.algorithm, signer.kid.value)
    content = cbor.encode(corpus.claims({**corpus.payloads[0], "dob": "long ago"}))
    return to_text(cose.encode(protected, content, signer.sign(cose.sig_structure(protected, content))))


def _check_reads(reader: Worker, texts: list[str], corpus: Corpus, *, made_by: str) -> None:
    readings = reader.read(texts)
    if len(readings) != len(corpus.payloads):
        raise CrossCheckError(f"{made_by} made {len(readings)} certificates of {len(corpus.payloads)} records")
    for number, (reading, payload) in enumerate(zip(readings, corpus.payloads, strict=True)):
        if "refused" in reading:
            raise CrossCheckError(f"{reader.name} refuses certificate {number} of {made_by}: {reading['refused']}")
        if reading["payload"] != payload:
            raise CrossCheckError(f"{reader.name} reads another payload from certificate {number} of {made_by}")

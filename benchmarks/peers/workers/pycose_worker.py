"""The worker for `pycose`: its Sign1Message, with the CWT claims and the expiry check that it leaves to its users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cbor2
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from pycose.algorithms import Es256  # type: ignore[import-not-found]  # is in its own environment
from pycose.headers import KID, Algorithm  # type: ignore[import-not-found]  # is in its own environment
from pycose.keys import CoseKey  # type: ignore[import-not-found]  # is in its own environment
from pycose.messages import Sign1Message  # type: ignore[import-not-found]  # is in its own environment

from benchmarks.peers.envelope import from_text, to_text
from benchmarks.peers.worker import Peer, serve, versions_of

if TYPE_CHECKING:
    from benchmarks.peers.corpus import Corpus, Document


def open_peer(corpus: Corpus) -> Peer[Document]:
    """Return `pycose` with the key of *corpus* loaded."""
    private_key = CoseKey.from_pem_private_key(corpus.key_pem)
    public_keys = {corpus.kid: _public_key(corpus.certificate_pem)}

    def issue(payload: Document) -> str:
        message = Sign1Message(
            phdr={Algorithm: Es256, KID: corpus.kid},
            payload=cbor2.dumps(corpus.claims(payload)),
            key=private_key,
        )
        return to_text(message.encode())

    def verify(text: str) -> Document:
        message = Sign1Message.decode(from_text(text))
        message.key = public_keys[message.phdr[KID]]
        if not message.verify_signature():
            raise ValueError("bad signature")
        claims = cbor2.loads(message.payload)
        if claims[4] < corpus.at:
            raise ValueError("expired")
        payload: Document = claims[-260][1]
        return payload

    versions = versions_of("pycose", "cbor2", "ecdsa", "gmpy2", "base45")
    return Peer(versions=versions, inputs=corpus.payloads, issue=issue, verify=verify)


def _public_key(certificate_pem: str) -> object:
    """Return the public key of the DSC in the way that `pycose` loads one."""
    key = load_pem_x509_certificate(certificate_pem.encode("ascii")).public_key()
    key_pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return CoseKey.from_pem_public_key(key_pem.decode("ascii"))


if __name__ == "__main__":
    serve(open_peer)

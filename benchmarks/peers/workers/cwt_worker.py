"""The worker for `cwt`: COSE through its COSE class, checks through its CWT class, as its documentation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cbor2
from cwt import COSE, CWT, COSEKey, load_pem_hcert_dsc  # type: ignore[import-not-found]  # is in its own environment

from benchmarks.peers.envelope import from_text, to_text
from benchmarks.peers.worker import Peer, serve, versions_of

if TYPE_CHECKING:
    from benchmarks.peers.corpus import Corpus, Document


def open_peer(corpus: Corpus) -> Peer[Document]:
    """Return `cwt` with the key of *corpus* loaded."""
    private_key = COSEKey.from_pem(corpus.key_pem, kid=corpus.kid)
    public_key = load_pem_hcert_dsc(corpus.certificate_pem)
    protected = {1: -7, 4: corpus.kid}  # CWT.encode would leave the kid unprotected
    cose, cwt = COSE.new(), CWT.new()

    def issue(payload: Document) -> str:
        sealed = cose.encode_and_sign(cbor2.dumps(corpus.claims(payload)), private_key, protected, {})
        return to_text(sealed)

    def verify(text: str) -> Document:
        claims = cwt.decode(from_text(text), [public_key])  # refuses a bad signature, an unknown kid, a past exp
        payload: Document = claims[-260][1]
        return payload

    versions = versions_of("cwt", "cbor2", "cryptography", "base45")
    return Peer(versions=versions, inputs=corpus.payloads, issue=issue, verify=verify)


if __name__ == "__main__":
    serve(open_peer)

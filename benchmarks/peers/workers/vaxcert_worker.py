"""The worker for vaxcert: its public API, from the checked record to the text and from the text to the payload."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.peers.worker import Peer, serve, versions_of
from vaxcert import Issuer, PemSigner, TrustList, VaccinationRecord, Verifier

if TYPE_CHECKING:
    from benchmarks.peers.corpus import Corpus, Document


def open_peer(corpus: Corpus) -> Peer[VaccinationRecord]:
    """Return vaxcert with the key of *corpus* loaded and its records checked."""
    at = datetime.fromtimestamp(corpus.at, UTC)
    signer = PemSigner.from_pem(corpus.key_pem.encode("ascii"), corpus.certificate_pem.encode("ascii"))
    validity = timedelta(seconds=corpus.expires_at - corpus.at)
    issuer = Issuer(signer, country=corpus.country, issuer=corpus.issuer, validity=validity)
    verifier = Verifier(TrustList.of_certificates([ssl.PEM_cert_to_DER_cert(corpus.certificate_pem)]))

    def issue(record: VaccinationRecord) -> str:
        return issuer.issue(record, at=at).text

    def verify(text: str) -> Document:
        return verifier.verify(text, at=at).payload

    records = [VaccinationRecord.from_mapping(fields) for fields in corpus.records]
    versions = versions_of("vaxcert", "cbor2", "cryptography", "zlib-ng")
    return Peer(versions=versions, inputs=records, issue=issue, verify=verify)


if __name__ == "__main__":
    serve(open_peer)

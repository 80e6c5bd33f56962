"""The worker for vaxcert from flat fields: every record is parsed and checked within the time that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.peers.worker import Peer, serve
from benchmarks.peers.workers import vaxcert_worker
from vaxcert import VaccinationRecord

if TYPE_CHECKING:
    from benchmarks.peers.corpus import Corpus, Document


def open_peer(corpus: Corpus) -> Peer[Document]:
    """Return vaxcert with the key of *corpus* loaded and its records as a file would have them."""
    checked = vaxcert_worker.open_peer(corpus)

    def issue(fields: Document) -> str:
        return checked.issue(VaccinationRecord.from_mapping(fields))

    return Peer(versions=checked.versions, inputs=corpus.records, issue=issue, verify=checked.verify)


if __name__ == "__main__":
    serve(open_peer)

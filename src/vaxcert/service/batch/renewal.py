"""What is about to lapse: the certificates in force that a renewal signs anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.service.batch.identity import Marks
from vaxcert.service.batch.segment_files import read_payloads
from vaxcert.service.batch.stored import certificate_of, fields_of
from vaxcert.service.row import Row
from vaxcert.signing.issuer_secret import is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.sealed import StoredCertificate
    from vaxcert.service.batch.job import Job
    from vaxcert.service.batch.journal_rows import Run
    from vaxcert.service.batch.run import Source
    from vaxcert.service.batch.sequencer import Known
    from vaxcert.service.batch.workbench import Workbench


def from_log(
    log: TransparencyLog,
    known: Known,
    bench: Workbench,
    *,
    before: int,
    own_from: int,
    is_revoked: Callable[[str], bool],
) -> Source:
    """Yield the certificates in the *log* that lapse before the second *before*, are in force and not renewed yet.

    Args:
        log: The log.
        known: What the place of the output has: what this run has brought there before it was cut off is done.
        bench: Opens what is stored.
        before: In seconds since 1970.
        own_from: The size of the log when this run began: what it has renewed since, and not brought out, comes again.
        is_revoked: Whether the certificate with an id was revoked.
    """
    for logged in log.certificates_expiring(before):
        if logged.leaf_index >= own_from or not is_sealed(logged.cose) or is_revoked(logged.id):
            continue
        stored = parse_stored(bench.secret.open(logged.cose, about=logged.id.encode()))
        successor = log.certificate(bench.id_of(stored.identity, stored.version + 1))
        if successor is not None:
            versions = known.versions(stored.identity)
            if successor.leaf_index < own_from or (versions and versions[-1].version > stored.version):
                continue
        yield from _renewal(stored, bench, line=logged.leaf_index + 1)


def from_job(job: Job, run: Run, bench: Workbench, *, before: int, is_revoked: Callable[[str], bool]) -> Source:
    """Yield the certificates in the *job* folder that lapse before the second *before*, as `from_log` does.

    What *run* itself has renewed before it was cut off is not renewed once more, however soon it lapses.
    """
    line = 0
    own = set(job.journal.segments_done(run.number))
    for number in job.journal.segments_done():
        if number in own:
            continue
        for certificate_id, stored in read_payloads(job.folder, number, bench.secret):
            line += 1
            latest = job.register.versions(stored.identity)[-1].version
            expires_at = certificate_of(stored.cose, level=bench.plan.level).expires_at
            if latest == stored.version and expires_at.timestamp() < before and not is_revoked(certificate_id):
                yield from _renewal(stored, bench, line=line)


def _renewal(stored: StoredCertificate, bench: Workbench, *, line: int) -> Iterator[tuple[Row, Marks | None]]:
    kind, fields = fields_of(stored.cose, stored.printed)
    if kind is bench.plan.kind:
        yield Row(line, fields), Marks(stored.identity, stored.content, stored.version + 1)

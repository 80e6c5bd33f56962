"""Verify what many sources hold, with several processes, in memory that does not grow with the number."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from vaxcert.codec import cbor
from vaxcert.codec.cwt import Claims
from vaxcert.errors import CodecError, VaxcertError
from vaxcert.service.line_blocks import LineBlock, found_in, read_blocks
from vaxcert.service.pool import ordered_map
from vaxcert.service.verification import examine, receipt_of, warnings_of
from vaxcert.service.verification_summary import CountedIssuer, Summary
from vaxcert.verify.formats.hcert import layers
from vaxcert.verify.report import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from datetime import datetime

    from vaxcert.service.line_blocks import Block
    from vaxcert.service.receipts import ReceiptBook
    from vaxcert.service.sources import Found
    from vaxcert.trust.dsc import Dsc
    from vaxcert.verify.quick import VerifiedCertificate
    from vaxcert.verify.report import Report
    from vaxcert.verify.verifier import Verifier

T = TypeVar("T")


class Part(NamedTuple):
    """What became of a part of the certificates."""

    summary: Summary
    failures: Sequence[bytes]
    """The reports on those that are not valid, as they are to be shown."""
    bytes_read: int
    """Of all sources, so far."""


class BulkVerifier:
    """Verifies what sources hold, in the order in which they hold it, with so many worker processes.

    Every worker has the trust list and the receipts from the start. A receipt beside a text goes before the book's.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        at: datetime,
        receipts: ReceiptBook | None = None,
        workers: int = 1,
    ) -> None:
        self._question = _Question(verifier, at, receipts)
        self._workers = workers

    def show(
        self,
        sources: Iterable[str],
        show: Callable[[Sequence[Report]], T],
        *,
        on_loss: Callable[[str], object] | None = None,
    ) -> Generator[T, None, None]:
        """Yield what *show* makes of the full reports on the certificates, of some at a time.

        It is called in the workers, and what it returns is pickled. *on_loss* is told how a worker was lost.
        """
        function = partial(_shown, question=self._question, show=show)
        return ordered_map(function, _Reading(sources), workers=self._workers, on_loss=on_loss)

    def summarise(
        self,
        sources: Iterable[str],
        *,
        show_failure: Callable[[Report], bytes] | None = None,
        on_loss: Callable[[str], object] | None = None,
    ) -> Generator[Part, None, None]:
        """Yield the counts of one part after another, with what *show_failure* makes of each that is not valid.

        What is valid is verified and not examined: that is all that counting needs. *on_loss* is told how a worker was
        lost.
        """
        reading = _Reading(sources)
        function = partial(_counted, question=self._question, show_failure=show_failure)
        with closing(ordered_map(function, reading, workers=self._workers, on_loss=on_loss)) as results:
            for summary, failures in results:
                yield Part(summary, failures, reading.positions.popleft())


def size_of(sources: Iterable[str]) -> int | None:
    """Return how many bytes there are to read in *sources*, or None where that cannot be known."""
    try:
        paths = [Path(source) for source in sources]
        return sum(path.stat().st_size for path in paths) if all(path.is_file() for path in paths) else None
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return None


class _Question(NamedTuple):
    """What every certificate is asked."""

    verifier: Verifier
    at: datetime
    receipts: ReceiptBook | None

    def verified(self, finds: Sequence[Found]) -> Iterator[VerifiedCertificate | None]:
        """Yield for each of *finds* the certificate, or None where it is for an examination to say what is wrong."""
        receipts = [receipt_of(found, self.receipts) for found in finds]
        alone = [
            found.text
            for found, receipt in zip(finds, receipts, strict=True)
            if found.text is not None and receipt is None
        ]
        verified = self.verifier.verify_all(alone, at=self.at)
        for found, receipt in zip(finds, receipts, strict=True):
            if found.text is None:
                yield None
            elif receipt is None:
                yield next(verified)
            else:
                yield self._verified_with(found.text, receipt)

    def _verified_with(self, text: str, receipt: bytes) -> VerifiedCertificate | None:
        try:
            return self.verifier.verify(text, at=self.at, receipt=receipt)
        except VaxcertError:
            return None

    def examine(self, found: Found) -> Report:
        return examine(found, self.verifier, at=self.at, receipts=self.receipts)


class _Reading:
    """The blocks of some sources; `positions` tells for each that was read how far the reading had come."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._sources = sources
        self.positions: deque[int] = deque()

    def __iter__(self) -> Iterator[Block]:
        before = 0
        for source in self._sources:
            size = size_of([source]) or 0
            for block in read_blocks(source):
                self.positions.append(before + (block.position if isinstance(block, LineBlock) else size))
                yield block
            before += size


def _shown(block: Block, *, question: _Question, show: Callable[[Sequence[Report]], T]) -> T:
    return show([question.examine(found) for found in found_in(block)])


def _counted(
    block: Block, *, question: _Question, show_failure: Callable[[Report], bytes] | None
) -> tuple[Summary, list[bytes]]:
    summary = Summary()
    failures: list[bytes] = []
    signers: dict[int, Dsc] = {}  # a DSC goes by its identity here, since to compare two takes long
    valid: Counter[tuple[str | None, int]] = Counter()
    finds = list(found_in(block))
    for found, verified in zip(finds, question.verified(finds), strict=True):
        if verified is not None:
            signers[id(verified.dsc)] = verified.dsc
            valid[verified.claims.issuer, id(verified.dsc)] += 1
            warnings = verified.warnings + warnings_of(found)
        else:
            report = question.examine(found)
            summary.count(_issuer_of(report, found), report.outcome)
            warnings = report.warnings
            if report.code is not None:
                summary.reasons[report.code] += 1
                if show_failure is not None:
                    failures.append(show_failure(report))
        if warnings:
            summary.warnings.update(warning.code for warning in warnings)
    for (issuer, key), number in valid.items():
        dsc = signers[key]
        signer = CountedIssuer(issuer, str(dsc.kid), dsc.country, dsc.subject, is_proven=True)
        summary.count(signer, Outcome.VALID, number)
    return summary, failures


def _issuer_of(report: Report, found: Found) -> CountedIssuer:
    signer = report.signer
    if signer is None or found.text is None:
        return CountedIssuer.claimed(None, None)
    issuer = _issuer_claim(found.text)
    if any(step.name == "signature" and step.status is Status.PASSED for step in report.steps):
        return CountedIssuer(issuer, signer.kid, signer.country, signer.subject, is_proven=True)
    return CountedIssuer.claimed(issuer, signer.kid)


def _issuer_claim(text: str) -> str | None:
    try:
        *_, message = layers(text)
        return Claims.from_map(cbor.decode(message.payload)).issuer
    except CodecError:
        return None

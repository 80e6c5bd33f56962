"""Measure the two main paths against the raw signature, in one run, on distinct records."""

from __future__ import annotations

import gc
import statistics
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec import cbor, cose, picture, qr, qr_display
from vaxcert.codec.inflate import BEST_LEVEL, FASTEST_LEVEL
from vaxcert.issue.issuer import Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

WARM_UP_ROUNDS = 2


class Cost(NamedTuple):
    """What one input costs, in microseconds of CPU: the fastest round, and the median one.

    What else the machine does only ever adds; so the fastest rounds are compared, and the median tells how busy it was.
    """

    least: float
    median: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One path: its cost, the raw operation's in the same rounds, their ratio and the budget for it."""

    name: str
    cost: Cost
    raw: Cost | None
    budget: float | None
    """The highest ratio, or in a path without a raw operation the most microseconds."""

    @property
    def ratio(self) -> float | None:
        """The cost in raw operations."""
        return self.cost.least / self.raw.least if self.raw else None

    @property
    def within(self) -> bool | None:
        """Whether the budget holds, None where there is none."""
        if self.budget is None:
            return None
        return (self.cost.least if self.ratio is None else self.ratio) <= self.budget


@dataclass(frozen=True, slots=True)
class _Path:
    """One pass over distinct inputs, and how many they are."""

    run: Callable[[], object]
    inputs: int


def _over(function: Callable[[T], object], inputs: Sequence[T]) -> _Path:
    return _Path(lambda: deque(map(function, inputs), maxlen=0), len(inputs))


def measure(*, records: int = 400, rounds: int = 30, pictures: int = 40) -> list[Figure]:
    """Return the figures of this machine on one core.

    Every path runs over the same *records* distinct records in each of *rounds* interleaved rounds, so that a change of
    the machine's speed meets all of them alike.
    """
    at = datetime.now(UTC)
    csca = create_csca(country="VN", common_name="CSCA of a benchmark", at=at)
    pair = create_dsc(csca, common_name="DSC of a benchmark", usages=frozenset(CertificateType), at=at)
    dsc = Dsc.of_certificate(pair.certificate)
    signer = PemSigner(pair.private_key, dsc)
    key = generate_private_key(SECP256R1())
    public, scheme = key.public_key(), ECDSA(SHA256())

    rows = list(sample_records(records, seed=1))
    sample = [VaccinationRecord.from_mapping(row) for row in rows]
    best, fastest = (
        Issuer(signer, country="VN", issuer="Ministry of Health", validity=timedelta(days=180), level=level)
        for level in (BEST_LEVEL, FASTEST_LEVEL)
    )
    verifier = Verifier(TrustList(entries=(dsc,)))
    certificates = [best.issue(record, at=at) for record in sample]
    texts = [certificate.text for certificate in certificates]
    messages = [cose.parse(cbor.decode(certificate.cose)).to_be_signed() for certificate in certificates]
    signed = [(key.sign(message, scheme), message) for message in messages]

    costs = _interleaved(
        {
            "sign": _over(lambda message: key.sign(message, scheme), messages),
            "issue 9": _over(lambda record: best.issue(record, at=at), sample),
            "issue 1": _over(lambda record: fastest.issue(record, at=at), sample),
            "fields 1": _over(lambda row: fastest.issue(VaccinationRecord.from_mapping(row), at=at), rows),
            "verify raw": _over(lambda pair: public.verify(pair[0], pair[1], scheme), signed),
            "verify": _over(lambda text: verifier.verify(text, at=at), texts),
            "examine": _over(lambda text: verifier.examine(text, at=at), texts),
        },
        rounds,
    )
    sign, verify = costs["sign"], costs["verify raw"]
    return [
        Figure("raw ES256 sign", sign, None, None),
        Figure("issue a record, zlib level 9", costs["issue 9"], sign, 3.3),
        Figure("issue a record, zlib level 1", costs["issue 1"], sign, 2.5),
        Figure("issue from named fields, zlib level 1", costs["fields 1"], sign, None),
        Figure("raw ES256 verify", verify, None, None),
        Figure("verify a text", costs["verify"], verify, 1.4),
        Figure("examine a text, full report", costs["examine"], verify, None),
        *_measure_pictures(texts[:pictures], rounds),
    ]


def _measure_pictures(texts: Sequence[str], rounds: int) -> list[Figure]:
    pictures = [qr.to_png(qr.encode(text)) for text in texts]
    costs = _interleaved(
        {
            "png": _over(lambda text: qr.to_png(qr.encode(text)), texts),
            "styled": _over(lambda text: qr_display.to_styled_png(qr.encode(text)), texts[:5]),
            "scan": _over(picture.read_codes, pictures),
        },
        max(3, rounds // 3),
    )
    return [
        Figure("QR PNG, bulk path", costs["png"], None, 1200),
        Figure("QR PNG, styled", costs["styled"], None, 20_000),
        Figure("scan a clean PNG", costs["scan"], None, 800),
    ]


def _interleaved(paths: Mapping[str, _Path], rounds: int) -> dict[str, Cost]:
    """Return the cost of each path."""
    spent: dict[str, list[float]] = {name: [] for name in paths}
    for number in range(WARM_UP_ROUNDS + rounds):
        for name, path in paths.items():
            gc.collect()
            start = time.thread_time_ns()
            path.run()
            if number >= WARM_UP_ROUNDS:
                spent[name].append((time.thread_time_ns() - start) / path.inputs / 1000)
    return {name: Cost(min(figures), statistics.median(figures)) for name, figures in spent.items()}

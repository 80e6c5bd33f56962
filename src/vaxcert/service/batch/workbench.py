"""What a worker does: rows in, signed and sealed certificates with their output out. It keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, QrError, SchemaError, UnprintableTextError
from vaxcert.issue.issuer import Issuer
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.ledger.store.sealed import encode_stored
from vaxcert.model.record_columns import read_records
from vaxcert.service.batch.chunk import ChunkResult, Issued
from vaxcert.service.batch.identity import Marks, marks_of
from vaxcert.service.batch.rendering import Renderer
from vaxcert.service.batch.stored import PARSERS, certificate_of, fields_of, printed_only
from vaxcert.service.issuer_secrets import load_secret
from vaxcert.service.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack
    from datetime import datetime, timedelta
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate
    from vaxcert.ledger.store.sealed import StoredCertificate
    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.model.record import Record
    from vaxcert.service.batch.chunk import Chunk
    from vaxcert.service.row import Row
    from vaxcert.service.signers import SignerSource
    from vaxcert.signing.issuer_secret import IssuerSecret
    from vaxcert.signing.signer import Signer

    _Made = tuple[int, Record, Marks, Certificate, bytes]
    """A row's number, its record, whose certificate it is, the certificate, and its Sig_structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a batch issues: the same from its first run to its last."""

    kind: CertificateType
    country: str
    issuer: str
    validity: timedelta
    level: int
    formats: tuple[str, ...]
    max_version: int | None = None


class _Refused:
    """The rows that get no certificate, and why."""

    def __init__(self, rows: Sequence[Row], places: Sequence[int]) -> None:
        self._rows, self.places = rows, places
        self.rejects: list[tuple[int, Reject]] = []
        self.count = 0

    def add(self, number: int, error: SchemaError | QrError | UnprintableTextError) -> None:
        """Refuse the row of this *number*."""
        self.count += 1
        place, row = self.places[number], self._rows[number]
        self.rejects += [(place, Reject.of(row, problem)) for problem in _problems(error)]


class Workbench:
    """Issues with one signer under one plan."""

    def __init__(self, plan: Plan, signer: Signer, secret: IssuerSecret, *, seals: bool = True) -> None:
        """Issue as *plan* says.

        Args:
            plan: How.
            signer: Holds the private key of a DSC.
            secret: What ids follow from.
            seals: Whether each certificate is sealed by itself, as a log keeps it; a job seals a segment as a whole.

        Raises:
            ValueError: The plan names no country, or a validity or level that cannot be.
        """
        self.plan = plan
        self.signer = signer
        self.secret = secret
        self._seals = seals
        self.issuer = Issuer(signer, country=plan.country, issuer=plan.issuer, validity=plan.validity, level=plan.level)
        self._renderer = Renderer(plan.formats, max_version=plan.max_version)

    def work(self, chunk: Chunk) -> ChunkResult:
        """Return the certificates of *chunk*, and what is wrong with the other rows.

        Each stage is done for all rows before the next: a processor that does one thing many times over takes two
        thirds of the time.

        Raises:
            VaxcertError: Anything else than a wrong row.
        """
        return self._issue(chunk.rows, range(len(chunk.rows)), chunk.signed_at, chunk.marks)

    def issue(self, place: int, row: Row, at: datetime, marks: Marks) -> Issued | Sequence[Reject]:
        """Return the certificate of *row* as *marks* says, signed at *at*, or what is wrong with it.

        Raises:
            VaxcertError: Anything else than a wrong row.
        """
        result = self._issue([row], [place], at, [marks])
        return result.issued[0] if result.issued else [reject for _, reject in result.rejects]

    def _issue(
        self, rows: Sequence[Row], places: Sequence[int], at: datetime, marks: Sequence[Marks] | None
    ) -> ChunkResult:
        refused = _Refused(rows, places)
        numbers, records = self._parsed(rows, refused)
        secret = self.secret
        if marks is None:
            marks = [marks_of(record, secret) for record in records]
        elif refused.count:
            marks = [marks[number] for number in numbers]
        opaques = [secret.opaque(identity, version) for identity, _, version in marks]
        outcomes = self.issuer.issue_all(records, at=at, opaques=opaques)
        made: list[_Made] = []
        for number, record, mark, outcome in zip(numbers, records, marks, outcomes, strict=True):
            if isinstance(outcome, SchemaError):
                refused.add(number, outcome)
            else:
                made.append((number, record, mark, *outcome))
        plain = [
            encode_stored(certificate.cose, identity, version, content, printed_only(record))
            for _, record, (identity, content, version), certificate, _ in made
        ]
        if self._seals:
            plain = [
                secret.seal(content, about=certificate.uvci.encode())
                for content, (_, _, _, certificate, _) in zip(plain, made, strict=True)
            ]
        return ChunkResult(list(self._rendered(made, plain, refused)), refused.rejects, refused.count)

    def _parsed(self, rows: Sequence[Row], refused: _Refused) -> tuple[list[int], list[Record]]:
        """Return the records that could be read from *rows*, after their numbers."""
        numbers: list[int] = []
        records: list[Record] = []
        whole: list[int] = []
        for number, row in enumerate(rows):
            if row.problem is None:
                whole.append(number)
            else:
                refused.add(number, SchemaError(row.problem.message, problems=[row.problem]))
        read = read_records(self.plan.kind, [rows[number].fields for number in whole])
        for number, record in zip(whole, read, strict=True):
            if isinstance(record, SchemaError):
                refused.add(number, record)
            else:
                numbers.append(number)
                records.append(record)
        return numbers, records

    def _rendered(self, made: Sequence[_Made], stored: Sequence[bytes], refused: _Refused) -> Iterator[Issued]:
        if not made:
            return
        first = made[0][3]
        issued_at, expires_at = int(first.issued_at.timestamp()), int(first.expires_at.timestamp())
        kid, render, places, seals = first.kid.value, self._renderer.render, refused.places, self._seals
        for (number, record, marks, certificate, structure), content in zip(made, stored, strict=True):
            try:
                outputs = render(record, certificate)
            except (QrError, UnprintableTextError) as error:
                refused.add(number, error)
            else:
                digest = sha256(structure).digest() if seals else b""
                row = CertificateRow(certificate.uvci, digest, content, kid, issued_at, expires_at)
                yield Issued(places[number], marks, row, outputs)

    def again(self, place: int, row: CertificateRow, stored: StoredCertificate) -> Issued:
        """Return a certificate that was issued before as `issue` did."""
        kind, fields = fields_of(stored.cose, stored.printed)
        record = PARSERS[kind](fields)
        certificate = certificate_of(stored.cose, level=self.plan.level)
        marks = Marks(stored.identity, stored.content, stored.version)
        return Issued(place, marks, row, self._renderer.render(record, certificate))

    def id_of(self, identity: bytes, version: int) -> str:
        """Return the id of *version* of the certificate for *identity*."""
        return self.issuer.id_of(self.secret.opaque(identity, version))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a worker needs to make its own workbench: where the keys lie, never the keys."""

    plan: Plan
    source: SignerSource
    secret: Path
    at: datetime
    """When the signer has to be one that may sign."""
    seals: bool = True
    """As of a `Workbench`."""

    def make(self, stack: ExitStack) -> Workbench:
        """Return the workbench; what it opens is closed with *stack*.

        Raises:
            SigningError: The key or the secret cannot be had; the subclass says why.
            StorageError: A file cannot be read.
            ValueError: As `Workbench` does.
        """
        signer = stack.enter_context(self.source.open(usage=self.plan.kind, at=self.at))
        unsafe = self.source.unsafe_unencrypted
        secret = load_secret(self.secret, self.source.read_passphrase(), unsafe_unencrypted=unsafe)
        return Workbench(self.plan, signer, secret, seals=self.seals)


def _problems(error: SchemaError | QrError | UnprintableTextError) -> Iterator[FieldProblem]:
    if isinstance(error, SchemaError) and error.problems:
        yield from error.problems
        return
    yield FieldProblem(error.field if isinstance(error, UnprintableTextError) else "", error.code, error.message)

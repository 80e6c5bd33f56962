"""A place to issue batches in: keys, the issuer's secret, invented records and a ledger; and what came of them."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.authority import AT, VACCINATION, csca, opened, pair, signer
from vaxcert.cli import run
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.chunk import Chunk
from vaxcert.service.batch.workbench import Plan, Workbench
from vaxcert.service.row import Row
from vaxcert.service.sample import sample_records
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from vaxcert.ledger.store.reader import LoggedStatement
    from vaxcert.ledger.store.sealed import StoredCertificate

ORIGIN = "ledger.example/vn"
PASSPHRASE = "an invented passphrase"


@cache
def secret() -> IssuerSecret:
    return IssuerSecret.create()


def plan(kind: CertificateType = CertificateType.VACCINATION, **changes: object) -> Plan:
    settings: dict[str, object] = {
        "kind": kind,
        "country": "VN",
        "issuer": "Invented Ministry",
        "validity": timedelta(days=365),
        "level": 1,
        "formats": ("jsonl",),
    }
    return Plan(**{**settings, **changes})  # type: ignore[arg-type]


def bench(kind: CertificateType = CertificateType.VACCINATION, **changes: object) -> Workbench:
    return Workbench(plan(kind, **changes), signer(), secret())


def chunk(*rows: Mapping[str, object] | Row, segment: int = 1, **options: object) -> Chunk:
    """Return *rows* as the one chunk of a segment."""
    read = [each if isinstance(each, Row) else Row(line, each) for line, each in enumerate(rows, 2)]
    return Chunk(segment, read, AT, is_last=True, **options)  # type: ignore[arg-type]


def row(number: int, **changes: str) -> dict[str, object]:
    return {**VACCINATION, "record_id": f"VN-{number}", **changes}


def write(path: Path, *rows: Mapping[str, object]) -> None:
    columns = list(dict.fromkeys(key for each in rows for key in each))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


def write_population(path: Path, count: int, *, seed: int = 1) -> list[dict[str, str]]:
    """Write so many invented records, none of them later than `AT`, and return them."""
    records = list(sample_records(count, seed=seed, until=date(2021, 11, 30)))
    write(path, *records)
    return records


def make_place(folder: Path) -> None:
    """Make keys with the issuer's secret in *folder*, and an empty ledger."""
    keystore = Keystore(folder / "keys")
    keystore.unsafe_add_unencrypted(csca())
    dsc = keystore.unsafe_add_unencrypted(pair())
    (folder / "keys" / ISSUER_SECRET).write_bytes(secret().unsafe_to_pem())
    (folder / "secret.pem").write_bytes(secret().to_pem(PASSPHRASE.encode()))
    (folder / "trust").mkdir()
    (folder / "trust" / "dsc.pem").write_bytes(dsc.read_bytes())
    (folder / "pass.txt").write_text(PASSPHRASE + "\n")
    arguments = ("--origin", ORIGIN, "--passphrase-file", str(folder / "pass.txt"))
    assert run(["ledger", "init", str(folder / "ledger"), *arguments]) == 0


OPTIONS = ("--keys", "keys", "--unsafe-unencrypted-key")
LOGGED = ("--ledger", "ledger")


def issue(*arguments: str, at: str | None = AT.isoformat()) -> int:
    """Run `vaxcert issue` where the place is the working directory, and return the exit code."""
    return run(["issue", *arguments, *OPTIONS, *(() if at is None else ("--at", at))])


@dataclass(frozen=True)
class Line:
    """One certificate as a line of the output has it."""

    record_id: str | None
    id: str
    text: str
    leaf_index: int | None
    dcc: dict[str, Any]
    cose: bytes

    @property
    def essence(self) -> tuple[str | None, str, str]:
        """What it certifies, for whom and under which id; not when, and by which of an endless number of signatures."""
        return self.record_id, self.id, json.dumps(self.dcc, sort_keys=True)


def lines_of(*paths: Path) -> list[Line]:
    """Return the certificates in files of lines or in job folders, each signature verified."""
    found = []
    for path in paths:
        for file in sorted(path.glob("jsonl/*.jsonl")) if path.is_dir() else [path]:
            for text in file.read_text("utf-8").splitlines():
                line = json.loads(text)
                inner = opened(line["text"])
                assert inner.dcc[next(kind for kind in "vtr" if kind in inner.dcc)][0]["ci"] == line["id"]
                leaf = line.get("leaf_index")
                found.append(Line(line["record_id"], line["id"], line["text"], leaf, inner.dcc, inner.cose))
    return found


def essences(lines: Iterable[Line]) -> list[tuple[str | None, str, str]]:
    """Return what *lines* certify, in an order of its own; as a list, so that nothing is there twice unseen."""
    return sorted((line.essence for line in lines), key=lambda essence: essence[1])


@dataclass(frozen=True)
class Logged:
    """What a log holds."""

    certificates: Sequence[tuple[int, str, StoredCertificate]]
    """Leaf, id, and what was stored, opened with the secret."""
    statements: Sequence[LoggedStatement]
    size: int

    @property
    def ids(self) -> list[str]:
        return [certificate_id for _, certificate_id, _ in self.certificates]


def logged(folder: Path) -> Logged:
    """Return what the log in the ledger *folder* holds."""
    with TransparencyLog.open(folder, read_only=True) as log:
        certificates = [
            (found.leaf_index, found.id, parse_stored(secret().open(found.cose, about=found.id.encode())))
            for found in log.certificates()
        ]
        return Logged(certificates, list(log.statements()), log.size)


def rejects_in(path: Path) -> list[list[str]]:
    """Return line, record id, field and code of the rejects in the file *path*."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [cells[:4] for cells in csv.reader(stream)][1:]

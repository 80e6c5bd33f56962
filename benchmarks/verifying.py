"""What verifying a file of millions costs: `python -m benchmarks.verifying [--count 1000000] [--workers 2]`.

Distinct certificates are issued into files of JSON lines, as `vaxcert issue` writes them. Then the command itself,
`vaxcert verify FILE --summary`, runs over one file after another, each with one worker and with several in turn, and
between the runs raw ES256 verifications of the `cryptography` package are timed, so that the changes of the machine's
speed meet all alike. The processor's time of the whole command counts: start, reading, JSON, counting.

Memory is that of all processes of the command together (PSS), at its highest, for a first part of the first file and
for all files in one run. Exits with 1 where a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec.inflate import FASTEST_LEVEL
from vaxcert.issue.issuer import Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.pool import ordered_map
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BUDGET = 1.3 * 1.4
"""Raw verifications a certificate: 1.3 times what a verification alone may cost."""

SPEED_UP = 1.6
"""How many times as fast two workers are at least."""

MEMORY_GROWTH = 1.25
"""What the memory for all files may be of that for a first part: what is loaded once is in both."""

FILES = 8
SMALL = 10_000
SIGNATURES = 5000
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


class RawVerification:
    """Times raw ES256 verifications over distinct messages."""

    def __init__(self) -> None:
        key = generate_private_key(SECP256R1())
        self._key, self._scheme = key.public_key(), ECDSA(SHA256())
        messages = [number.to_bytes(300, "big") for number in range(SIGNATURES)]
        self._signed = [(key.sign(message, self._scheme), message) for message in messages]

    def seconds(self) -> float:
        """Return the processor's seconds of one."""
        start = time.process_time()
        for signature, message in self._signed:
            self._key.verify(signature, message, self._scheme)
        return (time.process_time() - start) / SIGNATURES


def verification_seconds(file: Path) -> float:
    """Return the processor's seconds of one verification by itself, of the first certificates in *file*."""
    verifier, at = Verifier(TrustList.load(file.with_name("dsc.der"))), datetime.now(UTC)
    with file.open() as lines:
        texts = [json.loads(line)["text"] for line in islice(lines, SIGNATURES)]
    start = time.process_time()
    for text in texts:
        verifier.verify(text, at=at)
    return (time.process_time() - start) / len(texts)


def issue(folder: Path, count: int, files: int) -> list[Path]:
    """Write *count* certificates into *files* in *folder*, and their signer beside them."""
    at = datetime.now(UTC)
    csca = create_csca(country="VN", common_name="CSCA of a benchmark", at=at)
    pair = create_dsc(csca, common_name="DSC of a benchmark", usages=frozenset(CertificateType), at=at)
    dsc = Dsc.of_certificate(pair.certificate)
    (folder / "dsc.der").write_bytes(pair.certificate.der)
    signer = PemSigner(pair.private_key, dsc)
    issuer = Issuer(signer, country="VN", issuer="A benchmark", validity=timedelta(days=90), level=FASTEST_LEVEL)
    records = sample_records(count, seed=1)
    chunks = iter(lambda: list(islice(records, CHUNK)), [])
    lines = ordered_map(partial(_lines, issuer=issuer, at=at), chunks, workers=os.cpu_count() or 1)
    paths = [folder / f"{number}.jsonl" for number in range(files)]
    written = 0
    for chunk in lines:
        with paths[written * files // count].open("ab") as file:
            file.writelines(chunk)
        written += len(chunk)
    return paths


def _lines(records: Sequence[Mapping[str, object]], *, issuer: Issuer, at: datetime) -> list[bytes]:
    made = [issuer.issue(VaccinationRecord.from_mapping(record), at=at) for record in records]
    return [
        json.dumps(
            {
                "record_id": str(number),
                "id": certificate.uvci,
                "text": certificate.text,
                "kid": str(certificate.kid),
                "issued_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "expires_at": f"{certificate.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            }
        ).encode()
        + b"\n"
        for number, certificate in enumerate(made)
    ]


def run(files: Sequence[Path], *, workers: int, expected: int) -> Run:
    """Run the command over *files*, which hold so many certificates."""
    command = [str(Path(sys.executable).with_name("vaxcert")), "verify", *map(str, files), "--summary", "--json"]
    command += ["--workers", str(workers), "--trust", str(files[0].with_name("dsc.der"))]
    before, start, memory = os.times(), time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while True:
            try:
                out, _ = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                memory = max(memory, sum(map(_memory_mb, [process.pid, *_children(process.pid)])))
    seconds, after = time.perf_counter() - start, os.times()
    if json.loads(out)["outcomes"]["valid"] != expected:
        raise AssertionError("not every certificate is valid")
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return Run(seconds, cpu, memory)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except FileNotFoundError:
        return []


def _memory_mb(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _first_part(file: Path, count: int) -> Path:
    part = file.with_name("part.jsonl")
    with file.open("rb") as lines:
        part.write_bytes(b"".join(islice(lines, count)))
    return part


def main() -> int:
    """Run the command and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    each = max(1, options.count // FILES // CHUNK) * CHUNK  # a chunk goes into one file
    raw = RawVerification()
    ratios: list[float] = []
    bare: list[float] = []
    speed_ups: list[float] = []
    with TemporaryDirectory(prefix="vaxcert-verifying-") as place:
        files = issue(Path(place), each * FILES, FILES)
        for file in files:
            before = raw.seconds()
            alone = run([file], workers=1, expected=each)
            verification, one_raw = verification_seconds(file), (before + raw.seconds()) / 2
            together = run([file], workers=options.workers, expected=each)
            ratios.append(alone.cpu_seconds / each / one_raw)
            bare.append(verification / one_raw)
            speed_ups.append(alone.seconds / together.seconds)
            print(
                f"{file.stem}: {ratios[-1]:.2f} raw verifications a certificate, {bare[-1]:.2f} of them the "
                f"verification; {speed_ups[-1]:.2f} times as fast together",
                flush=True,
            )
        small = run([_first_part(files[0], min(SMALL, each))], workers=options.workers, expected=min(SMALL, each))
        whole = run(files, workers=options.workers, expected=each * FILES)
    ratio, speed_up, growth = median(ratios), median(speed_ups), whole.memory_mb / small.memory_mb
    print(f"certificates: {each * FILES:,}, in {FILES} files; medians of the files:")
    print(f"a verification by itself: {median(bare):.2f} raw verifications")
    print(f"one worker: {ratio:.2f} raw verifications a certificate, {_verdict(ratio <= BUDGET)} of {BUDGET:.2f}")
    print(
        f"{options.workers} workers: {speed_up:.2f} times as fast, {_verdict(speed_up >= SPEED_UP)} of {SPEED_UP:.1f}"
    )
    print(f"all in one run: {whole.seconds:.0f} s, {each * FILES / whole.seconds:,.0f} a second")
    print(
        f"memory of all processes: {whole.memory_mb:.0f} MB, for the first {min(SMALL, each):,} alone "
        f"{small.memory_mb:.0f} MB; {_verdict(growth <= MEMORY_GROWTH)} of {MEMORY_GROWTH:.2f} times that"
    )
    return int(ratio > BUDGET or speed_up < SPEED_UP or growth > MEMORY_GROWTH)


def _verdict(holds: bool) -> str:  # noqa: FBT001 - what the verdict is on
    return "within the budget" if holds else "MISSES the budget"


if __name__ == "__main__":
    sys.exit(main())

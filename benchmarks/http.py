"""The HTTP service on the loopback interface: how many a second, how late the latest, and what a full house does.

``python -m benchmarks.http`` starts `vaxcert serve` on a free port, asks it from this process, and stops it. All of it
is bounded: in requests, in connections and in seconds. Rates stand beside the library's own, measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from benchmarks.http_registry import filled_registry
from vaxcert import Issuer, TrustList, VaccinationRecord, Verifier
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.sample import sample_records
from vaxcert.service.signers import load_keystore_signer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEYS = Path(__file__).parents[1] / "keys" / "sample"
API = "/api/v1"
BATCH = 100
CERTIFICATES = 400
MAX_SECONDS = 20.0
MOST_BOOKINGS = 500
"""A second: so many people are there to book."""
_OK, _FULL = (b"200", b"201"), b"503"


class Figures(NamedTuple):
    """What became of the requests of some seconds."""

    processor: float
    """Microseconds of processor time that the service took for an answer, whatever else the machine did."""

    answered: float
    """A second."""
    refused: float
    """A second: told to come back."""
    other: int
    median: float
    """Milliseconds to an answer."""
    p99: float
    refused_p99: float


@dataclass
class Run:
    """Some connections that ask one request after the other until the time is over."""

    end: float
    left: int
    done: asyncio.Future[None]
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    other: int = 0


class Client(asyncio.Protocol):
    """One connection: it asks, waits for the answer, and asks again; what is refused waits a little first."""

    def __init__(self, run: Run, requests: Sequence[bytes], patience: float) -> None:
        self._run, self._requests, self._patience = run, requests, patience
        self._number, self._asked_at, self._heard = 0, 0.0, b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the *transport*; asking begins when all connections are there."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def ask(self) -> None:
        """Send the next request, unless the time is over."""
        assert self._transport is not None
        if time.perf_counter() > self._run.end:
            self._transport.close()
            self._run.left -= 1
            if self._run.left == 0:
                self._run.done.set_result(None)
            return
        self._asked_at = time.perf_counter()
        self._transport.write(self._requests[self._number % len(self._requests)])
        self._number += 1

    def data_received(self, data: bytes) -> None:
        """Take what was heard, and ask again when the answer is whole."""
        self._heard += data
        head, separator, body = self._heard.partition(b"\r\n\r\n")
        if not separator:
            return
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(body) < length:
            return
        self._heard = b""
        took, status = time.perf_counter() - self._asked_at, head[9:12]
        if status in _OK:
            self._run.answered.append(took)
        elif status == _FULL:
            self._run.refused.append(took)
            asyncio.get_running_loop().call_later(self._patience, self.ask)
            return
        else:
            self._run.other += 1
        self.ask()


async def ask_for(
    service: Service, requests: Sequence[bytes], *, connections: int, seconds: float, patience: float
) -> Figures:
    """Return what became of *requests* sent again and again over so many *connections* for some *seconds*."""
    loop = asyncio.get_running_loop()
    run = Run(end=0.0, left=connections, done=loop.create_future())
    clients = []
    for number in range(connections):
        share = requests[number::connections] or requests
        _, client = await loop.create_connection(partial(Client, run, share, patience), "127.0.0.1", service.port)
        clients.append(client)
    begun, before = time.perf_counter(), service.processor_seconds()
    run.end = begun + min(seconds, MAX_SECONDS)
    for client in clients:
        client.ask()
    await asyncio.wait_for(run.done, MAX_SECONDS + 30)
    took = time.perf_counter() - begun
    processor = service.processor_seconds() - before
    return Figures(
        processor=1e6 * processor / max(1, len(run.answered)),
        answered=len(run.answered) / took,
        refused=len(run.refused) / took,
        other=run.other,
        median=_quantile(run.answered, 0.5),
        p99=_quantile(run.answered, 0.99),
        refused_p99=_quantile(run.refused, 0.99),
    )


@dataclass(frozen=True)
class Service:
    """A running service."""

    port: int
    process: subprocess.Popen[bytes]

    def processor_seconds(self) -> float:
        """Return the processor time that its processes have taken so far."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii").split()
        ticks = 0
        for process in (self.process.pid, *map(int, children)):
            fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(workers: int, *options: str) -> Iterator[Service]:
    """Start the service with so many *workers*, and give it when all of them answer."""
    command = [sys.executable, "-c", "from vaxcert.cli import main; main()", "serve", "--port", "0", "--rate", "0"]
    command += ["--workers", str(workers), "--trust", str(KEYS / "trust.json"), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        address = process.stderr.readline().decode().rpartition("answering at ")[2].strip()
        ready = 0
        while ready < workers:  # each of them says so in its log
            line = process.stderr.readline()
            if not line:
                raise SystemExit("the service did not start")
            ready += b"startup complete" in line
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        try:
            yield Service(int(address.rpartition(":")[2]), process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            drain.wait(timeout=60)


def certificates(number: int) -> list[str]:
    """Return the texts of so many certificates that hold now, each of its own."""
    now = datetime.now(UTC)
    passphrase = (KEYS / "passphrase.txt").read_bytes().strip()
    signer = load_keystore_signer(KEYS, lambda: passphrase, usage=CertificateType.VACCINATION, at=now)
    issuer = Issuer(signer, country="VN", issuer="Ministry of Health", validity=timedelta(days=30))
    records = (VaccinationRecord.from_mapping(row) for row in sample_records(number, seed=7))
    return [issuer.issue(record, at=now).text for record in records]


def post(path: str, body: object, *, token: str | None = None) -> bytes:
    """Return the request that posts *body* as JSON, in the session with the *token*."""
    content = json.dumps(body).encode()
    return (
        f"POST {API}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_credentials(token)}Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def get(path: str, *, token: str | None = None) -> bytes:
    """Return the request that gets *path*, in the session with the *token*."""
    return f"GET {API}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_credentials(token)}\r\n".encode()


def _credentials(token: str | None) -> str:
    return "" if token is None else f"Authorization: Bearer {token}\r\nIdempotency-Key: {uuid4()}\r\n"


def library_rate(texts: Sequence[str], seconds: float) -> tuple[float, float]:
    """Return how many certificates the library verifies in a second here, and its microseconds of processor time."""
    verifier, at = Verifier(TrustList.load(KEYS / "trust.json")), datetime.now(UTC)
    number, begun, before = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < seconds:
        for text in texts:
            verifier.verify(text, at=at)
        number += len(texts)
    return number / (time.perf_counter() - begun), 1e6 * (time.process_time() - before) / number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--registry-only", action="store_true", help="look-ups and bookings alone")
    chosen = parser.parse_args()
    if chosen.registry_only:
        measure_registry(chosen.workers, min(chosen.seconds, MAX_SECONDS))
        return
    texts = certificates(CERTIFICATES)
    one = [post("/verifications", {"text": text}) for text in texts]
    many = [
        post("/verifications/batch", {"texts": texts[start : start + BATCH]}) for start in range(0, len(texts), BATCH)
    ]
    seconds = min(chosen.seconds, MAX_SECONDS)
    alone = library_rate(texts, min(seconds, 3.0))
    print(f"the library in one process: {alone[0]:.0f} certificates a second, {alone[1]:.0f} us of processor time each")
    with serving(1) as service:
        _show("batches of 100, one worker", _measure(service, many, 2, seconds), BATCH, alone)
        _show("one by one, one worker", _measure(service, one, 8, seconds), 1, alone)
    with serving(chosen.workers) as service:
        _show(f"batches of 100, {chosen.workers} workers", _measure(service, many, 4, seconds), BATCH, alone)
        _show(f"one by one, {chosen.workers} workers", _measure(service, one, 16, seconds), 1, alone)
    with serving(1, "--in-flight", "32") as service:
        _show("a full house: 400 connections", _measure(service, one, 400, seconds), 1, alone)
        _show("and after it", _measure(service, one, 8, seconds), 1, alone)
    measure_registry(chosen.workers, seconds)


def measure_registry(workers: int, seconds: float) -> None:
    """Measure the look-up of a certificate and the booking of a place, with a registry on PostgreSQL."""
    with filled_registry(int(MOST_BOOKINGS * seconds)) as registry:
        if registry is None:
            print("PostgreSQL is not installed (Debian: postgresql): look-ups and bookings were not measured")
            return
        look_ups = [get(f"/certificates/{each}", token=registry.token) for each in registry.certificates]
        bookings = [post("/appointments", each, token=registry.token) for each in registry.bookings]
        options = ("--registry", str(registry.folder), "--registry-passphrase-file", str(registry.passphrase))
        with serving(workers, *options) as service:
            _show(f"certificates looked up, {workers} workers", _measure(service, look_ups, 8, seconds), 1)
            _show(f"places booked, {workers} workers", _measure(service, bookings, 8, seconds), 1)


def _measure(service: Service, requests: Sequence[bytes], connections: int, seconds: float) -> Figures:
    return asyncio.run(ask_for(service, requests, connections=connections, seconds=seconds, patience=0.2))


def _show(name: str, figures: Figures, certificates_each: int, alone: tuple[float, float] | None = None) -> None:
    rate, processor = figures.answered * certificates_each, figures.processor / certificates_each
    line = f"{name:33} {rate:6.0f} a second, {processor:4.0f} us of processor time"
    if alone is not None:
        line += f" ({rate / alone[0]:4.2f} and {alone[1] / processor:4.2f} of the library)"
    line += f", median {figures.median:6.1f} ms, p99 {figures.p99:6.1f} ms"
    if figures.refused:
        line += f"; 503: {figures.refused:6.0f} a second, p99 {figures.refused_p99:6.1f} ms"
    if figures.other:
        line += f"; OTHER ANSWERS: {figures.other}"
    print(line, flush=True)


def _quantile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


if __name__ == "__main__":
    main()

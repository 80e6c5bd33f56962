"""`vaxcert serve` as a program: it starts, answers in one process or several, and stops when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = Path(__file__).parents[3] / "keys" / "sample"
PROGRAM = (sys.executable, "-c", "from vaxcert.cli import main; main()", "serve")
START = "answering at "
PATIENCE = 60.0


@dataclass
class Served:
    """A running service."""

    address: str
    process: subprocess.Popen[bytes]
    lines: list[str]

    def stop(self) -> int:
        """Tell it to stop, and return with what code it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)


@contextmanager
def served(*options: str) -> Iterator[Served]:
    """Yield a service with these options, at a free port."""
    environment = os.environ | {"HOME": "/nonexistent", "PYTHONUNBUFFERED": "1"}
    command = [*PROGRAM, "--port", "0", "--trust", str(KEYS / "trust.json"), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr is not None
        first = process.stderr.readline().decode()
        assert START in first, first
        lines: list[str] = []
        reader = threading.Thread(target=_read, args=(process.stderr, lines), daemon=True)
        reader.start()
        try:
            yield Served(first.split(START)[1].strip(), process, lines)
        finally:
            process.kill()
            reader.join()


def _read(stream: IO[bytes], lines: list[str]) -> None:
    lines.extend(line.decode() for line in stream)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_answers_counts_and_stops(workers: str) -> None:
    with served("--workers", workers) as service, httpx.Client(base_url=service.address, timeout=PATIENCE) as client:
        assert client.get("/ready").json() == {"status": "ready"}
        for _ in range(5):
            verdict = client.post("/api/v1/verifications", json={"text": "hello"}).json()
            assert verdict["code"] == "unknown_prefix"
        assert "<title>" in client.get("/").text
        counts = client.get("/metrics").text
        assert 'vaxcert_verifications_total{outcome="rejected"} 5.0' in counts, "of all processes"
        service.stop()
    events = [json.loads(line) for line in service.lines]
    requests = [event for event in events if event["event"] == "request"]
    assert [event["route"] for event in requests].count("/api/v1/verifications") == 5
    assert any("shutdown complete" in (event.get("message") or "").lower() for event in events)


def test_an_address_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*PROGRAM, "--port", port, "--trust", str(KEYS / "trust.json")],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    assert ended.returncode == 6
    assert b"cannot listen at 127.0.0.1" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_trust_list_that_cannot_be_read_ends_it_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "trust.json"
    broken.write_text("{")
    ended = subprocess.run(
        [*PROGRAM, "--port", "0", "--trust", str(broken), "--workers", "2"],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode != 0
    assert b"answering at" not in ended.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--registry", str(KEYS)],
        ["--keys", str(KEYS)],
        ["--oidc-issuer", "https://id.example"],
        ["--workers", "0"],
        ["--rate", "-1"],
    ],
)
def test_options_that_do_not_go_together_are_refused(options: list[str]) -> None:
    ended = subprocess.run([*PROGRAM, *options], capture_output=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    assert b"vaxcert: error:" in ended.stderr

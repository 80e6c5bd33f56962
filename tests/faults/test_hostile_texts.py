"""Texts made to use up the verifier's machine: each is refused with its code, in little memory and time.

All are read in one process, whose peak memory is that of the worst; the time of each is its own processor time, so that
a busy machine does not count. `examine` is asked, which does the most: it names every fault.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from math import inf, nan
from typing import TYPE_CHECKING, Any

import base45
import cbor2
import pytest

from tests.faults.encoders import (
    AT,
    Encoder,
    claims,
    dcc,
    signer,
    text_of,
    text_of_claims,
    text_of_cose,
    text_of_payload,
    vaccination,
)

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 2**20
MEMORY = 200 * MEGABYTE
SECONDS = 1.0

READER = """
import json, resource, sys, time
from datetime import datetime
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier
asked = json.load(sys.stdin)
verifier = Verifier(TrustList.of_certificates([bytes.fromhex(asked["dsc"])]))
at = datetime.fromisoformat(asked["at"])
answers = {}
for name, text in asked["texts"].items():
    start = time.process_time()
    report = verifier.examine(text, at=at)
    json.dumps(report.to_dict())
    answers[name] = [report.code, time.process_time() - start]
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([answers, peak * 1024]))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is measured as Linux tells it")


def stream_of(content: bytes) -> str:
    return "HC1:" + str(base45.b45encode(content), "ascii")


def bomb() -> bytes:
    """Return a stream of the longest text that inflates to as much as zlib can: a thousand times itself."""
    return zlib.compress(bytes(5 * MEGABYTE), 9)


def spread(count: int) -> list[Any]:
    return [{} for _ in range(count)]


HOSTILE: dict[str, tuple[str, str]] = {
    "a megabyte of text": ("HC1:" + "A" * MEGABYTE, "text_too_long"),
    "a megabyte without a prefix": ("A" * MEGABYTE, "text_too_long"),
    "a megabyte of another alphabet": ("HC1:" + "ệ" * MEGABYTE, "text_too_long"),
    "the longest text": ("HC1:" + ":" * 8188, "invalid_base45"),
    "the longest text that decodes": ("HC1:" + "0" * 8187, "invalid_zlib"),
    "a zlib bomb": (stream_of(bomb()), "inflated_too_large"),
    "a zlib bomb that is cut": (stream_of(bomb()[:4000]), "inflated_too_large"),
    "60,000 arrays in each other": (text_of_cose(b"\x81" * 60_000), "cbor_too_deep"),
    "60,000 open arrays": (text_of_cose(b"\x9f" * 60_000), "cbor_too_deep"),
    "30,000 maps in each other": (text_of_cose(b"\xa1\x00" * 30_000), "cbor_too_deep"),
    "60,000 tags on each other": (text_of_cose(b"\xd2" * 60_000 + b"\0"), "cbor_too_deep"),
    "an array of four billion": (text_of_cose(b"\x9a\xff\xff\xff\xff" + bytes(1000)), "invalid_cbor"),
    "a map of four billion": (text_of_cose(b"\xba\xff\xff\xff\xff" + bytes(1000)), "duplicate_key"),
    "a string of 2^63 bytes": (text_of_cose(b"\x5b\x7f" + b"\xff" * 7 + bytes(1000)), "invalid_cbor"),
    "20,000 chunks of nothing": (text_of_cose(b"\x5f" + b"\x40" * 20_000 + b"\xff"), "invalid_cose"),
    "60,000 parts": (text_of_cose(b"\x99\xea\x60" + bytes(60_000)), "invalid_cose"),
    "a header of 60 kB": (Encoder(protected=lambda _: cbor2.dumps({1: -7, 9: bytes(60_000)})).text(), "invalid_cose"),
    "a kid of 60 kB": (
        Encoder(protected=lambda _: b"", unprotected=lambda _: {1: -7, 4: bytes(60_000)}).text(),
        "unknown_signer",
    ),
    "a signature of 60 kB": (Encoder(signature=lambda *_: bytes(60_000)).text(), "bad_signature"),
    "a number of 40 kB": (text_of(dcc(v=[vaccination(dn=1 << 320_000)])), "unexpected_tag"),
    "a decimal with a huge exponent": (
        text_of_payload(cbor2.dumps({4: cbor2.CBORTag(4, [2**63, 1])})),
        "unexpected_tag",
    ),
    "a pattern that takes for ever": (text_of_payload(cbor2.dumps(cbor2.CBORTag(35, "(a+)+$"))), "unexpected_tag"),
    "an expiry that is no number": (text_of_claims(claims(exp=nan)), "invalid_claim"),
    "an expiry without end": (text_of_claims(claims(exp=inf)), "invalid_claim"),
    "an issue time before all time": (text_of_claims(claims(iat=-inf)), "invalid_claim"),
    "the largest integer for an expiry": (text_of_claims(claims(exp=2**64 - 1)), "invalid_claim"),
    "a key twice": (text_of_payload(b"\xa2\x04\x01\x04\x02"), "duplicate_key"),
    "a key twice, deep inside": (text_of_payload(b"\xa1\x39\x01\x03\xa1\x01\xa2\x61v\x00\x61v\x01"), "duplicate_key"),
    "15,000 doses": (text_of(dcc(v=spread(15_000), ver="1.0.0")), "not_one_event"),
    "15,000 wrong doses in version 1.3.0": (text_of(dcc(v=spread(15_000))), "not_one_event"),
    "2,000 unknown members": (text_of(dcc(v=[vaccination(dn=0) | {f"{n}": 0 for n in range(2000)}])), "invalid_record"),
    "a name of 50 kB": (text_of(dcc(name={"fn": "N" * 25_000, "fnt": "<" * 25_000})), "invalid_record"),
    "a name of 15,000 marks": (text_of(dcc(name={"fn": "\u0301" * 15_000})), "invalid_record"),
    "a date of 50 kB": (
        text_of(dcc(v=[vaccination(dt="2026-05-04T00:00:00." + "0" * 50_000, dn=0)])),
        "invalid_record",
    ),
    "a version of 50 kB": (text_of(dcc(ver="1." * 25_000)), "invalid_record"),
}
"""By what it does: the text, and the code with which it is refused."""


@pytest.fixture(scope="module")
def measured() -> tuple[dict[str, tuple[str, float]], int]:
    """Return what the verifier says of each text and how long it took, and the peak memory of them all."""
    texts = {name: text for name, (text, _) in HOSTILE.items()}
    asked = json.dumps({"dsc": signer().der.hex(), "at": AT.isoformat(), "texts": texts})
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READER],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers, peak = json.loads(done.stdout)
    return answers, peak


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_for_what_it_is_in_under_a_second(
    name: str, measured: tuple[dict[str, tuple[str, float]], int]
) -> None:
    code, seconds = measured[0][name]
    assert code == HOSTILE[name][1]
    assert seconds < SECONDS


def test_none_of_them_takes_much_memory(measured: tuple[dict[str, tuple[str, float]], int]) -> None:
    assert measured[1] < MEMORY


def test_a_file_of_endless_lines_is_read_in_little_memory(tmp_path: Path) -> None:
    """A hundred lines of a megabyte each: of each only the start is kept."""
    path = tmp_path / "lines.txt"
    with path.open("w") as stream:
        for _ in range(100):
            stream.write("HC1:" + "A" * MEGABYTE + "\n")
    reader = (
        "import sys; from vaxcert.cli import run; code = run(sys.argv[1:]); "
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')); "
        "print(code, peak, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", reader, "verify", str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    code, peak = map(int, done.stderr.splitlines()[-1].split())
    assert code == 1
    assert done.stdout.count("[text_too_long]") == 100
    assert peak * 1024 < MEMORY

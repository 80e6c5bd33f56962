"""Feed the verifier mutated certificates for as long as wanted: ``python -m tests.fuzz.fuzz_decode --seconds 600``.

`fuzz_one` is the target; it takes arbitrary bytes, so that a coverage-guided fuzzer can drive it as well. The mutator
here needs no other program: it starts from every certificate of `tests.faults`, whole and broken, and changes it at one
of its layers, with everything outside that layer made right again. An input that fails is printed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

from tests.faults.broken import BROKEN
from tests.faults.encoders import AT, Encoder, signer
from tests.faults.odd import ODD
from vaxcert.codec import hc1
from vaxcert.errors import VaxcertError
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import STEP_NAMES, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TELLING = (
    0x00,
    0x17,
    0x18,
    0x1B,
    0x1F,
    0x20,
    0x3B,
    0x40,
    0x5F,
    0x7F,
    0x80,
    0x9F,
    0xA0,
    0xBB,
    0xBF,
    0xC0,
    0xD2,
    0xF6,
    0xFB,
    0xFF,
)
"""The bytes that mean most in CBOR: the ends of its ranges, open strings, tags, and the break."""


def _as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _as_body(data: bytes) -> str:
    return hc1.PREFIX + data.decode("latin-1")


def _as_message(data: bytes) -> str:
    return hc1.encode(data, level=1)


def _as_payload(data: bytes) -> str:
    return hc1.encode(Encoder(payload=lambda _: data).cose(), level=1)


def _as_header(data: bytes) -> str:
    return hc1.encode(Encoder(protected=lambda _: data, unprotected=lambda e: {1: -7, 4: e.by.kid}).cose(), level=1)


LAYERS: tuple[Callable[[bytes], str], ...] = (_as_text, _as_body, _as_message, _as_payload, _as_header)
"""How the bytes after the first are made into a text; the first chooses."""


@cache
def _verifiers() -> tuple[Verifier, Verifier]:
    return Verifier(TrustList.of_certificates([signer().der])), Verifier(TrustList())


def fuzz_one(data: bytes) -> None:
    """Check all that holds whatever the input.

    Raises:
        AssertionError: Something does not hold.
        Exception: Anything but a `VaxcertError` came out of the verifier.
    """
    if not data:
        return
    text = LAYERS[data[0] % len(LAYERS)](data[1:])
    for verifier in _verifiers():
        report = verifier.examine(text, at=AT)
        json.dumps(report.to_dict(), allow_nan=False)
        assert tuple(step.name for step in report.steps) == STEP_NAMES
        assert len(set(report.warnings)) == len(report.warnings)
        try:
            verified = verifier.verify(text, at=AT)
        except VaxcertError as error:
            assert (report.code, report.message) == (error.code, error.message)  # noqa: PT017 - this is no test
            assert report.outcome is not Outcome.VALID
        else:
            assert report.outcome is Outcome.VALID
            assert verified.warnings == report.warnings


@cache
def corpus() -> tuple[bytes, ...]:
    """Return the inputs to start from: each known certificate at each layer."""
    found = []
    for case in (*ODD, *BROKEN):
        encoder = case.encoder()
        text = encoder.text()
        found += [bytes((0,)) + text.encode(), bytes((1,)) + text[4:].encode(), bytes((2,)) + encoder.cose()]
        found += [bytes((3,)) + encoder.payload(), bytes((4,)) + encoder.protected()]
    return tuple(seed for seed in found if len(seed) < 3 * hc1.MAX_TEXT_CHARACTERS)


def mutations(seed: int) -> Iterator[bytes]:
    """Yield inputs without end, always the same for *seed* and `corpus`."""
    chance = random.Random(seed)
    seeds = corpus()
    while True:
        layer, *content = chance.choice(seeds)
        data = bytearray(content)
        for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
            _mutate(data, chance, seeds)
        yield bytes((layer, *data))


def _mutate(data: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    start = chance.randint(0, len(data))
    end = min(len(data), start + chance.choice((0, 1, 1, 2, 8, 64)))
    match chance.randrange(6):
        case 0 if data:
            data[start % len(data)] ^= 1 << chance.randrange(8)
        case 1 if data:
            data[start % len(data)] = chance.choice(_TELLING)
        case 2:
            del data[start:end]
        case 3:
            data[start:start] = data[start:end] * chance.choice((1, 2, 50))
        case 4:
            other = chance.choice(seeds)
            place = chance.randrange(len(other))
            data[start:end] = other[place : place + chance.choice((1, 8, 64))]
        case _:
            data[start:end] = chance.randbytes(chance.choice((1, 2, 9)))


def main() -> int:
    """Run for a while, and print the first input that fails."""
    parser = argparse.ArgumentParser(description="Feed the verifier mutated certificates.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    arguments = parser.parse_args()
    stop = time.monotonic() + arguments.seconds
    for number, data in enumerate(mutations(arguments.seed)):
        if time.monotonic() > stop:
            print(f"{number} inputs from seed {arguments.seed}: nothing failed")
            break
        try:
            fuzz_one(data)
        except Exception:
            print(f"failed: input {number} of seed {arguments.seed}: fuzz_one(bytes.fromhex({data.hex()!r}))")
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Make the vectors that are missing in `vectors/`: ``python -m tests.conformance.make_vectors``.

A vector is a folder named for its one fault, or for what is unusual and allowed: `input.txt`, the text; `trust/`, what
the verifier trusts; `expect.toml`, the answer and why. Holder and keys are invented; the keys are thrown away at once,
so that nobody can sign with them, and a vector that stands is never made again.
"""

from __future__ import annotations

import json
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import TYPE_CHECKING

from tests.faults.broken import BROKEN
from tests.faults.encoders import AT
from tests.faults.odd import ODD

if TYPE_CHECKING:
    from tests.faults.encoders import Case

FOLDER = Path(__file__).parent / "vectors"

CHOSEN = """
    other-prefix long-text lower-case-body overflowing-triplet uncompressed byte-after-stream zlib-bomb
    byte-after-message deep-message several-signers unknown-critical-header other-algorithm
    unknown-signer no-kid changed-dose other-key der-signature other-digest foreign-algorithm weak-rsa-key longer-curve
    byte-after-claims expiry-twice bignum-dose no-expiry nan-expiry two-doses no-id half-dose
    vaccination-by-test-signer expired not-yet-valid lapsed-signer expired-of-unknown-signer

    vaccination test recovery rsa-signer untagged cwt-tag chunked-payload mirrored-signature
    unprotected-kid float-instants padded-name null-group date-time foreign-member
""".split()  # noqa: SIM905 - a list of words reads as words
"""The refused ones, then the valid ones."""


def make(case: Case, folder: Path) -> None:
    """Write the vector of *case* into the new *folder*."""
    (folder / "trust").mkdir(parents=True)
    (folder / "input.txt").write_text(case.text() + "\n", "ascii")
    (folder / "trust" / "dsc.pem").write_text(DER_cert_to_PEM_cert(case.dsc()), "ascii")
    facts = {"why": case.why, "spec": case.spec, "outcome": case.code or "valid"}
    if case.step:
        facts["stage"] = case.step
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in facts.items()]
    lines.insert(2, f"at = {AT:%Y-%m-%dT%H:%M:%SZ}\n")
    if case.warnings:
        lines.append(f"warnings = {json.dumps(case.warnings)}\n")
    (folder / "expect.toml").write_text("".join(lines), "utf-8")


def main() -> None:
    """Make what is missing."""
    cases = {case.name: case for case in (*BROKEN, *ODD)}
    for name in CHOSEN:
        if not (FOLDER / name).exists():
            make(cases[name], FOLDER / name)
            print(f"made {name}")


if __name__ == "__main__":
    main()

"""The codes that issuing states printed for each other: every one decodes to what was read from it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from vaxcert.codec import cbor, cose, hc1
from vaxcert.codec.cwt import EU_DGC_V1, EXPIRES_AT, HCERT, ISSUED_AT, ISSUER
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Report, json_value
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from pathlib import Path

FILES, WITH_SIGNER = 42, 22
SEVERAL_EVENTS = ["TSI/1.3.0/specialcases/MULTI_1.json", "TSI/1.3.0/specialcases/MULTI_2.json"]
"""What a verifier SHALL reject whatever its schema says (DCC schema, special cases)."""

WARNINGS = {
    "date_time_cut",
    "deprecated_code",
    "manufacturer_mismatch",
    "null_dropped",
    "unknown_code",
    "vaccine_mismatch",
    "whitespace_trimmed",
}

Samples = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def samples(vectors: Path) -> Samples:
    folder = vectors / "hcert" / "dcc-quality-assurance"
    paths = sorted(folder.rglob("*.json"))
    return {str(path.relative_to(folder)): json.loads(path.read_text("utf-8")) for path in paths}


def examined(sample: dict[str, Any]) -> Report:
    """Return the report of a verifier who trusts the signer, where the data has him, at the time of issue."""
    trusted = [base64.b64decode(sample["CERTIFICATE"])] if sample.get("CERTIFICATE") else []
    at = datetime.fromtimestamp(sample["CWT"]["6"], UTC)
    return Verifier(TrustList.of_certificates(trusted)).examine(sample["PREFIX"], at=at)


def test_every_file_is_there(samples: Samples) -> None:
    assert len(samples) == FILES


def test_every_code_decodes_to_what_was_read_from_it(samples: Samples) -> None:
    for name, sample in samples.items():
        message = cose.parse(cbor.decode(hc1.decode(sample["PREFIX"])))
        claims: Any = json_value(cbor.decode(message.payload))
        assert base64.b64encode(message.kid).decode() == sample["KID"], name
        for key in (ISSUER, EXPIRES_AT, ISSUED_AT):
            assert claims.get(str(key)) == sample["CWT"].get(str(key)), name
        assert claims[str(HCERT)][str(EU_DGC_V1)] == sample["JSON"], name


def test_every_code_keeps_its_schema_but_for_those_with_several_events(samples: Samples) -> None:
    failing: dict[str, tuple[str | None, ...]] = {}
    for name, sample in samples.items():
        steps = {step.name: step for step in examined(sample).steps}
        if {steps["claims"].status, steps["schema"].status} != {"passed"}:
            failing[name] = (steps["claims"].code, steps["schema"].code)
    assert failing == dict.fromkeys(SEVERAL_EVENTS, ("not_one_event", "invalid_record"))


def test_every_signature_whose_signer_is_there_verifies(samples: Samples) -> None:
    signed = {name: sample for name, sample in samples.items() if sample.get("CERTIFICATE")}
    assert len(signed) == WITH_SIGNER
    for name, sample in signed.items():
        assert {step.name: step.status for step in examined(sample).steps}["signature"] == "passed", name


def test_what_is_odd_about_them_is_told(samples: Samples) -> None:
    told = {warning.code for sample in samples.values() for warning in examined(sample).warnings}
    assert told == WARNINGS

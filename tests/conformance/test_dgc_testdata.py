"""The EU's test data: every field that maps to a step agrees with what the verifier says of that step.

The map is the one in the data's README. A field named in `known-bad.tsv` is no oracle; it is left out and counted.
"""

from __future__ import annotations

import base64
import csv
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pytest

from vaxcert.codec import cbor, cose, hc1
from vaxcert.codec.cwt import EU_DGC_V1, HCERT
from vaxcert.errors import CodecError
from vaxcert.model.kid import Kid
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Allowance, Policy
from vaxcert.verify.report import Outcome, Report, json_value
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = 351
AGREEING = {
    "UNPREFIX": 325,
    "B45DECODE": 324,
    "COMPRESSION": 308,
    "VERIFY": 331,
    "DECODE": 330,
    "VALIDJSON": 319,
    "SCHEMAVALIDATION": 124,
    "EXPIRATIONCHECK": 292,
    "KEYUSAGE": 239,
}
LEFT_OUT = {"SCHEMAVALIDATION": 194, "VERIFY": 2, "DECODE": 1, "VALIDJSON": 1, "KEYUSAGE": 1}
"""By field: a file or an answer that goes missing must not go unnoticed."""
SIGNED_BY_A_CSCA = "LV/2DCode/raw/2.json"
"""Its signature holds, and it is refused all the same: its signer's key usage is a CSCA's (hcert-spec A.4)."""


@dataclass
class Sample:
    """One file: a certificate, its signer, a clock, and what is expected."""

    name: str
    content: dict[str, Any]

    @property
    def text(self) -> str:
        return cast("str", self.content["PREFIX"])

    @property
    def der(self) -> bytes:
        return base64.b64decode(self.content["TESTCTX"]["CERTIFICATE"])

    @cached_property
    def at(self) -> datetime:
        clock = datetime.fromisoformat(self.content["TESTCTX"]["VALIDATIONCLOCK"])
        return clock if clock.tzinfo else clock.replace(tzinfo=UTC)

    @property
    def expected(self) -> dict[str, bool]:
        return {key.removeprefix("EXPECTED"): value for key, value in self.content["EXPECTEDRESULTS"].items()}

    def examined(self, policy: Policy | None = None) -> Report:
        return Verifier(TrustList.of_certificates([self.der]), policy=policy).examine(self.text, at=self.at)

    @cached_property
    def report(self) -> Report:
        return self.examined()

    def passes(self, *steps: str) -> bool:
        statuses = {step.name: step.status for step in self.report.steps}
        return all(statuses[step] == "passed" for step in steps)

    def key_usage_passes(self) -> bool:
        """Ask about the key usage of the DSC in the file, under the certificate's kid where that is another's."""
        if self.passes("trust"):
            return self.passes("key_usage")
        kid = cose.parse(cbor.decode(hc1.decode(self.text))).kid
        verifier = Verifier(TrustList(entries=(Dsc.of_der(self.der, kid=Kid(kid)),)))
        steps = {step.name: step for step in verifier.examine(self.text, at=self.at).steps}
        return steps["key_usage"].status == "passed"

    def payload_is_as_given(self) -> bool:
        """Say whether the payload decodes, to what the field JSON says."""
        try:
            claims = cast("Any", cbor.decode(cose.parse(cbor.decode(hc1.decode(self.text))).payload))
        except CodecError:
            return False
        payload = json_value(claims.get(HCERT, {}).get(EU_DGC_V1))
        return bool(comparable(payload) == comparable(self.content["JSON"]))


def comparable(value: Any) -> Any:
    """Return *value* with its instants as instants, whatever their zones."""
    match value:
        case dict():
            return {key: comparable(item) for key, item in value.items()}
        case list():
            return [comparable(item) for item in value]
        case str() if "T" in value:
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                return value
    return value


QUESTIONS: dict[str, Callable[[Sample], bool]] = {
    "UNPREFIX": lambda sample: sample.passes("prefix"),
    "B45DECODE": lambda sample: sample.passes("base45"),
    "COMPRESSION": lambda sample: sample.passes("inflate"),
    "VERIFY": lambda sample: sample.passes("trust", "signature"),
    "DECODE": Sample.payload_is_as_given,
    "VALIDJSON": Sample.payload_is_as_given,
    "SCHEMAVALIDATION": lambda sample: sample.passes("schema"),
    "EXPIRATIONCHECK": lambda sample: sample.passes("validity"),
    "KEYUSAGE": Sample.key_usage_passes,
}


@pytest.fixture(scope="module")
def folder(vectors: Path) -> Path:
    return vectors / "hcert" / "dgc-testdata"


@pytest.fixture(scope="module")
def samples(folder: Path) -> list[Sample]:
    paths = sorted(folder.rglob("*.json"))
    return [Sample(str(path.relative_to(folder)), json.loads(path.read_text("utf-8-sig"))) for path in paths]


@pytest.fixture(scope="module")
def no_oracles(folder: Path) -> set[tuple[str, str]]:
    with (folder / "known-bad.tsv").open(encoding="utf-8", newline="") as stream:
        return {(row["file"], row["field"].removeprefix("EXPECTED")) for row in csv.DictReader(stream, delimiter="\t")}


def test_every_file_is_there(samples: list[Sample]) -> None:
    assert len(samples) == FILES


@pytest.mark.parametrize("field", QUESTIONS)
def test_every_expectation_is_met(field: str, samples: list[Sample], no_oracles: set[tuple[str, str]]) -> None:
    told: Counter[str] = Counter()
    disagreeing = []
    for sample in samples:
        if field not in sample.expected:
            continue
        if (sample.name, field) in no_oracles:
            told["left out"] += 1
        elif QUESTIONS[field](sample) == sample.expected[field]:
            told["agreeing"] += 1
        else:
            disagreeing.append((sample.name, sample.expected[field], sample.report.code, sample.report.message))
    assert disagreeing == []
    assert (told["agreeing"], told["left out"]) == (AGREEING[field], LEFT_OUT.get(field, 0))


def test_every_field_left_out_is_there_to_be_left_out(samples: list[Sample], no_oracles: set[tuple[str, str]]) -> None:
    expected = {(sample.name, field) for sample in samples for field in sample.expected}
    assert no_oracles <= expected
    assert len(no_oracles) == sum(LEFT_OUT.values())


@pytest.mark.parametrize("number", [402, 403])
def test_a_p_384_key_is_taken_only_under_the_policy_that_names_it(number: int, samples: list[Sample]) -> None:
    (sample,) = (each for each in samples if each.name == f"ES/2DCode/raw/{number}.json")
    assert sample.report.code == "key_not_allowed"
    allowed = sample.examined(Policy(allow=frozenset((Allowance.P384_UNDER_ES256,))))
    assert allowed.outcome is Outcome.VALID


def test_a_csca_that_signs_payloads_is_no_signer(samples: list[Sample]) -> None:
    (sample,) = (each for each in samples if each.name == SIGNED_BY_A_CSCA)
    assert sample.passes("trust", "signature") is sample.expected["VERIFY"] is True
    assert sample.report.code == "wrong_key_usage"


def test_verify_and_examine_agree_on_every_file(samples: list[Sample]) -> None:
    for sample in samples:
        verifier = Verifier(TrustList.of_certificates([sample.der]))
        try:
            verifier.verify(sample.text, at=sample.at)
            code = None
        except Exception as error:  # noqa: BLE001 - whatever it is, it has to have the report's code
            code = getattr(error, "code", repr(error))
        assert code == sample.report.code, sample.name

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import vaxcert
from tests.faults.broken import BROKEN
from tests.faults.encoders import AT
from vaxcert import errors
from vaxcert.cli import group
from vaxcert.commands import exit_codes
from vaxcert.model.valuesets import check_combination
from vaxcert.service.language import VIETNAMESE, VIETNAMESE_HINTS, VIETNAMESE_WARNINGS
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Report
from vaxcert.verify.verifier import Verifier

SOURCE = Path(vaxcert.__file__).parent
CLASSES = exit_codes.error_classes()
DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 70, 130}
VERDICTS = (
    errors.CodecError,
    errors.TrustError,
    errors.VerificationError,
    errors.LedgerProofError,
    errors.StorageError,
    errors.InputError,
    errors.MissingDependencyError,
)
"""What a source may give instead of a valid certificate."""


def report(code: str | None, outcome: Outcome = Outcome.REJECTED) -> Report:
    return Report(outcome=outcome, code=code, message="", steps=())


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", code) for code in codes)


def test_the_walk_sees_every_error_of_the_package() -> None:
    classes = {
        node.name
        for module in Path(errors.__file__).parent.glob("*.py")
        for node in ast.parse(module.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    assert classes == {kind.__name__ for kind in CLASSES}
    assert classes <= set(errors.__all__)
    assert all(kind.__module__.startswith(errors.__name__) for kind in CLASSES), "errors live in one package"


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_documented_exit_code(kind: type[errors.VaxcertError]) -> None:
    assert exit_codes.of_error(kind) in DOCUMENTED - {0}
    assert exit_codes.of_report(report(kind.code)) == exit_codes.of_error(kind)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.Base45Error, 1),
        (errors.SchemaError, 1),
        (errors.SignatureError, 1),
        (errors.ExpiredError, 1),
        (errors.WeakKeyError, 1),
        (errors.ImageError, 1),
        (errors.InputError, 2),
        (errors.SettingsError, 2),
        (errors.PrefixError, 3),
        (errors.NoQrCodeError, 3),
        (errors.UnknownSignerError, 4),
        (errors.StaleTrustListError, 4),
        (errors.TrustListError, 6),
        (errors.StorageError, 6),
        (errors.PassphraseError, 6),
        (errors.MissingDependencyError, 6),
        (errors.VaxcertError, 6),
    ],
)
def test_the_table_says_what_the_help_says(kind: type[errors.VaxcertError], code: int) -> None:
    assert exit_codes.of_error(kind) == code


def test_the_help_names_every_exit_code() -> None:
    assert {int(code) for code in re.findall(r"(\d+) [a-z]", str(group.epilog))} == DOCUMENTED


def test_valid_is_0_and_needs_no_code() -> None:
    assert exit_codes.of_report(report(None, Outcome.VALID)) == 0


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_the_exit_code_follows_the_outcome(case: object) -> None:
    examined = Verifier(TrustList.of_certificates([case.dsc()])).examine(case.text(), at=AT)  # type: ignore[attr-defined] # a Case
    expected = {"unknown_prefix": 3, "unknown_signer": 4}.get(examined.code or "", 1)
    assert exit_codes.of_report(examined) == expected


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 5], 5),
        ([0, 5, 4], 4),
        ([5, 4, 3], 3),
        ([4, 3, 1], 1),
        ([3, 1, 6], 6),
        ([1, 6, 2], 2),
        ([2, 70, 6, 1, 3, 4, 5, 0], 70),
    ],
)
def test_the_worst_is_a_bug_then_usage_then_work_not_done_then_the_verdicts(codes: list[int], worst: int) -> None:
    assert exit_codes.worst(codes) == worst
    assert exit_codes.worst(reversed(codes)) == worst


# --- Vietnamese ----------------------------------------------------------------------------------------------------


def test_every_verdict_has_a_word_in_vietnamese() -> None:
    assert {kind.code for kind in CLASSES if issubclass(kind, VERDICTS)} == set(VIETNAMESE)


def test_every_warning_has_a_word_in_vietnamese() -> None:
    """Warnings have no classes to walk, so their codes are found where they are made."""
    codes = set()
    for path in (*(SOURCE / "verify").rglob("*.py"), SOURCE / "service" / "verification.py"):
        text = path.read_text("utf-8")
        codes |= set(re.findall(r'(?:Warning_|warn|_note)\(\s*(?:found, )?"([a-z_]+)"', text))
    assert len(codes) >= 15, "the search finds them"
    combinations = [("EU/1/20/1528", "ORG-100001699", "J07BX03"), ("EU/1/20/1528", "ORG-100030215", "29061000087103")]
    codes |= {problem.code for codes_ in combinations for problem in check_combination(*codes_)}
    assert codes == set(VIETNAMESE_WARNINGS)


def test_a_hint_in_vietnamese_is_for_a_verdict() -> None:
    assert set(VIETNAMESE_HINTS) <= set(VIETNAMESE)


@pytest.mark.parametrize("text", [*VIETNAMESE.values(), *VIETNAMESE_WARNINGS.values(), *VIETNAMESE_HINTS.values()])
def test_a_vietnamese_text_reads_like_an_english_one(text: str) -> None:
    assert not text.endswith(".")
    assert text.format(message="m", issued="i", expires="e", revoked="r")
    assert set(re.findall(r"{(\w+)}", text)) <= {"message", "issued", "expires", "revoked"}

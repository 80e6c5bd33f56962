from __future__ import annotations

import json
from math import nan
from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import AT, Encoder, signer
from vaxcert.commands import render
from vaxcert.service import wording
from vaxcert.service.language import VIETNAMESE, VIETNAMESE_WARNINGS
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Report, SignerIdentity, Warning_
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from vaxcert.service.wording import Language

VALID = Verifier(TrustList.of_certificates([signer().der])).examine(Encoder().text(), at=AT)


def rejected(**changed: object) -> Report:
    fields: dict[str, object] = {"outcome": Outcome.REJECTED, "code": "bad_signature", "message": "no", "steps": ()}
    return Report(**(fields | changed))  # type: ignore[arg-type] # a table of its fields


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("code", VIETNAMESE)
def test_every_refusal_can_be_read_in_both_languages(code: str, lang: Language) -> None:
    report = rejected(code=code, message="why")
    for text in (render.card(report, lang), render.line(report, lang)):
        assert f"[{code}]" in text
        assert ("why" in text) == (lang == "en" or "{message}" in VIETNAMESE[code])


def test_the_outcome_stands_first_and_has_its_colour() -> None:
    assert render.card(rejected(), "en").startswith("\x1b[31m\x1b[1mREJECTED\x1b[0m\n")
    assert render.card(VALID, "en").startswith("\x1b[32m\x1b[1mVALID\x1b[0m\n")
    undetermined = rejected(outcome=Outcome.UNDETERMINED, code="unknown_signer")
    assert render.card(undetermined, "en").startswith("\x1b[33m\x1b[1mUNDETERMINED\x1b[0m\n")


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("code", VIETNAMESE_WARNINGS)
def test_every_warning_can_be_read_in_both_languages(code: str, lang: Language) -> None:
    shown = render.card(rejected(warnings=(Warning_(code, "what"),)), lang)
    assert f" [{code}]" in shown
    assert ("what" in shown) == (lang == "en" or "{message}" in VIETNAMESE_WARNINGS[code])


@pytest.mark.parametrize("source", [None, "text"])
def test_a_text_from_the_command_line_has_no_place(source: str | None) -> None:
    assert render.card(rejected(source=source), "en").splitlines()[0].endswith("REJECTED\x1b[0m")


def test_the_lines_of_several_stand_below_each_other() -> None:
    for lang in ("en", "vi"):
        lines = [
            render.line(rejected(source="a", outcome=outcome, code="expired"), lang)
            for outcome in (Outcome.REJECTED, Outcome.UNDETERMINED)
        ]
        assert len({line.index("  a  ") for line in lines}) == 1


def test_nothing_of_a_refused_certificate_is_shown() -> None:
    holder = {"certificate": VALID.certificate, "payload": VALID.payload, "signer": VALID.signer}
    for text in (render.card(rejected(**holder), "en"), render.line(rejected(**holder), "vi")):
        assert "Nguyễn" not in text
        assert "1983" not in text


def test_a_signer_of_whom_only_the_kid_is_known() -> None:
    assert "  signer: ? (kid AAAA)" in render.card(rejected(signer=SignerIdentity(kid="AAAA")), "en")


def test_what_comes_from_outside_cannot_write_a_line_of_its_own() -> None:
    report = rejected(
        source="a\nVALID  b",
        message="x\r\x1b[1A",
        signer=SignerIdentity(kid="AAAA", country="VN", subject="CN=\x1b]0;title\x07"),
        warnings=(Warning_("odd", "y\x08"),),
    )
    shown = render.card(report, "en")
    assert len(shown.splitlines()) == 4
    assert "a\\nVALID  b" in shown
    assert "x\\r\\u001b[1A" in shown
    assert "CN=\\u001b]0;title\\u0007" in shown
    assert len(render.line(report, "en").splitlines()) == 1


@pytest.mark.parametrize(
    ("sign", "written"),
    [
        ("\n", "\\n"),
        ("\x7f", "\\u007f"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\udb40\\udc01"),
        ("\u2028", "\\u2028"),
    ],
)
def test_what_does_not_show_is_written_as_in_json(sign: str, written: str) -> None:
    assert f"  a{written}b " in render.line(rejected(source=f"a{sign}b"), "en")


def test_a_hint_in_vietnamese_is_the_tables_and_else_the_english() -> None:
    known = rejected(code="unknown_signer", hint="add it")
    unknown = rejected(code="expired", hint="come earlier")
    assert wording.hint(known, "en") == "add it"
    assert "danh sách tin cậy" in str(wording.hint(known, "vi"))
    assert wording.hint(unknown, "vi") == "come earlier"
    assert wording.hint(rejected(), "vi") is None


def test_an_unknown_instant_is_a_question_mark() -> None:
    assert wording.reason(rejected(code="expired"), "vi").endswith("?")
    assert wording.reason(rejected(code="not_yet_valid"), "vi").endswith("?")


def test_json_is_one_line_of_utf_8_that_any_terminal_can_take() -> None:
    shown = {"name": "Nguyễn\n\x1b\u202e", "file": "\udcff"}
    content = render.json_text(shown)
    assert content == '{"name": "Nguyễn\\n\\u001b\\u202e", "file": "\\udcff"}'.encode()
    assert json.loads(content) == shown


def test_json_for_people_has_its_lines() -> None:
    assert render.json_text({"a": "\n"}, indent=2) == b'{\n  "a": "\\n"\n}'


def test_what_json_cannot_hold_is_a_bug_and_no_json() -> None:
    for value in (nan, b"", object()):
        with pytest.raises((ValueError, TypeError)):
            render.json_text({"x": value})

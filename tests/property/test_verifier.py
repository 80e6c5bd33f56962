"""Whatever the text, the verifier has an answer: `examine` a report, `verify` the same outcome, neither more."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.faults.encoders import (
    AT,
    Encoder,
    claims,
    covid_test,
    dcc,
    recovery,
    signer,
    text_of,
    text_of_claims,
    text_of_cose,
    text_of_payload,
    vaccination,
)
from vaxcert.codec import schema
from vaxcert.errors import TrustError, VaxcertError
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Report
from vaxcert.verify.tolerance import is_plain, mend
from vaxcert.verify.verifier import STEP_NAMES, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterable

TRUSTING = Verifier(TrustList.of_certificates([signer().der]))
STRANGER = Verifier(TrustList())

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.text(max_size=12)
    | st.binary(max_size=8)
    | st.sampled_from(
        [cbor2.undefined, cbor2.CBORSimpleValue(99), "2026-05-04", "2026-05-04T00:00:00Z", "VN", " 1 ", 2.0]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4) | st.integers(-5, 5) | st.binary(max_size=2) | st.floats(), inner, max_size=3
        )
        | st.builds(cbor2.CBORTag, st.integers(0, 70_000), inner)
    ),
    max_leaves=8,
)


def answer(verifier: Verifier, text: str, report: Report) -> tuple[Outcome, str | None, str]:
    """Return what `verify` says, in the words of a report."""
    try:
        verified = verifier.verify(text, at=AT)
    except VaxcertError as error:
        outcome = Outcome.UNDETERMINED if isinstance(error, TrustError) else Outcome.REJECTED
        return outcome, error.code, error.message
    assert verified.warnings == report.warnings
    return Outcome.VALID, None, report.message


def check(text: str, verifiers: Iterable[Verifier] = (TRUSTING, STRANGER)) -> list[Report]:
    """Check all that holds of every text, and return the reports."""
    reports = []
    for verifier in verifiers:
        report = verifier.examine(text, at=AT)
        assert (report.outcome, report.code, report.message) == answer(verifier, text, report)
        assert tuple(step.name for step in report.steps) == STEP_NAMES
        assert len(set(report.warnings)) == len(report.warnings)
        shown = report.to_dict()
        assert json.loads(json.dumps(shown, allow_nan=False)) == shown
        reports.append(report)
    return reports


@given(
    st.text(max_size=200) | st.text(max_size=100).map("HC1:".__add__) | st.text(st.characters(codec=None), max_size=20)
)
@example("HC1:")
@example("HC1:6BF")
@example("\ud800")
def test_any_text_gets_a_report(text: str) -> None:
    check(text)


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xd2\x84\x40\xa0\x40\x40")
def test_any_message_gets_a_report(content: bytes) -> None:
    check(text_of_cose(content))


@given(values)
def test_any_cbor_item_as_a_message_gets_a_report(item: Any) -> None:
    check(text_of_cose(cbor2.dumps(item)))


@given(values, values, values, values, st.sampled_from([18, 61, 98, 17]))
def test_any_four_parts_of_a_message_get_a_report(one: Any, two: Any, three: Any, four: Any, tag: int) -> None:
    check(text_of_cose(cbor2.dumps(cbor2.CBORTag(tag, [one, two, three, four]))))


@given(values | st.dictionaries(st.sampled_from([1, 2, 3, 4, 9]), values, max_size=4))
def test_any_header_gets_a_report(header: Any) -> None:
    check(Encoder(protected=lambda _: cbor2.dumps(header)).text())
    check(Encoder(protected=lambda _: b"", unprotected=lambda _: header).text())


@given(st.binary(max_size=120))
def test_any_signed_bytes_get_a_report(content: bytes) -> None:
    check(text_of_payload(content))


@given(values)
def test_any_signed_cbor_gets_a_report(whole: Any) -> None:
    check(text_of_claims(whole))


@given(st.dictionaries(st.sampled_from(["iss", "exp", "iat", "hcert"]), values))
def test_any_signed_claims_get_a_report(changed: dict[str, Any]) -> None:
    check(text_of_claims(claims(**changed)))


@cache
def kinds() -> tuple[dict[str, Any], ...]:
    return (dcc(), dcc(v=..., t=[covid_test()]), dcc(v=..., r=[recovery()]), dcc(ver="1.0.0"))


@st.composite
def odd_payloads(draw: st.DrawFn) -> dict[str, Any]:
    """Return a DCC with one to three of its members replaced, removed or added, at any depth."""
    payload: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(kinds()))))
    for _ in range(draw(st.integers(1, 3))):
        groups = [payload[group] for group in "vtr" if isinstance(payload.get(group), list)]
        entries = [entry for group in groups for entry in group if isinstance(entry, dict)]
        maps = [payload, *entries] + ([payload["nam"]] if isinstance(payload.get("nam"), dict) else [])
        place = draw(st.sampled_from(maps))
        key = draw(st.sampled_from([*place, "v", "t", "r", "tt", "mp", "dr", "x"]) | st.integers(0, 9))
        if draw(st.booleans()):
            place[key] = draw(values)
        else:
            place.pop(key, None)
        if isinstance(place.get(key), str) and draw(st.booleans()):
            place[key] = draw(st.sampled_from([" {}", "{}\u00a0", "{}T00:00:00Z"])).format(place[key])
    return payload


@given(odd_payloads())
@example(dcc(v=[vaccination(tt=[1])]))
@example(dcc(v=[vaccination(tr={"a": 1})]))
@example(dcc(v=[vaccination(dn=float("nan"))]))
@example(dcc(v=[vaccination(), None]))
@example(dcc(nam={5: {}}))
def test_any_signed_certificate_gets_a_report(payload: dict[str, Any]) -> None:
    check(text_of(payload))


@given(odd_payloads())
@example(dcc())
@example(dcc(v=..., t=[covid_test(dr="2026-11-20T08:00:00Z")], ver="1.0.0"))
def test_what_is_not_mended_had_nothing_to_mend(payload: dict[str, Any]) -> None:
    """A certificate that the strict schema takes, and whose event is plain, skips the mending: it has to be whole."""
    groups = [group for group in "vtr" if payload.get(group)]
    version = schema.nearest_version(payload.get("ver"))
    if len(groups) != 1 or not schema.is_strict(payload, version):
        return
    entries = payload[groups[0]]
    if len(entries) == 1 and is_plain(entries[0], groups[0]):
        assert mend(payload) == (payload, ())


@given(odd_payloads())
def test_mending_twice_mends_no_more(payload: dict[str, Any]) -> None:
    mended, _ = mend(payload)
    again, warnings = mend(mended)
    assert repr(again) == repr(mended)
    assert {warning.code for warning in warnings} <= {"unknown_member", "unreadable_date"}


@given(odd_payloads())
def test_a_stranger_is_told_of_every_fault_but_the_signers(payload: dict[str, Any]) -> None:
    trusted, stranger = check(text_of(payload))
    if trusted.outcome is Outcome.VALID:
        assert (stranger.outcome, stranger.code) == (Outcome.UNDETERMINED, "unknown_signer")
    else:
        assert (stranger.outcome, stranger.code) == (trusted.outcome, trusted.code)


@pytest.mark.parametrize("depth", [15, 16, 17, 100, 20_000])
def test_signed_depth_gets_a_report(depth: int) -> None:
    check(text_of_payload(b"\x81" * depth + b"\x00"))
    check(text_of_cose(b"\x81" * depth + b"\x00"))

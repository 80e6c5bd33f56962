from __future__ import annotations

from typing import Any

import pytest

from tests.faults.encoders import AT, covid_test, dcc, recovery, signer, text_of, vaccination
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.codes import code_warnings
from vaxcert.verify.verifier import Verifier


def told(group: str, event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(warning.code, warning.message) for warning in code_warnings(group, event)]


@pytest.mark.parametrize(
    ("group", "event"),
    [
        ("v", vaccination()),
        ("v", vaccination(co="UNHCR")),
        ("t", covid_test()),
        ("t", covid_test(ma="1232", tt="LP217198-3")),
        ("r", recovery()),
    ],
)
def test_known_codes_get_no_warning(group: str, event: dict[str, Any]) -> None:
    assert told(group, event) == []


@pytest.mark.parametrize(
    ("group", "event", "field"),
    [
        ("v", vaccination(tg="1"), "tg"),
        ("v", vaccination(co="XX"), "co"),
        ("v", vaccination(mp="Comirnaty"), "mp"),
        ("v", vaccination(ma="ORG-0"), "ma"),
        ("v", vaccination(vp="?"), "vp"),
        ("t", covid_test(tt="?"), "tt"),
        ("t", covid_test(tr="positive"), "tr"),
        ("t", covid_test(ma="?"), "ma"),
        ("r", recovery(co=""), "co"),
    ],
)
def test_an_unknown_code_is_named_by_its_place_and_never_by_its_value(
    group: str, event: dict[str, Any], field: str
) -> None:
    assert told(group, event) == [("unknown_code", f"the code in {group}.{field} is in no value set")]


def test_every_unknown_code_is_told_and_their_combination_is_not() -> None:
    warnings = told("v", vaccination(mp="?", ma="??", vp="???"))
    assert [code for code, _ in warnings] == ["unknown_code"] * 3
    assert len(set(warnings)) == 3


def test_known_codes_that_do_not_go_together_are_told_without_advice_to_issuers() -> None:
    assert told("v", vaccination(ma="ORG-100001699")) == [
        ("manufacturer_mismatch", "v.ma does not go with EU/1/20/1528 (Comirnaty)")
    ]


def test_a_code_no_longer_in_use_is_told() -> None:
    assert [code for code, _ in told("v", vaccination(vp="J07BX03"))] == ["deprecated_code"]


@pytest.mark.parametrize("foreign", [["LP6464-4"], {"a": 1}, 7, b"x", None])
def test_a_member_of_another_kind_of_event_is_not_looked_at(foreign: object) -> None:
    payload = dcc(v=[vaccination(tt=foreign, tr=foreign)])
    report = Verifier(TrustList.of_certificates([signer().der])).examine(text_of(payload), at=AT)
    assert (report.code, {warning.code for warning in report.warnings}) in (
        (None, {"unknown_member"}),
        (None, {"null_dropped"}),
    )


def test_a_test_with_a_product_is_still_a_test() -> None:
    assert told("t", covid_test(mp="EU/1/20/1528", ma="1232")) == []

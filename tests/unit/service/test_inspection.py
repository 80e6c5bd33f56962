from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.broken import BROKEN
from tests.faults.encoders import AT, Case, Encoder, claims, dcc, kid_text, signer, text_of, text_of_claims, vaccination
from vaxcert.service.inspection import Inspection, inspect_source

if TYPE_CHECKING:
    from pathlib import Path


def inspect(text: str) -> Inspection:
    (inspection,) = inspect_source(text, at=AT)
    return inspection


def layers(text: str) -> dict[str, Any]:
    return dict(inspect(text).layers)


def test_a_certificate_is_shown_layer_by_layer_and_never_verified() -> None:
    encoder = Encoder()
    message = encoder.message()
    text = Encoder(message=lambda _: message).text()
    inspection = inspect(text)
    assert inspection.layers == {
        "text": {"characters": len(text)},
        "zlib": {"bytes": len(Encoder(message=lambda _: message).stream()), "inflated_bytes": len(encoder.cose())},
        "cose": {
            "algorithm": "ES256",
            "kid": kid_text(signer()),
            "signature_bytes": 64,
            "payload_bytes": len(message[2]),
        },
        "claims": {"issuer": "VN"},
        "uvci": {
            "well_formed": True,
            "country": "VN",
            "issuer": None,
            "opaque": "5E0C4D7A1B9F42638AD0C7E1F2B3A495",
            "check_character": None,
        },
    }
    shown = inspection.to_dict()
    assert (shown["verified"], shown["faults"], shown["payload"]) == (False, [], dcc())


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_what_is_broken_is_named_as_far_as_no_trust_list_is_needed(case: Case) -> None:
    shown: Any = inspect(case.text()).to_dict()
    assert shown["verified"] is False
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    codes = [fault["code"] for fault in shown["faults"]]
    if case.step in ("trust", "signature", "key_usage") or case.name == "lapsed-signer":
        assert codes == [], "nobody was asked who signed"
    else:
        assert case.code in codes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HC2:X", ["text"]),
        ("HC1:bb8", ["text"]),
        (Encoder(item=lambda e: e.message()[:3]).text(), ["text"]),
        (text_of_claims([]), ["text", "zlib", "cose"]),
        (text_of_claims(claims(exp=...)), ["text", "zlib", "cose"]),
        (text_of(dcc(v=...)), ["text", "zlib", "cose", "claims"]),
        (text_of(dcc(v=[vaccination(ci=7)])), ["text", "zlib", "cose", "claims"]),
    ],
)
def test_decoding_shows_the_layers_that_it_reached(text: str, found: list[str]) -> None:
    assert list(layers(text)) == found


@pytest.mark.parametrize("identifier", ["", "not one", "x" * 81, "URN:UVCI:01:VN:Ẩ"])
def test_an_identifier_that_is_none_is_told(identifier: str) -> None:
    shown = layers(text_of(dcc(v=[vaccination(ci=identifier)])))["uvci"]
    assert shown["well_formed"] is False
    assert set(shown) == {"well_formed", "message"}


def test_a_wrong_check_character_is_shown_and_is_no_fault() -> None:
    inspection = inspect(text_of(dcc(v=[vaccination(ci="URN:UVCI:01:SE:EHM/V12916227TFJJ#A")])))
    shown: Any = inspection.layers["uvci"]
    assert shown["check_character"] is False
    assert inspection.to_dict()["faults"] == []


def test_a_source_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (inspection,) = inspect_source(str(tmp_path), at=AT)
    shown: Any = inspection.to_dict()
    assert (inspection.source, inspection.layers) == (str(tmp_path), {})
    assert [fault["code"] for fault in shown["faults"]] == ["storage_failed"]

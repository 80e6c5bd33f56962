"""Hexadecimal in JSON, and what nodes might write instead."""

from __future__ import annotations

import pytest

from vaxcert.errors import ChainProofError
from vaxcert.ledger.evm.json_values import json_list, json_object, octets, octets_exactly, quantity


@pytest.mark.parametrize(("value", "number"), [("0x0", 0), ("0x41", 65), ("0x" + "f" * 64, 2**256 - 1), (7, 7)])
def test_quantities_are_read(value: object, number: int) -> None:
    assert quantity(value, "count") == number


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1.0, -1, 2**256, b"\x01", [1]),
        *("", "0x", "41", "0X41", "0xg", "0x-1", "0x+1", "0x1_0", "0x 1", "0x1\n", "0x" + "f" * 65, "0x\u0661"),
    ],
)
def test_what_is_no_quantity_is_refused(value: object) -> None:
    with pytest.raises(ChainProofError, match="count"):
        quantity(value, "count")


@pytest.mark.parametrize(("value", "content"), [("0x", b""), ("0x00Ff", b"\x00\xff"), (b"\x01", b"\x01")])
def test_byte_strings_are_read(value: object, content: bytes) -> None:
    assert octets(value, "text", limit=2) == content


@pytest.mark.parametrize("value", [None, 7, "", "00", "0x0", "0xzz", "0x000000", b"\0\0\0", "0x-1", "0x 00", ["0x"]])
def test_what_is_no_byte_string_is_refused(value: object) -> None:
    with pytest.raises(ChainProofError, match="text"):
        octets(value, "text", limit=2)


@pytest.mark.parametrize("value", ["0x00", "0x000000", "0x", b"\0"])
def test_a_byte_string_of_another_length_is_refused(value: object) -> None:
    with pytest.raises(ChainProofError):
        octets_exactly(value, "text", length=2)


@pytest.mark.parametrize("value", [None, "ab", b"ab", {}, 7, ["a"] * 3])
def test_what_is_no_short_list_is_refused(value: object) -> None:
    with pytest.raises(ChainProofError):
        json_list(value, "list", limit=2)


def test_lists_and_objects_are_read() -> None:
    assert json_list(["a", "b"], "list", limit=2) == ["a", "b"]
    assert json_object({"a": 1}, "object") == {"a": 1}


@pytest.mark.parametrize("value", [None, "ab", [], 7])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(ChainProofError):
        json_object(value, "object")

"""A verifier key has one text form, and its id follows from its name, kind and bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vaxcert.errors import KeyFileError, NoteError
from vaxcert.ledger.log.cosignature import WitnessKey
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.note_key import (
    KeyType,
    NoteVerifier,
    check_name,
    cosignature_time,
    is_name,
    timestamped,
)

# Worked out by hand from signed-note's formula, over an invented key: SHA-256("log.example/vn" 0x0a 0x01 key)[:4].
PUBLIC = bytes(range(32))
VKEY = "log.example/vn+641f47d6+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def test_a_key_comes_back_from_its_text() -> None:
    verifier = NoteVerifier(name="log.example/vn", key_type=KeyType.LOG, public_key=PUBLIC)
    assert NoteVerifier.of_vkey(verifier.vkey) == verifier


def test_the_kind_is_part_of_the_key_id() -> None:
    log = NoteVerifier(name="a.example", key_type=KeyType.LOG, public_key=PUBLIC)
    witness = NoteVerifier(name="a.example", key_type=KeyType.WITNESS, public_key=PUBLIC)
    assert log.key_id != witness.key_id
    assert NoteVerifier.of_vkey(witness.vkey).key_type is KeyType.WITNESS


def test_base64_with_a_plus_is_read() -> None:
    verifier = NoteVerifier(name="a.example", key_type=KeyType.LOG, public_key=b"ab" + b"\xfb\xef\xbe" * 10)
    assert "+" in verifier.vkey.split("+", 2)[2]
    assert NoteVerifier.of_vkey(verifier.vkey) == verifier


@pytest.mark.parametrize(
    ("vkey", "match"),
    [
        ("", "NAME"),
        ("log.example/vn", "NAME"),
        (VKEY.replace("+", " "), "NAME"),
        (VKEY[: VKEY.rindex("+")], "NAME"),
        (VKEY + "=", "NAME"),
        (VKEY[:-1], "NAME"),
        (VKEY + "\n", "NAME"),
        (VKEY + "AAAA", "NAME"),
        (VKEY.replace("+AQ", "+Ag"), "kind 0x02"),
        (VKEY.replace("+AQ", "+Bg"), "kind 0x06"),
        (VKEY.replace("641f47d6", "00000000"), "id does not belong"),
        (VKEY.replace("641f47d6", ""), "id does not belong"),
        (VKEY.replace("/vn", "/vm"), "id does not belong"),
        (VKEY[len("log.example/vn") :], "one word"),
        (VKEY.replace("/vn", " vn"), "one word"),
        (VKEY.replace("/vn", "/" + "v" * 250), "one word"),
    ],
)
def test_a_malformed_verifier_key_is_refused(vkey: str, match: str) -> None:
    with pytest.raises(KeyFileError, match=match):
        NoteVerifier.of_vkey(vkey)


def test_a_key_id_in_capitals_is_another_text() -> None:
    with pytest.raises(KeyFileError, match="id does not belong"):
        NoteVerifier.of_vkey(VKEY.replace("641f47d6", "641F47D6"))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_public_key_of_another_length_is_a_programmers_mistake(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        NoteVerifier(name="a.example", key_type=KeyType.LOG, public_key=bytes(length))


@pytest.mark.parametrize("name", ["", " ", "a b", "a+b", "a\nb", "a\tb", "a\x00", "\N{NO-BREAK SPACE}", "a\u2028b"])
def test_a_name_is_one_word_without_plus(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(ValueError, match="one word"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "log.example/vn", "sổ-cái.example", "=/-_"])
def test_other_words_are_names(name: str) -> None:
    assert is_name(name)
    check_name(name)


def test_a_name_of_ours_has_at_most_255_bytes() -> None:
    check_name("é" * 127)
    with pytest.raises(ValueError, match="255 bytes"):
        check_name("é" * 128)


def test_a_key_that_is_no_point_of_the_curve_verifies_nothing() -> None:
    verifier = NoteVerifier(name="a.example", key_type=KeyType.LOG, public_key=b"\xff" * 32)
    with pytest.raises(NoteError, match="does not hold"):
        verifier.verify("text\n", bytes(64))


def test_a_logs_signature_is_none_of_a_witness_and_the_other_way_round() -> None:
    log, text = LogKey.create("a.example"), "text\n"
    as_witness = NoteVerifier(name="a.example", key_type=KeyType.WITNESS, public_key=log.verifier.public_key)
    with pytest.raises(NoteError, match="does not hold"):
        as_witness.verify(text, timestamped(0, log.sign(text)))
    with pytest.raises(NoteError):
        as_witness.verify(text, log.sign(text))
    witness = WitnessKey.create("a.example")
    as_log = NoteVerifier(name="a.example", key_type=KeyType.LOG, public_key=witness.verifier.public_key)
    with pytest.raises(NoteError, match="does not hold"):
        as_log.verify(text, witness.cosign(text, at=datetime(2026, 11, 23, tzinfo=UTC)).signature)


@pytest.mark.parametrize("signature", [b"", bytes(7), b"\x80" + bytes(71), b"\xff" * 72])
def test_a_cosignature_without_a_time_is_refused(signature: bytes) -> None:
    with pytest.raises(NoteError, match="carries no time"):
        cosignature_time(signature)


def test_the_last_time_of_the_format_is_read() -> None:
    assert cosignature_time(timestamped(2**63 - 1, bytes(64))) == 2**63 - 1

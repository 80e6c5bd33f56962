"""A note is what its known keys signed, to the byte; whatever else stands under it changes nothing."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.small_log import log_key
from vaxcert.errors import NoteError
from vaxcert.ledger.log.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    NoteSignature,
    SignedNote,
    parse_note,
    parse_signature_lines,
    sign_note,
    verify_note,
)

if TYPE_CHECKING:
    from vaxcert.ledger.log.log_key import LogKey

KEY, OTHER = log_key("log.example/vn"), log_key("log.example/other")
TEXT = "một dòng\n\nsau một dòng trống\n"
NOTE = sign_note(TEXT, KEY)
LINE = NOTE.splitlines(keepends=True)[-1]
DASH = "\N{EM DASH}"


def line_of(key: LogKey, text: str = TEXT) -> str:
    return NoteSignature(key.name, key.key_id, key.sign(text)).to_line()


def stranger(number: int) -> str:
    return f"{DASH} stranger.example/{number} {b64encode(bytes(4 + 64)).decode()}\n"


# --- what holds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("note", [NOTE, NOTE.encode()])
def test_a_signed_note_comes_back(note: str | bytes) -> None:
    signed = parse_note(note)
    assert signed.text == TEXT
    assert signed.to_text() == NOTE
    assert verify_note(signed, [KEY.verifier]) == (KEY.verifier,)


def test_signatures_by_strangers_are_ignored() -> None:
    note = parse_note(NOTE + stranger(1) + stranger(2))
    assert verify_note(note, [KEY.verifier, OTHER.verifier]) == (KEY.verifier,)


def test_a_stranger_with_the_name_of_a_known_key_is_ignored() -> None:
    double = log_key(KEY.name, seed="double")
    assert verify_note(parse_note(line_of_note(line_of(double), LINE)), [KEY.verifier]) == (KEY.verifier,)


def test_a_stranger_with_the_key_id_of_a_known_key_is_ignored() -> None:
    same_id = NoteSignature("stranger.example", KEY.key_id, bytes(64)).to_line()
    assert verify_note(parse_note(line_of_note(same_id, LINE)), [KEY.verifier]) == (KEY.verifier,)


def test_two_known_keys_may_sign_and_the_order_is_that_of_the_lines() -> None:
    note = parse_note(line_of_note(line_of(OTHER), LINE, line_of(OTHER)))
    assert verify_note(note, [KEY.verifier, OTHER.verifier]) == (OTHER.verifier, KEY.verifier)


def test_sixteen_signatures_are_read() -> None:
    note = parse_note(NOTE + "".join(map(stranger, range(MAX_SIGNATURES - 1))))
    assert len(note.signatures) == 16
    verify_note(note, [KEY.verifier])


def test_the_text_may_be_empty_but_for_its_newline() -> None:
    assert parse_note(sign_note("\n", KEY)).text == "\n"


def line_of_note(*lines: str) -> str:
    return TEXT + "\n" + "".join(lines)


# --- who signed -----------------------------------------------------------------------------------------------------


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(NoteError, match="no known key"):
        verify_note(parse_note(NOTE), [OTHER.verifier])


def test_without_keys_nothing_is_believed() -> None:
    with pytest.raises(NoteError, match="no known key"):
        verify_note(parse_note(NOTE), [])


@pytest.mark.parametrize("lines", [(0, 1), (1, 0)])
def test_a_bad_signature_by_a_known_key_condemns_the_note(lines: tuple[int, int]) -> None:
    both = (LINE, line_of(OTHER, "another text\n"))
    note = parse_note(line_of_note(*(both[number] for number in lines)))
    with pytest.raises(NoteError, match=r"by log\.example/other does not hold"):
        verify_note(note, [KEY.verifier, OTHER.verifier])


def test_a_second_bad_signature_by_the_same_key_condemns_the_note() -> None:
    with pytest.raises(NoteError, match="does not hold"):
        verify_note(parse_note(line_of_note(LINE, line_of(KEY, "another text\n"))), [KEY.verifier])


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    line = NoteSignature(KEY.name, KEY.key_id, KEY.sign(TEXT).ljust(65, b"\0")[:length]).to_line()
    with pytest.raises(NoteError, match="does not hold"):
        verify_note(parse_note(line_of_note(line)), [KEY.verifier])


@pytest.mark.parametrize("position", range(len(TEXT.encode())))
def test_every_byte_of_the_text_is_signed(position: int) -> None:
    changed = bytearray(NOTE.encode())
    changed[position] ^= 1
    with pytest.raises(NoteError):
        verify_note(parse_note(bytes(changed)), [KEY.verifier])


def test_the_blank_line_is_not_part_of_the_text() -> None:
    note = SignedNote(TEXT, (NoteSignature(KEY.name, KEY.key_id, KEY.sign(TEXT + "\n")),))
    with pytest.raises(NoteError, match="does not hold"):
        verify_note(note, [KEY.verifier])


# --- form -----------------------------------------------------------------------------------------------------------


def test_a_seventeenth_signature_is_refused() -> None:
    with pytest.raises(NoteError, match="over 16 signatures"):
        parse_note(NOTE + "".join(map(stranger, range(MAX_SIGNATURES))))


@pytest.mark.parametrize(
    ("note", "match"),
    [
        (NOTE[:-1], "each with its newline"),
        (NOTE.replace("\n", "\r\n"), "control character"),
        (NOTE.replace("dòng", "d\tng"), "control character"),
        (NOTE.replace("dòng", "d\0ng"), "control character"),
        (NOTE.replace("dòng", "d\x1fng"), "control character"),
        (NOTE.encode() + b"\xff", "not UTF-8"),
        (NOTE.encode("utf-16"), "not UTF-8"),
        (NOTE + "\ud800", "not UTF-8"),
        ("", "no blank line"),
        (TEXT[:8], "no blank line"),
        (LINE, "no blank line"),
        (TEXT + "\n", "each with its newline"),
        (NOTE + "\n", "each with its newline"),
        (NOTE + "\n" + TEXT, "signature line is malformed"),
    ],
)
def test_what_is_no_note_is_refused(note: str | bytes, match: str) -> None:
    with pytest.raises(NoteError, match=match) as caught:
        parse_note(note)
    assert "dòng" not in str(caught.value)


def test_a_line_after_another_blank_line_is_not_a_signature_of_the_first_text() -> None:
    # The last blank line counts: the known key signed TEXT, and here the text is longer.
    with pytest.raises(NoteError, match="does not hold"):
        verify_note(parse_note(f"{NOTE}\n{LINE}"), [KEY.verifier])


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(DASH, "-"),
        LINE.replace(DASH, "\N{EN DASH}"),
        LINE.replace(f"{DASH} ", DASH),
        LINE.replace(f"{DASH} ", f"{DASH}  "),
        LINE.replace(f"{DASH} ", f"{DASH}\N{NO-BREAK SPACE}"),
        f" {LINE}",
        f"{LINE[:-1]} \n",
        LINE.replace("log.example/vn", "log.example+vn"),
        LINE.replace("log.example/vn", "log.example\N{NO-BREAK SPACE}vn"),
        LINE.replace("log.example/vn", "log.example\N{IDEOGRAPHIC SPACE}vn"),
        LINE.replace("log.example/vn ", " "),
        LINE.replace("log.example/vn ", ""),
        f"{DASH} log.example/vn\n",
        f"{DASH} log.example/vn \n",
        f"{DASH} log.example/vn AAAA\n",
        f"{DASH} log.example/vn {b64encode(bytes(4)).decode()}\n",
        f"{DASH} log.example/vn {b64encode(bytes(68)).decode().rstrip('=')}\n",
        f"{DASH} log.example/vn {b64encode(bytes(68)).decode()[:-2]}B=\n",  # bits after the end
        f"{DASH} log.example/vn {'-_' * 46}\n",
        f"{DASH} log.example/vn ệ{b64encode(bytes(68)).decode()}\n",
        "\n",
    ],
)
def test_a_malformed_signature_line_is_refused(line: str) -> None:
    with pytest.raises(NoteError, match=r"signature line is malformed|each with its newline"):
        parse_note(line_of_note(LINE, line))


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_note_past_the_bound_is_not_even_read(kind: type[str | bytes]) -> None:
    note = "\0" * (MAX_NOTE_BYTES + 1)
    with pytest.raises(NoteError, match="over 131072 bytes"):
        parse_note(note if kind is str else note.encode())


# --- lines alone, and signing ---------------------------------------------------------------------------------------


def test_signature_lines_are_read_without_a_text() -> None:
    assert parse_signature_lines(LINE + stranger(1))[0] == parse_note(NOTE).signatures[0]
    assert len(parse_signature_lines((LINE + stranger(1)).encode())) == 2


@pytest.mark.parametrize("lines", ["", "\n", LINE[:-1], f"{LINE}\n{LINE}", f"\n{LINE}", NOTE, LINE * 17])
def test_lines_that_are_not_all_signatures_are_refused(lines: str) -> None:
    with pytest.raises(NoteError):
        parse_signature_lines(lines)


@pytest.mark.parametrize("text", ["", "no newline", "a tab\t\n", "a return\r\n", "half a pair \ud800\n"])
def test_what_cannot_be_a_text_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign_note(text, KEY)

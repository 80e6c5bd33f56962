"""A checkpoint says one size and one root of one log, in one way."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.small_log import log_key
from vaxcert.errors import CheckpointError, NoteError
from vaxcert.ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from vaxcert.ledger.log.note import sign_note
from vaxcert.ledger.log.tree import EMPTY_ROOT

KEY = log_key("log.example/vn")
ROOT = bytes(range(32))
BASE64 = b64encode(ROOT).decode()
TEXT = f"log.example/vn\n20852163\n{BASE64}\n"


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = Checkpoint("log.example/vn", 20852163, ROOT)
    assert checkpoint.text == TEXT
    assert parse_checkpoint(TEXT) == checkpoint


def test_extension_lines_come_back() -> None:
    checkpoint = Checkpoint("log.example/vn", 1, ROOT, ("a line", "and another"))
    assert parse_checkpoint(checkpoint.text) == checkpoint
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), verifier=KEY.verifier) == checkpoint


def test_an_origin_may_have_spaces() -> None:
    # tlog-checkpoint: clients MUST NOT assume that it is a URL.
    assert parse_checkpoint(f"a log + more\n0\n{b64encode(EMPTY_ROOT).decode()}\n").origin == "a log + more"


def test_the_largest_size_is_read() -> None:
    assert parse_checkpoint(TEXT.replace("20852163", str(2**63 - 1))).size == 2**63 - 1


def test_a_signed_checkpoint_is_opened_by_its_logs_key() -> None:
    checkpoint = Checkpoint(KEY.name, 3, ROOT)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY).encode(), verifier=KEY.verifier) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT[:-1],
        f"log.example/vn\n1\n{BASE64}",
        "log.example/vn\n1\n",
        f"\n1\n{BASE64}\n",
        f"{'n' * 256}\n1\n{BASE64}\n",
        *(
            TEXT.replace("20852163", size)
            for size in ("", " 1", "1 ", "+1", "-1", "01", "00", "1_0", "0x1", "1.0", "٣", "¹", str(2**63), "9" * 4000)
        ),
        TEXT.replace(BASE64, ""),
        TEXT.replace(BASE64, BASE64[:-1]),
        TEXT.replace(BASE64, BASE64[:-2] + "9="),  # bits after the end
        TEXT.replace(BASE64, BASE64.replace("+", "-").replace("/", "_") + "_"),
        TEXT.replace(BASE64, b64encode(bytes(31)).decode()),
        TEXT.replace(BASE64, b64encode(bytes(33)).decode()),
        TEXT.replace(BASE64, f" {BASE64}"),
        TEXT + "\n",
        TEXT + "\nafter an empty line\n",
        TEXT.replace("20852163", "0"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "fields",
    [
        ("", 1, ROOT),
        ("a\nb", 1, ROOT),
        ("a\rb", 1, ROOT),
        ("a", -1, ROOT),
        ("a", 2**63, ROOT),
        ("a", 1, ROOT[:-1]),
        ("a", 0, ROOT),
        ("a", 1, ROOT, ("",)),
        ("a", 1, ROOT, ("b\nc",)),
    ],
)
def test_what_no_checkpoint_may_say_is_refused(fields: tuple[str, int, bytes]) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint(*fields)


def test_the_empty_tree_has_its_own_root() -> None:
    assert parse_checkpoint(Checkpoint("a", 0, EMPTY_ROOT).text).size == 0


def test_only_its_own_log_signs_a_checkpoint() -> None:
    with pytest.raises(ValueError, match="own log"):
        sign_checkpoint(Checkpoint("log.example/other", 3, ROOT), KEY)


def test_a_checkpoint_that_another_log_signed_is_refused() -> None:
    foreign = sign_note(Checkpoint("log.example/other", 3, ROOT).text, KEY)
    with pytest.raises(CheckpointError, match="another log"):
        open_checkpoint(foreign, verifier=KEY.verifier)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    note = sign_checkpoint(Checkpoint(KEY.name, 3, ROOT), log_key(KEY.name, seed="another"))
    with pytest.raises(NoteError, match="no known key"):
        open_checkpoint(note, verifier=KEY.verifier)


def test_a_changed_size_is_not_signed() -> None:
    note = sign_checkpoint(Checkpoint(KEY.name, 3, ROOT), KEY)
    with pytest.raises(NoteError, match="does not hold"):
        open_checkpoint(note.replace("\n3\n", "\n4\n"), verifier=KEY.verifier)


def test_a_signed_note_need_not_be_a_checkpoint() -> None:
    with pytest.raises(CheckpointError, match="three lines"):
        open_checkpoint(sign_note("good morning\n", KEY), verifier=KEY.verifier)

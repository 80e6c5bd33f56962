"""A cosignature is a witness's word on one checkpoint at one time."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.small_log import SmallLog, witness_key
from vaxcert.errors import NoteError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.cosignature import Cosignature, add_cosignatures, verify_cosignatures
from vaxcert.ledger.log.note import NoteSignature, parse_note
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier, cosigned_text, timestamped

if TYPE_CHECKING:
    from vaxcert.ledger.log.cosignature import WitnessKey

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LOG = SmallLog(size=5)
NOTE = LOG.note(5)
TEXT = LOG.checkpoint(5).text
ONE, TWO = witness_key("witness.example/1"), witness_key("witness.example/2")
BOTH = [ONE.verifier, TWO.verifier]


def line(key: WitnessKey, at: datetime = AT, text: str = TEXT) -> str:
    return key.cosign(text, at=at).to_line()


def test_cosignatures_are_verified_with_their_times() -> None:
    later = AT + timedelta(minutes=3)
    note = add_cosignatures(NOTE, line(ONE) + line(TWO, later), verifiers=BOTH)
    assert verify_cosignatures(note, [*BOTH, LOG.key.verifier]) == (
        Cosignature("witness.example/1", AT),
        Cosignature("witness.example/2", later),
    )
    assert open_checkpoint(note, verifier=LOG.key.verifier) == LOG.checkpoint(5)


def test_the_signed_message_is_that_of_the_specification() -> None:
    signature = ONE.cosign(TEXT, at=AT).signature
    assert int.from_bytes(signature[:8], "big") == AT.timestamp()
    ONE.verifier.verify_bytes(f"cosignature/v1\ntime {int(AT.timestamp())}\n{TEXT}".encode(), signature[8:])


def test_the_specifications_example_has_its_time() -> None:
    # tlog-cosignature's example line; its key is not published.
    content = b64decode(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert len(content) == 4 + 8 + 64
    assert int.from_bytes(content[4:12], "big") == 1679315147


def test_a_time_zone_is_only_another_way_to_write_the_time() -> None:
    assert line(ONE) == line(ONE, AT.astimezone(timezone(timedelta(hours=7))))


def test_without_witnesses_there_are_no_cosignatures() -> None:
    assert verify_cosignatures(NOTE, BOTH) == ()
    assert verify_cosignatures(NOTE, []) == ()


def test_a_newer_cosignature_replaces_the_older_one() -> None:
    note = add_cosignatures(NOTE, line(ONE), verifiers=BOTH)
    later = add_cosignatures(note, line(ONE, AT + timedelta(days=1)), verifiers=BOTH)
    assert verify_cosignatures(later, BOTH) == (Cosignature("witness.example/1", AT + timedelta(days=1)),)
    assert len(parse_note(later).signatures) == 2


@pytest.mark.parametrize("times", [(1, 2), (2, 1)])
def test_a_witness_counts_once_with_its_latest_time(times: tuple[int, int]) -> None:
    note = NOTE + "".join(line(ONE, AT + timedelta(hours=hours)) for hours in times)
    assert verify_cosignatures(note, BOTH) == (Cosignature("witness.example/1", AT + timedelta(hours=2)),)


def test_lines_by_unknown_witnesses_are_left_out() -> None:
    note = add_cosignatures(NOTE, line(TWO) + line(ONE), verifiers=[ONE.verifier])
    assert note == NOTE + line(ONE)


def test_a_naive_time_is_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ONE.cosign(TEXT, at=AT.replace(tzinfo=None))


def test_an_answer_without_a_known_witness_is_refused() -> None:
    with pytest.raises(NoteError, match="no known witness"):
        add_cosignatures(NOTE, line(TWO), verifiers=[ONE.verifier, LOG.key.verifier])


def test_the_logs_own_signature_is_no_cosignature() -> None:
    with pytest.raises(NoteError, match="no known witness"):
        add_cosignatures(NOTE, NOTE.splitlines(keepends=True)[-1], verifiers=[LOG.key.verifier])


@pytest.mark.parametrize(
    "bad",
    [
        line(ONE, text=LOG.checkpoint(4).text),
        NoteSignature(ONE.name, ONE.verifier.key_id, ONE.cosign(TEXT, at=AT).signature[8:]).to_line(),
        NoteSignature(ONE.name, ONE.verifier.key_id, timestamped(1, ONE.cosign(TEXT, at=AT).signature[8:])).to_line(),
        NoteSignature(ONE.name, ONE.verifier.key_id, b"\0").to_line(),
    ],
)
def test_a_bad_cosignature_by_a_known_witness_condemns_the_note(bad: str) -> None:
    with pytest.raises(NoteError):
        add_cosignatures(NOTE, line(TWO) + bad, verifiers=BOTH)
    with pytest.raises(NoteError):
        verify_cosignatures(NOTE + line(TWO) + bad, BOTH)


def test_a_witness_with_the_key_id_of_another_kind_is_unknown() -> None:
    as_log = NoteVerifier(name=ONE.name, key_type=KeyType.LOG, public_key=ONE.verifier.public_key)
    assert verify_cosignatures(NOTE + line(ONE), [as_log]) == ()


def test_a_time_past_the_calendar_is_refused() -> None:
    far = 2**62
    signature = timestamped(far, ONE._key.sign(cosigned_text(TEXT, far).encode()))
    with pytest.raises(NoteError, match="past the calendar"):
        verify_cosignatures(NOTE + NoteSignature(ONE.name, ONE.verifier.key_id, signature).to_line(), BOTH)


@pytest.mark.parametrize("lines", ["", "\n", "text", line(ONE)[:-1]])
def test_a_malformed_answer_is_refused(lines: str) -> None:
    with pytest.raises(NoteError):
        add_cosignatures(NOTE, lines, verifiers=BOTH)


def test_a_note_with_too_many_signatures_takes_no_more() -> None:
    many = [witness_key(f"witness.example/{number}") for number in range(16)]
    with pytest.raises(NoteError, match="over 16"):
        add_cosignatures(NOTE, "".join(map(line, many)), verifiers=[key.verifier for key in many])

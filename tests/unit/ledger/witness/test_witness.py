"""A witness cosigns what extends the last checkpoint that it cosigned, and never two histories."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.small_log import SmallLog, log_key, witness_key
from vaxcert.errors import WitnessRefusedError
from vaxcert.ledger.log.checkpoint import Checkpoint, sign_checkpoint
from vaxcert.ledger.log.cosignature import Cosignature, verify_cosignatures
from vaxcert.ledger.log.note import NoteSignature, sign_note
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.log.tree import EMPTY_ROOT
from vaxcert.ledger.store.witness_state import Seen, WitnessState
from vaxcert.ledger.witness.request import format_request
from vaxcert.ledger.witness.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LOG = SmallLog("log.example/vn", 40)
FORK = SmallLog("log.example/fork", 40, key=LOG.key)
"""Other certificates under the same key."""
OTHER = SmallLog("log.example/other", 40)
KEY = witness_key("witness.example/1")


def now() -> datetime:
    return AT


@pytest.fixture
def state(tmp_path: Path) -> WitnessState:
    return WitnessState.create(tmp_path / "witness.sqlite")


@pytest.fixture
def witness(state: WitnessState) -> Witness:
    return Witness(KEY, [LOG.key.verifier], state)


def request(old: int, new: int, *, log: SmallLog = LOG) -> bytes:
    path = log.tree.consistency(old, new) if 0 < old < new else []
    return format_request(log.note(new), old_size=old, path=path)


def refusal(witness: Witness, body: bytes, clock: Callable[[], datetime] = now) -> WitnessRefusedError:
    with pytest.raises(WitnessRefusedError) as caught:
        witness.add_checkpoint(body, clock=clock)
    return caught.value


# --- what is cosigned -----------------------------------------------------------------------------------------------


def test_checkpoints_that_extend_each_other_are_cosigned(witness: Witness, state: WitnessState) -> None:
    old = 0
    for new in (1, 2, 3, 7, 8, 20, 40):
        line = witness.add_checkpoint(request(old, new), clock=now)
        found = verify_cosignatures(LOG.note(new) + line, [KEY.verifier])
        assert found == (Cosignature("witness.example/1", AT),)
        assert state.seen("log.example/vn") == Seen(size=new, root=LOG.tree.root(new), time=int(AT.timestamp()))
        old = new


def test_the_same_checkpoint_is_cosigned_again_with_its_new_time(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 7), clock=now)
    later = AT + timedelta(hours=1)
    line = witness.add_checkpoint(request(7, 7), clock=lambda: later)
    assert verify_cosignatures(LOG.note(7) + line, [KEY.verifier]) == (Cosignature("witness.example/1", later),)


def test_an_empty_log_is_cosigned(witness: Witness) -> None:
    note = sign_checkpoint(Checkpoint("log.example/vn", 0, EMPTY_ROOT), LOG.key)
    for _ in range(2):
        assert witness.add_checkpoint(format_request(note, old_size=0, path=[]), clock=now)
    assert witness.add_checkpoint(request(0, 7), clock=now)


def test_signatures_by_strangers_are_ignored(witness: Witness) -> None:
    stranger = NoteSignature("stranger.example", bytes(4), bytes(64)).to_line()
    body = format_request(LOG.note(7) + stranger, old_size=0, path=[])
    assert witness.add_checkpoint(body, clock=now)


def test_each_log_has_its_own_past(state: WitnessState) -> None:
    witness = Witness(KEY, [LOG.key.verifier, OTHER.key.verifier], state)
    witness.add_checkpoint(request(0, 20), clock=now)
    witness.add_checkpoint(request(0, 7, log=OTHER), clock=now)
    assert refusal(witness, request(7, 20)).size == 20


def test_a_log_may_have_two_keys(state: WitnessState) -> None:
    successor = log_key("log.example/vn", seed="another")
    witness = Witness(KEY, [LOG.key.verifier, successor.verifier], state)
    witness.add_checkpoint(request(0, 7), clock=now)
    note = sign_checkpoint(LOG.checkpoint(20), successor)
    assert witness.add_checkpoint(format_request(note, old_size=7, path=LOG.tree.consistency(7, 20)), clock=now)


def test_what_was_cosigned_is_remembered_by_the_next_process(witness: Witness, state: WitnessState) -> None:
    witness.add_checkpoint(request(0, 20), clock=now)
    again = Witness(KEY, [LOG.key.verifier], WitnessState.open(state.path))
    assert refusal(again, request(0, 40)).size == 20


# --- what is not ----------------------------------------------------------------------------------------------------


def test_an_old_size_that_is_not_the_last_one_is_told_the_last_one(witness: Witness) -> None:
    error = refusal(witness, request(7, 20))
    assert (error.status, error.size) == (409, 0)
    witness.add_checkpoint(request(0, 20), clock=now)
    for body in (request(0, 40), request(7, 40), request(7, 8), request(0, 7)):
        error = refusal(witness, body)
        assert (error.status, error.size) == (409, 20)


def test_a_checkpoint_below_its_old_size_is_malformed(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 20), clock=now)
    assert refusal(witness, request(20, 7)).status == 400


def test_another_root_of_the_same_size_is_a_fork(witness: Witness, state: WitnessState) -> None:
    witness.add_checkpoint(request(0, 20), clock=now)
    forked = sign_note(LOG.checkpoint(20).text.replace(_root(LOG), _root(FORK)), LOG.key)
    error = refusal(witness, format_request(forked, old_size=20, path=[]))
    assert (error.status, error.size) == (409, None)
    assert state.seen("log.example/vn") == Seen(size=20, root=LOG.tree.root(20), time=int(AT.timestamp()))


def _root(log: SmallLog) -> str:
    return log.checkpoint(20).text.split("\n")[2]


@pytest.mark.parametrize(
    ("old", "path"),
    [
        (20, []),
        (20, LOG.tree.consistency(20, 40)[:-1]),
        (20, [*LOG.tree.consistency(20, 40), bytes(32)]),
        (20, LOG.tree.consistency(20, 40)[::-1]),
        (20, FORK.tree.consistency(20, 40)),
    ],
)
def test_a_proof_that_does_not_hold_is_refused(witness: Witness, old: int, path: list[bytes]) -> None:
    witness.add_checkpoint(request(0, 20), clock=now)
    error = refusal(witness, format_request(LOG.note(40), old_size=old, path=path))
    assert (error.status, error.size) == (422, None)


def test_a_history_that_was_rewritten_is_refused(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 20), clock=now)
    assert refusal(witness, request(20, 40, log=FORK)).status == 422


def test_a_proof_where_none_belongs_is_refused(witness: Witness) -> None:
    assert refusal(witness, format_request(LOG.note(20), old_size=0, path=[bytes(32)])).status == 422
    witness.add_checkpoint(request(0, 20), clock=now)
    assert refusal(witness, format_request(LOG.note(20), old_size=20, path=[bytes(32)])).status == 422


def test_another_log_is_unknown(witness: Witness) -> None:
    assert refusal(witness, request(0, 7, log=OTHER)).status == 404


@pytest.mark.parametrize(
    "note",
    [
        sign_checkpoint(LOG.checkpoint(7), log_key("log.example/vn", seed="another")),
        sign_checkpoint(LOG.checkpoint(7), LOG.key).replace("\n7\n", "\n8\n"),
        LOG.note(7) + NoteSignature(LOG.key.name, LOG.key.key_id, bytes(64)).to_line(),
    ],
)
def test_a_checkpoint_that_the_log_did_not_sign_is_forbidden(witness: Witness, note: str) -> None:
    assert refusal(witness, format_request(note, old_size=0, path=[])).status == 403


@pytest.mark.parametrize("note", ["", "text\n", sign_note("no checkpoint\n", LOG.key), LOG.note(7)[:-1]])
def test_what_is_no_checkpoint_is_malformed(witness: Witness, note: str) -> None:
    assert refusal(witness, format_request(note, old_size=0, path=[])).status == 400


def test_a_clock_that_went_back_cosigns_nothing(witness: Witness, state: WitnessState) -> None:
    witness.add_checkpoint(request(0, 7), clock=now)
    error = refusal(witness, request(7, 20), clock=lambda: AT - timedelta(seconds=1))
    assert (error.status, error.size) == (503, None)
    seen = state.seen("log.example/vn")
    assert seen is not None
    assert seen.size == 7
    assert witness.add_checkpoint(request(7, 20), clock=now)


def test_a_refused_checkpoint_is_not_remembered(witness: Witness, state: WitnessState) -> None:
    refusal(witness, request(7, 20))
    assert state.seen("log.example/vn") is None


@pytest.mark.parametrize(
    "log",
    [
        KEY.verifier,
        NoteVerifier(name="log.example/vn", key_type=KeyType.LOG, public_key=KEY.verifier.public_key),
    ],
)
def test_a_witness_does_not_watch_its_own_key(state: WitnessState, log: NoteVerifier) -> None:
    with pytest.raises(ValueError, match="not its own"):
        Witness(KEY, [log], state)


# --- at once --------------------------------------------------------------------------------------------------------


def test_of_many_at_once_none_is_forgotten(state: WitnessState) -> None:
    """The race of tlog-witness: the smaller of two that both extend the last is not stored after the larger."""
    rounds, sizes = 12, (8, 20, 40)
    for number in range(rounds):
        log = SmallLog(f"log.example/{number}", 40)
        witness = Witness(KEY, [log.key.verifier], state)
        witness.add_checkpoint(request(0, 3, log=log), clock=now)
        barrier = threading.Barrier(len(sizes))

        def ask(size: int, log: SmallLog = log, witness: Witness = witness, gate: threading.Barrier = barrier) -> int:
            body = request(3, size, log=log)
            gate.wait()
            try:
                witness.add_checkpoint(body, clock=now)
            except WitnessRefusedError as error:
                return -error.status
            return size

        with ThreadPoolExecutor(len(sizes)) as pool:
            cosigned = sorted(pool.map(ask, sizes))
        # One alone could be cosigned: whoever comes later names an old size that is no longer the last.
        assert cosigned[:-1] == [-409, -409]
        seen = state.seen(log.key.name)
        assert seen is not None
        assert seen.size == cosigned[-1] > 0


def test_a_second_request_waits_until_the_first_is_stored(state: WitnessState) -> None:
    witness = Witness(KEY, [LOG.key.verifier], state)
    inside, go_on = threading.Event(), threading.Event()

    def slow_clock() -> datetime:
        inside.set()
        go_on.wait(10)
        return AT

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(witness.add_checkpoint, request(0, 20), clock=slow_clock)
        assert inside.wait(10)
        second = pool.submit(witness.add_checkpoint, request(0, 7), clock=now)
        go_on.set()
        assert first.result(30)
        with pytest.raises(WitnessRefusedError) as caught:
            second.result(30)
    assert caught.value.size == 20

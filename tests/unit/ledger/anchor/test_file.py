from __future__ import annotations

import json
import os
import resource
import signal
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.codec import cbor
from vaxcert.errors import (
    AnchorConflictError,
    AnchorError,
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    StorageError,
    WrongChainError,
)
from vaxcert.ledger.anchor.anchor_file import create_anchor_file
from vaxcert.ledger.anchor.chain import Attempt, Chain, Head, Outcome
from vaxcert.ledger.anchor.file import FileChain
from vaxcert.ledger.anchor.file_bundle import NOTICE, is_file_bundle, verify_file_bundle
from vaxcert.ledger.anchor.identity import NO_HASH, ChainIdentity, verify_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import AnchorEvent

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LOG_ID = sha256(b"log").digest()


class Clock:
    """A caller's time, which the test sets."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


def head_of(size: int, word: str = "") -> Head:
    return Head(
        size=size,
        root=sha256(f"root {size} {word}".encode()).digest(),
        metadata_hash=sha256(f"note {size} {word}".encode()).digest(),
    )


def newest_root(chain: Chain) -> bytes:
    head = chain.head()
    return head.root if head else NO_HASH


def signed(chain: Chain, head: Head) -> Attempt:
    attempt = chain.sign(head, previous_root=newest_root(chain), nonce=chain.next_nonce())
    assert attempt is not None
    return attempt


def anchor(chain: Chain, head: Head) -> Attempt:
    attempt = signed(chain, head)
    chain.send(attempt)
    return attempt


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchors.jsonl"


@pytest.fixture
def identity(path: Path) -> ChainIdentity:
    return create_anchor_file(path, log_id=LOG_ID, at=AT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chain(path: Path, identity: ChainIdentity, clock: Clock) -> FileChain:
    return FileChain(path, identity, clock=clock)


@pytest.fixture
def three(chain: FileChain, path: Path, identity: ChainIdentity, clock: Clock) -> FileChain:
    """A chain with three anchors, opened anew."""
    for size in (10, 20, 30):
        anchor(chain, head_of(size))
    return FileChain(path, identity, clock=clock)


# --- What it does -----------------------------------------------------------------------------------------------------


def test_a_head_is_anchored_once_and_proved(chain: FileChain, clock: Clock, identity: ChainIdentity) -> None:
    typed: Chain = chain
    typed.check()
    assert (typed.name, typed.head(), typed.events(), typed.next_nonce()) == ("file", None, (), 0)
    head = head_of(7)
    typed.preflight(head, previous_root=NO_HASH)
    attempt = signed(typed, head)
    assert typed.outcome(attempt.transaction_hash) is None, "nothing is written by signing"
    typed.send(attempt)
    typed.send(attempt)
    outcome = typed.outcome(attempt.transaction_hash)
    assert outcome is not None
    assert outcome.succeeded
    assert typed.is_final(outcome)
    event, bundle = typed.prove(head, attempt.transaction_hash)
    assert [event] == list(typed.events())
    assert (event.seq, event.size, event.root, event.metadata_hash) == (1, 7, head.root, head.metadata_hash)
    assert event.time == clock.at.timestamp()
    assert is_file_bundle(bundle)
    assert NOTICE.encode() in bundle
    assert verify_file_bundle(bundle, pinned=identity) == event


def test_the_events_fold_to_the_last_chain_hash(three: FileChain) -> None:
    verify_events(three.events(), log_id=LOG_ID)
    assert [event.seq for event in three.events(after_seq=1)] == [2, 3]
    assert three.events(after_seq=3) == ()
    assert three.head() == three.events()[-1]
    assert three.identity.log_id == LOG_ID


def test_every_bundle_verifies(three: FileChain, identity: ChainIdentity) -> None:
    for event in three.events():
        head = Head(size=event.size, root=event.root, metadata_hash=event.metadata_hash)
        assert verify_file_bundle(three.prove(head, event.transaction_hash)[1], pinned=identity) == event


def test_the_file_is_its_owners_alone(path: Path, identity: ChainIdentity) -> None:
    assert identity.driver == "file"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_files_for_one_log_are_two_chains(tmp_path: Path) -> None:
    first, second = (create_anchor_file(tmp_path / name, log_id=LOG_ID, at=AT) for name in "ab")
    assert first.genesis_hash != second.genesis_hash


def test_lines_never_go_back_in_time(chain: FileChain, clock: Clock) -> None:
    anchor(chain, head_of(1))
    clock.at = AT - timedelta(days=1)
    anchor(chain, head_of(2))
    assert [event.time for event in chain.events()] == [int(AT.timestamp())] * 2


def test_a_file_that_another_process_has_written_to_is_read_on(
    chain: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    other = FileChain(path, identity, clock=clock)
    anchor(chain, head_of(1))
    anchor(other, head_of(2))
    anchor(chain, head_of(3))
    assert [event.size for event in other.events()] == [1, 2, 3]


# --- Compare and set --------------------------------------------------------------------------------------------------


def test_another_root_than_the_newest_is_a_conflict(three: FileChain) -> None:
    with pytest.raises(AnchorConflictError, match="another root"):
        three.preflight(head_of(40), previous_root=head_of(20).root)
    attempt = three.sign(head_of(40), previous_root=NO_HASH, nonce=3)
    with pytest.raises(AnchorConflictError, match="another root"):
        three.send(attempt)
    assert three.next_nonce() == 3


@pytest.mark.parametrize("size", [0, 29, 30])
def test_a_tree_that_has_not_grown_is_a_conflict(three: FileChain, size: int) -> None:
    with pytest.raises(AnchorConflictError, match="not smaller"):
        three.preflight(head_of(size), previous_root=head_of(30).root)


def test_a_tree_of_nothing_is_never_anchored(chain: FileChain) -> None:
    with pytest.raises(AnchorConflictError, match="not smaller"):
        chain.preflight(head_of(0), previous_root=NO_HASH)


def test_of_two_attempts_with_one_number_the_first_to_be_sent_counts(
    chain: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    first, second = signed(chain, head_of(1)), signed(chain, head_of(2))
    chain.send(first)
    FileChain(path, identity, clock=clock).send(second)
    assert chain.outcome(second.transaction_hash) is None
    assert chain.outcome(first.transaction_hash) is not None
    assert chain.next_nonce() == 1


def test_an_attempt_out_of_order_is_refused(chain: FileChain) -> None:
    attempt = chain.sign(head_of(1), previous_root=NO_HASH, nonce=1)
    with pytest.raises(AnchorError, match="has 0 anchors, and this would be 2"):
        chain.send(attempt)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b"\xff", b"{" * 5000, b'{"seq":true}'])
def test_an_attempt_that_is_none_is_refused(chain: FileChain, raw: bytes) -> None:
    attempt = Attempt(nonce=0, raw=raw, transaction_hash=sha256(raw).digest(), max_fee=0, priority_fee=0)
    with pytest.raises(ChainProofError):
        chain.send(attempt)


def test_an_outcome_of_another_chain_is_not_final(three: FileChain) -> None:
    outcome = three.outcome(three.events()[1].transaction_hash)
    assert outcome is not None
    assert three.is_final(outcome)
    assert not three.is_final(replace(outcome, block_hash=bytes(32)))
    assert not three.is_final(replace(outcome, block_number=0))
    assert not three.is_final(replace(outcome, block_number=4))


def test_what_is_not_there_is_not_proved(three: FileChain) -> None:
    with pytest.raises(ChainUnavailableError, match="no such anchor"):
        three.prove(head_of(10), bytes(32))
    for other in (head_of(11), head_of(10, "forged")):
        with pytest.raises(ChainProofError, match="another head"):
            three.prove(other, three.events()[0].transaction_hash)


# --- What somebody has done to the file -------------------------------------------------------------------------------


def test_every_changed_digit_is_found(three: FileChain, path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines):
        for name in json.loads(line):
            start = line.index(f'"{name}":'.encode()) + len(name) + 4
            other = b"1" if line[start : start + 1] != b"1" else b"2"
            lines[number] = line[:start] + other + line[start + 1 :]
            path.write_bytes(b"".join(lines))
            with pytest.raises((ChainProofError, WrongChainError)):
                three.check()
        lines[number] = line
    path.write_bytes(b"".join(lines))
    three.check()


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ChainIdentity, AnchorEvent, bytes]:
    """A file with three anchors: where it is, what is pinned of it, its last anchor, and its content."""
    path = tmp_path_factory.mktemp("anchors") / "anchors.jsonl"
    identity = create_anchor_file(path, log_id=LOG_ID, at=AT)
    chain = FileChain(path, identity, clock=Clock())
    for size in (10, 20, 30):
        anchor(chain, head_of(size))
    return path, identity, chain.events()[-1], path.read_bytes()


@given(position=st.integers(0, 10**6), mask=st.integers(1, 255))
def test_every_flipped_byte_is_found(
    anchored: tuple[Path, ChainIdentity, AnchorEvent, bytes], position: int, mask: int
) -> None:
    path, identity, known, content = anchored
    changed = bytearray(content)
    changed[position % len(changed)] ^= mask
    path.write_bytes(changed)
    with pytest.raises((ChainProofError, WrongChainError)):  # a ChainResetError is a WrongChainError
        FileChain(path, identity, clock=Clock(), newest_final=known).check()


LINE_CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a line is missing": lambda lines: [*lines[:2], *lines[3:]],
    "the first anchor is missing": lambda lines: [lines[0], *lines[2:]],
    "two lines are swapped": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "a line stands twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "a line is empty": lambda lines: [*lines[:2], b"\n", *lines[2:]],
    "a line is endless": lambda lines: [*lines[:2], b"x" * 5000 + b"\n", *lines[2:]],
    "the end is endless": lambda lines: [*lines, b"x" * 5000],
    "a line has another form": lambda lines: [*lines[:2], json.dumps(json.loads(lines[2])).encode() + b"\n", lines[3]],
    "a line has one more field": lambda lines: [
        *lines[:3],
        json.dumps(json.loads(lines[3]) | {"zz": 1}, separators=(",", ":")).encode() + b"\n",
    ],
    "a line is no object": lambda lines: [*lines[:3], b"[]\n"],
    "a number is a text": lambda lines: [*lines[:3], lines[3].replace(b'"seq":3', b'"seq":"3"')],
    "a number is huge": lambda lines: [*lines[:3], lines[3].replace(b'"size":30', b'"size":18446744073709551616')],
    "a hash is short": lambda lines: [*lines[:3], lines[3].replace(b'"root":"', b'"root":"00', 1)],
    "a hash has capitals": lambda lines: [*lines[:3], lines[3].upper()],
}


@pytest.mark.parametrize("change", LINE_CHANGES.values(), ids=LINE_CHANGES.keys())
def test_every_changed_line_is_found(
    three: FileChain, path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(ChainProofError, match=r"line \d of the anchor file"):
        three.check()


def test_a_line_rewritten_with_its_hash_is_found_by_what_is_known(
    three: FileChain, path: Path, tmp_path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    known = three.head()
    other = tmp_path / "other.jsonl"
    other.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    forger = FileChain(other, identity, clock=clock)
    for size in (10, 20, 31):
        anchor(forger, head_of(size))
    forger.check()
    with pytest.raises(ChainResetError, match="anchor 3, which was final"):
        FileChain(other, identity, clock=clock, newest_final=known).check()


def test_a_file_without_its_last_line_has_lost_what_was_final(
    three: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    known = three.head()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(ChainResetError, match="anchor 3, which was final"):
        FileChain(path, identity, clock=clock, newest_final=known).check()


def test_what_was_proved_here_has_to_stay(three: FileChain, path: Path) -> None:
    three.prove(head_of(20), three.events()[1].transaction_hash)
    three.prove(head_of(10), three.events()[0].transaction_hash)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    with pytest.raises(ChainResetError, match="shorter"):
        three.head()
    with pytest.raises(ChainResetError, match="anchor 2, which was final"):
        three.check()


def test_another_file_is_another_chain(tmp_path: Path, identity: ChainIdentity, clock: Clock) -> None:
    create_anchor_file(tmp_path / "other", log_id=LOG_ID, at=AT)
    with pytest.raises(WrongChainError, match="genesis_hash"):
        FileChain(tmp_path / "other", identity, clock=clock).check()
    create_anchor_file(tmp_path / "third", log_id=bytes(32), at=AT)
    with pytest.raises(WrongChainError):
        FileChain(tmp_path / "third", identity, clock=clock).check()


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b"HC1:\n", b"\xff\xfe", b'{"format":"vaxcert-anchors/2"}\n', b"x" * 9999]
)
def test_what_is_no_anchor_file_is_refused(path: Path, identity: ChainIdentity, clock: Clock, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WrongChainError, match="no anchor file"):
        FileChain(path, identity, clock=clock).check()


def test_a_first_line_that_is_cut_off_is_refused(path: Path, identity: ChainIdentity, clock: Clock) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WrongChainError, match="no anchor file"):
        FileChain(path, identity, clock=clock).check()


# --- Crashes ----------------------------------------------------------------------------------------------------------


def test_a_torn_last_line_is_not_read_and_then_cut_off(
    three: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for length in range(1, len(last)):
        path.write_bytes(whole[: len(whole) - length])
        torn = FileChain(path, identity, clock=clock)
        torn.check()
        assert torn.next_nonce() == 2
    anchor(torn, head_of(30))
    assert path.read_bytes() == whole
    three.check()


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the children touch no thread
def test_a_process_killed_while_it_writes_leaves_a_file_that_goes_on(
    chain: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    anchor(chain, head_of(1))
    before = path.stat().st_size
    child = os.fork()
    if not child:
        # The system ends the write in the middle of the line, as a full disk would, and the process with it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (before + 100, before + 100))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        real = os.truncate
        os.truncate = lambda *_: os.kill(os.getpid(), signal.SIGKILL) if path.stat().st_size > before else real(*_)
        try:
            anchor(FileChain(path, identity, clock=clock), head_of(2))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert path.stat().st_size == before + 100
    anchor(chain, head_of(3))
    fresh = FileChain(path, identity, clock=clock)
    fresh.check()
    assert [event.size for event in fresh.events()] == [1, 3]


def test_a_full_disk_leaves_the_file_as_it_was(chain: FileChain, path: Path) -> None:
    anchor(chain, head_of(1))
    attempt = signed(chain, head_of(2))
    before = path.read_bytes()
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
    try:
        with pytest.raises(StorageError, match="cannot be written: File too large"):
            chain.send(attempt)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    chain.send(attempt)
    assert chain.next_nonce() == 2


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the children touch no thread
def test_writers_killed_at_any_time_anchor_every_head_once(
    chain: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    """Two processes at a time send the same attempts; they are killed, and others go on with what was signed."""
    for round_number in range(1, 6):
        attempt = signed(chain, head_of(round_number))
        children = [_forked(partial(FileChain(path, identity, clock=clock).send, attempt)) for _ in range(4)]
        for child in children[:2]:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)
        chain.send(attempt)
        assert chain.outcome(attempt.transaction_hash) is not None
    FileChain(path, identity, clock=clock).check()
    assert [event.size for event in chain.events()] == [1, 2, 3, 4, 5]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the children touch no thread
def test_of_two_processes_with_different_heads_one_wins(
    chain: FileChain, path: Path, identity: ChainIdentity, clock: Clock
) -> None:
    attempts = [signed(chain, head_of(5, word)) for word in ("this", "that")]
    children = [_forked(partial(FileChain(path, identity, clock=clock).send, attempt)) for attempt in attempts]
    for child in children:
        os.waitpid(child, 0)
    outcomes = [chain.outcome(attempt.transaction_hash) for attempt in attempts]
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert chain.next_nonce() == 1


def _forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


# --- Files that are not to be had -------------------------------------------------------------------------------------


def test_a_file_is_never_made_over_another(path: Path, identity: ChainIdentity) -> None:
    with pytest.raises(StorageError, match="cannot be made"):
        create_anchor_file(path, log_id=identity.log_id, at=AT)


def test_a_missing_file_is_no_chain(path: Path, chain: FileChain, three: FileChain) -> None:
    attempt = signed(three, head_of(40))
    path.unlink()
    with pytest.raises(WrongChainError, match="there is no"):
        chain.check()
    with pytest.raises(StorageError, match="cannot be written"):
        chain.send(attempt)


# --- Bundles ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(three: FileChain) -> bytes:
    return three.prove(head_of(20), three.events()[1].transaction_hash)[1]


def test_a_bundle_of_another_file_or_log_is_refused(bundle: bytes, identity: ChainIdentity) -> None:
    others = (
        replace(identity, genesis_hash=bytes(32)),
        replace(identity, log_id=bytes(32)),
        replace(identity, driver="evm"),
    )
    for other in others:
        with pytest.raises(WrongChainError):
            verify_file_bundle(bundle, pinned=other)


def test_every_changed_value_of_a_bundle_is_found_by_who_knows_the_chain_hash(
    bundle: bytes, identity: ChainIdentity, three: FileChain
) -> None:
    known: AnchorEvent = three.events()[1]
    items = cbor.decode(bundle)
    assert isinstance(items, list)
    for position in range(2, 5):
        changed = [*items[:position], items[position] + 1, *items[position + 1 :]]
        assert verify_file_bundle(cbor.encode(changed), pinned=identity).chain_hash != known.chain_hash
    for position in (7, 8, 9):
        changed = [*items[:position], bytes(32), *items[position + 1 :]]
        assert verify_file_bundle(cbor.encode(changed), pinned=identity).chain_hash != known.chain_hash


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items[:-1],
        lambda items: [*items, b""],
        lambda items: ["vaxcert-file-anchor/2", *items[1:]],
        lambda items: [items[0], "a chain stands behind it", *items[2:]],
        lambda items: [*items[:2], True, *items[3:]],
        lambda items: [*items[:2], -1, *items[3:]],
        lambda items: [*items[:2], 2**64, *items[3:]],
        lambda items: [*items[:5], bytes(31), *items[6:]],
        lambda items: [*items[:5], 5, *items[6:]],
        lambda items: {0: items},
        lambda items: [*items[:5], bytes(2000), *items[6:]],
    ],
)
def test_a_malformed_bundle_is_refused(
    bundle: bytes, identity: ChainIdentity, change: Callable[[object], object]
) -> None:
    with pytest.raises(ChainProofError, match="the file bundle is"):
        verify_file_bundle(cbor.encode(change(cbor.decode(bundle))), pinned=identity)


def test_a_bundle_that_is_cut_or_goes_on_is_refused(bundle: bytes, identity: ChainIdentity) -> None:
    for content in (bundle[:-1], bundle + b"\0", b""):
        with pytest.raises(ChainProofError):
            verify_file_bundle(content, pinned=identity)
    assert not is_file_bundle(b"\x89\x01")


def test_an_outcome_says_where_it_stands(three: FileChain) -> None:
    event = three.events()[2]
    assert three.outcome(event.transaction_hash) == Outcome(succeeded=True, block_number=3, block_hash=event.chain_hash)

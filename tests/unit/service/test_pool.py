"""The pool: results in order, a bounded look ahead, and workers that are killed, for real."""

from __future__ import annotations

import gc
import operator
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from itertools import count, islice
from multiprocessing import Pipe, active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from vaxcert.errors import InputError, SchemaError, UnknownSignerError, WorkerLostError
from vaxcert.errors.malformed import FieldProblem
from vaxcert.service import pool, pool_worker
from vaxcert.service.pool import MAX_REPEATS, ordered_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the functions of these tests cannot be sent to a worker"),
    pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning"),  # the test runner's threads
]

BIG = 5_000_000
"""Bytes: far more than a pipe holds, so that a kill meets a worker that is writing."""


@pytest.fixture(autouse=True)
def _no_worker_stays() -> Iterator[None]:
    yield
    gc.collect()
    assert active_children() == []


def square(number: int) -> int:
    return number * number


def end_here(how: int = signal.SIGKILL) -> NoReturn:
    os.kill(os.getpid(), how)
    signal.pause()
    raise AssertionError


def once(folder: Path, name: object) -> bool:
    """Return whether this is the first call with *name*, in whatever process."""
    try:
        (folder / str(name)).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


# --- order and bounds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_chunks(workers: int) -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.002 * (10 - number) if number < 10 else 0)
        return number * number

    assert list(ordered_map(slow_at_first, range(40), workers=workers)) == [n * n for n in range(40)]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_chunks_give_no_results(workers: int) -> None:
    assert list(ordered_map(square, [], workers=workers)) == []


@pytest.mark.parametrize("workers", [0, -1])
def test_there_has_to_be_a_worker(workers: int) -> None:
    with pytest.raises(ValueError, match="there has to be a worker"):
        ordered_map(square, [1], workers=workers)


@pytest.mark.parametrize(("workers", "chunks_each"), [(2, 2), (3, 2), (2, 6)])
def test_the_input_is_read_only_a_window_ahead(workers: int, chunks_each: int) -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        for number in count():
            read.append(number)
            yield number

    with closing(ordered_map(square, endless(), workers=workers, chunks_each=chunks_each)) as results:
        for taken, result in enumerate(islice(results, 50), 1):
            assert result == (taken - 1) ** 2
            assert len(read) - (taken - 1) <= chunks_each * workers + 2


def test_one_worker_is_this_process_and_reads_nothing_ahead() -> None:
    read: list[int] = []

    def chunks() -> Iterator[int]:
        for number in range(3):
            read.append(number)
            yield number

    results = ordered_map(lambda number: (number, os.getpid()), chunks(), workers=1)
    assert next(results) == (0, os.getpid())
    assert read == [0]


def test_several_workers_are_other_processes() -> None:
    def slow_pid(_: int) -> int:
        time.sleep(0.01)
        return os.getpid()

    pids = set(ordered_map(slow_pid, range(20), workers=2))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_chunks_and_results_larger_than_a_pipe_go_through_both_ways() -> None:
    chunks = [bytes([number]) * BIG for number in range(6)]
    results = ordered_map(bytes.swapcase, chunks, workers=2)
    assert [len(result) for result in results] == [BIG] * 6


def test_the_initializer_runs_once_in_each_worker(tmp_path: Path) -> None:
    def note(folder: Path) -> None:
        (folder / str(os.getpid())).touch(exist_ok=False)

    results = ordered_map(lambda _: os.getpid(), range(20), workers=2, initializer=note, initargs=(tmp_path,))
    assert {str(pid) for pid in results} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_where_nothing_is_forked_the_arguments_are_pickled(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(pool, "_CONTEXT", get_context(method))
    monkeypatch.setattr(pool, "FORKS", False)
    assert list(ordered_map(operator.neg, [1, 2], workers=2, initializer=len, initargs=("x",))) == [-1, -2]


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "error",
    [
        InputError("the file is no such file", hint="choose another"),
        UnknownSignerError(b"\1\2"),
        SchemaError("bad", problems=[FieldProblem("lot", "missing", "is missing")]),
        ZeroDivisionError("of ours"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_arrives_as_itself_after_the_results_before_it(error: Exception, workers: int) -> None:
    def refuse(number: int) -> int:
        if number == 3:
            raise error
        return number

    results = ordered_map(refuse, range(10), workers=workers)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(type(error)) as raised:
        next(results)
    facts = {name: value for name, value in vars(raised.value).items() if name != "__notes__"}
    assert facts == {name: value for name, value in vars(error).items() if name != "__notes__"}
    assert str(raised.value) == str(error)


def test_an_error_of_a_worker_shows_the_code_where_it_arose() -> None:
    def refuse(_: int) -> int:
        raise KeyError("nothing")

    with pytest.raises(KeyError) as raised:
        list(ordered_map(refuse, [1], workers=2))
    assert "in refuse" in raised.value.__notes__[0]


class Unreadable:
    """Is pickled, and cannot be read again."""

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("no number",)


class UnpicklableError(Exception):
    def __init__(self) -> None:
        super().__init__("text")
        self.facts = Unreadable()


def test_an_error_that_cannot_be_pickled_is_told_by_its_name() -> None:
    def refuse(_: int) -> int:
        raise UnpicklableError

    with pytest.raises(RuntimeError, match="UnpicklableError in a worker"):
        list(ordered_map(refuse, [1], workers=2))


def test_a_result_that_cannot_be_pickled_is_an_error() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        list(ordered_map(lambda _: lambda: None, [1], workers=2))


def test_a_chunk_that_cannot_be_pickled_is_an_error_in_its_turn() -> None:
    results = ordered_map(lambda chunk: chunk, [1, lambda: None, 3], workers=2)
    assert next(results) == 1
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        next(results)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_initializer_that_fails_says_so(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(square, range(9), workers=workers, initializer=operator.truediv, initargs=(1, 0)))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_input_comes_after_the_results_of_what_was_read(workers: int) -> None:
    def cut() -> Iterator[int]:
        yield from range(5)
        raise InputError("the input is cut")

    results = ordered_map(square, cut(), workers=workers)
    assert list(islice(results, 5)) == [0, 1, 4, 9, 16]
    with pytest.raises(InputError, match="cut"):
        next(results)


# --- workers that are lost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_what_a_killed_worker_had_is_done_again(tmp_path: Path, how: int) -> None:
    def dies_at_times(number: int) -> int:
        if number % 7 == 3 and once(tmp_path, number):
            end_here(how)
        return number * number

    told: list[str] = []
    results = ordered_map(dies_at_times, range(40), workers=2, on_loss=told.append)
    assert list(results) == [n * n for n in range(40)]
    assert told == [f"signal {int(how)}"] * 6


def test_a_worker_that_leaves_is_a_lost_one(tmp_path: Path) -> None:
    def leaves(number: int) -> int:
        if number == 1 and once(tmp_path, number):
            os._exit(3)
        return number

    told: list[str] = []
    assert list(ordered_map(leaves, range(4), workers=2, on_loss=told.append)) == [0, 1, 2, 3]
    assert told == ["exit code 3"]


def test_a_worker_killed_while_it_writes_an_answer_loses_nothing(tmp_path: Path) -> None:
    def dies_writing(number: int) -> bytes:
        if once(tmp_path, number):
            killer = threading.Timer(0.02, end_here)  # the answer is begun by then, and nobody reads so fast
            killer.start()
        return bytes([number]) * BIG

    results = []
    for result in ordered_map(dies_writing, range(6), workers=2):
        results.append((result[0], len(result)))
        time.sleep(0.03)
    assert results == [(number, BIG) for number in range(6)]


def test_workers_killed_from_outside_at_any_moment_lose_nothing() -> None:
    rest = threading.Event()
    results: list[list[int]] = []

    def kill_now_and_then() -> None:
        seen = 0
        while not rest.wait(0.02):
            # On a slow machine too a chunk gets time to be done again: the next is killed once there is progress.
            if len(results) > seen + 5:
                seen = len(results)
                for child in active_children()[:1]:
                    child.kill()

    def work(chunk: list[int]) -> list[int]:
        time.sleep(0.004)
        return [number * number for number in chunk] * 100

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        lost: Counter[str] = Counter()
        chunks = [list(range(first, first + 50)) for first in range(0, 10_000, 50)]
        for result in ordered_map(work, chunks, workers=3, on_loss=lambda how: lost.update([how])):
            results.append(result)  # noqa: PERF402 - one by one, as the other thread counts them
    finally:
        rest.set()
        killer.join()
    assert [result[:50] for result in results] == [[n * n for n in chunk] for chunk in chunks]
    assert lost["signal 9"] > 0


def test_a_chunk_that_ends_every_worker_ends_the_map(tmp_path: Path) -> None:
    def poison(number: int) -> int:
        if number == 4:
            with (tmp_path / "tries").open("a") as tries:
                tries.write("x")
            end_here()
        return number

    results = ordered_map(poison, range(9), workers=2)
    assert list(islice(results, 4)) == [0, 1, 2, 3]
    with pytest.raises(WorkerLostError) as raised:
        next(results)
    assert (raised.value.how, raised.value.times) == ("signal 9", MAX_REPEATS + 1)
    # Once more where the answer to the chunk before it was lost too, and that one had the blame.
    assert len((tmp_path / "tries").read_text()) - MAX_REPEATS in (1, 2)


def test_an_initializer_that_ends_the_worker_ends_the_map() -> None:
    with pytest.raises(WorkerLostError, match="lost 4 times"):
        list(ordered_map(square, range(3), workers=2, initializer=end_here))


def test_a_worker_that_is_killed_idle_is_replaced() -> None:
    def slowly() -> Iterator[int]:
        for number in range(8):
            if number == 4:
                for child in active_children():
                    child.kill()
                    child.join()
            yield number

    assert list(ordered_map(square, slowly(), workers=2)) == [n * n for n in range(8)]


# --- endings ----------------------------------------------------------------------------------------------------------


def test_whoever_stops_early_leaves_no_worker() -> None:
    results = ordered_map(square, count(), workers=2)
    assert next(results) == 0
    assert len(active_children()) == 2
    results.close()
    assert active_children() == []


def test_an_interrupt_ends_the_workers_at_once() -> None:
    def sleep_long(number: int) -> int:
        if number:
            time.sleep(60)
        return number

    results = ordered_map(sleep_long, range(9), workers=2)
    assert next(results) == 0
    interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert active_children() == []
    assert time.monotonic() - start < 30


def test_an_interrupt_for_the_whole_terminal_is_left_to_the_first_process() -> None:
    def interrupted(number: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        return number

    assert list(ordered_map(interrupted, range(6), workers=2)) == list(range(6))


SCRIPT = """
import os, sys, time
from vaxcert.service.pool import ordered_map
def work(number):
    os.write(1, b"%d\\n" % os.getpid())  # whole, where print would write the end of the line by itself
    time.sleep(600)
list(ordered_map(work, range(9), workers=3))
"""


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def test_workers_end_when_their_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(3)]
        assert all(map(is_running, pids))
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 20
        while any(map(is_running, pids)) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert not any(map(is_running, pids))


# --- a worker from inside ---------------------------------------------------------------------------------------------


def test_a_worker_answers_what_it_is_given_until_there_is_no_more() -> None:
    handlers = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    ours, theirs = Pipe()
    other, _ = Pipe()
    try:
        for number in (2, "x"):
            ours.send_bytes(pickle.dumps(number))
        ours.send_bytes(b"")
        pool_worker.serve(theirs, [other], pool_worker.Job(operator.neg, None, ()))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        for kind, handler in handlers.items():
            signal.signal(kind, handler)
        gc.unfreeze()
    assert other.closed
    assert pickle.loads(ours.recv_bytes()) == (True, -2)
    is_result, error = pickle.loads(ours.recv_bytes())
    assert (is_result, type(error)) == (False, TypeError)


def answers(
    function: Callable[[int], object], *chunks: int, prepare: Callable[[], object] | None = None
) -> list[tuple[bool, object]]:
    given = map(pickle.dumps, chunks)
    return [pickle.loads(answer) for answer in pool_worker.answers_of(pool_worker.Job(function, prepare, ()), given)]


def test_a_worker_that_could_not_prepare_answers_everything_with_that() -> None:
    def fail() -> None:
        raise InputError("no key")

    refusals = answers(square, 1, 2, prepare=fail)
    assert [str(error) for _, error in refusals] == ["no key", "no key"]


def test_an_error_that_is_pickled_and_not_read_again_is_told_by_its_name() -> None:
    def refuse(_: int) -> int:
        raise UnpicklableError

    [(is_result, error)] = answers(refuse, 1)
    assert (is_result, type(error)) == (False, RuntimeError)

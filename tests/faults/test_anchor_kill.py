"""A process that anchors is killed, at each point of its way and a random moment after; another one goes on."""

from __future__ import annotations

import os
import random
import signal
import traceback
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.simulator.sequencer import KEY, START, Sequencer
from vaxcert.ledger.anchor.anchor_file import create_anchor_file
from vaxcert.ledger.anchor.event_json import newest_final_event
from vaxcert.ledger.anchor.file import FileChain
from vaxcert.ledger.anchor.progress import Progress
from vaxcert.ledger.store.database import Database
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, NoReturn

    from vaxcert.ledger.anchor.chain import Chain

ROUNDS = 20
MOST_STATEMENTS = 12
POINTS = ("checkpoint", "queued", "signed", "before send", "after send", "mined", "final")
REACHED = {AnchorState.SIGNED: "signed", AnchorState.MINED: "mined", AnchorState.FINAL: "final"}


class World(Protocol):
    """What outlives a process: the log's folder, and the chain."""

    folder: Path

    def chain(self, sequencer: Sequencer) -> Chain:
        """Return the chain as a new process asks it."""
        ...

    def mine(self) -> None: ...


class FileWorld:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "log"
        self._file = folder / "anchors.jsonl"
        self._identity = create_anchor_file(self._file, log_id=KEY.log_id, at=START)

    def chain(self, sequencer: Sequencer) -> Chain:
        known = newest_final_event(sequencer.outbox)
        return FileChain(self._file, self._identity, clock=lambda: sequencer.at, newest_final=known)

    def mine(self) -> None:
        """Do nothing: a line is final as soon as it is there."""


class EvmWorld:
    def __init__(self, folder: Path) -> None:
        from tests.simulator.anchor_bench import AnchorBench  # noqa: PLC0415 - web3 takes its time

        self._bench = AnchorBench(folder / "bench")
        self._bench.sequencer.close()
        self.folder = folder / "bench" / "log"
        self.key = self._bench.key

    def chain(self, sequencer: Sequencer) -> Chain:
        return self._bench.chain(of=sequencer)

    def mine(self) -> None:
        self._bench.anvil.mine()


class Killer:
    """Kills this process so many statements of its database after a point was reached."""

    def __init__(self, point: str, statements: int) -> None:
        self._point = point
        self._left: int | None = None
        self._statements = statements
        for name in ("run", "row"):
            setattr(Database, name, self._counting(getattr(Database, name)))

    def reach(self, point: str) -> None:
        if point == self._point:
            self._left = self._statements
            self._tick()

    def _tick(self) -> None:
        if self._left is not None:
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1

    def _counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self._tick()
            return method(*args)

        return counted

    def around_send(self, chain: Any) -> Chain:
        """Return *chain*, whose `send` is a point before and a point after."""
        send = chain.send

        def sending(attempt: object) -> None:
            self.reach("before send")
            send(attempt)
            self.reach("after send")

        chain.send = sending
        return chain  # type: ignore[no-any-return] # it is the chain that it was


def live_and_die(world: World, at: timedelta, point: str, statements: int) -> NoReturn:
    """Be the process that issues and anchors until it is killed; to be run in a child."""
    try:
        sequencer = Sequencer(world.folder, key=getattr(world, "key", KEY))
        sequencer.wait(at)
        sequencer.log.append([os.urandom(32)])
        killer = Killer(point, statements)
        anchorer = sequencer.process(killer.around_send(world.chain(sequencer)))
        killer.reach("checkpoint")
        sequencer.log.sign_checkpoint(sequencer.key, at=sequencer.at)
        killer.reach("queued")
        for _ in range(40):
            progress = sequencer.step(anchorer)
            killer.reach(REACHED.get(progress.state, "") if progress.state else "")
            world.mine()
    except BaseException:  # noqa: BLE001 - nothing may get out of a child
        traceback.print_exc()
    os._exit(1)


def in_a_child(work: Callable[[], NoReturn]) -> int:
    """Return the signal that ended the child, or 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the node's reader is a thread, and holds no lock
        child = os.fork()
    if not child:
        work()
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def go_on(world: World, at: timedelta) -> None:
    """Be the process that comes after: it brings every head to its end, and each has one anchor."""
    with Sequencer(world.folder, key=getattr(world, "key", KEY)) as sequencer:
        sequencer.wait(at)
        sequencer.log.sign_checkpoint(sequencer.key, at=sequencer.at)
        chain = world.chain(sequencer)
        assert sequencer.run(sequencer.process(chain), meanwhile=world.mine) == Progress()
        assert set(sequencer.states().values()) <= {AnchorState.FINAL, AnchorState.SUPERSEDED}
        finals = [row for row, _ in sequencer.outbox.finals()]
        assert [(row.seq, row.root) for row in finals] == [(event.seq, event.root) for event in chain.events()]
        assert finals[-1].size == sequencer.log.size
        assert sequencer.outbox.lease.held is None
        assert sequencer.log.check() is None


def killed_often(world: World, point: str) -> None:
    chance = random.Random(point)
    with Sequencer(world.folder, key=getattr(world, "key", KEY)):
        pass
    for each in range(ROUNDS):
        statements = 0 if point == "before send" else chance.randrange(MOST_STATEMENTS)
        begin = timedelta(days=each)

        def work(at: timedelta = begin, number: int = statements) -> NoReturn:
            live_and_die(world, at, point, number)

        assert in_a_child(work) == signal.SIGKILL
        go_on(world, begin + timedelta(hours=1))


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_process_leaves_each_head_with_one_anchor(tmp_path: Path, point: str) -> None:
    killed_often(FileWorld(tmp_path), point)


@pytest.mark.parametrize("point", ["before send", "after send"])
def test_a_process_killed_around_sending_to_a_node_leaves_each_head_with_one_anchor(tmp_path: Path, point: str) -> None:
    (tmp_path / "bench").mkdir()
    killed_often(EvmWorld(tmp_path), point)

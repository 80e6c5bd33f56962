"""Whatever fails, in whatever order: a head that is final has one anchor, and the newest gets there in the end."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.simulator.memory_chain import CrashError, Fault, MemoryChain
from tests.simulator.memory_network import ETHER, GWEI, MemoryNetwork
from tests.simulator.sequencer import KEY, START
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.event_json import parse_event
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_rows import AnchorState

CONFIRMATIONS = 3
Happening = timedelta | str | tuple[Fault | str, int]
HAPPENINGS: st.SearchStrategy[Happening] = st.one_of(
    st.just("nothing"),
    st.just(("mine", 1)),
    st.tuples(st.sampled_from(Fault), st.integers(0, 8)),
    st.sampled_from([timedelta(minutes=1), timedelta(minutes=4), timedelta(hours=1)]),
    st.tuples(st.sampled_from(["reorganise", "reorganise and mine again"]), st.integers(1, CONFIRMATIONS - 1)),
    st.sampled_from([("base fee", 3), ("base fee", 40), ("base fee", 200), ("stale", 0), ("stale", 1), ("mine", 3)]),
    st.sampled_from(["mempool dropped", "foreign transaction", "revoked", "no funds", "held back", "down"]),
)
PROCESSES = st.sampled_from(range(2))


class Anchoring(RuleBasedStateMachine):
    """Two processes on one database anchor a log with one account, while everything around them fails."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.at = START
        self.log = TransparencyLog.create(self.folder, origin=KEY.name, vkey=KEY.vkey, at=self.at)
        self.outbox = Outbox(self.log.database, holder="reader")
        self.network = MemoryNetwork(KEY.log_id)
        self.network.fund("writer", ETHER)
        self.network.grant("writer")
        self.chain = MemoryChain(self.network, confirmations=CONFIRMATIONS)
        self.logs = [TransparencyLog.open(self.folder) for _ in range(2)]
        self.anchorers = [Anchorer(log, self.chain) for log in self.logs]
        self.entries = 0

    def teardown(self) -> None:
        try:
            self.end_well()
        finally:
            for log in (self.log, *self.logs):
                log.close()
            shutil.rmtree(self.folder)

    # The work.

    @rule(count=st.integers(1, 3))
    def issue(self, count: int) -> None:
        self.log.append([(self.entries + each).to_bytes(32) for each in range(count)])
        self.entries += count
        self.log.sign_checkpoint(KEY, at=self.at)

    @rule(process=PROCESSES, steps=st.integers(4, 12))
    def calm(self, process: int, steps: int) -> None:
        for _ in range(steps):
            self.at += timedelta(seconds=12)
            self.anchorers[process].step(self.at)
            self.network.mine()

    @rule(process=PROCESSES, happenings=st.lists(HAPPENINGS, min_size=1, max_size=20))
    def storm(self, process: int, happenings: list[Happening]) -> None:
        """Let things happen between the steps of one process, and let them pass in the end."""
        self.network.is_automatic = False
        try:
            for happening in happenings:
                self.happen(happening)
                self.at += timedelta(seconds=1)
                self.anchorers[process].step(self.at)
                self.final_heads_are_on_the_chain_once()
        except CrashError:
            self.crash(process)
        self.calm_down()

    def crash(self, process: int) -> None:
        self.logs[process].close()
        self.logs[process] = TransparencyLog.open(self.folder)
        self.anchorers[process] = Anchorer(self.logs[process], self.chain)

    def happen(self, happening: Happening) -> None:  # noqa: C901, PLR0912 - a list of what can happen
        match happening:
            case (Fault() as fault, calls):
                self.chain.faults.extend([*[None] * calls, fault])
            case timedelta():
                self.at += happening
            case ("mine", blocks):
                self.network.mine(blocks)
            case ("reorganise", depth):
                self.network.rollback(depth, to_mempool=False)
            case ("reorganise and mine again", depth):
                self.network.rollback(depth, to_mempool=True)
            case ("base fee", gwei):
                self.network.base_fee = gwei * GWEI
            case ("stale", blocks):
                self.chain.stale_by = blocks
            case "mempool dropped":
                self.network.drop_mempool()
            case "foreign transaction":
                self.network.spend_nonce("writer")
            case "revoked":
                self.network.revoke("writer")
            case "no funds":
                self.network.fund("writer", 0)
            case "held back":
                self.chain.holds_back = True
            case "down":
                self.chain.is_down = True
            case "nothing":
                pass
            case _:
                raise AssertionError(happening)

    def calm_down(self) -> None:
        self.chain.faults.clear()
        self.chain.is_down = self.chain.holds_back = False
        self.chain.stale_by = 0
        self.network.is_automatic = True
        self.network.base_fee = GWEI
        self.network.grant("writer")
        self.network.fund("writer", ETHER)
        self.chain.release()

    # What has to hold at every moment.

    @invariant()
    def final_heads_are_on_the_chain_once(self) -> None:
        finals = list(self.outbox.finals())
        events = self.network.events
        assert [row.seq for row, _ in finals] == list(range(1, len(finals) + 1))
        for row, bundle in finals:
            assert row.event is not None
            assert parse_event(row.event) == events[(row.seq or 0) - 1]
            assert bundle == row.event.encode()
            assert [(event.size, event.root) for event in events].count((row.size, self.log.root(row.size))) == 1

    @invariant()
    def what_was_sent_was_written_down_before(self) -> None:
        rows = self.log.database.rows("SELECT transaction_hash FROM attempt")
        assert self.network.received <= {row[0] for row in rows}

    # And in the end.

    def end_well(self) -> None:
        """Let the faults stop: the newest head is anchored, and nothing is left to do."""
        self.calm_down()
        self.at += timedelta(hours=1)
        for _ in range(3):
            progress = self.anchorers[0].run(deadline=self.at + timedelta(hours=6), now=self.now, wait=self.wait)
            if progress.state is AnchorState.NEEDS_OPERATOR:
                assert self.anchorers[0].retry(self.at)
        assert progress.is_idle, progress
        self.final_heads_are_on_the_chain_once()
        if self.log.size:
            newest = self.outbox.newest_final()
            assert newest is not None
            assert newest.size == self.log.size == self.network.events[-1].size
        assert {row.state for row in self.outbox.newest(100)} <= {AnchorState.FINAL, AnchorState.SUPERSEDED}

    def now(self) -> datetime:
        return self.at

    def wait(self, time: timedelta) -> None:
        self.at += time
        self.network.mine()


TestAnchoring = Anchoring.TestCase
TestAnchoring.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)

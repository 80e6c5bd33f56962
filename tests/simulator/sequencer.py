"""A log with its key and a clock of its own, and as many processes on it as a test asks for."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from tests.simulator.memory_network import MemoryNetwork
    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.store.outbox_rows import AnchorRow

LEASE, PATIENCE, SETTLE = AnchorPolicy().lease, AnchorPolicy().patience, AnchorPolicy().settle
START = datetime(2026, 11, 23, tzinfo=UTC)
KEY = LogKey.create("ledger.example/vn")


class Sequencer:
    """The one that writes to a log; time passes only when it is told to."""

    def __init__(self, folder: Path, *, key: LogKey = KEY) -> None:
        self.folder = folder
        self.key = key
        self.at = START
        self._open = ExitStack()
        if folder.exists():
            self.log = TransparencyLog.open(folder)
        else:
            self.log = TransparencyLog.create(folder, origin=key.name, vkey=key.vkey, at=self.at)
        self._open.callback(self.log.close)
        self.outbox = Outbox(self.log.database, holder="reader")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def issue(self, count: int = 1, *, variant: int = 0) -> int:
        """Log so many entries, sign the head, and return the size; another *variant* gives other entries."""
        size = self.log.size
        digests = [(size + each + (variant << 64)).to_bytes(32) for each in range(count)]
        self.log.append(digests, salts=bytes(16 * count))
        self.log.sign_checkpoint(self.key, at=self.at)
        return self.log.size

    def process(self, chain: Chain, *, policy: AnchorPolicy | None = None) -> Anchorer:
        """Return the anchorer of another process on the same database."""
        return Anchorer(self._open.enter_context(TransparencyLog.open(self.folder)), chain, policy=policy)

    def wait(self, time: timedelta) -> None:
        self.at += time

    def step(self, anchorer: Anchorer, *, after: timedelta = timedelta(seconds=1)) -> Progress:
        self.at += after
        return anchorer.step(self.at)

    def step_to(self, anchorer: Anchorer, state: AnchorState) -> Progress:
        """Step until a head comes into *state*."""
        for _ in range(20):
            progress = self.step(anchorer)
            if progress.state is state:
                return progress
        raise AssertionError(progress)

    def run(
        self,
        anchorer: Anchorer,
        *,
        time: timedelta = timedelta(hours=1),
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Progress:
        """Run until nothing is left or *time* is over; *meanwhile* happens at each wait."""

        def wait(pause: timedelta) -> None:
            self.at += pause
            meanwhile()

        return anchorer.run(deadline=self.at + time, now=lambda: self.at, wait=wait)

    def finish(self, anchorer: Anchorer, network: MemoryNetwork) -> None:
        """Run to the end while blocks are made; then each final head has one anchor, and nothing is left to do."""
        assert self.run(anchorer, meanwhile=network.mine) == Progress()
        finals = [row for row, _ in self.outbox.finals()]
        assert [row.root for row in finals] == [event.root for event in network.events]
        assert set(self.states().values()) <= {AnchorState.FINAL, AnchorState.SUPERSEDED}

    def head(self, size: int) -> AnchorRow:
        row = self.outbox.anchor(size)
        assert row is not None
        return row

    def states(self) -> dict[int, AnchorState]:
        return {row.size: row.state for row in self.outbox.newest(1000)}

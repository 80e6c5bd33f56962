"""A log, a simulated chain and an anchorer between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulator.memory_chain import MemoryChain
from tests.simulator.memory_network import ETHER, MemoryNetwork
from tests.simulator.sequencer import KEY, Sequencer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.anchor.anchorer import Anchorer


@pytest.fixture
def network() -> MemoryNetwork:
    network = MemoryNetwork(KEY.log_id)
    network.fund("writer", ETHER)
    network.grant("writer")
    return network


@pytest.fixture
def chain(network: MemoryNetwork) -> MemoryChain:
    return MemoryChain(network)


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with Sequencer(tmp_path / "log") as sequencer:
        yield sequencer


@pytest.fixture
def anchorer(sequencer: Sequencer, chain: MemoryChain) -> Anchorer:
    return sequencer.process(chain)

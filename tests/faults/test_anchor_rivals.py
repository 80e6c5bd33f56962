"""Who else acts on a log's contract and account: its owner, other programs, other processes, machines, old backups."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.simulator.anchor_bench import AnchorBench, changing_fees, transact
from tests.simulator.evm import new_signer
from tests.simulator.sequencer import LEASE, Sequencer
from vaxcert.errors import AnchorConflictError, LedgerRolledBackError
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.settings import GWEI
from vaxcert.ledger.evm.fees import FeePolicy
from vaxcert.ledger.store.backup import backup, restore
from vaxcert.ledger.store.outbox_rows import AnchorState, Closed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[AnchorBench]:
    bench = AnchorBench(tmp_path)
    with bench.sequencer:
        yield bench


# No. 22 and 23: the owner acts.


def test_a_revoked_writer_spends_nothing(bench: AnchorBench) -> None:
    bench.logged.set_writer(bench.logged.writer.address, allowed=False)
    anchorer = bench.anchorer()
    for size in (1, 2):
        bench.sequencer.issue()
        assert bench.run(anchorer) == Progress(state=AnchorState.NEEDS_OPERATOR, size=size, reason=Reason.NOT_A_WRITER)
    assert bench.transactions() == 0
    bench.logged.set_writer(bench.logged.writer.address, allowed=True)
    bench.finish(anchorer)


def test_a_writer_revoked_on_the_way_fails_once(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    bench.logged.set_writer(bench.logged.writer.address, allowed=False)
    for _ in range(3):
        progress = bench.run(anchorer)
        assert (progress.state, progress.reason) == (AnchorState.NEEDS_OPERATOR, Reason.NOT_A_WRITER)
        bench.sequencer.issue()
    assert bench.transactions() == 1
    bench.logged.set_writer(bench.logged.writer.address, allowed=True)
    bench.finish(anchorer)
    assert bench.transactions() == 2


def test_another_key_takes_over_in_the_middle(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    successor = new_signer(bench.anvil)
    bench.logged.set_writer(successor.address, allowed=True)
    bench.logged.set_writer(bench.logged.writer.address, allowed=False)
    progress = bench.run(anchorer)
    assert (progress.state, progress.reason) == (AnchorState.NEEDS_OPERATOR, Reason.NOT_A_WRITER)
    bench.finish(bench.anchorer(signer=successor))
    assert bench.transactions() == 1


def test_another_owner_changes_nothing_for_a_writer(bench: AnchorBench) -> None:
    with bench.anvil.rolled_back():
        anchorer = bench.anchorer()
        bench.sequencer.issue()
        bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
        heir = new_signer(bench.anvil)
        transact(bench, bench.logged.owner, "f2fde38b" + heir.address.hex().zfill(64))  # transferOwnership(address)
        transact(bench, heir, "79ba5097")  # acceptOwnership()
        bench.finish(anchorer)


# No. 24: the account is used elsewhere.


def test_a_nonce_taken_elsewhere_leads_to_another_transaction(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    transact(bench, bench.logged.writer, "")
    bench.sequencer.step(anchorer)
    assert bench.sequencer.step(anchorer).reason is Reason.NONCE_TAKEN
    bench.finish(anchorer)
    newer, older = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
    assert (newer.closed, older.closed) == (None, Closed.NONCE_TAKEN)
    assert newer.nonce == older.nonce + 1


# No. 25: databases that are not the newest.


def test_a_log_with_a_lost_outbox_takes_its_anchors_over(bench: AnchorBench, tmp_path: Path) -> None:
    anchorer = bench.anchorer()
    for _ in range(3):
        bench.sequencer.issue()
        bench.finish(anchorer)
    with Sequencer(tmp_path / "copy", key=bench.key) as copy:
        copy.issue(4)
        bench.finish(bench.anchorer(of=copy), of=copy)
    assert [event.size for event in bench.events()] == [1, 2, 3, 4]


def test_a_head_whose_outbox_was_lost_on_the_way_is_not_anchored_twice(bench: AnchorBench, tmp_path: Path) -> None:
    with bench.anvil.not_mining():
        bench.sequencer.issue(2)
        bench.sequencer.step_to(bench.anchorer(), AnchorState.SENT)
        with Sequencer(tmp_path / "copy", key=bench.key) as copy:
            copy.issue(2)
            bench.finish(bench.anchorer(of=copy), of=copy)
    assert len(bench.events()) == bench.transactions() == 1


def test_an_old_backup_does_not_fork_the_log(bench: AnchorBench, tmp_path: Path) -> None:
    bench.sequencer.issue()
    bench.finish(bench.anchorer())
    backup(bench.sequencer.log, tmp_path / "old")
    bench.sequencer.issue()
    bench.finish(bench.anchorer())
    restore(tmp_path / "old", tmp_path / "restored")
    with Sequencer(tmp_path / "restored", key=bench.key) as restored:
        with pytest.raises(LedgerRolledBackError):
            restored.issue()
        with pytest.raises(LedgerRolledBackError, match="a tree of 2 entries, the log only 1"):
            restored.step(bench.anchorer(of=restored))
        assert restored.log.halted is not None
        assert restored.log.is_restored
    assert bench.transactions() == 2


def test_a_backup_that_the_chain_agrees_with_goes_on(bench: AnchorBench, tmp_path: Path) -> None:
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        anchorer = bench.anchorer()
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        backup(bench.sequencer.log, tmp_path / "old")
        bench.finish(anchorer)
    restore(tmp_path / "old", tmp_path / "restored")
    with Sequencer(tmp_path / "restored", key=bench.key) as restored:
        restored.wait(LEASE + timedelta(hours=1))
        bench.finish(bench.anchorer(of=restored), of=restored)
        restored.issue()
        bench.finish(bench.anchorer(of=restored), of=restored)
    assert len(bench.events()) == bench.transactions() == 2


# No. 27: several processes, machines and keys.


def test_processes_on_one_database_take_turns(bench: AnchorBench) -> None:
    processes = [bench.anchorer() for _ in range(3)]
    for _ in range(3):
        bench.sequencer.issue()
        for turn in range(12):
            bench.sequencer.step(processes[turn % 3], after=LEASE / 2)
            bench.anvil.mine()
    bench.finish(processes[0])
    assert len(bench.events()) == bench.transactions()


def test_two_machines_with_one_key_make_one_anchor(bench: AnchorBench, tmp_path: Path) -> None:
    with Sequencer(tmp_path / "standby", key=bench.key) as standby, bench.anvil.not_mining():
        one, other = bench.anchorer(), bench.anchorer(of=standby)
        bench.sequencer.issue(2)
        standby.issue(2)
        bench.sequencer.step_to(one, AnchorState.SIGNED)
        standby.step_to(other, AnchorState.SIGNED)
        bench.sequencer.step(one)
        standby.step(other)
        assert len(bench.pool()) == 1
        bench.finish(one)
        bench.finish(other, of=standby)
    assert len(bench.events()) == bench.transactions() == 1


def test_two_machines_with_one_key_and_other_fees_make_one_anchor(bench: AnchorBench, tmp_path: Path) -> None:
    with Sequencer(tmp_path / "standby", key=bench.key) as standby, changing_fees(bench), bench.anvil.not_mining():
        one, other = bench.anchorer(), bench.anchorer(of=standby, fees=FeePolicy(cap=2 * GWEI))
        bench.sequencer.issue(2)
        standby.issue(2)
        standby.step_to(other, AnchorState.SIGNED)
        bench.sequencer.step_to(one, AnchorState.SENT)
        standby.step(other)
        bench.finish(other, of=standby)
        bench.finish(one)
        attempts = [each.outbox.attempts(each.head(2).id)[0] for each in (standby, bench.sequencer)]
        assert attempts[0].transaction_hash != attempts[1].transaction_hash
        assert attempts[0].nonce == attempts[1].nonce
        assert len(bench.events()) == bench.transactions() == 1


def test_of_two_keys_with_different_roots_one_stops(bench: AnchorBench, tmp_path: Path) -> None:
    divergent_signer = new_signer(bench.anvil)
    bench.logged.set_writer(divergent_signer.address, allowed=True)
    with Sequencer(tmp_path / "divergent", key=bench.key) as divergent:
        other = bench.anchorer(of=divergent, signer=divergent_signer)
        divergent.issue(2, variant=1)
        bench.sequencer.issue(2)
        divergent.step_to(other, AnchorState.SIGNED)
        bench.finish(bench.anchorer())
        with pytest.raises(AnchorConflictError, match="another root for the tree of 2 entries"):
            bench.run(other, of=divergent)
        assert divergent.log.halted is not None
        assert divergent.states() == {2: AnchorState.CONFLICT}
    assert bench.sequencer.log.halted is None
    assert len(bench.events()) == 1

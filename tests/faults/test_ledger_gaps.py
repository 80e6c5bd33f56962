"""What fails in several places at once: killed from issuing to the final anchor, away for a day, at work twice."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
from datetime import date, timedelta
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.audited_log import certificates, make_evm_log, make_file_log
from tests.faults.test_anchor_kill import REACHED, Killer, in_a_child
from tests.faults.test_ledger_privacy import Needles, Person, RecordingNode, all_of
from tests.simulator import anvil
from tests.simulator.anchor_bench import AnchorBench
from tests.simulator.anvil import shared_anvil
from tests.simulator.evm import new_signer
from tests.simulator.faulty_rpc import FaultyRpc, drop
from tests.simulator.sequencer import LEASE, Sequencer
from tests.stored_log import AT, KEY, certificate, fill, make_log
from vaxcert.errors import EntryErasedError
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle
from vaxcert.ledger.evm.in_process_node import InProcessNode
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_rows import AnchorState
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.service.sample import sample_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.audited_log import AuditedLog
    from vaxcert.ledger.audit.report import AuditReport

ROUNDS = 20
POINTS = ("issue", "append", "checkpoint", "signed", "after send", "mined", "final")
MOST_STATEMENTS = 10


# No. 5 and 14: killed anywhere between issuing and the final anchor, and audited after each restart.


def live_and_die(log: AuditedLog, rows: list[CertificateRow], killer: Killer) -> NoReturn:
    """Log, sign and anchor *rows* until this process, a child, is killed."""
    try:
        killer.reach("issue")
        with log.open() as opened:
            with opened.transaction() as transaction:
                transaction.add_certificates(rows)
                killer.reach("append")
            killer.reach("checkpoint")
            opened.sign_checkpoint(log.key, at=log.clock())
            killer.reach("queued")
            anchorer = Anchorer(opened, killer.around_send(log.chain()))
            for _ in range(40):
                log.clock.now += timedelta(seconds=1)
                progress = anchorer.step(log.clock())
                killer.reach(REACHED.get(progress.state, "") if progress.state else "")
    finally:
        os._exit(1)


def go_on(log: AuditedLog, rows: list[CertificateRow]) -> None:
    """Issue *rows* once more, since nobody was told that they are logged, and bring every head to its end."""

    def wait(pause: timedelta) -> None:
        log.clock.now += pause

    log.add(rows)
    log.sign()
    with log.open() as opened:
        anchorer = Anchorer(opened, log.chain())
        assert anchorer.run(deadline=log.clock() + timedelta(hours=2), now=log.clock, wait=wait) == Progress()
        finals = [(row.seq, row.root) for row, _ in Outbox(opened.database, holder="reader").finals()]
        digests = [row.digest for row in opened.certificates()]
    assert finals == [(event.seq, event.root) for event in log.chain().events()]
    assert len({root for _, root in finals}) == len(finals)
    assert len(set(digests)) == len(digests)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes of its own, which takes fork")
@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_at_any_point_the_audit_is_clean(tmp_path: Path, point: str) -> None:
    chance = random.Random(point)
    log = make_file_log(tmp_path / "log", batches=(2,))
    for each in range(ROUNDS):
        log.clock.now += timedelta(days=1)
        rows = certificates(1 + each % 3, at=log.clock(), seed=100 + each)
        statements = chance.randrange(MOST_STATEMENTS)

        def work(rows: list[CertificateRow] = rows, number: int = statements) -> NoReturn:
            live_and_die(log, rows, Killer(point, number))

        assert in_a_child(work) == signal.SIGKILL
        log.clock.now += timedelta(hours=1)
        go_on(log, rows)
        report = log.audit()
        assert (report.outcome, report.findings) == (AuditOutcome.CLEAN, ())
    assert report.coverage.covered == 2 + sum(1 + each % 3 for each in range(ROUNDS))


# No. 26 and 27, on a real node.


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[AnchorBench]:
    bench = AnchorBench(tmp_path)
    with bench.sequencer:
        yield bench


def test_after_a_day_and_a_hundred_thousand_certificates_one_anchor_catches_up(bench: AnchorBench) -> None:
    with FaultyRpc(bench.anvil.url) as node:
        anchorer = bench.anchorer(node.url, policy=AnchorPolicy(longest_poll=timedelta(minutes=20)))
        node.on("*", drop)
        for _ in range(25):
            bench.sequencer.issue(4000)
            assert bench.sequencer.run(anchorer, time=timedelta(hours=1)).reason is Reason.CHAIN_UNREACHABLE
        node.heal()
        bench.finish(anchorer)
    assert [event.size for event in bench.events()] == [100_000]
    assert bench.transactions() == 1


def anchor_on(bench: AnchorBench, ahead: timedelta) -> NoReturn:
    """Be one of several processes that issue and anchor; to be run in a child."""
    code = 1
    try:
        with Sequencer(bench.sequencer.folder, key=bench.key) as own:
            own.wait(ahead)
            anchorer = bench.anchorer(of=own)
            for _ in range(5):
                own.issue(3)
                bench.run(anchorer, of=own)
        code = 0
    finally:
        os._exit(code)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes of its own, which takes fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes_at_work_at_once_anchor_each_head_once(bench: AnchorBench) -> None:
    """The clocks of these two run as they like, so that each takes the lease while the other is at work."""
    children = []
    for ahead in (timedelta(0), LEASE):
        child = os.fork()
        if not child:
            anchor_on(bench, ahead)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    bench.sequencer.wait(timedelta(days=2))
    assert bench.run(bench.anchorer()) == Progress()
    events = bench.events()
    assert events[-1].size == bench.sequencer.log.size == 30
    assert len({event.root for event in events}) == len(events) == bench.transactions()
    assert set(bench.sequencer.states().values()) <= {AnchorState.FINAL, AnchorState.SUPERSEDED}
    # A process proves from the last anchor that was final when it began, and may so go over the other's again.
    proved = [
        verify_bundle(decode_bundle(bundle), pinned=bench.logged.identity)
        for _, bundle in bench.sequencer.outbox.finals()
    ]
    assert proved == events


# No. 39: no network at all.


def test_an_export_is_audited_where_no_connection_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = InProcessNode()
    log = make_evm_log(tmp_path / "log", node, KeystoreSigner(node.account_key), driver="tester", batches=(6, 4))
    log.export(tmp_path / "export")
    asked: list[object] = []

    def refuse(_socket: object, address: object) -> NoReturn:
        asked.append(address)
        raise OSError("there is no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("127.0.0.1", 9))
    asked.clear()
    report: AuditReport = log.audit_export(tmp_path / "export")
    assert (report.outcome, report.findings, report.coverage.covered) == (AuditOutcome.CLEAN, (), 10)
    assert {item.name: item.count for item in report.checked}["proofs"] == 2
    assert not asked


# No. 41: dates too, and on a real node.


def test_nothing_that_a_real_node_is_told_or_tells_is_of_anybody(tmp_path: Path) -> None:
    shared = shared_anvil()
    node = RecordingNode(HttpNode(shared.url))  # type: ignore[arg-type] # any node will do
    log = make_evm_log(tmp_path / "log", node, new_signer(shared), driver="evm", batches=(12, 8))
    records = [record for seed, count in enumerate((12, 8)) for record in sample_records(count, seed=seed)]
    with log.open(read_only=True) as opened:
        rows = [CertificateRow(*row[1:]) for row in opened.certificates()]
    people = [Person(record, row) for record, row in zip(records, rows, strict=True)]
    days = {date.fromisoformat(value) for record in records for value in record.values() if _is_date(value)}
    assert len(days) > len(people), "birthdays, and days of vaccination"
    forms = ("%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
    dates = [day.strftime(form).encode() for day in days for form in forms]
    assert sum(map(len, node.seen)) > 50_000
    sought = Needles([*all_of(people), *dates])
    assert sought.found_in(b"noise" + dates[0] + b"noise")
    assert sought.found_in(*node.seen) == []


def _is_date(value: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None


# No. 43: what an erasure leaves to everybody else.


def test_every_other_receipt_old_or_new_holds_after_an_erasure(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        fill(log, 300)
        before = {index: log.receipt(index) for index in range(300)}
        log.erase(257, at=AT)
        with pytest.raises(EntryErasedError):
            log.receipt(257)
        fill(log, 30, start=300)
        others = [index for index in range(330) if index != 257]
        for index in others:
            digest = certificate(index).digest
            assert log.receipt(index).verify(digest, [KEY.verifier]).tree_size == 330
            if index in before:
                assert before[index].verify(digest, [KEY.verifier]).tree_size == 300
        log.consistency_path(300, 330)
        # What the holder was given before stays a proof: an erasure takes it from the log, and not from the holder.
        assert before[257].verify(certificate(257).digest, [KEY.verifier]).index == 257


# The node itself: where it is missing in CI, the tests on it fail.


@pytest.mark.parametrize("setting", ["true", "false", None])
def test_without_a_node_the_tests_on_it_fail_in_ci(monkeypatch: pytest.MonkeyPatch, setting: str | None) -> None:
    monkeypatch.setattr(anvil, "anvil_binary", lambda: None)
    monkeypatch.delenv("CI", raising=False)
    if setting is not None:
        monkeypatch.setenv("CI", setting)
    if setting != "true":
        with pytest.raises(pytest.skip.Exception, match="not run"):
            anvil.start_anvil()
    else:
        with pytest.raises(pytest.fail.Exception, match="not run"):
            anvil.start_anvil()

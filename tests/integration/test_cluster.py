"""A batch on a real Dask cluster: processes of their own, which are killed, stopped and cut off."""

from __future__ import annotations

import gc
import json
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any

import dask
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from distributed import Client, LocalCluster
from distributed.comm.core import CommClosedError
from distributed.security import Security

from vaxcert.codec import cbor, cose, hc1
from vaxcert.codec.cwt import Claims
from vaxcert.errors import ClusterError, ClusterMismatchError, WorkerLostError
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service.auditing import Brought, audit_ledger
from vaxcert.service.batch import cluster_seat
from vaxcert.service.batch.chunk import Chunk, ChunkResult
from vaxcert.service.batch.cluster import _Cluster, cluster_engine
from vaxcert.service.batch.cluster_connection import cluster_errors
from vaxcert.service.batch.cluster_seat import Assignment
from vaxcert.service.batch.engines import CHUNKS_AT_A_WORKER, local_engine
from vaxcert.service.batch.job import open_job
from vaxcert.service.batch.run import BatchRun
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.workbench import Plan, Recipe, Workbench
from vaxcert.service.issuer_secrets import create_secret
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import check_ledger, create_ledger, sign_checkpoint
from vaxcert.service.record_files import read_rows
from vaxcert.service.row import Row
from vaxcert.service.sample import sample_records, write_csv
from vaxcert.service.sample_keys import PASSPHRASE, PASSPHRASE_FILE, make_sample_keys
from vaxcert.service.signers import ISSUER_SECRET, SignerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vaxcert.service.batch.run import Engine

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
RECORDS, SEGMENT = 2_400, 100
QUICK = timedelta(seconds=2)
LATEST = 20.0
"""Seconds that something may take that has to happen."""

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""Dask's scheduler, which runs in this process, leaves its socket to a killed worker to the collector."""

Facts = tuple[str, str, str]


@dataclass(frozen=True)
class Place:
    """Keys, records, and what the in-process engine makes of them."""

    folder: Path
    recipe: Recipe
    bench: Workbench
    expected: set[Facts] = field(default_factory=set)

    @property
    def records(self) -> Path:
        return self.folder / "records.csv"

    def rows(self) -> Iterator[Row]:
        return read_rows(str(self.records), FIELDS_OF[CertificateType.VACCINATION])

    def chunks(self, count: int, size: int = 100) -> Iterator[Chunk]:
        rows = self.rows()
        for _ in range(count):
            yield Chunk(1, list(islice(rows, size)), AT, is_last=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("cluster")
    make_sample_keys(folder / "keys", at=AT)
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        write_csv(stream, sample_records(RECORDS, seed=4, errors=0.05))
    plan = Plan(
        kind=CertificateType.VACCINATION,
        country="VN",
        issuer="Ministry of Health of Viet Nam",
        validity=timedelta(days=365),
        level=1,
        formats=("jsonl",),
    )
    source = SignerSource(
        keys=folder / "keys", passphrase=PASSPHRASE, passphrase_file=folder / "keys" / PASSPHRASE_FILE
    )
    recipe = Recipe(plan=plan, source=source, secret=folder / "keys" / ISSUER_SECRET, at=AT)
    with ExitStack() as stack:
        found = Place(folder, recipe, recipe.make(stack))
        expected, _ = issue(found, local_engine(found.bench, recipe, workers=1), found.rows(), "undisturbed")
        yield replace(found, expected=expected)


@contextmanager
def running(**settings: Any) -> Iterator[Any]:
    """Give a cluster of processes on this machine."""
    settings = {
        "n_workers": 1,
        "threads_per_worker": 1,
        "memory_limit": 0,
        "dashboard_address": "127.0.0.1:0",
    } | settings
    with TemporaryDirectory() as scratch, LocalCluster(**settings, local_directory=scratch) as cluster:  # type: ignore[no-untyped-call] # Dask's own
        yield cluster


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Have what a test leaves open seen as its own."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with running(n_workers=2) as found:
        yield found


@pytest.fixture
def whole(cluster: Any) -> Any:
    """Return the cluster with both workers, whatever the test before did to them."""
    wait_until(lambda: len(cluster.scheduler.workers) == 2)
    return cluster


def engine_on(cluster: Any, place: Place, *, recipe: Recipe | None = None, **options: Any) -> Any:
    """Return the engine of *cluster*, to be entered."""
    return cluster_engine(place.bench, recipe or place.recipe, cluster.scheduler_address, **options)


def client_of(cluster: Any) -> Any:
    return Client(cluster.scheduler_address, set_as_default=False)  # type: ignore[no-untyped-call] # Dask's own


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + LATEST
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def issue(place: Place, engine: Engine, rows: Iterable[Row], name: str) -> tuple[set[Facts], Path]:
    """Issue *rows* with a ledger; return what is in the job folder, and the ledger."""
    folder, ledger = place.folder / name, place.folder / f"{name}.ledger"
    create_ledger(ledger, origin=f"ledger.example/{name}", passphrase=lambda: PASSPHRASE, at=AT)
    with LedgerFolder(ledger).open() as log, open_job(folder, place.bench.secret) as job:
        run = job.begin(Mode.ISSUE, {}, input_digest=None, at=int(AT.timestamp()))
        batch = BatchRun(job, run, place.bench, clock=lambda: AT, log=log, segment_rows=SEGMENT)
        batch.go(((row, None) for row in rows), engine)
    sign_checkpoint(ledger, passphrase=lambda: PASSPHRASE, at=AT)
    return facts_of(folder), ledger


def facts_of(folder: Path) -> set[Facts]:
    """Return record id, certificate id and DCC of all that was issued, each of them once."""
    lines = [json.loads(line) for path in sorted(folder.glob("jsonl/*")) for line in path.read_text().splitlines()]
    facts = {(line["record_id"], line["id"], dcc_of(line["text"])) for line in lines}
    assert len(facts) == len(lines)
    return facts


def dcc_of(text: str) -> str:
    payload = cose.parse(cbor.decode(hc1.decode(text))).payload
    return repr(Claims.from_map(cbor.decode(payload)).to_map())


def assert_as_undisturbed(place: Place, found: set[Facts], ledger: Path) -> None:
    assert found == place.expected
    assert len({record_id for record_id, _, _ in found}) == len(found) > RECORDS * 0.9
    assert check_ledger(ledger, place.bench.secret).problem is None
    report = audit_ledger(ledger, Brought(secret=place.bench.secret), is_offline=True, at=AT, progress=lambda *_: None)
    assert report.first_wrong is None
    assert report.outcome is not AuditOutcome.WRONG
    assert report.log.size == len(found)


def disturbed(rows: Iterable[Row], events: dict[int, Callable[[], object]]) -> Iterator[Row]:
    """Yield *rows*, and have each of *events* happen when so many have been read."""
    for number, row in enumerate(rows):
        if number in events:
            events[number]()
        yield row


def busy_worker(cluster: Any) -> tuple[str, int]:
    """Return the address and the process of a worker that has a chunk in work, or a result that nobody has taken."""
    found: list[tuple[str, int]] = []

    def look() -> bool:
        states = cluster.scheduler.workers
        for nanny in list(cluster.workers.values()):
            state = states.get(nanny.worker_address)
            if nanny.pid is not None and state is not None:
                tasks = [*state.processing, *state.has_what]
                found.extend([(state.address, nanny.pid)] * any(task.key.startswith("work-") for task in tasks))
        return bool(found)

    wait_until(look)
    return found[0]


def test_killed_worker_changes_nothing(place: Place, whole: Any) -> None:
    killed: list[int] = []

    def kill() -> None:
        _, pid = busy_worker(whole)
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    with engine_on(whole, place) as engine:
        found, ledger = issue(place, engine, disturbed(place.rows(), {1_100: kill, 1_900: kill}), "killed")
    assert len(set(killed)) == 2
    assert_as_undisturbed(place, found, ledger)


def test_worker_that_was_cut_off_and_comes_back_changes_nothing(place: Place) -> None:
    """It is stopped in the midst of its work, loses its connection, and goes on when others have done its chunks."""
    cut: list[int] = []

    def cut_off() -> None:
        address, pid = busy_worker(parted)
        os.kill(pid, signal.SIGSTOP)
        cut.append(pid)
        parted.scheduler.loop.add_callback(parted.scheduler.stream_comms[address].abort)
        wait_until(lambda: address not in parted.scheduler.workers)

    def come_back() -> None:
        os.kill(cut[0], signal.SIGCONT)

    # On a cluster of its own: Dask ends a worker that finds its scheduler gone.
    with running(n_workers=2) as parted, engine_on(parted, place) as engine:
        found, ledger = issue(place, engine, disturbed(place.rows(), {1_100: cut_off, 1_900: come_back}), "cut")
    assert_as_undisturbed(place, found, ledger)


def test_chunks_go_out_as_they_are_asked_for(place: Place, whole: Any) -> None:
    read = []

    def chunks() -> Iterator[Chunk]:
        for chunk in place.chunks(24, size=10):
            read.append(chunk)
            yield chunk

    with engine_on(whole, place) as engine:
        ahead = [len(read) - number for number, _ in enumerate(engine(chunks()))]
    assert len(ahead) == 24
    assert max(ahead) == CHUNKS_AT_A_WORKER * 2 + 2


def test_results_come_in_the_order_of_their_chunks(place: Place, whole: Any) -> None:
    sizes = [40, 1, 30, 2, 20, 3, 10, 4, 5]
    rows = place.rows()
    chunks = (Chunk(1, list(islice(rows, size)), AT) for size in sizes)
    with engine_on(whole, place) as engine:
        assert [len(result.issued) + result.rejected for result in engine(chunks)] == sizes


def test_neither_keys_nor_passphrases_reach_the_scheduler(place: Place, whole: Any) -> None:
    """Records do, in parcels that show nothing."""
    sent: list[bytes] = []
    shown: list[str] = []

    def look() -> None:
        for task in list(whole.scheduler.tasks.values()):
            sent.append(pickle.dumps(task.run_spec))
            shown.append(repr(task.run_spec))
        sent.append(pickle.dumps(whole.scheduler.worker_plugins))

    def chunks() -> Iterator[Chunk]:
        for number, chunk in enumerate(place.chunks(6)):
            if number == 5:
                wait_until(lambda: len(whole.scheduler.tasks) >= 4)
                look()
            yield chunk

    assert place.recipe.source.passphrase == PASSPHRASE
    with engine_on(whole, place) as engine:
        assert len(list(engine(chunks()))) == 6
    everything = b"".join(sent)
    record_id = str(next(place.rows()).fields["record_id"])
    assert PASSPHRASE_FILE.encode() in everything  # so this does look into what was sent
    assert record_id.encode() in everything
    assert record_id not in "".join(shown)
    assert PASSPHRASE not in everything
    for secret in secrets_of(place):
        assert secret not in everything


def secrets_of(place: Place) -> Iterator[bytes]:
    """Yield the private keys and the issuer's secret, as they are used and as they lie in their files."""
    for path in (place.folder / "keys").glob("*.key.pem"):
        pem = path.read_bytes()
        yield pem.splitlines()[1]
        key: Any = load_pem_private_key(pem, PASSPHRASE)
        if isinstance(key, EllipticCurvePrivateKey):
            yield key.private_numbers().private_value.to_bytes(32, "big")
        elif isinstance(key, X25519PrivateKey):
            yield key.private_bytes_raw()


def test_error_of_a_worker_arrives_as_it_is_and_nothing_of_it_is_logged(place: Place, whole: Any) -> None:
    good = list(islice(place.rows(), 20))
    bug: Any = None
    found: list[ChunkResult] = []
    with engine_on(whole, place) as engine, pytest.raises(TypeError) as caught:
        found.extend(engine([Chunk(1, good, AT), Chunk(1, [*good, Row(21, bug)], AT), Chunk(1, good, AT)]))
    assert len(found) == 1
    assert any("in a worker" in note for note in caught.value.__notes__)
    with client_of(whole) as client:
        logs = str(client.get_worker_logs()) + str(client.get_scheduler_logs())
    assert str(good[0].fields["record_id"]) not in logs


def test_error_of_the_source_comes_after_the_results_before_it(place: Place, whole: Any) -> None:
    def chunks() -> Iterator[Chunk]:
        yield from place.chunks(3, size=5)
        raise OSError("the disk is gone")

    found: list[ChunkResult] = []
    with engine_on(whole, place) as engine, pytest.raises(OSError, match="the disk is gone"):
        found.extend(engine(chunks()))
    assert len(found) == 3


def test_stopped_run_leaves_neither_tasks_nor_keys(place: Place, whole: Any) -> None:
    with client_of(whole) as client:
        with engine_on(whole, place) as engine:
            wait_until(lambda: set(client.run(seats).values()) == {1})
            results = iter(engine(place.chunks(50)))
            next(results)
            with pytest.raises(KeyboardInterrupt):
                results.throw(KeyboardInterrupt)
        wait_until(lambda: not whole.scheduler.tasks)
        wait_until(lambda: set(client.run(seats).values()) == {0})


def seats() -> int:
    return len(cluster_seat._seats)


def test_worker_keeps_freed_memory_in_spite_of_its_nanny(place: Place, whole: Any) -> None:
    """By what the system counts, since time is nobody's measure here: how often it had to give memory."""
    with engine_on(whole, place), client_of(whole) as client:
        settings = set(client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_").values())
        faults = client.run(page_faults)
    assert settings == {"65536"}
    assert max(faults.values()) < 2_000


def page_faults() -> int:
    """Return how often the system had to give memory for 100 pieces of 256 KiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        bytearray(b"x" * (1 << 18))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_keys_that_a_worker_cannot_open_stop_it_all_before_it_begins(place: Place, whole: Any) -> None:
    source = replace(place.recipe.source, passphrase_file=place.folder / "nowhere.txt")
    with (
        pytest.raises(
            ClusterError, match=r"the worker tcp://127\.0\.0\.1:\d+ cannot sign: the passphrase cannot be read"
        ),
        engine_on(whole, place, recipe=replace(place.recipe, source=source)),
    ):
        pytest.fail("it began")


def test_another_secret_on_a_worker_is_refused(place: Place, whole: Any) -> None:
    create_secret(place.folder / "other-secret.key.pem", PASSPHRASE)
    recipe = replace(place.recipe, secret=place.folder / "other-secret.key.pem")
    with pytest.raises(ClusterMismatchError, match="another issuer's secret"), engine_on(whole, place, recipe=recipe):
        pytest.fail("it began")


def test_another_version_on_a_worker_is_refused(place: Place, whole: Any) -> None:
    assignment = replace(Assignment.of(place.bench, place.recipe), version="0.0.9")
    with client_of(whole) as client, pytest.raises(ClusterMismatchError, match=r"has vaxcert \S+, not 0\.0\.9"):
        _Cluster(client, assignment, QUICK).prepare(print)


def test_passphrase_that_is_in_memory_alone_is_refused_before_anything_starts(place: Place) -> None:
    source = replace(place.recipe.source, passphrase_file=None)
    with (
        pytest.raises(ClusterError, match="passphrase of the key is not sent"),
        cluster_engine(place.bench, replace(place.recipe, source=source), "tcp://127.0.0.1:1"),
    ):
        pytest.fail("it began")


def test_network_in_the_clear_is_refused(place: Place) -> None:
    with (
        pytest.raises(ClusterError, match=r"records would go to 192\.0\.2\.7 in the clear"),
        cluster_engine(place.bench, place.recipe, "192.0.2.7:8786"),
    ):
        pytest.fail("it began")


@pytest.mark.parametrize("backlog", [None, 1], ids=["nobody", "somebody-else"])
def test_scheduler_that_is_not_there_is_told_in_time(place: Place, backlog: int | None) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        if backlog is not None:
            other.listen(backlog)
        start = time.monotonic()
        with (
            pytest.raises(ClusterError, match="cannot be reached"),
            cluster_engine(
                place.bench,
                place.recipe,
                f"127.0.0.1:{other.getsockname()[1]}",
                patience=timedelta(seconds=0.5),
            ),
        ):
            pytest.fail("it began")
        assert time.monotonic() - start < LATEST


def test_scheduler_that_hangs_up_is_told(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hang_up() -> None:
            other.accept()[0].close()

        answering = Thread(target=hang_up)
        answering.start()
        engine = cluster_engine(place.bench, place.recipe, f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(ClusterError, match="cannot be reached"), engine:
            pytest.fail("it began")
        answering.join()


def test_whatever_else_happens_to_a_cluster_is_an_error_of_this_package() -> None:
    with pytest.raises(ClusterError, match=r"the cluster failed \(CommClosedError\)"), cluster_errors():
        raise CommClosedError


def test_cluster_without_workers_is_refused(place: Place) -> None:
    with (
        running(n_workers=0) as empty,
        pytest.raises(ClusterError, match="the cluster has no workers"),
        engine_on(empty, place, patience=timedelta(seconds=0.3)),
    ):
        pytest.fail("it began")


def test_cluster_that_goes_away_ends_the_run(place: Place, whole: Any) -> None:
    scheduler = whole.scheduler

    def lose() -> None:
        for comm in list(scheduler.client_comms.values()):
            scheduler.loop.add_callback(comm.abort)

    with (
        engine_on(whole, place, patience=QUICK) as engine,
        pytest.raises(ClusterError, match="the connection to the scheduler was lost"),
    ):
        list(engine(interrupted(place.chunks(20), lose)))


def test_worker_that_does_not_answer_is_told_and_the_others_work(place: Place, whole: Any) -> None:
    stopped, warnings = whole.workers[0].pid, []

    def warn(message: str) -> None:
        warnings.append(message)
        os.kill(stopped, signal.SIGCONT)

    os.kill(stopped, signal.SIGSTOP)
    with engine_on(whole, place, warn=warn, patience=QUICK) as engine:
        assert len(list(engine(place.chunks(4)))) == 4
    assert any(f"the worker {whole.workers[0].worker_address} does not answer" in warning for warning in warnings)


def test_worker_that_is_lost_again_and_again_ends_the_run(place: Place, fragile: Any) -> None:
    def kill() -> None:
        _, pid = busy_worker(fragile)
        os.kill(pid, signal.SIGKILL)

    warnings: list[str] = []
    with engine_on(fragile, place, warn=warnings.append) as engine, pytest.raises(WorkerLostError) as caught:
        list(engine(interrupted(place.chunks(8), kill)))
    assert caught.value.times == 1
    assert "the last was tcp://127.0.0.1" in caught.value.how
    assert any("--nthreads 1" in warning for warning in warnings)


def test_loss_of_all_workers_ends_the_run(place: Place, fragile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose() -> None:
        fragile.scale(0)

    fragile.scheduler.allowed_failures = 3
    monkeypatch.setattr("vaxcert.service.batch.cluster._WITHOUT_WORKERS", 0.1)
    with engine_on(fragile, place) as engine, pytest.raises(ClusterError, match="has lost its workers"):
        list(engine(interrupted(place.chunks(8), lose)))


@pytest.fixture(scope="module")
def fragile() -> Iterator[Any]:
    """Return a cluster where a chunk is not done again after its worker was lost, and a worker has two threads."""
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), running(threads_per_worker=2) as found:
        yield found


def interrupted(chunks: Iterable[Chunk], event: Callable[[], object]) -> Iterator[Chunk]:
    """Yield *chunks*, and have *event* happen after some of them."""
    for number, chunk in enumerate(chunks):
        if number == 3:
            event()
        yield chunk


def authority() -> Any:
    return Security.temporary()  # type: ignore[no-untyped-call] # Dask's own


def certified(security: Any) -> Any:
    """Return Dask's configuration, to be entered, for who has the certificates of *security*."""
    return dask.config.set(
        {
            "distributed.comm.tls.ca-file": security.tls_ca_file,
            "distributed.comm.tls.client.cert": security.tls_client_cert,
            "distributed.comm.tls.client.key": security.tls_client_key,
        }
    )


def test_tls_needs_a_certificate_of_the_same_authority(place: Place) -> None:
    own = authority()
    with running(security=own, protocol="tls://") as secured:
        assert secured.scheduler_address.startswith("tls://")
        engine = engine_on(secured, place, patience=QUICK)
        with pytest.raises(ClusterError, match="there is no certificate"), engine:
            pytest.fail("it began")
        engine = engine_on(secured, place, patience=QUICK)
        with certified(authority()), pytest.raises(ClusterError, match="cannot be reached"), engine:
            pytest.fail("it began")
        engine = engine_on(secured, place, patience=QUICK)
        nowhere = {"distributed.comm.tls.client.cert": str(place.folder / "nowhere.pem")}
        with certified(own), dask.config.set(nowhere), pytest.raises(ClusterError, match="cannot be used"), engine:
            pytest.fail("it began")
        with certified(own), engine_on(secured, place) as engine:
            (result,) = engine(place.chunks(1, size=10))
    assert len(result.issued) + result.rejected == 10


def test_the_command_issues_on_a_cluster(place: Place, whole: Any) -> None:
    folder, keys = place.folder, place.folder / "keys"
    command = [Path(sys.executable).with_name("vaxcert"), "issue", place.records, "--at", AT.isoformat()]
    signing = ["--keys", keys, "--passphrase-file", keys / PASSPHRASE_FILE]
    output = ["-o", folder / "commanded", "--format", "jsonl", "--cluster", whole.scheduler_address]
    done = subprocess.run(
        [*map(str, [*command, *signing, *output])], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stderr  # the records have some errors
    assert facts_of(folder / "commanded") == place.expected
    assert all(line.startswith("vaxcert: ") for line in done.stderr.splitlines()), done.stderr

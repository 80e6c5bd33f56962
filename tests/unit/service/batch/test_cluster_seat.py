"""What a worker of a cluster does, in this process."""

import gc
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vaxcert.errors import ClusterError, ClusterMismatchError, PassphraseError, SecretMissingError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch import cluster_seat
from vaxcert.service.batch.chunk import Chunk, ChunkResult
from vaxcert.service.batch.cluster_seat import MAX_SEATS, Assignment, Parcel, leave_seat, take_seat, work
from vaxcert.service.batch.workbench import Plan, Recipe
from vaxcert.service.issuer_secrets import create_secret
from vaxcert.service.pool_worker import result_of
from vaxcert.service.row import Row
from vaxcert.service.sample import sample_records
from vaxcert.service.sample_keys import PASSPHRASE, PASSPHRASE_FILE, make_sample_keys
from vaxcert.service.signers import ISSUER_SECRET, SignerSource

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    keys = tmp_path_factory.mktemp("seat") / "keys"
    make_sample_keys(keys, at=AT)
    plan = Plan(
        kind=CertificateType.VACCINATION,
        country="VN",
        issuer="Invented Ministry",
        validity=timedelta(days=365),
        level=1,
        formats=("txt",),
    )
    source = SignerSource(keys=keys, passphrase=PASSPHRASE, passphrase_file=keys / PASSPHRASE_FILE)
    return Recipe(plan=plan, source=source, secret=keys / ISSUER_SECRET, at=AT)


@pytest.fixture(scope="module")
def assignment(recipe: Recipe) -> Iterator[Assignment]:
    with ExitStack() as stack:
        yield Assignment.of(recipe.make(stack), recipe)


@pytest.fixture(autouse=True)
def empty_seats() -> Iterator[None]:
    cluster_seat._seats.clear()
    yield
    cluster_seat._seats.clear()


@pytest.fixture
def chunk() -> Chunk:
    return Chunk(1, [Row(number, record) for number, record in enumerate(sample_records(5, seed=3), 2)], AT)


def test_worker_issues_what_the_client_would(assignment: Assignment, recipe: Recipe, chunk: Chunk) -> None:
    found: Any = result_of(work(Parcel((assignment, chunk))))
    with ExitStack() as stack:
        expected = recipe.make(stack).work(chunk)
    assert isinstance(found, ChunkResult)
    assert len(found.issued) == 5
    assert [issued.row.id for issued in found.issued] == [issued.row.id for issued in expected.issued]


def test_one_seat_serves_all_chunks_of_a_run(assignment: Assignment, chunk: Chunk) -> None:
    take_seat(Parcel(assignment))
    (seat,) = cluster_seat._seats.values()
    work(Parcel((assignment, chunk)))
    assert list(cluster_seat._seats.values()) == [seat]


def test_passphrase_stays_here(assignment: Assignment, recipe: Recipe) -> None:
    assert recipe.source.passphrase == PASSPHRASE
    assert assignment.recipe.source.passphrase is None
    assert PASSPHRASE not in pickle.dumps(assignment)


def test_passphrase_without_a_file_is_refused(recipe: Recipe) -> None:
    source = replace(recipe.source, passphrase_file=None)
    with ExitStack() as stack, pytest.raises(ClusterError, match="is not sent to a cluster"):
        Assignment.of(recipe.make(stack), replace(recipe, source=source))


def test_paths_are_sent_from_the_root_on(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = recipe.source.keys
    assert keys is not None
    monkeypatch.chdir(keys.parent)
    source = replace(recipe.source, keys=Path("keys"), passphrase_file=Path("keys") / PASSPHRASE_FILE)
    with ExitStack() as stack:
        sent = Assignment.of(recipe.make(stack), replace(recipe, source=source, secret=Path("keys") / ISSUER_SECRET))
    assert sent.recipe.source.keys == keys
    assert sent.recipe.source.passphrase_file == keys / PASSPHRASE_FILE
    assert sent.recipe.secret == keys / ISSUER_SECRET


def test_two_runs_have_two_assignments(assignment: Assignment, recipe: Recipe) -> None:
    with ExitStack() as stack:
        assert Assignment.of(recipe.make(stack), recipe) != assignment


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "0.0.9"}, r"has vaxcert \S+, not 0\.0\.9"),
        ({"kid": "0102030405060708"}, r"signs with the DSC \S+, not 0102030405060708"),
        ({"answer": bytes(16)}, "has another issuer's secret"),
        ({"question": bytes(16)}, "has another issuer's secret"),
    ],
    ids=["version", "kid", "answer", "question"],
)
def test_worker_that_is_set_up_otherwise_refuses(
    assignment: Assignment, chunk: Chunk, change: dict[str, Any], message: str
) -> None:
    other = replace(assignment, **change)
    with pytest.raises(ClusterMismatchError, match=message):
        result_of(take_seat(Parcel(other)))
    with pytest.raises(ClusterMismatchError, match=message):
        result_of(work(Parcel((other, chunk))))
    assert not cluster_seat._seats


def test_another_secret_on_the_worker_is_refused(assignment: Assignment, tmp_path: Path) -> None:
    create_secret(tmp_path / "other.key.pem", PASSPHRASE)
    other = replace(assignment, recipe=replace(assignment.recipe, secret=tmp_path / "other.key.pem"))
    with pytest.raises(ClusterMismatchError, match="another issuer's secret"):
        result_of(take_seat(Parcel(other)))


def test_missing_secret_and_wrong_passphrase_are_told_as_they_are(assignment: Assignment, tmp_path: Path) -> None:
    (tmp_path / "wrong.txt").write_text("not the passphrase\n")
    recipe = assignment.recipe
    missing = replace(assignment, recipe=replace(recipe, secret=tmp_path / "nowhere.key.pem"))
    wrong = replace(recipe, source=replace(recipe.source, passphrase_file=tmp_path / "wrong.txt"))
    with pytest.raises(SecretMissingError):
        result_of(take_seat(Parcel(missing)))
    with pytest.raises(PassphraseError):
        result_of(take_seat(Parcel(replace(assignment, recipe=wrong))))


def test_who_leaves_is_forgotten_and_may_come_back(assignment: Assignment) -> None:
    take_seat(Parcel(assignment))
    result_of(leave_seat(Parcel(assignment)))
    assert not cluster_seat._seats
    result_of(leave_seat(Parcel(assignment)))  # nobody is there any more
    result_of(take_seat(Parcel(assignment)))
    assert len(cluster_seat._seats) == 1


def test_what_a_seat_has_open_is_closed_when_it_is_left(
    assignment: Assignment, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as kept:
        signer = kept.enter_context(recipe.source.open(usage=recipe.plan.kind, at=AT))
        closed: list[bool] = []

        @contextmanager
        def session(_source: SignerSource, **_options: object) -> Iterator[object]:
            yield signer
            closed.append(True)

        monkeypatch.setattr(SignerSource, "open", session)
        take_seat(Parcel(assignment))
        assert not closed
        leave_seat(Parcel(assignment))
        gc.collect()
        assert closed


def test_what_a_refused_seat_had_open_is_closed_at_once(
    assignment: Assignment, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as kept:
        signer = kept.enter_context(recipe.source.open(usage=recipe.plan.kind, at=AT))
        closed: list[bool] = []

        @contextmanager
        def session(_source: SignerSource, **_options: object) -> Iterator[object]:
            try:
                yield signer
            finally:
                closed.append(True)

        monkeypatch.setattr(SignerSource, "open", session)
        take_seat(Parcel(replace(assignment, kid="0102030405060708")))
        assert closed


def test_runs_whose_client_was_killed_do_not_pile_up(assignment: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        bench = assignment.make(stack)
        monkeypatch.setattr(Assignment, "make", lambda _self, _stack: bench)
        runs = [replace(assignment, question=bytes([number]) * 16) for number in range(MAX_SEATS + 2)]
        for run in runs:
            take_seat(Parcel(run))
    assert list(cluster_seat._seats) == runs[2:]


def test_parcel_shows_nothing_of_its_content(chunk: Chunk) -> None:
    parcel = Parcel(chunk)
    again = pickle.loads(pickle.dumps(parcel))
    for shown in (repr(parcel), str(again), f"{[again]}"):
        assert str(chunk.rows[0].fields["family_name"]) not in shown
        assert "bytes>" in shown


def test_error_in_a_chunk_is_an_answer(assignment: Assignment) -> None:
    bug: Any = None
    with pytest.raises(TypeError) as caught:
        result_of(work(Parcel((assignment, Chunk(1, [Row(1, bug)], AT)))))
    assert any("in a worker" in note for note in caught.value.__notes__)


_COUNT_FAULTS = """
import resource, sys
from vaxcert.service.batch.cluster_seat import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    bytearray(1 << 18)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that takes the nanny's setting so")
def test_freed_memory_is_kept_where_the_environment_says_otherwise() -> None:
    """Counted in pages that the system had to give for a hundred pieces of 64 pages."""
    faults = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", _COUNT_FAULTS, how],
                env={"MALLOC_TRIM_THRESHOLD_": "65536"},
                capture_output=True,
                check=True,
            ).stdout
        )
        for how in ("given", "kept")
    }
    assert faults["given"] > 6_000
    assert faults["kept"] < 600

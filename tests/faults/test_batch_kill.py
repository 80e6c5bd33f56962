"""A batch is killed at each point of its way, and at random: it goes on, and issues what it would have, once."""

from __future__ import annotations

import os
import shutil
import signal
import traceback
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.batches import LOGGED, Line, essences, issue, lines_of, logged, make_place, row, write
from tests.faults.batch_campaign import campaign
from vaxcert.ledger.store.transaction import Transaction
from vaxcert.service.batch import finish, run, single_file
from vaxcert.service.batch import issue as batch
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.journal import Journal
from vaxcert.service.batch.sequencer import Sequencer
from vaxcert.service.revocation_book import RevocationBook

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

ROWS, SEGMENT_ROWS = 20, 5


def test_a_batch_that_is_killed_at_random_issues_what_it_would_have(tmp_path: Path) -> None:
    happened = campaign(tmp_path, records=6_000, kills=6, segment_rows=500, seed=1)
    # On a fast machine the run may be over before the last of them.
    assert min(happened.kills["parent"], happened.kills["worker"]) >= 1
    assert happened.kills.total() >= 4


# --- killed at one point -----------------------------------------------------------------------------------------


POINTS: dict[str, tuple[Any, str]] = {
    "segment planned": (Journal, "plan_segment"),
    "append planned": (Journal, "plan_append"),
    "before the commit": (Transaction, "finish"),
    "in the log": (Sequencer, "settle"),
    "file written": (run, "write_segment"),
    "in the book": (BatchBook, "supersede"),
    "journaled": (Journal, "finish_segment"),
    "rejects written": (finish, "write_rejects"),
    "manifest written": (finish, "write_manifest"),
    "run finished": (Journal, "finish_run"),
    "lines joined": (finish, "join_lines"),
    "archive packed": (finish, "pack"),
    "file placed": (single_file, "place_new"),
    "workshop out of the way": (Path, "rename"),
}
"""A function each, after which the process is killed."""

FOLDER = ("segment planned", "file written", "journaled", "rejects written", "manifest written", "run finished")
LOG = ("append planned", "before the commit", "in the log")
SINGLE = ("segment planned", "file written", "journaled", "file placed", "workshop out of the way")


@dataclass(frozen=True)
class Scenario:
    """A run that is killed, and the runs before it."""

    name: str
    arguments: tuple[str, ...]
    points: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    at: str = "2021-12-05"
    last: int = 3
    """At a point that comes again and again, it is killed there at the latest after so many times."""

    @property
    def out(self) -> str:
        return self.arguments[self.arguments.index("-o") + 1]


TO_JOB = ("-o", "job", "--format", "jsonl")
SCENARIOS = (
    Scenario("folder", ("in.csv", *TO_JOB), FOLDER),
    Scenario("log", ("in.csv", *TO_JOB, *LOGGED), (*FOLDER, *LOG)),
    Scenario("correction", ("fix.csv", *TO_JOB, "--correct"), (*FOLDER, "in the book"), (("in.csv", *TO_JOB),), last=2),
    Scenario(
        "logged correction",
        ("fix.csv", *TO_JOB, *LOGGED),
        (*FOLDER, *LOG, "in the book"),
        (("in.csv", *TO_JOB, *LOGGED),),
        last=2,
    ),
    Scenario(
        "correction from another folder",
        ("fix.csv", *TO_JOB, *LOGGED),
        (*LOG, "file written"),
        (("in.csv", "-o", "first", "--format", "jsonl", *LOGGED),),
        last=2,
    ),
    Scenario("renewal", ("--renew", *TO_JOB), (*FOLDER, "in the book"), (("in.csv", *TO_JOB, "--validity", "30"),)),
    Scenario(
        "logged renewal",
        ("--renew", *TO_JOB, *LOGGED, "--validity", "40"),
        (*FOLDER, *LOG, "in the book"),
        (("in.csv", *TO_JOB, *LOGGED, "--validity", "30"),),
    ),
    Scenario("one file", ("in.csv", "-o", "out.jsonl"), (*SINGLE, "lines joined")),
    Scenario("one logged file", ("in.csv", "-o", "out.jsonl", *LOGGED), (*SINGLE, *LOG, "lines joined")),
    Scenario("archive", ("in.csv", "-o", "out.zip", "--format", "jsonl"), (*SINGLE, "archive packed"), last=2),
)
BEGUN = set(POINTS) - {"segment planned", "file written", "in the book"}
"""Points after which there is something to go on with, whatever the scenario."""
CASES = [
    pytest.param(scenario, point, turn, id=f"{scenario.name}-{point}-{turn}")
    for scenario in SCENARIOS
    for point in scenario.points
    for turn in ((1, scenario.last) if point in {*LOG, "segment planned", "file written", "journaled"} else (1,))
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_place(folder)
    rows = [row(number, lot="" if number % 7 == 3 else "FF0042") for number in range(ROWS)]
    write(folder / "in.csv", *rows)
    write(folder / "fix.csv", *(row(number, lot="other") for number in range(0, ROWS, 2)))
    return folder


@pytest.fixture(scope="module")
def undisturbed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Path]:
    """Return what gives a folder in which a scenario ran without being killed."""
    done: dict[str, Path] = {}

    def place(scenario: Scenario) -> Path:
        if scenario.name not in done:
            folder = done[scenario.name] = tmp_path_factory.mktemp("undisturbed") / "place"
            shutil.copytree(made, folder)
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                patch.setattr(batch, "BatchRun", partial(run.BatchRun, segment_rows=SEGMENT_ROWS))
                prepare(scenario)
                shutil.copytree(folder, folder.with_name("prepared"))
                assert issue(*scenario.arguments, at=scenario.at) in {0, 1}
        return done[scenario.name]

    return place


def prepare(scenario: Scenario) -> None:
    for arguments in scenario.before:
        assert issue(*arguments) in {0, 1}


def die_after(point: str, turn: int) -> None:
    """Have this process killed when the function at *point* has returned so many times."""
    owner, name = POINTS[point]
    function, left = getattr(owner, name), turn

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal left
        result = function(*args, **options)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, counted)


def in_a_child(work: Callable[[], object]) -> int:
    """Return the signal that ended the child which did *work*, or 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the test runner's threads hold no lock of ours
        child = os.fork()
    if not child:
        end_with(work)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def end_with(work: Callable[[], object]) -> NoReturn:
    try:
        work()
    except BaseException:  # noqa: BLE001 - nothing may get out of a child
        traceback.print_exc()
    os._exit(1)


@pytest.mark.parametrize(("scenario", "point", "turn"), CASES)
def test_a_batch_that_is_killed_on_its_way_is_brought_to_the_same_end(  # noqa: PLR0917 - fixtures and cases by name
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: Callable[[Scenario], Path],
    scenario: Scenario,
    point: str,
    turn: int,
) -> None:
    model = undisturbed(scenario)
    place = tmp_path / "place"
    shutil.copytree(model.with_name("prepared"), place)
    monkeypatch.chdir(place)
    monkeypatch.setattr(batch, "BatchRun", partial(run.BatchRun, segment_rows=SEGMENT_ROWS))

    def live_and_die() -> None:
        die_after(point, turn)
        issue(*scenario.arguments, at=scenario.at)

    assert in_a_child(live_and_die) == signal.SIGKILL
    go_on(scenario, point)
    assert result_of(place, scenario) == result_of(model, scenario)
    left = [path.name for path in place.iterdir() if path.name.startswith(".")]
    assert left == []
    if scenario.out == "job":
        assert issue(*scenario.arguments, at=scenario.at) in {0, 1}  # once more nothing new comes of it
        assert result_of(place, scenario) == result_of(model, scenario)


def go_on(scenario: Scenario, point: str) -> None:
    if point in {"run finished", "workshop out of the way"}:
        assert issue(*scenario.arguments, "--resume", at=scenario.at) == 6
        return
    if Path(scenario.out).exists() and point in BEGUN:
        assert issue(*scenario.arguments, at=scenario.at) == 6  # not without saying so
    assert issue(*scenario.arguments, "--resume", at=f"{scenario.at}T12:00") in {0, 1}


def result_of(place: Path, scenario: Scenario) -> dict[str, object]:
    """Return all that came of the runs in *place*, times aside."""
    log = logged(place / "ledger")
    return {
        "certificates": essences(certificates_in(place / scenario.out)),
        "log": sorted((each, stored.version, stored.content, stored.identity) for _, each, stored in log.certificates),
        "statements": sorted((each.kind.name, each.subject or "", each.detail or "") for each in log.statements),
        "size": log.size,
        "book": sorted(entry for path in place.glob("*/revocations.sqlite") for entry in entries_of(path)),
        "rejects": {path.name: path.read_bytes() for path in place.rglob("*rejects.csv")},
    }


def certificates_in(out: Path) -> list[Line]:
    if out.suffix != ".zip":
        return lines_of(out)
    unpacked = out.with_suffix(".unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    shutil.unpack_archive(out, unpacked)
    return lines_of(unpacked)


def entries_of(path: Path) -> list[tuple[str, str, str]]:
    with RevocationBook.open(path) as book:
        return [(entry.id, entry.reason, entry.successor or "") for entry in book.entries()]

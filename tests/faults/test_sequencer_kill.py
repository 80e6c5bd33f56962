"""The sequencer between registry and log is killed at each point of its way: no certificate is lost, none is twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
import traceback
import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.certificate_desk import CertificateDesk, certificate_desk, logged, quick_registry, secret
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store.transaction import Transaction
from vaxcert.registry.certificates import intent_store
from vaxcert.registry.certificates.tables import certificates, intents
from vaxcert.registry.corrections.life import DecisionReason
from vaxcert.registry.database.engine import open_engine
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.workbench import Workbench
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.certificates import sequencer
from vaxcert.service.registry.certificates.revoked import RevokeCertificate, erase_certificates, revoke_certificate
from vaxcert.service.registry.certificates.sequencer_log import LogWriter
from vaxcert.service.registry.corrections.asked import AskHealthCorrection, ask_health_correction
from vaxcert.service.registry.corrections.decided import DecideCorrection, accept_health_correction
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME, RevocationBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import NoReturn

__all__ = ["certificate_desk"]

POINTS: dict[str, tuple[Any, str]] = {
    "ids given": (intent_store, "name"),
    "signed, not logged": (Workbench, "work"),
    "before the log's commit": (Transaction, "finish"),
    "after the log's commit": (BatchBook, "supersede"),
    "issued, not noted": (LogWriter, "issue"),
    "revoked, not noted": (LogWriter, "revoke"),
    "erased, not noted": (LogWriter, "erase"),
    "before the registry's commit": (sequencer, "_note_issued"),
}
"""A function each, after which the process is killed."""

BETWEEN = ("signed, not logged", "issued, not noted", "before the registry's commit")
"""Between the commits of the two databases: these are tried on PostgreSQL too."""


def ask_for_everything(desk: CertificateDesk) -> None:
    """Issue four certificates; then ask for two more, a correction, a revocation and an erasure."""
    old = [desk.drafted() for _ in range(4)]
    desk.sign(*old)
    desk.drain()
    desk.registry.later(hours=1)
    at, run = desk.registry.at, desk.registry.run
    wish = AskHealthCorrection(dose=desk.find(old[0]).dose, lot_number="X1")
    asked = run(ask_health_correction, wish, role=Role.RECEPTIONIST, site=desk.site)
    decision = DecideCorrection(correction=asked.id, reason=DecisionReason.SITE_CONFIRMED)
    corrected = run(accept_health_correction, decision, role=Role.PROVINCE).certificates
    desk.sign(*corrected, desk.drafted(), desk.drafted())
    run(revoke_certificate, RevokeCertificate(certificate=str(old[1]), word="fraud"), role=Role.CENTRE)
    with desk.registry.desk.working(desk.registry.actor(Role.CENTRE), at) as work:
        erase_certificates(work, [desk.find(old[2]).person])


def check(desk: CertificateDesk) -> None:
    """Check that everything that was asked for was done, and done once."""
    with desk.registry.desk.reading() as connection:
        assert set(connection.scalars(sa.select(intents.c.state))) == {"done"}
        states = Counter(connection.scalars(sa.select(certificates.c.state)))
        ids = set(connection.scalars(sa.select(certificates.c.uvci))) - {None}
    assert states == {"superseded": 1, "revoked": 1, "logged": 5}
    log = logged(desk.ledger)
    assert (set(log.ids), len(log.ids)) == (ids, 6)
    assert log.size == 7 + 3  # seven certificates of which one is erased, and what was stated of two
    kinds = Counter(statement.kind for statement in log.statements)
    assert kinds == {EntryKind.REVOCATION: 2, EntryKind.SUPERSESSION: 1}
    with RevocationBook.open(desk.ledger / BOOK_NAME) as book:
        assert sorted(entry.reason for entry in book.entries()) == ["revoked", "superseded"]
    with LedgerFolder(desk.ledger).open(read_only=True) as opened:
        assert opened.check(opener=lambda name, sealed: secret().open(sealed, about=name.encode())) is None
        assert len(list(opened.erasures())) == 1


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a registry on SQLite and its ledger, and everything asked for."""
    folder = tmp_path_factory.mktemp("prepared")
    with quick_registry(folder) as registry:
        ask_for_everything(CertificateDesk(registry, folder / "ledger"))
    return folder


@pytest.fixture
def desk(prepared: Path, tmp_path: Path) -> Iterator[CertificateDesk]:
    place = tmp_path / "place"
    shutil.copytree(prepared, place)
    with quick_registry(place, is_new=False) as registry:
        yield CertificateDesk(registry, place / "ledger")


@pytest.mark.parametrize("point", POINTS)
def test_a_sequencer_that_is_killed_is_gone_on_with(desk: CertificateDesk, point: str) -> None:
    assert killed_in(lambda: die_after(point), desk)
    desk.drain()
    check(desk)
    assert not desk.drain()


@pytest.mark.parametrize("point", BETWEEN)
def test_it_is_so_between_postgresql_and_the_log(certificate_desk: CertificateDesk, point: str) -> None:
    if not certificate_desk.registry.url.startswith("postgresql"):
        return  # the test above
    ask_for_everything(certificate_desk)
    assert killed_in(lambda: die_after(point), certificate_desk)
    certificate_desk.drain()
    check(certificate_desk)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_again_and_again_it_comes_to_the_same(desk: CertificateDesk, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(4):
        killed_in(lambda: None, desk, after=chance.uniform(0, 0.25))
    desk.drain()
    check(desk)


def test_undisturbed_it_comes_to_that_too(desk: CertificateDesk) -> None:
    desk.drain()
    check(desk)


def die_after(point: str) -> None:
    """Have this process killed when the function at *point* returns for the first time."""
    owner, name = POINTS[point]
    function = getattr(owner, name)

    def last(*args: Any, **options: Any) -> None:
        function(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, last)


def killed_in(prepare: Callable[[], None], desk: CertificateDesk, *, after: float | None = None) -> bool:
    """Drain in a child that is killed where it was *prepare*d to be, or *after* so many seconds; say whether it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the test runner's threads hold no lock of ours
        child = os.fork()
    if not child:
        drain_in_child(prepare, desk)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def drain_in_child(prepare: Callable[[], None], desk: CertificateDesk) -> NoReturn:
    try:
        registry = desk.registry
        own = Desk(open_engine(registry.url), registry.keyring, Reference())  # connections are not shared with a parent
        desk.registry = replace(registry, desk=own)
        prepare()
        desk.drain()
    except BaseException:  # noqa: BLE001 - nothing may get out of a child
        traceback.print_exc()
    os._exit(0)

"""A registry on PostgreSQL for the service to be measured with: certificates to look up, and places to book."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.booking import STAFF, prepare_registry
from tests.postgres_server import IN_PRODUCTION, programs, running_postgres
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.accounts.accounts import OpenAccount, open_account
from vaxcert.service.registry.accounts.sessions import open_session
from vaxcert.service.registry.certificates.listed import ListCertificates, list_certificates
from vaxcert.service.registry.demo.play import run_registry_demo
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from vaxcert.service.registry.desk import Desk

SIGNED_IN = timedelta(hours=8)


@dataclass(frozen=True)
class Filled:
    """A registry, and what may be asked of it."""

    folder: Path
    passphrase: Path
    token: str
    """Of a session of the centre's."""
    certificates: list[UUID]
    bookings: list[dict[str, str]]
    """What each booking posts: everybody's place, in slots that have room for all."""


@contextmanager
def filled_registry(bookings: int) -> Iterator[Filled | None]:
    """Yield a registry with a played day, and so many people who may book; None where there is no PostgreSQL."""
    found = programs()
    if found is None:
        yield None
        return
    with running_postgres(found, settings=IN_PRODUCTION) as server, TemporaryDirectory() as place:
        home, at = Path(place) / "demo", datetime.now(UTC)
        run_registry_demo(home, at=at, say=lambda _line: None, database=server.local_url(server.empty_database()))
        passphrase = home / "keys" / "passphrase.txt"
        folder = RegistryFolder(home / "registry")
        with closing(folder.open(passphrase.read_bytes().strip())) as desk:
            slots, registrations = prepare_registry(desk, bookings, bookings, at=at)
            asked = ListCertificates(state=CertificateState.ANCHORED, limit=500)
            listed = desk.run(list_certificates, asked, actor=STAFF, at=at).items
            assert listed
            yield Filled(
                folder=folder.path,
                passphrase=passphrase,
                token=_session(desk, at),
                certificates=[each.id for each in listed],
                bookings=[
                    {"registration": str(registration), "slot": str(slots[number % len(slots)])}
                    for number, registration in enumerate(registrations)
                ],
            )


def _session(desk: Desk, at: datetime) -> str:
    account = OpenAccount(name="measuring", roles=[Role.CENTRE], area=COUNTRY)
    keeper = Actor(account="benchmark", roles=frozenset({Role.SYSADMIN}), area=COUNTRY)
    desk.run(open_account, account, actor=keeper, at=at)
    with desk.working(STAFF, at) as work:
        return open_session(work, account=account.name, until=at + SIGNED_IN)

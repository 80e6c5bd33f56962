"""A registry with people who were vaccinated, those who certify it, and a ledger with its sequencer."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.authority import opened as read_text
from tests.batches import Logged
from tests.invented_people import person as invented
from tests.registry_fixture import MORNING, RegistryUnderTest, new_sqlite_registry
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.model.certificate_type import CertificateType
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.store import TEXT_PLACE
from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.store import place_of, row_of
from vaxcert.registry.doses.tables import dose_places, doses
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.record import Declarer, PersonRecord
from vaxcert.registry.sites.site import SiteKind, SiteState
from vaxcert.registry.sites.tables import sites
from vaxcert.service.anchoring import AnchoringSession
from vaxcert.service.ledgers import create_ledger, sign_checkpoint
from vaxcert.service.registry.certificates.drafts import draft_first
from vaxcert.service.registry.certificates.sequencer import CertificateSequencer, issuing_bench
from vaxcert.service.registry.certificates.signing import (
    SignCertificates,
    centre_sign_certificates,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.people.records import insert_person
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.rights import Role
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.authority import Opened
    from vaxcert.registry.certificates.life import CertificateState
    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.registry.people.demographics import Demographics
    from vaxcert.registry.sealing.keyring import Keyring
    from vaxcert.service.registry.certificates.sequencer import Drained

ORIGIN = "ledger.example/registry"
PASSPHRASE = b"correct horse battery"
COMIRNATY = "EU/1/20/1528"
GIVEN_ON = date(2026, 3, 1)


def passphrase() -> bytes:
    return PASSPHRASE


@cache
def secret() -> IssuerSecret:
    return IssuerSecret.create()


@cache
def signer(born: datetime = datetime(2026, 2, 1, tzinfo=UTC)) -> PemSigner:
    """Return a signer who may sign for half a year from *born* on."""
    csca = create_csca(country="VN", common_name="Invented CSCA", at=born)
    pair = create_dsc(csca, common_name="Invented DSC", usages=tuple(CertificateType), at=born)
    return PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate))


@dataclass
class CertificateDesk:
    """Those who certify, at work in one registry and one ledger."""

    registry: RegistryUnderTest
    ledger: Path
    site: UUID = field(init=False)
    by: PemSigner = field(default_factory=signer)

    def __post_init__(self) -> None:
        if not self.ledger.exists():
            shutil.copytree(_made().folder / "ledger", self.ledger)
        with self.registry.desk.working(self.registry.actor(Role.SERVICE), self.registry.at) as work:
            self.site = work.new_id()
            work.insert(
                sites,
                id=self.site,
                version=1,
                code=f"51{str(self.site)[-6:].upper()}",
                name="Trạm y tế phường Bình Minh",
                kind=SiteKind.HEALTH_STATION,
                area=self.registry.area,
                address="",
                hours=[],
                tables=1,
                per_table_hour=10,
                slot_minutes=30,
                walk_in_percent=0,
                later_dose_percent=0,
                emergency=False,
                state=SiteState.ACTIVE,
            )

    def person(self, known: Demographics | None = None) -> UUID:
        """Register somebody, and return their id."""
        with self.registry.desk.working(self.registry.actor(Role.RECEPTIONIST), self.registry.at) as work:
            record = PersonRecord(
                id=work.new_id(),
                version=1,
                state=PersonState.ACTIVE,
                area=self.registry.area,
                qid=str(work.new_id()),
                declared_by=Declarer.SELF,
                created_at=work.at,
                identity_verified=None,
                identity_verified_at=None,
                merged_into=None,
                demographics=known or invented(),
            )
            insert_person(work, record)
            return record.id

    def dose(
        self,
        person: UUID,
        *,
        number: int = 1,
        given_on: date = GIVEN_ON,
        state: DoseState = DoseState.CONFIRMED,
        entered_by: str = "vaccinator",
        **changes: object,
    ) -> Dose:
        """Enter a dose of *person*, and return it; its certificate is not drafted."""
        with self.registry.desk.working(self.registry.actor(Role.VACCINATOR, self.site), self.registry.at) as work:
            facts: dict[str, object] = {
                "id": work.new_id(),
                "person": person,
                "product": COMIRNATY,
                "lot_number": "FF0042",
                "lot": work.new_id(),
                "number": number,
                "of": 2,
                "kind": DoseKind.BASIC,
                "nth": number,
                "given_on": given_on,
                "site": self.site,
                "source": DoseSource.VISIT,
                "state": state,
                "entered_by": entered_by,
                "visit": work.new_id(),
            }
            dose = Dose(**{**facts, **changes})  # type: ignore[arg-type] # the caller's changes have the fields' types
            work.insert(doses, **row_of(dose, area=self.registry.area, at=work.at))
            work.insert(dose_places, **place_of(dose, number))
            return dose

    def queued(self, dose: Dose) -> UUID:
        """Draft the certificate of *dose*, and return its id."""
        with self.registry.desk.working(self.registry.actor(Role.OBSERVER, self.site), self.registry.at) as work:
            return draft_first(work, dose)

    def drafted(self, known: Demographics | None = None) -> UUID:
        """Draft a certificate of somebody new, and return its id."""
        return self.queued(self.dose(self.person(known)))

    def sign(self, *certificates: UUID) -> None:
        """Take the three steps, each by somebody else."""
        request = SignCertificates(certificates=list(certificates))
        run = self.registry.run
        for step, role, site in (
            (verify_certificates, Role.RECEPTIONIST, self.site),
            (site_sign_certificates, Role.SITE_ADMIN, self.site),
            (centre_sign_certificates, Role.CENTRE_SIGNER, None),
        ):
            results = run(step, request, role=role, site=site).results
            assert [each.code for each in results] == [None] * len(results)

    def sign_for_site(self, *certificates: UUID) -> None:
        """Take the first two steps."""
        request = SignCertificates(certificates=list(certificates))
        self.registry.run(verify_certificates, request, role=Role.RECEPTIONIST, site=self.site)
        self.registry.run(site_sign_certificates, request, role=Role.SITE_ADMIN, site=self.site)

    def certified(self, known: Demographics | None = None) -> UUID:
        """Certify somebody new, and return the certificate's id: it waits for the sequencer."""
        certificate = self.drafted(known)
        self.sign(certificate)
        return certificate

    def issued(self, known: Demographics | None = None) -> UUID:
        """Issue a certificate to somebody new, and return its id."""
        certificate = self.certified(known)
        assert self.drain().issued == 1
        return certificate

    def sequencer(self, *, by_secret: IssuerSecret | None = None) -> CertificateSequencer:
        bench = issuing_bench(self.by, by_secret or secret(), issuer="Invented Ministry", at=self.registry.at)
        return CertificateSequencer(self.registry.desk, self.ledger, bench)

    def drain(self) -> Drained:
        return self.sequencer().drain(self.registry.at)

    def find(self, certificate: UUID) -> RegisteredCertificate:
        with self.registry.desk.reading() as connection:
            found = store.find(connection, certificate)
        assert found is not None
        return found

    def state(self, certificate: UUID) -> CertificateState:
        return self.find(certificate).state

    def sign_checkpoint(self) -> None:
        sign_checkpoint(self.ledger, passphrase=passphrase, at=self.registry.at)

    def anchor(self) -> None:
        """Sign the log, and bring its head to the file that stands for a chain."""
        self.sign_checkpoint()
        with AnchoringSession.open(self.ledger, passphrase=passphrase, clock=lambda: self.registry.at) as session:
            session.advance()

    def years_later(self, days: int = 340) -> None:
        """Let most of a year pass, and another DSC sign."""
        self.registry.later(days=days)
        self.by = signer(self.registry.at - timedelta(days=1))


@pytest.fixture
def certificate_desk(registry: RegistryUnderTest, tmp_path: Path) -> CertificateDesk:
    """Return the desk of a new registry, once on each database."""
    return CertificateDesk(registry, tmp_path / "ledger")


@pytest.fixture
def quick_desk(tmp_path: Path) -> Iterator[CertificateDesk]:
    """Yield the desk of a new registry on SQLite, for what is no matter of the database."""
    with quick_registry(tmp_path) as registry:
        yield CertificateDesk(registry, tmp_path / "ledger")


@contextmanager
def quick_registry(folder: Path, *, is_new: bool = True) -> Iterator[RegistryUnderTest]:
    """Yield the registry on SQLite in *folder*; if it *is_new*, a copy of one that was made before."""
    made = _made()
    path = folder / "registry.db"
    if is_new:
        shutil.copyfile(made.folder / "registry.db", path)
    engine = open_engine(f"sqlite:///{path}")
    desk = Desk(engine, made.keyring, Reference())
    yield RegistryUnderTest(desk=desk, url=str(engine.url), engine=engine, keyring=made.keyring)
    desk.close()


@dataclass
class _Made:
    """An empty registry on SQLite, and an empty ledger."""

    folder: Path
    keyring: Keyring


@cache
def _made() -> _Made:
    folder = Path(tempfile.mkdtemp(prefix="vaxcert-desk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    create_ledger(folder / "ledger", origin=ORIGIN, passphrase=passphrase, at=MORNING)
    with new_sqlite_registry(folder) as registry:
        return _Made(folder, registry.keyring)


def opened(desk: CertificateDesk, certificate: UUID) -> Opened:
    """Return what an issued certificate says, read without vaxcert."""
    found = desk.find(certificate)
    assert found.text is not None
    with desk.registry.desk.working(desk.registry.actor(Role.SERVICE), desk.registry.at, reads=True) as work:
        text = work.unseal(str, found.person, TEXT_PLACE, found.id, found.text)
    return read_text(text, desk.by)


def logged(ledger: Path) -> Logged:
    """Return what the log of *ledger* holds, opened with the secret."""
    with TransparencyLog.open(ledger, read_only=True) as log:
        certificates = [
            (found.leaf_index, found.id, parse_stored(secret().open(found.cose, about=found.id.encode())))
            for found in log.certificates()
        ]
        return Logged(certificates, list(log.statements()), log.size)

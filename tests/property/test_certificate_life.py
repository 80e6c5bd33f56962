"""Certificates under any order of what people do and of what cuts the sequencer off."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from tests.certificate_desk import CertificateDesk, logged, quick_registry
from vaxcert.errors import CertificateStateError, RegistryError
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import IN_FORCE, ON_THE_WAY, CertificateState, Origin
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.corrections.life import DecisionReason
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.service.registry.access import Actor
from vaxcert.service.registry.certificates.drafts import draft_first
from vaxcert.service.registry.certificates.renewal import RenewCertificates, renew_certificates
from vaxcert.service.registry.certificates.revoked import RevokeCertificate, erase_certificates, revoke_certificate
from vaxcert.service.registry.certificates.sequencer_log import LogWriter
from vaxcert.service.registry.certificates.signing import (
    RefuseCertificate,
    SignCertificates,
    centre_sign_certificates,
    refuse_certificate,
    return_certificate,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.corrections.asked import AskHealthCorrection, ask_health_correction
from vaxcert.service.registry.corrections.decided import DecideCorrection, accept_health_correction
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.doses.dose import Dose

ACCOUNTS = st.sampled_from(("an", "binh", "chi", "dung", "em"))
EVERY_STEP = frozenset({Role.RECEPTIONIST, Role.SITE_ADMIN, Role.CENTRE_SIGNER, Role.CENTRE, Role.SERVICE})
"""So that only the rules keep somebody from a step, not the rights."""

STEPS = st.sampled_from((verify_certificates, site_sign_certificates, centre_sign_certificates))
ENDS = frozenset((CertificateState.REVOKED, CertificateState.REFUSED))
CERTIFIED = IN_FORCE | {CertificateState.CERTIFIED, CertificateState.SUPERSEDED, CertificateState.REVOKED}


class Cut(BaseException):
    """The process was killed here."""


class Certificates(RuleBasedStateMachine):
    """One registry and its ledger."""

    given = Bundle("given")
    """Doses."""
    issued = Bundle("issued")
    """Doses that there are certificates of from the beginning."""
    known = Bundle("known")
    """Certificates."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="vaxcert-life-"))
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.desk = CertificateDesk(self.stack.enter_context(quick_registry(folder)), folder / "ledger")
        self.ended: dict[UUID, CertificateState] = {}
        self.erased: set[UUID] = set()

    def teardown(self) -> None:
        self.stack.close()

    def actor(self, account: str) -> Actor:
        return Actor(account=account, roles=EVERY_STEP, area=self.desk.registry.area, site=self.desk.site)

    @initialize(target=given)
    def some_doses(self) -> object:
        return multiple(*(self.desk.dose(self.desk.person(), entered_by="em") for _ in range(4)))

    @initialize(target=issued)
    def some_certificates(self) -> object:
        doses = [self.desk.dose(self.desk.person(), entered_by="em") for _ in range(3)]
        self.desk.sign(*(self.desk.queued(dose) for dose in doses))
        self.desk.drain()
        return multiple(*doses)

    @rule(target=given, account=ACCOUNTS)
    def inject(self, account: str) -> Dose:
        """Give a dose whose observation is not over."""
        return self.desk.dose(self.desk.person(), entered_by=account, state=DoseState.GIVEN)

    @rule(target=known, dose=given, drains=st.booleans())
    def certify(self, dose: Dose, *, drains: bool) -> object:
        certificate = self.queue(dose)
        with self.desk.registry.desk.reading() as connection:
            rows = store.of_dose(connection, dose.id)
        for row in rows:
            if row.state in ON_THE_WAY:
                self.sign_in_order(row.id)
        if drains:
            self.drain()
        return certificate

    @rule(target=known, dose=given)
    def queue(self, dose: Dose) -> object:
        registry = self.desk.registry
        if dose.person in self.erased:
            return multiple()
        try:
            with registry.desk.working(self.actor("an"), registry.at) as work:
                return draft_first(work, dose)
        except CertificateStateError:  # there is one
            return multiple()

    @rule(certificate=known, step=STEPS, account=ACCOUNTS)
    def sign(self, certificate: UUID, step: object, account: str) -> None:
        request = SignCertificates(certificates=[certificate])
        with suppress(RegistryError):
            self.desk.registry.desk.run(step, request, actor=self.actor(account), at=self.desk.registry.at)  # type: ignore[arg-type] # one of three

    def sign_in_order(self, certificate: UUID) -> None:
        signed = zip((verify_certificates, site_sign_certificates, centre_sign_certificates), "xyz", strict=True)
        for step, account in signed:
            self.sign(certificate, step, account)

    @rule(certificate=known, refuses=st.booleans())
    def stop(self, certificate: UUID, *, refuses: bool) -> None:
        use_case = refuse_certificate if refuses else return_certificate
        request = RefuseCertificate(certificate=certificate, word="not_clear")
        with suppress(RegistryError):
            self.desk.registry.desk.run(use_case, request, actor=self.actor("em"), at=self.desk.registry.at)

    @rule()
    def drain(self) -> None:
        self.desk.drain()
        assert self.issued_here() == logged(self.desk.ledger).ids

    @rule(place=st.sampled_from(("issue", "revoke", "erase", "noted")))
    def drain_and_be_cut_off(self, place: str) -> None:
        with pytest.MonkeyPatch.context() as patch, suppress(Cut):
            if place == "noted":
                patch.setattr("vaxcert.service.registry.certificates.sequencer._note_issued", _cut)
            else:
                patch.setattr(LogWriter, place, _cut_after(getattr(LogWriter, place)))
            self.desk.drain()

    @rule(target=known, dose=issued)
    def know(self, dose: Dose) -> UUID:
        with self.desk.registry.desk.reading() as connection:
            return store.of_dose(connection, dose.id)[-1].id

    @rule(certificate=known)
    def revoke(self, certificate: UUID) -> None:
        request = RevokeCertificate(certificate=str(certificate), word="fraud")
        with suppress(RegistryError):
            self.desk.registry.desk.run(revoke_certificate, request, actor=self.actor("em"), at=self.desk.registry.at)

    @rule(target=known, dose=given | issued)
    def correct(self, dose: Dose) -> object:
        run, at = self.desk.registry.desk.run, self.desk.registry.later(minutes=1)
        wish = AskHealthCorrection(dose=dose.id, lot_number=f"X{at:%m%d%H%M}")
        try:
            asked = run(ask_health_correction, wish, actor=self.actor("em"), at=at)
            decision = DecideCorrection(correction=asked.id, reason=DecisionReason.SITE_CONFIRMED)
            accepted = run(accept_health_correction, decision, actor=self.actor("phuc"), at=at)
        except RegistryError:
            return multiple()
        return multiple(*accepted.certificates)

    @rule()
    def let_a_year_pass_and_renew(self) -> None:
        self.desk.years_later()
        self.desk.registry.desk.run(
            renew_certificates, RenewCertificates(), actor=self.actor("an"), at=self.desk.registry.at
        )

    @rule(dose=consumes(given) | issued)
    def erase(self, dose: Dose) -> None:
        with self.desk.registry.desk.working(self.actor("an"), self.desk.registry.at) as work:
            erase_certificates(work, [dose.person])
        self.erased.add(dose.person)

    @rule(size=st.integers(0, 20))
    def anchor(self, size: int) -> None:
        with self.desk.registry.desk.working(self.actor("an"), self.desk.registry.at) as work:
            store.anchor_below(work.connection, min(size, logged(self.desk.ledger).size), work.at)

    @invariant()
    def the_rules_hold(self) -> None:
        with self.desk.registry.desk.reading() as connection:
            rows = connection.execute(sa.select(certificates)).all()
            states = {row.id: row.state for row in connection.execute(sa.select(doses.c.id, doses.c.state))}
        for states_of in (IN_FORCE, ON_THE_WAY):
            assert max(Counter(row.dose for row in rows if row.state in states_of).values(), default=0) <= 1
        for row in rows:
            hands = [row.entered_by, row.verified_by, row.site_signed_by, row.certified_by]
            taken = [hand for hand in hands if hand is not None]
            assert len(set(taken)) == len(taken)
            if row.state in CERTIFIED:
                assert len(taken) == 4
                assert states[row.dose] == DoseState.CONFIRMED
            assert self.ended.get(row.id, row.state) == row.state  # nothing leaves an end
            if row.state in ENDS:
                self.ended[row.id] = CertificateState(row.state)
            assert row.origin == Origin.INJECTION or row.replaces is not None

    def issued_here(self) -> list[str]:
        """Return the ids of what the registry has issued and not erased, in the order of the log."""
        issued = sa.select(certificates.c.uvci).where(certificates.c.leaf_index.is_not(None))
        with self.desk.registry.desk.reading() as connection:
            return list(connection.scalars(issued.order_by(certificates.c.leaf_index)))


def _cut(*_: object) -> None:
    raise Cut


def _cut_after(function: object) -> object:
    def cut(*arguments: object) -> None:
        function(*arguments)  # type: ignore[operator] # a method of the writer
        raise Cut

    return cut


TestCertificates = Certificates.TestCase
TestCertificates.settings = settings(
    max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

"""Several officers at once on one person, on both databases: one is let through, the others are told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.visited_site import VisitedSite, site_of_its_own
from vaxcert.errors import DoseSameDayError, RegistryError, StaleVersionError, VisitOpenError, VisitStateError
from vaxcert.registry.doses.paper import PaperKind
from vaxcert.registry.doses.tables import dose_places, doses
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.service.registry.doses.entered import enter_paper_dose
from vaxcert.service.registry.doses.entered_form import EnterPaperDose
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.registry_fixture import RegistryUnderTest

AT_ONCE = 4


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> VisitedSite:
    found = site_of_its_own(shared_registry)
    found.lot()
    return found


def at_once(deeds: Iterable[Callable[[], Any]]) -> tuple[list[Any], list[RegistryError]]:
    """Do all of them at the same time; return the answers, and what was refused."""
    answers, refused = [], []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in [pool.submit(deed) for deed in deeds]:
            error = future.exception()
            if error is None:
                answers.append(future.result())
            else:
                assert isinstance(error, RegistryError), error
                refused.append(error)
    return answers, refused


def test_of_several_vaccinators_one_injects_and_one_dose_is_used(site: VisitedSite) -> None:
    person = site.person()
    visit = site.arrive(person)
    site.screen(visit)
    answers, refused = at_once([lambda: site.inject(visit)] * AT_ONCE)
    assert len(answers) == 1
    # Whoever looks a moment later is told by the visit, and between the two by the dose that is there already.
    assert {type(error) for error in refused} <= {VisitStateError, StaleVersionError, DoseSameDayError}
    with site.registry.engine.connect() as connection:
        given = connection.scalars(sa.select(doses.c.id).where(doses.c.person == person)).all()
        used = connection.scalars(sa.select(stock_movements.c.dose).where(stock_movements.c.dose.in_(given))).all()
    assert given == used == [answers[0].dose.id]


def test_of_several_receptionists_one_receives(site: VisitedSite) -> None:
    person = site.person()
    site.declare(person)
    answers, refused = at_once([lambda: site.receive(person)] * AT_ONCE)
    assert len(answers) == 1
    assert {type(error) for error in refused} == {VisitOpenError}


def test_of_several_observers_one_completes(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit)
    site.inject(visit)
    site.registry.later(minutes=31)
    site.measure(visit)
    answers, refused = at_once([lambda: site.complete(visit)] * AT_ONCE)
    assert [answer.certificate is not None for answer in answers] == [True]
    assert {type(error) for error in refused} <= {VisitStateError, StaleVersionError}


def test_papers_that_are_entered_at_once_are_all_kept_each_at_its_place(site: VisitedSite) -> None:
    person = site.person()

    def enter(day: int) -> object:
        request = EnterPaperDose(
            person=person,
            product="Pfizer",
            given_on=date(2025, 1, 1) + timedelta(days=40 * day),
            paper=PaperKind.SITE_LIST,
            lot_number="FF1",
        )
        return site.registry.run(enter_paper_dose, request, role=Role.RECEPTIONIST, site=site.site)

    answers, refused = at_once([lambda day=day: enter(day) for day in range(AT_ONCE)])  # type: ignore[misc] # a lambda's default
    assert len(answers) == AT_ONCE
    assert not refused
    with site.registry.engine.connect() as connection:
        places = connection.scalars(sa.select(dose_places.c.place).where(dose_places.c.person == person)).all()
    assert sorted(places) == list(range(1, AT_ONCE + 1))

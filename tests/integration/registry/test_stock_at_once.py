"""Stock with several at one time, on both databases: the last dose is given once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from tests.stocked_site import Stocked, new_site
from vaxcert.errors import DoseBookedError, LotNotUsableError, NotEnoughStockError, RegistryError, TransferStateError
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.moves import MoveStock, return_stock
from vaxcert.service.registry.stock.transfers import AcceptTransfer, SendStock, accept_transfer, send_stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.registry_fixture import RegistryUnderTest

PEOPLE = 8


@pytest.fixture
def stocked(shared_registry: RegistryUnderTest) -> Stocked:
    return Stocked.of(shared_registry, doses=20)


def at_once(doing: Callable[[int], object], times: int) -> list[object]:
    """Do it so many times, several at one time; return what came of each: an answer or the refusal."""

    def done(number: int) -> object:
        try:
            return doing(number)
        except RegistryError as error:
            return type(error)

    with ThreadPoolExecutor(PEOPLE) as people:
        return list(people.map(done, range(times)))


def test_twenty_doses_are_given_to_twenty_of_forty(stocked: Stocked) -> None:
    came = at_once(lambda _number: stocked.use(), 40)
    assert sum(isinstance(each, UUID) for each in came) == 20
    assert sum(each is LotNotUsableError for each in came) == 20
    assert stocked.now().doses == 0
    stocked.check()


def test_the_last_dose_of_a_vial_is_given_once(stocked: Stocked) -> None:
    vial = stocked.use()
    for _ in range(8):
        stocked.use(vial=vial)
    came = at_once(lambda _number: stocked.use(vial=vial), PEOPLE)
    assert sum(isinstance(each, UUID) for each in came) == 1
    stocked.check()


def test_one_dose_is_booked_once_however_often_it_is_sent(stocked: Stocked) -> None:
    dose = uuid4()
    came = at_once(lambda _number: stocked.use(dose), PEOPLE)
    assert sum(isinstance(each, UUID) for each in came) == 1
    assert sum(each is DoseBookedError for each in came) == PEOPLE - 1
    assert stocked.now().doses == 19
    stocked.check()


def test_the_last_vials_leave_the_shelf_once(stocked: Stocked) -> None:
    request = MoveStock(shelf=stocked.shelf.id, doses=10)
    came = at_once(lambda _number: stocked.registry.run(return_stock, request, role=Role.CENTRE), PEOPLE)
    assert sum(each is NotEnoughStockError for each in came) == PEOPLE - 2
    assert stocked.now().doses == 0
    stocked.check()


def test_a_transfer_is_received_once_by_two(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    sent = registry.run(send_stock, SendStock(shelf=stocked.shelf.id, doses=10, to_site=other), role=Role.CENTRE)
    request = AcceptTransfer(transfer=sent.id, received=10)
    came = at_once(lambda _number: registry.run(accept_transfer, request, role=Role.CENTRE), PEOPLE)
    assert sum(each is TransferStateError for each in came) == PEOPLE - 1

"""Stock under any sequence of happenings: doses are conserved, no balance falls below zero, refusals change nothing."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests.registry_fixture import new_sqlite_registry
from tests.stocked_site import new_lot, new_site
from vaxcert.errors import LotNotUsableError, LotStateError, RegistryError
from vaxcert.registry.stock.ledger_store import accounts, in_transit
from vaxcert.registry.stock.lots import ColdState
from vaxcert.registry.stock.movements import CountReason, DifferenceReason, HoldReason, MovementKind, WasteReason
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.lots import ChangeLotState, put_lot_on_hold, release_lot
from vaxcert.service.registry.stock.moves import (
    CountStock,
    MoveStock,
    ReceiveStock,
    WasteStock,
    count_stock,
    receive_stock,
    return_stock,
    waste_stock,
)
from vaxcert.service.registry.stock.transfers import AcceptTransfer, SendStock, accept_transfer, send_stock
from vaxcert.service.registry.stock.usable import use_dose
from vaxcert.service.registry.stock.uses import TakeBackUse, take_back_use
from vaxcert.service.registry.stock.vials import (
    OpenVial,
    SiteQuestion,
    VialQuestion,
    WasteVial,
    add_spare_dose,
    open_vial,
    show_site_stock,
    waste_vial,
)

if TYPE_CHECKING:
    from uuid import UUID

PER_VIAL = 5
vials_of_doses = st.integers(1, 4).map(lambda vials: vials * PER_VIAL)
sites = st.integers(0, 1)


class StockMachine(RuleBasedStateMachine):
    """Two sites and one lot; `here` and `on_the_way` are what must be there, kept beside."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        folder = self.opened.enter_context(tempfile.TemporaryDirectory())
        self.registry = self.opened.enter_context(new_sqlite_registry(Path(folder)))
        self.sites = [new_site(self.registry), new_site(self.registry)]
        self.lot = new_lot(self.registry, doses_per_vial=PER_VIAL)
        self.here = [0, 0]
        self.on_the_way = 0
        self.given: dict[UUID, int] = {}

    transfers = Bundle("transfers")
    doses = Bundle("doses")

    def teardown(self) -> None:
        self.opened.close()

    @initialize(doses=vials_of_doses)
    def begin(self, doses: int) -> None:
        self.receive(0, doses)

    @rule(site=sites, doses=vials_of_doses)
    def receive(self, site: int, doses: int) -> None:
        request = ReceiveStock(site=self.sites[site], lot=self.lot.id, doses=doses, cold=ColdState.FRIDGE)
        self.registry.run(receive_stock, request, role=Role.CENTRE)
        self.here[site] += doses

    @rule(site=sites, doses=vials_of_doses, goes_back=st.booleans())
    def lose_unopened(self, site: int, doses: int, *, goes_back: bool) -> None:
        shelf = self.shelf(site)
        if shelf is None:
            return
        try:
            if goes_back:
                self.registry.run(return_stock, MoveStock(shelf=shelf[0], doses=doses), role=Role.CENTRE)
            else:
                request = WasteStock(shelf=shelf[0], doses=doses, reason=WasteReason.BROKEN)
                self.registry.run(waste_stock, request, role=Role.CENTRE)
        except RegistryError:
            assert doses > shelf[1]
        else:
            self.here[site] -= doses

    @rule(site=sites, counted=st.integers(0, 6).map(lambda vials: vials * PER_VIAL), slip=st.integers(-1, 1))
    def count(self, site: int, counted: int, slip: int) -> None:
        shelf = self.shelf(site)
        if shelf is None:
            return
        expected = shelf[1] + slip * PER_VIAL
        try:
            request = CountStock(
                shelf=shelf[0], counted=counted, expected=max(expected, 0), reason=CountReason.STOCK_TAKING
            )
            self.registry.run(count_stock, request, role=Role.CENTRE)
        except RegistryError:
            assert slip or counted == shelf[1]
        else:
            self.here[site] += counted - shelf[1]

    @rule(target=transfers, site=sites, doses=vials_of_doses)
    def send(self, site: int, doses: int) -> object:
        shelf = self.shelf(site)
        if shelf is None:
            return multiple()
        request = SendStock(shelf=shelf[0], doses=doses, to_site=self.sites[1 - site])
        try:
            sent = self.registry.run(send_stock, request, role=Role.CENTRE)
        except RegistryError:
            return multiple()
        self.here[site] -= doses
        self.on_the_way += doses
        return sent.id, 1 - site, doses

    @rule(transfer=transfers, came=st.integers(0, 5).map(lambda vials: vials * PER_VIAL))
    def accept(self, transfer: tuple[UUID, int, int], came: int) -> None:
        number, site, sent = transfer
        difference = None if came == sent else DifferenceReason.SHORT if came < sent else DifferenceReason.SURPLUS
        request = AcceptTransfer(transfer=number, received=came, difference=difference)
        try:
            self.registry.run(accept_transfer, request, role=Role.CENTRE)
        except RegistryError:
            return  # it was received before
        self.here[site] += came
        self.on_the_way -= sent

    @rule(site=sites)
    def open(self, site: int) -> None:
        request = OpenVial(site=self.sites[site], lot=self.lot.id)
        with suppress(LotNotUsableError):
            self.registry.run(open_vial, request, role=Role.VACCINATOR, site=self.sites[site])

    @rule(target=doses, site=sites)
    def use(self, site: int) -> object:
        dose, actor = uuid4(), self.registry.actor(Role.VACCINATOR, self.sites[site])
        try:
            with self.registry.desk.working(actor, self.registry.at) as work:
                use_dose(work, self.sites[site], self.lot.id, None, dose)
        except LotNotUsableError:
            return multiple()
        self.here[site] -= 1
        self.given[dose] = site
        return dose

    @rule(dose=doses)
    def take_back(self, dose: UUID) -> None:
        try:
            self.registry.run(take_back_use, TakeBackUse(dose=dose), role=Role.CENTRE)
        except RegistryError:
            assert dose not in self.given
        else:
            self.here[self.given.pop(dose)] += 1

    @rule(site=sites, doses=st.none() | st.integers(1, PER_VIAL + 1))
    def waste_of_vial(self, site: int, doses: int | None) -> None:
        for vial in self.stock(site).vials[:1]:
            try:
                request = WasteVial(vial=vial.id, doses=doses)
                self.registry.run(waste_vial, request, role=Role.VACCINATOR, site=self.sites[site])
            except RegistryError:
                assert doses is not None
                assert doses > vial.doses_left
            else:
                self.here[site] -= doses or vial.doses_left

    @rule(site=sites)
    def spare(self, site: int) -> None:
        for vial in self.stock(site).vials[:1]:
            try:
                self.registry.run(
                    add_spare_dose, VialQuestion(vial=vial.id), role=Role.VACCINATOR, site=self.sites[site]
                )
            except RegistryError:
                assert vial.doses_left
            else:
                self.here[site] += 1

    @rule(hours=st.integers(1, 4))
    def wait(self, hours: int) -> None:
        self.registry.later(hours=hours)

    @rule(hold=st.booleans())
    def hold(self, *, hold: bool) -> None:
        request = ChangeLotState(lot=self.lot.id, reason=HoldReason.QUALITY)
        with suppress(LotStateError):
            self.registry.run(put_lot_on_hold if hold else release_lot, request, role=Role.CENTRE)

    @invariant()
    def all_doses_are_there(self) -> None:
        for site, expected in enumerate(self.here):
            stock = self.stock(site)
            assert stock.doses == expected
            assert all(shelf.unopened >= 0 for shelf in stock.shelves)
            assert all(0 <= vial.doses_left <= PER_VIAL + 2 for vial in stock.vials)

    @invariant()
    def the_ledger_explains_every_dose(self) -> None:
        with self.registry.desk.reading() as connection:
            found = accounts(connection)
            assert in_transit(connection, self.lot.id) == self.on_the_way
        assert all(account.imbalance() == 0 for account in found.values())
        assert sum(account.given for account in found.values()) == len(self.given)
        assert sum(account.totals.get(MovementKind.RECEIVED, 0) for account in found.values()) % PER_VIAL == 0

    def stock(self, site: int):  # type: ignore[no-untyped-def] # noqa: ANN201 - the answer of the use case
        return self.registry.run(show_site_stock, SiteQuestion(site=self.sites[site]), role=Role.CENTRE)

    def shelf(self, site: int) -> tuple[UUID, int] | None:
        """Return the id of the shelf at *site* and what is on it; None where it is empty."""
        for shelf in self.stock(site).shelves:
            return shelf.id, shelf.unopened
        return None


StockMachine.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestStock = StockMachine.TestCase

"""Sites with vaccine in their fridges, for the tests of stock and of reports."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

from vaxcert.errors import RegistryBusyError
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.stock.lots import ColdState
from vaxcert.service.registry.desk import ATTEMPTS
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import OpenSite, open_site
from vaxcert.service.registry.stock.lots import RegisterLot, register_lot
from vaxcert.service.registry.stock.moves import ReceiveStock, receive_stock
from vaxcert.service.registry.stock.usable import use_dose
from vaxcert.service.registry.stock.vials import SiteQuestion, check_stock, show_site_stock

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.registry.stock.answers import LotCard, ShelfCard, SiteStock

EXPIRES = date(2026, 6, 30)

_numbers = count(1)


def new_site(registry: RegistryUnderTest, code: str | None = None, area: str = "51") -> UUID:
    """Open a site in Quảng Ngãi, or elsewhere, and return its id."""
    code = code or f"51{next(_numbers):05}"
    request = OpenSite(
        code=code,
        name=f"Trạm y tế {code}",
        kind=SiteKind.HEALTH_STATION,
        area=area,
        address="12 Hùng Vương",
        hours=("1-7 07:00-17:00",),
        tables=2,
        per_table_hour=12,
    )
    return registry.run(open_site, request, role=Role.CENTRE).id


def new_lot(
    registry: RegistryUnderTest,
    number: str | None = None,
    product: str = "AstraZeneca",
    doses_per_vial: int = 10,
    expires_on: date = EXPIRES,
) -> LotCard:
    """Register a lot."""
    number = number or f"ABX{next(_numbers):04}"
    request = RegisterLot(number=number, product=product, doses_per_vial=doses_per_vial, expires_on=expires_on)
    return registry.run(register_lot, request, role=Role.CENTRE)


def received(  # noqa: PLR0917 - a line of a delivery note
    registry: RegistryUnderTest,
    site: UUID,
    lot: LotCard,
    doses: int,
    cold: ColdState = ColdState.FRIDGE,
    thawed_at: datetime | None = None,
) -> ShelfCard:
    """Receive doses at a site from outside."""
    request = ReceiveStock(site=site, lot=lot.id, doses=doses, cold=cold, thawed_at=thawed_at)
    return registry.run(receive_stock, request, role=Role.CENTRE)


@dataclass
class Stocked:
    """A site with one lot in its fridge."""

    registry: RegistryUnderTest
    site: UUID
    lot: LotCard
    shelf: ShelfCard

    @classmethod
    def of(cls, registry: RegistryUnderTest, doses: int = 100) -> Stocked:
        site, lot = new_site(registry), new_lot(registry)
        return cls(registry, site, lot, received(registry, site, lot, doses))

    def now(self) -> SiteStock:
        """Return what the site has."""
        return self.registry.run(show_site_stock, SiteQuestion(site=self.site), role=Role.PROVINCE)

    def use(self, dose: UUID | None = None, vial: UUID | None = None) -> UUID:
        """Use a dose, begun anew as the desk does where somebody else was faster; return the vial it came from."""
        actor = self.registry.actor(Role.VACCINATOR, self.site)
        for _attempt in range(ATTEMPTS):
            with suppress(RegistryBusyError), self.registry.desk.working(actor, self.registry.at) as work:
                return use_dose(work, self.site, self.lot.id, vial, dose or work.new_id())
        raise RegistryBusyError("others were faster again and again")

    def check(self) -> None:
        """Check that the ledger explains every dose."""
        found = self.registry.run(check_stock, SiteQuestion(site=self.site), role=Role.PROVINCE)
        assert found.imbalances == []

"""The place of the demo: keys, ledger, registry, staff, site and vaccine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.stock.lots import ColdState
from vaxcert.service.demo_keys import make_demo_keys
from vaxcert.service.demo_ledger import DemoLedger
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.accounts.accounts import OpenAccount, first_account, local_actor, open_account
from vaxcert.service.registry.notifications.contacts import AddContact, add_contact
from vaxcert.service.registry.registry_folder import RegistryFolder, create_registry
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import PlanCampaign, SetCampaignState, plan_campaign, set_campaign_state
from vaxcert.service.registry.sites.days import OpenDays, open_days
from vaxcert.service.registry.sites.sites import OpenSite, open_site
from vaxcert.service.registry.stock.lots import RegisterLot, register_lot
from vaxcert.service.registry.stock.moves import ReceiveStock, receive_stock
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path
    from uuid import UUID

    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.use_case import UseCase

R = TypeVar("R", bound=Request)
A = TypeVar("A", bound=Answer)

ADMIN: Final = "admin"
AREA: Final = "51"
PRODUCT: Final = "Vaxzevria"
OPENING: Final = time(7, 30)
ISSUER: Final = "Sample authority, not a real one"
_DOSES: Final = 400
_SITE_ROLES: Final = (Role.RECEPTIONIST, Role.SCREENER, Role.VACCINATOR, Role.OBSERVER, Role.SITE_ADMIN)
_WIDER_ROLES: Final = (Role.PROVINCE, Role.CENTRE, Role.CENTRE_SIGNER, Role.AUDITOR)


@dataclass(slots=True)
class Place:
    """Where the demo plays, and its clock.

    Attributes:
        folder: All of it.
        desk: The registry's.
        ledger: The ledger that certificates are logged in.
        secret: The issuer's.
        at: What time it is.
        site: The one site.
        campaign: The campaign that the day belongs to.
        lot: The lot that is injected.
    """

    folder: Path
    desk: Desk
    ledger: DemoLedger
    secret: IssuerSecret
    at: datetime
    site: UUID
    campaign: UUID
    lot: UUID
    staff: dict[Role, Actor] = field(default_factory=dict)

    def run(self, role: Role, use_case: UseCase[R, A], request: R) -> A:
        """Carry out *use_case* now, as the account with *role*."""
        return self.desk.run(use_case, request, actor=self.staff[role], at=self.at)

    @property
    def registry(self) -> RegistryFolder:
        """The registry's folder."""
        return RegistryFolder(self.folder / "registry")


def make_place(folder: Path, *, at: datetime, database: str) -> Place:
    """Fill *folder* with keys, a ledger and a registry whose site is open on the day after *at*.

    The registry's tables go into the empty database at the URL *database*.
    """
    passphrase = make_demo_keys(folder, at=at)
    secret = IssuerSecret.create()
    (folder / "keys" / ISSUER_SECRET).write_bytes(secret.to_pem(passphrase))
    ledger = DemoLedger.create(folder / "ledger", at=at)
    registry = create_registry(folder / "registry", database, passphrase, today=at.date())
    _write_settings(registry)
    desk = registry.open(passphrase)
    first_account(desk, ADMIN, at=at)
    return _opened(folder, desk, ledger, secret, at)


def _opened(folder: Path, desk: Desk, ledger: DemoLedger, secret: IssuerSecret, at: datetime) -> Place:
    staff = {role: _account(desk, role, at) for role in _WIDER_ROLES}
    tomorrow = at.astimezone(VIETNAM_TIME).date() + timedelta(days=1)
    site = desk.run(
        open_site,
        OpenSite(
            code="51999",
            name="Trạm y tế mẫu",
            kind=SiteKind.HEALTH_STATION,
            area=AREA,
            address="1 Đường Mẫu",
            phone="0255 3822 999",
            hours=("1-7 07:30-11:30",),
            tables=5,
            per_table_hour=15,
        ),
        actor=staff[Role.PROVINCE],
        at=at,
    ).id
    staff |= {role: _account(desk, role, at, site) for role in _SITE_ROLES}
    lot = desk.run(
        register_lot,
        RegisterLot(number="MAU001", product=PRODUCT, doses_per_vial=10, expires_on=tomorrow + timedelta(days=90)),
        actor=staff[Role.CENTRE],
        at=at,
    ).id
    received = ReceiveStock(site=site, lot=lot, doses=_DOSES, cold=ColdState.FRIDGE)
    desk.run(receive_stock, received, actor=staff[Role.SITE_ADMIN], at=at)
    campaign = _campaign(desk, staff, tomorrow, at)
    days = OpenDays(site=site, campaign=campaign, from_day=tomorrow, until_day=tomorrow)
    desk.run(open_days, days, actor=staff[Role.SITE_ADMIN], at=at)
    office = AddContact(area=AREA, channel="sms", address="0935000999")  # type: ignore[arg-type] # as it comes in
    desk.run(add_contact, office, actor=staff[Role.PROVINCE], at=at)
    return Place(folder, desk, ledger, secret, at, site, campaign, lot, staff)


def _write_settings(registry: RegistryFolder) -> None:
    said = registry.settings_file.read_text()
    registry.settings_file.write_text(
        f'{said}ledger = "../ledger"\n\n'
        f'[issuing]\nkeys = "../keys"\npassphrase_file = "../keys/passphrase.txt"\nissuer = {json.dumps(ISSUER)}\n\n'
        '[notifications]\nsms = "file"\n\n[notifications.file]\nfolder = "../messages"\n'
    )


def _account(desk: Desk, role: Role, at: datetime, site: UUID | None = None) -> Actor:
    name = role.value.replace("_", "-")
    area = AREA if role in {*_SITE_ROLES, Role.PROVINCE} else COUNTRY
    opened = OpenAccount(name=name, roles=[role], area=area, site=site)
    desk.run(open_account, opened, actor=local_actor(desk, ADMIN), at=at)
    return local_actor(desk, name)


def _campaign(desk: Desk, staff: dict[Role, Actor], day: date, at: datetime) -> UUID:
    plan = PlanCampaign(name="Đợt tiêm mẫu", area=AREA, starts_on=day, ends_on=day, doses=(1,))
    campaign = desk.run(plan_campaign, plan, actor=staff[Role.PROVINCE], at=at).id
    opened = SetCampaignState(campaign=campaign, state=CampaignState.OPEN)
    desk.run(set_campaign_state, opened, actor=staff[Role.PROVINCE], at=at)
    return campaign

"""Lots recalled, and traced to the doses that were given of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from vaxcert.registry.stock import ledger_store
from vaxcert.registry.stock.lots import LotState
from vaxcert.service.registry.paging import read_after
from vaxcert.service.registry.request import Answer, Page, PageRequest
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.stock.answers import LotCard
from vaxcert.service.registry.stock.books import lot_of
from vaxcert.service.registry.stock.lots import ChangeLotState, LotId, changed
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work


class LotDosesQuestion(PageRequest, frozen=True, kw_only=True):
    """Which lot's injections."""

    lot: LotId


class LotDose(msgspec.Struct, frozen=True, kw_only=True):
    """An injection of a lot: the id of the dose leads to the person, for those who may read people."""

    dose: UUID
    site: UUID
    day: date


class LotDosePage(Page[LotDose], frozen=True, kw_only=True):
    """Injections of a lot in the order of their ids."""


class SiteDoses(msgspec.Struct, frozen=True, kw_only=True):
    """What a site has of a lot."""

    site: UUID
    unopened: int
    in_vials: int
    used: int


class Recall(Answer, frozen=True, kw_only=True):
    """Where a recalled lot is, and how many doses of it were given."""

    lot: LotCard
    sites: list[SiteDoses]
    in_transit: int
    used: int


@use_case(Right.RECALL_LOTS)
def recall_lot(work: Work, request: ChangeLotState) -> Recall:
    """Recall a lot for good: from now on no site gives a dose of it, and each returns or discards what it has.

    Returns:
        Where it is, by site; `list_lot_doses` has who was given it.

    Raises:
        NotRegisteredError: There is no such lot.
        LotStateError: It is recalled already.
    """
    card = changed(work, request, LotState.RECALLED, [LotState.RELEASED, LotState.ON_HOLD])
    found = ledger_store.accounts(work.connection, lot=request.lot)
    sites = [
        SiteDoses(site=site, unopened=account.shelves, in_vials=account.vials, used=account.given)
        for (site, _lot), account in found.items()
    ]
    return Recall(
        lot=card,
        sites=sites,
        in_transit=ledger_store.in_transit(work.connection, request.lot),
        used=sum(each.used for each in sites),
    )


@use_case(Right.TRACE_LOTS, reads=True)
def list_lot_doses(work: Work, request: LotDosesQuestion) -> LotDosePage:
    """List the doses that were given of a lot, all over the country.

    Raises:
        NotRegisteredError: There is no such lot.
    """
    lot_of(work, request.lot)
    after = read_after(request)
    found = ledger_store.doses_of_lot(work.connection, request.lot, after=after, limit=request.limit + 1)
    shown = found[: request.limit]
    more = str(shown[-1][0]) if len(found) > len(shown) else None
    return LotDosePage(items=[LotDose(dose=dose, site=site, day=day) for dose, site, day in shown], next=more)

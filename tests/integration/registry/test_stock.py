"""Stock on both databases: what comes, goes, is opened, used, discarded, counted, held and recalled."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.registry_fixture import MORNING
from tests.stocked_site import EXPIRES, Stocked, new_lot, new_site, received
from vaxcert.errors import (
    ColdChainError,
    DoseBookedError,
    LotKnownError,
    LotNotUsableError,
    LotStateError,
    NotAllowedError,
    NotEnoughStockError,
    NotRegisteredError,
    RequestError,
    StaleVersionError,
    StockCountError,
    TransferStateError,
)
from vaxcert.registry.stock.lots import ColdState, LotState
from vaxcert.registry.stock.movements import CountReason, DifferenceReason, HoldReason, MovementKind, WasteReason
from vaxcert.registry.stock.tables import stock_shelves, stock_vials
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.lots import (
    ChangeLotState,
    ExtendLot,
    LotQuestion,
    LotsQuestion,
    RegisterLot,
    extend_lot,
    list_lots,
    put_lot_on_hold,
    register_lot,
    release_lot,
    show_lot,
)
from vaxcert.service.registry.stock.moves import (
    CountStock,
    MoveStock,
    ReceiveStock,
    WasteStock,
    count_stock,
    receive_stock,
    return_stock,
    thaw_stock,
    waste_stock,
)
from vaxcert.service.registry.stock.tracing import LotDosesQuestion, list_lot_doses, recall_lot
from vaxcert.service.registry.stock.transfers import (
    AcceptTransfer,
    SendStock,
    TransfersQuestion,
    accept_transfer,
    list_transfers,
    send_stock,
)
from vaxcert.service.registry.stock.usable import check_usable, hold_lot, use_dose
from vaxcert.service.registry.stock.uses import TakeBackUse, take_back_use
from vaxcert.service.registry.stock.vials import (
    MAX_SPARE_DOSES,
    LedgerQuestion,
    OpenVial,
    SiteQuestion,
    VialQuestion,
    WasteVial,
    add_spare_dose,
    list_stock_ledger,
    open_vial,
    show_site_stock,
    waste_vial,
)

if TYPE_CHECKING:
    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.registry.stock.answers import LotCard, VialCard


@pytest.fixture
def registry(shared_registry: RegistryUnderTest) -> RegistryUnderTest:
    """Return the registry of all these tests, in which each has sites and lots of its own."""
    shared_registry.at = MORNING
    return shared_registry


@pytest.fixture
def stocked(registry: RegistryUnderTest) -> Stocked:
    return Stocked.of(registry)


def opened(stocked: Stocked) -> VialCard:
    request = OpenVial(site=stocked.site, lot=stocked.lot.id)
    return stocked.registry.run(open_vial, request, role=Role.VACCINATOR, site=stocked.site)


def usable(stocked: Stocked, vial: UUID | None = None, lot: UUID | None = None, at: datetime | None = None) -> None:
    registry = stocked.registry
    with registry.desk.working(registry.actor(Role.VACCINATOR, stocked.site), registry.at, reads=True) as work:
        check_usable(work, stocked.site, vial, lot or stocked.lot.id, at or registry.at)


def changed(lot: LotCard, reason: HoldReason = HoldReason.QUALITY) -> ChangeLotState:
    return ChangeLotState(lot=lot.id, reason=reason, source="1234/QLD-CL")


def test_what_was_received_is_there(stocked: Stocked) -> None:
    stock = stocked.now()
    assert stock.doses == 100
    assert [(shelf.number, shelf.unopened, shelf.expires_on) for shelf in stock.shelves] == [
        (stocked.lot.number, 100, EXPIRES)
    ]
    stocked.check()


def test_two_deliveries_stand_on_one_shelf(stocked: Stocked) -> None:
    again = received(stocked.registry, stocked.site, stocked.lot, 20)
    assert again.id == stocked.shelf.id
    assert again.unopened == 120


def test_doses_that_are_no_whole_vials_are_refused(stocked: Stocked) -> None:
    with pytest.raises(StockCountError, match="15 doses are no whole vials of 10"):
        received(stocked.registry, stocked.site, stocked.lot, 15)


def test_a_lot_registered_twice_with_the_same_facts_is_one_lot(registry: RegistryUnderTest) -> None:
    assert new_lot(registry, "TWICE1").id == new_lot(registry, "TWICE1").id


def test_a_lot_registered_twice_with_other_facts_is_refused(registry: RegistryUnderTest) -> None:
    new_lot(registry, "TWICE2")
    with pytest.raises(LotKnownError):
        new_lot(registry, "TWICE2", doses_per_vial=8)


def test_the_product_follows_the_maker_of_the_lot(registry: RegistryUnderTest) -> None:
    request = RegisterLot(
        number="4121Z001",
        product="AstraZeneca",
        manufacturer="Serum Institute of India",
        doses_per_vial=10,
        expires_on=EXPIRES,
    )
    assert registry.run(register_lot, request, role=Role.CENTRE).product == "Covishield"


def test_an_unknown_product_is_told_as_a_bad_field(registry: RegistryUnderTest) -> None:
    request = RegisterLot(number="X1", product="Nonsense", doses_per_vial=10, expires_on=EXPIRES)
    with pytest.raises(RequestError) as caught:
        registry.run(register_lot, request, role=Role.CENTRE)
    assert [problem.field for problem in caught.value.problems] == ["product"]


def test_the_vial_that_is_open_is_emptied_before_another_is_opened(stocked: Stocked) -> None:
    vials = [stocked.use() for _ in range(11)]
    assert len(set(vials[:10])) == 1
    assert vials[10] != vials[0]
    stock = stocked.now()
    assert [vial.doses_left for vial in stock.vials] == [9]
    assert stock.doses == 89
    stocked.check()


def test_the_last_dose_is_the_last(registry: RegistryUnderTest) -> None:
    stocked = Stocked.of(registry, doses=10)
    for _ in range(10):
        stocked.use()
    with pytest.raises(LotNotUsableError) as caught:
        stocked.use()
    assert caught.value.obstacle == "not_here"
    assert stocked.now().doses == 0


def test_a_dose_is_used_once(stocked: Stocked) -> None:
    dose = uuid4()
    stocked.use(dose)
    with pytest.raises(DoseBookedError):
        stocked.use(dose)
    assert stocked.now().doses == 99


def test_an_empty_vial_gives_no_dose(stocked: Stocked) -> None:
    vial = opened(stocked).id
    for _ in range(10):
        stocked.use(vial=vial)
    with pytest.raises(LotNotUsableError) as caught:
        stocked.use(vial=vial)
    assert caught.value.obstacle == "used_up"


def test_a_vial_that_was_open_for_six_hours_gives_no_dose(stocked: Stocked) -> None:
    vial = opened(stocked)
    assert vial.discard_at - vial.opened_at == timedelta(hours=6)
    stocked.registry.later(hours=5, minutes=59)
    stocked.use(vial=vial.id)
    stocked.registry.later(minutes=1)
    with pytest.raises(LotNotUsableError) as caught:
        stocked.use(vial=vial.id)
    assert caught.value.obstacle == "clock_ran_out"


def test_a_vial_of_another_site_is_not_here(stocked: Stocked) -> None:
    other = new_site(stocked.registry)
    vial = opened(stocked)
    with (
        pytest.raises(LotNotUsableError) as caught,
        stocked.registry.desk.working(stocked.registry.actor(Role.VACCINATOR, other), stocked.registry.at) as work,
    ):
        use_dose(work, other, stocked.lot.id, vial.id, uuid4())
    assert caught.value.obstacle == "not_here"


def test_an_unknown_vial_or_lot_is_told(stocked: Stocked) -> None:
    with pytest.raises(NotRegisteredError, match="vial"):
        stocked.use(vial=uuid4())
    with pytest.raises(NotRegisteredError, match="lot"):
        usable(stocked, lot=uuid4())


def test_a_lot_expires_at_the_end_of_its_last_day(stocked: Stocked) -> None:
    stocked.registry.at = datetime.combine(EXPIRES, stocked.registry.at.timetz())
    usable(stocked)
    stocked.registry.later(days=1)
    with pytest.raises(LotNotUsableError, match="expired on 2026-06-30") as caught:
        usable(stocked)
    assert caught.value.obstacle == "expired"


def test_an_extension_holds_from_its_own_day_on(stocked: Stocked) -> None:
    registry = stocked.registry
    registry.at = datetime.combine(date(2026, 7, 10), registry.at.timetz())
    request = ExtendLot(lot=stocked.lot.id, expires_on=date(2026, 9, 30), since=date(2026, 7, 5), source="5678/QLD-CL")
    card = registry.run(extend_lot, request, role=Role.CENTRE)
    assert card.expires_on == date(2026, 9, 30)
    assert [(each.expires_on, each.source) for each in card.expiries] == [
        (EXPIRES, "label"),
        (date(2026, 9, 30), "5678/QLD-CL"),
    ]
    usable(stocked)
    usable(stocked, at=registry.at - timedelta(days=5))
    with pytest.raises(LotNotUsableError) as caught:  # on 4 July nobody had extended it
        usable(stocked, at=registry.at - timedelta(days=6))
    assert caught.value.obstacle == "expired"


def test_an_extension_from_a_day_to_come_is_refused(stocked: Stocked) -> None:
    request = ExtendLot(lot=stocked.lot.id, expires_on=EXPIRES, since=date(2026, 3, 3), source="1")
    with pytest.raises(RequestError, match="since"):
        stocked.registry.run(extend_lot, request, role=Role.CENTRE)


def test_the_later_of_two_extensions_of_one_day_counts(stocked: Stocked) -> None:
    for month in (8, 9):
        stocked.registry.later(minutes=1)
        request = ExtendLot(lot=stocked.lot.id, expires_on=date(2026, month, 30), source=f"{month}/QLD")
        card = stocked.registry.run(extend_lot, request, role=Role.CENTRE)
    assert card.expires_on == date(2026, 9, 30)


def test_frozen_vaccine_thaws_first_and_its_clock_runs(registry: RegistryUnderTest) -> None:
    site, lot = new_site(registry), new_lot(registry, "FK5127", "Pfizer", 6)
    frozen = received(registry, site, lot, 60, ColdState.ULTRA_COLD)
    stocked = Stocked(registry, site, lot, frozen)
    with pytest.raises(LotNotUsableError) as caught:
        stocked.use()
    assert caught.value.hint == "it is frozen; book that it thawed first"
    thawed = registry.run(thaw_stock, MoveStock(shelf=frozen.id, doses=12), role=Role.SITE_ADMIN, site=site)
    assert thawed.use_by == registry.at + timedelta(days=31)
    assert {shelf.cold: shelf.unopened for shelf in stocked.now().shelves} == {
        ColdState.ULTRA_COLD: 48,
        ColdState.FRIDGE: 12,
    }
    stocked.use()
    registry.later(days=31)
    with pytest.raises(LotNotUsableError) as caught:
        stocked.use()
    assert caught.value.obstacle == "clock_ran_out"
    stocked.check()


def test_opening_a_vial_does_not_lengthen_its_thaw(registry: RegistryUnderTest) -> None:
    site, lot = new_site(registry), new_lot(registry, "FK5127", "Pfizer", 6)
    thawed_at = registry.at - timedelta(days=30, hours=22)
    received(registry, site, lot, 6, ColdState.FRIDGE, thawed_at)
    stocked = Stocked(
        registry, site, lot, stocked_shelf := received(registry, site, lot, 6, ColdState.FRIDGE, thawed_at)
    )
    assert stocked_shelf.unopened == 12
    assert opened(stocked).discard_at == registry.at + timedelta(hours=2)


def test_what_thawed_first_is_opened_first(registry: RegistryUnderTest) -> None:
    site, lot = new_site(registry), new_lot(registry, "FK5127", "Pfizer", 6)
    for days in (2, 20, 9):
        received(registry, site, lot, 6, ColdState.FRIDGE, registry.at - timedelta(days=days))
    stocked = Stocked(registry, site, lot, received(registry, site, lot, 6, ColdState.ULTRA_COLD))
    stocked.use()
    assert [shelf.thawed_at for shelf in stocked.now().shelves if shelf.thawed_at] == [
        registry.at - timedelta(days=9),
        registry.at - timedelta(days=2),
    ]


@pytest.mark.parametrize(
    ("product", "cold", "hours", "why"),
    [
        ("Pfizer", ColdState.FROZEN, None, "kept as ultra cold, not frozen"),
        ("AstraZeneca", ColdState.ULTRA_COLD, None, "kept as fridge, not ultra cold"),
        ("Pfizer", ColdState.FRIDGE, None, "needs the instant when it thawed"),
        ("AstraZeneca", ColdState.FRIDGE, 1, "has not thawed"),
        ("Pfizer", ColdState.ULTRA_COLD, 1, "has not thawed"),
        ("Pfizer", ColdState.FRIDGE, -1, "in the time to come"),
    ],
)
def test_a_cold_that_cannot_be_is_refused(
    registry: RegistryUnderTest, product: str, cold: ColdState, hours: int | None, why: str
) -> None:
    site, lot = new_site(registry), new_lot(registry, "L1", product, 6)
    thawed_at = None if hours is None else registry.at - timedelta(hours=hours)
    with pytest.raises(ColdChainError, match=why):
        received(registry, site, lot, 6, cold, thawed_at)


def test_what_is_in_the_fridge_does_not_thaw(stocked: Stocked) -> None:
    with pytest.raises(ColdChainError, match="in the fridge already"):
        stocked.registry.run(thaw_stock, MoveStock(shelf=stocked.shelf.id, doses=10), role=Role.PROVINCE)


def test_what_one_site_sends_the_other_receives(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    sent = registry.run(
        send_stock, SendStock(shelf=stocked.shelf.id, doses=40, to_site=other), role=Role.SITE_ADMIN, site=stocked.site
    )
    assert stocked.now().doses == 60
    assert registry.run(show_site_stock, SiteQuestion(site=other), role=Role.PROVINCE).doses == 0
    came = registry.run(
        accept_transfer, AcceptTransfer(transfer=sent.id, received=40), role=Role.SITE_ADMIN, site=other
    )
    assert came.difference is None
    assert registry.run(show_site_stock, SiteQuestion(site=other), role=Role.PROVINCE).doses == 40
    stocked.check()
    Stocked(registry, other, stocked.lot, stocked.shelf).check()


def test_a_difference_is_told_with_its_reason(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    send = SendStock(shelf=stocked.shelf.id, doses=40, to_site=other)
    sent = registry.run(send_stock, send, role=Role.PROVINCE)
    with pytest.raises(RequestError, match="difference"):
        registry.run(accept_transfer, AcceptTransfer(transfer=sent.id, received=30), role=Role.PROVINCE)
    with pytest.raises(RequestError, match="difference"):
        registry.run(
            accept_transfer,
            AcceptTransfer(transfer=sent.id, received=40, difference=DifferenceReason.BROKEN),
            role=Role.PROVINCE,
        )
    told = AcceptTransfer(transfer=sent.id, received=30, difference=DifferenceReason.BROKEN, note="hộp bị ướt")
    came = registry.run(accept_transfer, told, role=Role.PROVINCE)
    assert (came.sent, came.received, came.difference) == (40, 30, DifferenceReason.BROKEN)


def test_a_transfer_of_which_nothing_came_is_told(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    sent = registry.run(send_stock, SendStock(shelf=stocked.shelf.id, doses=10, to_site=other), role=Role.PROVINCE)
    told = AcceptTransfer(transfer=sent.id, received=0, difference=DifferenceReason.COLD_CHAIN)
    assert registry.run(accept_transfer, told, role=Role.PROVINCE).received == 0


def test_a_transfer_is_received_once(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    sent = registry.run(send_stock, SendStock(shelf=stocked.shelf.id, doses=10, to_site=other), role=Role.PROVINCE)
    registry.run(accept_transfer, AcceptTransfer(transfer=sent.id, received=10), role=Role.PROVINCE)
    with pytest.raises(TransferStateError):
        registry.run(accept_transfer, AcceptTransfer(transfer=sent.id, received=10), role=Role.PROVINCE)
    with pytest.raises(NotRegisteredError):
        registry.run(accept_transfer, AcceptTransfer(transfer=uuid4(), received=10), role=Role.PROVINCE)


def test_only_the_receiver_receives(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    sent = registry.run(send_stock, SendStock(shelf=stocked.shelf.id, doses=10, to_site=other), role=Role.PROVINCE)
    with pytest.raises(NotAllowedError):
        registry.run(
            accept_transfer,
            AcceptTransfer(transfer=sent.id, received=10),
            role=Role.SITE_ADMIN,
            site=stocked.site,
        )


def test_transfers_under_way_are_listed(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    sent = []
    for _ in range(3):
        registry.later(seconds=1)
        request = SendStock(shelf=stocked.shelf.id, doses=10, to_site=other)
        sent.append(registry.run(send_stock, request, role=Role.PROVINCE).id)
    registry.run(accept_transfer, AcceptTransfer(transfer=sent[0], received=10), role=Role.PROVINCE)
    ask = TransfersQuestion(site=other, under_way=True, limit=1)
    page = registry.run(list_transfers, ask, role=Role.SITE_ADMIN, site=other)
    rest = registry.run(
        list_transfers, TransfersQuestion(site=other, under_way=True, after=page.next), role=Role.PROVINCE
    )
    assert [each.id for each in (*page.items, *rest.items)] == sent[1:]
    assert rest.next is None
    everything = registry.run(list_transfers, TransfersQuestion(site=stocked.site), role=Role.PROVINCE)
    assert [each.id for each in everything.items] == sent


def test_nothing_is_sent_to_where_it_is(stocked: Stocked) -> None:
    request = SendStock(shelf=stocked.shelf.id, doses=10, to_site=stocked.site)
    with pytest.raises(RequestError, match="to_site"):
        stocked.registry.run(send_stock, request, role=Role.PROVINCE)


def test_a_held_lot_goes_to_no_other_site(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    registry.run(put_lot_on_hold, changed(stocked.lot), role=Role.PROVINCE)
    with pytest.raises(LotStateError):
        registry.run(send_stock, SendStock(shelf=stocked.shelf.id, doses=10, to_site=other), role=Role.PROVINCE)


@pytest.mark.parametrize("doses", [110, 1000])
def test_more_than_there_is_cannot_go(stocked: Stocked, doses: int) -> None:
    registry, other = stocked.registry, new_site(stocked.registry)
    with pytest.raises(NotEnoughStockError):
        registry.run(return_stock, MoveStock(shelf=stocked.shelf.id, doses=doses), role=Role.PROVINCE)
    with pytest.raises(NotEnoughStockError):
        registry.run(send_stock, SendStock(shelf=stocked.shelf.id, doses=doses, to_site=other), role=Role.PROVINCE)
    waste = WasteStock(shelf=stocked.shelf.id, doses=doses, reason=WasteReason.BROKEN)
    with pytest.raises(NotEnoughStockError):
        registry.run(waste_stock, waste, role=Role.PROVINCE)
    assert stocked.now().doses == 100
    stocked.check()


def test_what_is_discarded_or_returned_is_gone_and_explained(stocked: Stocked) -> None:
    registry = stocked.registry
    waste = WasteStock(shelf=stocked.shelf.id, doses=20, reason=WasteReason.BROKEN, note="rơi vỡ")
    registry.run(waste_stock, waste, role=Role.SITE_ADMIN, site=stocked.site)
    registry.run(return_stock, MoveStock(shelf=stocked.shelf.id, doses=30), role=Role.PROVINCE)
    assert stocked.now().doses == 50
    page = registry.run(list_stock_ledger, LedgerQuestion(site=stocked.site), role=Role.PROVINCE)
    lines = {line.kind: (line.doses, line.reason) for line in page.items}
    assert lines == {
        MovementKind.RECEIVED: (100, None),
        MovementKind.WASTED: (20, "broken"),
        MovementKind.RETURNED: (30, None),
    }
    stocked.check()


def test_the_ledger_is_read_by_lot_and_day_and_page(stocked: Stocked) -> None:
    registry = stocked.registry
    registry.later(days=1)
    received(registry, stocked.site, new_lot(registry, "OTHER1"), 50)
    received(registry, stocked.site, stocked.lot, 10)

    def asked(**fields: object) -> list[int]:
        request = LedgerQuestion(site=stocked.site, **fields)  # type: ignore[arg-type] # a test's own fields
        return [line.doses for line in registry.run(list_stock_ledger, request, role=Role.AUDITOR).items]

    assert sorted(asked(lot=stocked.lot.id)) == [10, 100]
    assert sorted(asked(day=date(2026, 3, 3))) == [10, 50]
    first = registry.run(list_stock_ledger, LedgerQuestion(site=stocked.site, limit=2), role=Role.AUDITOR)
    assert len(first.items) == 2
    assert len(asked(after=first.next)) == 1


@pytest.mark.parametrize(("counted", "kind"), [(80, MovementKind.MISSING), (130, MovementKind.FOUND)])
def test_stock_taking_corrects_the_books_with_a_line(stocked: Stocked, counted: int, kind: MovementKind) -> None:
    request = CountStock(
        shelf=stocked.shelf.id, counted=counted, expected=100, reason=CountReason.STOCK_TAKING, note="kiểm kê tháng"
    )
    card = stocked.registry.run(count_stock, request, role=Role.SITE_ADMIN, site=stocked.site)
    assert card.unopened == counted
    page = stocked.registry.run(list_stock_ledger, LedgerQuestion(site=stocked.site), role=Role.PROVINCE)
    assert (kind, abs(counted - 100), "stock_taking") in {(each.kind, each.doses, each.reason) for each in page.items}
    stocked.check()


def test_a_count_of_books_that_changed_meanwhile_is_refused(stocked: Stocked) -> None:
    stocked.use()
    request = CountStock(shelf=stocked.shelf.id, counted=80, expected=100, reason=CountReason.LOST)
    with pytest.raises(StaleVersionError, match="changed since it was counted"):
        stocked.registry.run(count_stock, request, role=Role.SITE_ADMIN, site=stocked.site)
    assert stocked.now().doses == 99


@pytest.mark.parametrize("counted", [100, 95])
def test_a_count_without_difference_or_of_parts_of_vials_is_refused(stocked: Stocked, counted: int) -> None:
    request = CountStock(shelf=stocked.shelf.id, counted=counted, expected=100, reason=CountReason.LOST)
    with pytest.raises(StockCountError):
        stocked.registry.run(count_stock, request, role=Role.PROVINCE)


def test_what_is_left_in_a_vial_is_discarded(stocked: Stocked) -> None:
    vial = opened(stocked)
    stocked.use(vial=vial.id)
    waste = WasteVial(vial=vial.id, doses=2, reason=WasteReason.CONTAMINATED)
    assert stocked.registry.run(waste_vial, waste, role=Role.VACCINATOR, site=stocked.site).doses_left == 7
    assert (
        stocked.registry.run(waste_vial, WasteVial(vial=vial.id), role=Role.VACCINATOR, site=stocked.site).doses_left
        == 0
    )
    with pytest.raises(NotEnoughStockError):
        stocked.registry.run(waste_vial, WasteVial(vial=vial.id), role=Role.VACCINATOR, site=stocked.site)
    assert stocked.now().doses == 90
    stocked.check()


def test_a_vial_may_give_two_doses_more_than_its_label_says(stocked: Stocked) -> None:
    vial = opened(stocked).id
    spare = VialQuestion(vial=vial)
    with pytest.raises(StockCountError, match="10 of its own doses"):
        stocked.registry.run(add_spare_dose, spare, role=Role.VACCINATOR, site=stocked.site)
    for _ in range(10):
        stocked.use(vial=vial)
    for _ in range(MAX_SPARE_DOSES):
        stocked.registry.run(add_spare_dose, spare, role=Role.VACCINATOR, site=stocked.site)
        stocked.use(vial=vial)
    with pytest.raises(StockCountError, match="already"):
        stocked.registry.run(add_spare_dose, spare, role=Role.VACCINATOR, site=stocked.site)
    assert stocked.now().doses == 90
    stocked.check()


def taken_back(stocked: Stocked, dose: UUID, **by: object) -> VialCard:
    request, registry = TakeBackUse(dose=dose, note="nhập nhầm"), stocked.registry
    return registry.run(take_back_use, request, **({"role": Role.SITE_ADMIN, "site": stocked.site} | by))  # type: ignore[arg-type] # who


def test_a_dose_that_was_taken_back_is_in_its_vial_again(stocked: Stocked) -> None:
    dose = uuid4()
    vial = stocked.use(dose)
    card = taken_back(stocked, dose)
    assert (card.id, card.doses_left) == (vial, 10)
    for asked in (dose, uuid4()):
        with pytest.raises(DoseBookedError):
            taken_back(stocked, asked)
    stocked.check()


def test_a_dose_is_taken_back_on_the_day_of_its_use(stocked: Stocked) -> None:
    dose, registry = uuid4(), stocked.registry
    stocked.use(dose)
    registry.later(days=40)
    taken_back(stocked, dose)
    with pytest.raises(DoseBookedError):
        taken_back(stocked, dose)
    page = registry.run(list_stock_ledger, LedgerQuestion(site=stocked.site, day=date(2026, 3, 2)), role=Role.AUDITOR)
    assert {line.kind for line in page.items if line.dose == dose} == {MovementKind.USED, MovementKind.UNUSED}
    assert stocked.now().doses == 100


def test_another_sites_use_is_not_taken_back(stocked: Stocked) -> None:
    dose, other = uuid4(), new_site(stocked.registry)
    stocked.use(dose)
    with pytest.raises(NotAllowedError):
        taken_back(stocked, dose, site=other)


@pytest.mark.parametrize("by_function", [True, False])
def test_a_held_lot_is_used_by_nobody_until_it_is_released(stocked: Stocked, *, by_function: bool) -> None:
    registry = stocked.registry
    vial = opened(stocked).id
    if by_function:  # as a serious reaction does
        with registry.desk.working(registry.actor(Role.PROVINCE), registry.at) as work:
            assert hold_lot(work, stocked.lot.id, HoldReason.REACTION)
            assert not hold_lot(work, stocked.lot.id, HoldReason.REACTION)
    else:
        registry.run(put_lot_on_hold, changed(stocked.lot), role=Role.PROVINCE)
    for each in (vial, None):
        with pytest.raises(LotNotUsableError) as caught:
            stocked.use(vial=each)
        assert caught.value.obstacle == "on_hold"
    registry.later(minutes=5)
    card = registry.run(release_lot, changed(stocked.lot, HoldReason.CLEARED), role=Role.PROVINCE)
    assert [(each.state, each.reason) for each in card.states][-1] == (LotState.RELEASED, "cleared")
    stocked.use(vial=vial)


def test_a_recalled_lot_stays_recalled(stocked: Stocked) -> None:
    registry = stocked.registry
    registry.run(recall_lot, changed(stocked.lot), role=Role.CENTRE)
    for use_case in (put_lot_on_hold, release_lot):
        with pytest.raises(LotStateError):
            registry.run(use_case, changed(stocked.lot), role=Role.CENTRE)
    with pytest.raises(LotStateError):
        registry.run(recall_lot, changed(stocked.lot), role=Role.CENTRE)
    with pytest.raises(LotNotUsableError) as caught:
        usable(stocked)
    assert caught.value.obstacle == "recalled"


def test_a_recall_tells_every_site_and_every_dose(stocked: Stocked) -> None:
    registry, other = stocked.registry, new_site(stocked.registry, area="24")
    second = Stocked(registry, other, stocked.lot, received(registry, other, stocked.lot, 50))
    given = [uuid4() for _ in range(5)]
    for dose in given[:3]:
        stocked.use(dose)
    for dose in given[3:]:
        second.use(dose)
    not_given = uuid4()
    stocked.use(not_given)
    taken_back(stocked, not_given)
    registry.run(send_stock, SendStock(shelf=second.shelf.id, doses=10, to_site=stocked.site), role=Role.CENTRE)
    recall = registry.run(recall_lot, changed(stocked.lot), role=Role.CENTRE)
    assert {each.site: (each.unopened, each.in_vials, each.used) for each in recall.sites} == {
        stocked.site: (90, 7, 3),
        other: (30, 8, 2),
    }
    assert (recall.in_transit, recall.used) == (10, 5)
    first = registry.run(list_lot_doses, LotDosesQuestion(lot=stocked.lot.id, limit=3), role=Role.CENTRE)
    rest = registry.run(list_lot_doses, LotDosesQuestion(lot=stocked.lot.id, after=first.next), role=Role.CENTRE)
    assert [each.dose for each in (*first.items, *rest.items)] == sorted(given)
    assert rest.next is None


def test_a_recalled_lot_is_returned_or_discarded(stocked: Stocked) -> None:
    registry = stocked.registry
    vial = opened(stocked).id
    registry.run(recall_lot, changed(stocked.lot), role=Role.CENTRE)
    registry.run(return_stock, MoveStock(shelf=stocked.shelf.id, doses=90), role=Role.PROVINCE)
    request = WasteVial(vial=vial, reason=WasteReason.RECALLED)
    registry.run(waste_vial, request, role=Role.VACCINATOR, site=stocked.site)
    assert stocked.now().doses == 0
    stocked.check()


def test_lots_are_found_by_number_product_and_state(registry: RegistryUnderTest) -> None:
    cards = []
    for number, product in (("S1", "Abdala"), ("S2", "Covaxin"), ("S3", "Abdala")):
        registry.later(days=30)
        cards.append(new_lot(registry, number, product))
    registry.run(put_lot_on_hold, changed(cards[0]), role=Role.CENTRE)

    def asked(**fields: object) -> list[str]:
        request = LotsQuestion(**fields)  # type: ignore[arg-type] # a test's own fields
        return [lot.number for lot in registry.run(list_lots, request, role=Role.SCREENER).items]

    assert asked(limit=500)[-3:] == ["S1", "S2", "S3"]
    assert asked(product="Abdala") == ["S1", "S3"]
    assert asked(number="S2") == ["S2"]
    assert asked(state=LotState.ON_HOLD, product="Abdala") == ["S1"]
    page = registry.run(list_lots, LotsQuestion(limit=1, product="Abdala"), role=Role.SCREENER)
    assert asked(product="Abdala", after=page.next) == ["S3"]


def test_a_lot_is_shown_with_its_history(stocked: Stocked) -> None:
    registry = stocked.registry
    registry.run(put_lot_on_hold, changed(stocked.lot), role=Role.CENTRE)
    card = registry.run(show_lot, LotQuestion(lot=stocked.lot.id), role=Role.VACCINATOR)
    assert card.product_name == "Vaxzevria"
    assert [(each.state, each.reason, each.source) for each in card.states] == [
        (LotState.ON_HOLD, "quality", "1234/QLD-CL")
    ]
    with pytest.raises(NotRegisteredError):
        registry.run(show_lot, LotQuestion(lot=uuid4()), role=Role.VACCINATOR)


def test_another_sites_stock_is_not_shown(stocked: Stocked) -> None:
    other = new_site(stocked.registry)
    with pytest.raises(NotAllowedError):
        stocked.registry.run(show_site_stock, SiteQuestion(site=stocked.site), role=Role.SITE_ADMIN, site=other)
    request = ReceiveStock(site=stocked.site, lot=stocked.lot.id, doses=10, cold=ColdState.FRIDGE)
    with pytest.raises(NotAllowedError):
        stocked.registry.run(receive_stock, request, role=Role.SITE_ADMIN, site=other)
    with pytest.raises(NotAllowedError):
        stocked.registry.run(
            return_stock, MoveStock(shelf=stocked.shelf.id, doses=10), role=Role.SITE_ADMIN, site=other
        )
    with pytest.raises(NotRegisteredError):
        stocked.registry.run(return_stock, MoveStock(shelf=uuid4(), doses=10), role=Role.PROVINCE)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (stock_shelves, {"unopened": -10, "sent": 110}),
        (stock_shelves, {"unopened": 200}),
        (stock_shelves, {"unopened": 95, "missing": 5}),
        (stock_vials, {"doses_left": -1, "used": 11}),
        (stock_vials, {"doses_left": 12}),
    ],
)
def test_the_database_itself_refuses_books_that_are_not_whole(
    stocked: Stocked, table: sa.Table, values: dict[str, int]
) -> None:
    opened(stocked)
    with pytest.raises(IntegrityError), stocked.registry.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.site == stocked.site).values(**values))

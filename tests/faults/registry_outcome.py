"""What has to be true after a site's day, however often the process that played it was killed."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tests.certificate_desk import logged, secret
from tests.faults.registry_player import STEPS
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.registry.appointments.tables import appointments
from vaxcert.registry.certificates.life import IN_FORCE
from vaxcert.registry.certificates.tables import certificates, intents
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.tables import dose_places, doses
from vaxcert.registry.notifications.schedule import NotificationState
from vaxcert.registry.notifications.tables import notification_keys, notifications
from vaxcert.registry.people.tables import people
from vaxcert.registry.registrations.tables import registrations
from vaxcert.registry.requests.tables import requests
from vaxcert.registry.stock.movements import MovementKind
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.registry.trail.tables import trail
from vaxcert.registry.visits.tables import visits
from vaxcert.registry.visits.visit import VisitState
from vaxcert.service.auditing import Brought, audit_ledger
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.stock.vials import SiteQuestion, check_stock, show_site_stock
from vaxcert.service.registry.trail import check_trail
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from tests.faults.registry_player import Day

_UPKEEP = ("upkeep", "notification-delivery")


def check(day: Day, *, received: int) -> dict[str, object]:
    """Check that each person has all of it and has it once; return what may be compared with another day like it."""
    check_doses(day)
    check_stock_of(day, received)
    check_log(day)
    found = check_messages(day)
    return {"messages": found, "trail": check_trail_of(day)}


def rows(day: Day, statement: sa.Select[Any]) -> list[Any]:
    with day.registry.desk.reading() as connection:
        return list(connection.execute(statement).all())


def check_doses(day: Day) -> None:
    """Check the people, and what each of them has: one of everything."""
    count = len(day.slots)
    everybody = Counter(rows(day, sa.select(people.c.id)))
    assert len(everybody) == count
    for table in (registrations, appointments, visits, doses, dose_places, certificates):
        assert Counter(rows(day, sa.select(table.c.person))) == everybody, table.name
    assert rows(day, sa.select(visits.c.state).distinct()) == [(VisitState.COMPLETED,)]
    assert rows(day, sa.select(doses.c.state).distinct()) == [(DoseState.CONFIRMED,)]
    given = {row.id for row in rows(day, sa.select(doses.c.id))}
    assert {row.dose for row in rows(day, sa.select(visits.c.dose))} == given
    certified = rows(day, sa.select(certificates.c.dose, certificates.c.state))
    assert {row.dose for row in certified} == given
    assert {row.state for row in certified} <= IN_FORCE
    assert rows(day, sa.select(sa.func.count()).select_from(requests)) == [(count * STEPS,)]


def check_stock_of(day: Day, received: int) -> None:
    """Check that of what came in each dose was used, is in an open vial, or lies in the fridge."""
    run, site = day.registry.run, SiteQuestion(site=day.site)
    assert run(check_stock, site, role=Role.PROVINCE).imbalances == []
    used = sa.select(stock_movements.c.dose, stock_movements.c.doses).where(stock_movements.c.kind == MovementKind.USED)
    assert Counter(rows(day, used)) == Counter((row.id, 1) for row in rows(day, sa.select(doses.c.id)))
    shown = run(show_site_stock, site, role=Role.PROVINCE)
    left = sum(shelf.unopened for shelf in shown.shelves) + sum(vial.doses_left for vial in shown.vials)
    assert left == received - len(day.slots)


def check_log(day: Day) -> None:
    """Check that each certificate is one leaf, that both databases say the same of it, and that an audit is clean."""
    assert set(rows(day, sa.select(intents.c.state))) == {("done",)}
    issued = {row.leaf_index: row.uvci for row in rows(day, sa.select(certificates.c.leaf_index, certificates.c.uvci))}
    ledger = day.certifying.ledger
    log = logged(ledger)
    assert len(issued) == log.size == len(day.slots)
    assert {leaf: each for leaf, each, _ in log.certificates} == issued
    day.certifying.anchor()
    with LedgerFolder(ledger).open(read_only=True) as opened:
        assert opened.check(opener=lambda name, sealed: secret().open(sealed, about=name.encode())) is None
    believed = TrustList(entries=(day.certifying.by.certificate,), as_of=day.registry.at)
    brought = Brought(trust_list=believed, secret=secret())
    report = audit_ledger(ledger, brought, is_offline=True, at=day.registry.at, progress=lambda *_: None)
    assert report.outcome is AuditOutcome.CLEAN, (report.findings, report.not_checked)


def check_messages(day: Day) -> Counter[tuple[str, str]]:
    """Check that each message was told once, and is one whole file once it has left; return which there are."""
    keys = rows(day, sa.select(notification_keys.c.key, notification_keys.c.notification))
    kept = rows(day, sa.select(notifications))
    assert Counter((row.key, row.id) for row in kept) == Counter(tuple(row) for row in keys)
    due = [row for row in kept if row.due_at <= day.registry.at]
    assert {row.state for row in due} == {NotificationState.SENT}
    sent = {str(row.id) for row in kept if row.state == NotificationState.SENT}
    files = {path.stem: json.loads(path.read_bytes()) for path in day.messages.glob("*.json")}
    assert files.keys() == sent
    assert len(list(day.messages.iterdir())) == len(sent)  # nor does a draft lie there
    told = Counter((each["template"], each["to"]) for each in files.values())
    assert len({to for template, to in told if template == "certificate-ready"}) == len(day.slots)
    return told


def check_trail_of(day: Day) -> Counter[str]:
    """Check that the chain holds every entry; return how often which deed was done that somebody asked for."""
    state = check_trail(day.registry.desk, day.registry.actor(Role.AUDITOR))
    kept = rows(day, sa.select(trail.c.account, trail.c.deed))
    assert (state.entries, state.unchained) == (len(kept), 0)
    return Counter(row.deed for row in kept if row.account not in _UPKEEP)

"""Accounts: what the ledger explains."""

from __future__ import annotations

from vaxcert.registry.stock.movements import Account, MovementKind


def test_an_account_tells_what_the_ledger_does_not_explain() -> None:
    totals = {
        MovementKind.RECEIVED: 60,
        MovementKind.FOUND: 6,
        MovementKind.SPARE: 1,
        MovementKind.UNUSED: 1,
        MovementKind.OPENED: 12,
        MovementKind.USED: 9,
        MovementKind.WASTED: 8,
        MovementKind.SENT: 18,
        MovementKind.RETURNED: 6,
        MovementKind.MISSING: 6,
    }
    account = Account(totals=totals, shelves=18, vials=3)
    assert (account.imbalance(), account.given) == (0, 8)
    assert Account(totals=totals, shelves=17, vials=3).imbalance() == -1
    assert Account(totals=totals | {MovementKind.USED: 10}, shelves=18, vials=3).imbalance() == 1

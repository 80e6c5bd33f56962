"""When a certificate's QR code is made anew: rules with the day from which each holds, and the decision it follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from vaxcert.data import load_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RULES: Final = "registry/certificates.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRule:
    """How long a code holds, and when the next one is made."""

    since: date
    source: str
    """The decision that says so."""
    validity: timedelta
    """From its creation."""
    lead: timedelta
    """So long before its end a code is made anew."""

    def due_before(self, at: datetime) -> datetime:
        """Return the instant: what expires before it is renewed at *at* (aware)."""
        return at + self.lead


def rule_on(day: date) -> RenewalRule:
    """Return the rule in force on *day*; before the first decision, the first one."""
    rules = _rules()
    return next((rule for rule in reversed(rules) if rule.since <= day), rules[0])


@cache
def _rules() -> Sequence[RenewalRule]:
    rows = cast("Sequence[Mapping[str, object]]", load_json(_RULES)["rules"])
    return sorted((_rule(row) for row in rows), key=lambda rule: rule.since)


def _rule(row: Mapping[str, object]) -> RenewalRule:
    return RenewalRule(
        since=date.fromisoformat(cast("str", row["from"])),
        source=cast("str", row["source"]),
        validity=timedelta(days=cast("int", row["validity_days"])),
        lead=timedelta(days=cast("int", row["renewed_days_before"])),
    )

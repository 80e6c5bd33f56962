"""The vaccines that may be given in Vietnam, from `schemas/registry/vaccines-vn.json`: since when, from which age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal, TypedDict, cast

from vaxcert.data import load_json

Platform = Literal["mrna", "vector", "inactivated", "protein"]


class _AgeRow(TypedDict):
    since: str
    from_age: int
    source: str


class _VaccineRow(TypedDict):
    family: str
    platform: Platform
    ages: list[_AgeRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """From which age a vaccine may be given, since a day.

    Attributes:
        since: The first day.
        from_age: The least age, in full years.
        source: The act.
    """

    since: date
    from_age: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """One product.

    Attributes:
        product: Its code in a certificate.
        family: What it has in common with the same vaccine of another maker.
        platform: What it is made with.
        approvals: Its approvals in Vietnam, the oldest first; none for those known from abroad only.
    """

    product: str
    family: str
    platform: Platform
    approvals: tuple[Approval, ...]

    def approval_on(self, day: date) -> Approval | None:
        """Return the approval in force on *day*; None before the first."""
        return next((approval for approval in reversed(self.approvals) if approval.since <= day), None)


@cache
def vaccines() -> dict[str, Vaccine]:
    """Return the vaccines that the rules know, by product code."""
    rows = cast("dict[str, _VaccineRow]", load_json("registry/vaccines-vn.json")["vaccines"])
    return {product: _vaccine(product, row) for product, row in rows.items()}


def family_of(product: str) -> str:
    """Return the family of *product*. One that the rules do not know is a family of its own."""
    known = vaccines().get(product)
    return product if known is None else known.family


def _vaccine(product: str, row: _VaccineRow) -> Vaccine:
    approvals = (
        Approval(since=date.fromisoformat(age["since"]), from_age=age["from_age"], source=age["source"])
        for age in row["ages"]
    )
    return Vaccine(
        product=product,
        family=row["family"],
        platform=row["platform"],
        approvals=tuple(sorted(approvals, key=lambda approval: approval.since)),
    )

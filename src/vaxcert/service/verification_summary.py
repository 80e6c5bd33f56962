"""What became of many certificates, counted by outcome, reason, country and issuer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from vaxcert.verify.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Outcomes: TypeAlias = Counter[Outcome]

K = TypeVar("K")

MAX_ISSUERS = 10_000
"""Those counted by themselves: a file of forgeries can name millions, and the memory is the same for every file."""

_MAX_NAME_CHARACTERS = 80
"""Of an issuer or kid that nobody vouches for. Real ones have two letters and twelve characters."""


class CountedIssuer(NamedTuple):
    """Who issued. Of a signer that is not proven there are only the certificate's own words."""

    issuer: str | None
    """The claim `iss` (hcert-spec §3.3.4)."""
    kid: str | None
    country: str | None = None
    """The signer's; like the subject, of a proven one alone."""
    subject: str | None = None
    is_proven: bool = False
    """Whether the signature holds, so that the claim is the signer's word."""

    @classmethod
    def claimed(cls, issuer: str | None, kid: str | None) -> Self:
        """Return the issuer of whom there are only the certificate's words, cut where they are too long."""
        return cls(issuer and issuer[:_MAX_NAME_CHARACTERS], kid and kid[:_MAX_NAME_CHARACTERS])


OTHERS = CountedIssuer("*", None)
"""Stands for all beyond `MAX_ISSUERS`."""


@dataclass(slots=True)
class Summary:
    """Counts of certificates, and of what was none; the memory for them does not grow with their number."""

    outcomes: Outcomes = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why, of what is not valid: by the code of the error."""
    warnings: Counter[str] = field(default_factory=Counter)
    """By code; a certificate may have several."""
    countries: dict[str | None, Outcomes] = field(default_factory=dict)
    """By the country of the proven signer, None where there is none."""
    issuers: dict[CountedIssuer, Outcomes] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many are counted."""
        return self.outcomes.total()

    def count(self, issuer: CountedIssuer, outcome: Outcome, number: int = 1) -> None:
        """Count *number* certificates of *issuer*."""
        self.outcomes[outcome] += number
        self.countries.setdefault(issuer.country, Counter())[outcome] += number
        self._outcomes_of(issuer)[outcome] += number

    def add(self, other: Self) -> None:
        """Count what *other* has counted."""
        self.outcomes.update(other.outcomes)
        self.reasons.update(other.reasons)
        self.warnings.update(other.warnings)
        for country, outcomes in other.countries.items():
            self.countries.setdefault(country, Counter()).update(outcomes)
        for issuer, outcomes in other.issuers.items():
            self._outcomes_of(issuer).update(outcomes)

    def _outcomes_of(self, issuer: CountedIssuer) -> Outcomes:
        if issuer not in self.issuers and len(self.issuers) >= MAX_ISSUERS:
            issuer = OTHERS
        return self.issuers.setdefault(issuer, Counter())

    def to_dict(self) -> dict[str, object]:
        """Return the counts as JSON has them, the largest first."""
        return {
            "total": self.total,
            "outcomes": _by_name(self.outcomes),
            "reasons": dict(self.reasons.most_common()),
            "warnings": dict(self.warnings.most_common()),
            "countries": [{"country": country, **_by_name(counts)} for country, counts in largest(self.countries)],
            "issuers": [
                {
                    "issuer": issuer.issuer,
                    "kid": issuer.kid,
                    "country": issuer.country,
                    "subject": issuer.subject,
                    "proven": issuer.is_proven,
                    **_by_name(counts),
                }
                for issuer, counts in largest(self.issuers)
            ],
        }


def largest(table: Mapping[K, Outcomes]) -> list[tuple[K, Outcomes]]:
    """Return the rows of *table*, the one with most certificates first."""
    return sorted(table.items(), key=lambda row: -row[1].total())


def _by_name(outcomes: Outcomes) -> dict[str, int]:
    return {str(outcome): outcomes[outcome] for outcome in Outcome}

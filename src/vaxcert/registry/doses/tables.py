"""The doses, the papers of those that were entered later, and the place that each has among a person's."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, area_column, code_column, monthly_table, table
from vaxcert.registry.doses.dose import DoseKind, DoseSource, DoseState
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

PRODUCT_LENGTH = 40
LOT_NUMBER_LENGTH = 40
PLACE_LENGTH = 120
RULE_LENGTH = 40
_COUNTRY_LENGTH = 2
_NOT_VOIDED = sa.text(f"state <> '{DoseState.VOIDED}'")

doses = monthly_table(
    "doses",
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("person", sa.Uuid, nullable=False),
    sa.Column("product", sa.String(PRODUCT_LENGTH), nullable=False),
    sa.Column("lot_number", sa.String(LOT_NUMBER_LENGTH)),
    sa.Column("lot", sa.Uuid),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("of", sa.SmallInteger, nullable=False),
    code_column("kind", DoseKind),
    sa.Column("nth", sa.SmallInteger, nullable=False),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("given_at", Instant),
    sa.Column("site", sa.Uuid),
    area_column(nullable=True),
    sa.Column("place", sa.String(PLACE_LENGTH)),
    sa.Column("country", sa.String(_COUNTRY_LENGTH), nullable=False),
    code_column("source", DoseSource),
    code_column("state", DoseState),
    sa.Column("entered_by", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("entered_at", Instant, nullable=False),
    sa.Column("verified_by", sa.String(ACCOUNT_LENGTH)),
    sa.Column("visit", sa.Uuid),
    sa.Column("rule", sa.String(RULE_LENGTH)),
    sa.CheckConstraint("number >= 1 AND of >= 1 AND nth >= 1", name="numbers"),
    sa.CheckConstraint("(source = 'visit') = (visit IS NOT NULL)", name="visit"),
    sa.CheckConstraint("source <> 'visit' OR (lot IS NOT NULL AND site IS NOT NULL)", name="stock"),
    sa.CheckConstraint("verified_by IS NULL OR verified_by <> entered_by", name="separation"),
    sa.CheckConstraint("source = 'visit' OR state <> 'confirmed' OR verified_by IS NOT NULL", name="verified"),
    sa.Index(
        "uq_doses_a_day",
        "month",
        "person",
        "given_on",
        unique=True,
        postgresql_where=_NOT_VOIDED,
        sqlite_where=_NOT_VOIDED,
    ),
    sa.Index("ix_doses_site_given_on", "site", "given_on"),
    sa.Index("ix_doses_lot", "lot"),
)
"""One row a dose; `month` is that of the injection. `area` is the site's.

Nobody has two doses of one day, by a constraint; nor is a paper verified by who entered it.
"""

dose_versions = table(
    "dose_versions",
    sa.Column("dose", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("replaced_at", Instant, nullable=False),
    sa.Column("product", sa.String(PRODUCT_LENGTH), nullable=False),
    sa.Column("lot_number", sa.String(LOT_NUMBER_LENGTH)),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("of", sa.SmallInteger, nullable=False),
    sa.Column("place", sa.String(PLACE_LENGTH)),
    code_column("state", DoseState),
)
"""What a dose said before it was corrected: a fact is never overwritten without a trace."""

dose_places = table(
    "dose_places",
    sa.Column("person", sa.Uuid, primary_key=True),
    sa.Column("place", sa.SmallInteger, primary_key=True),
    sa.Column("dose", sa.Uuid, nullable=False, unique=True),
    sa.Column("month", sa.Date, nullable=False),
)
"""Where a person's doses lie, one row each, in the order in which they were entered.

It is not parted, so it finds a person's doses without asking every month's part, and it is what keeps two officers from
giving the same next dose: both would take the same place.
"""

dose_papers = table(
    "dose_papers",
    sa.Column("dose", sa.Uuid, primary_key=True),
    sa.Column("paper", sa.LargeBinary, nullable=False),
)
"""What a dose was entered from, sealed: the kind and number of the paper, who showed it, what was noticed."""

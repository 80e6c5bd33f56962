"""People in the database: in clear only what reports count by; the rest sealed, and found through keyed digests."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from vaxcert.model.person import Sex
from vaxcert.registry.database.metadata import (
    Instant,
    area_column,
    code_column,
    digest_column,
    id_column,
    table,
    version_column,
)
from vaxcert.registry.people.duplicates import Likeness
from vaxcert.registry.people.guardianship import ConsentEvidence, LinkState, Relation
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.record import Declarer, IdentityProof
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

CODES_LENGTH = 240
"""Several codes in one column, parted by blanks."""


class LookupKind(StrEnum):
    """What an entry of the blind index is of; the digests of different kinds have nothing in common."""

    NUMBER = "number"
    PHONE = "phone"
    BIRTH = "birth"
    """The name and the birth date."""
    QID = "qid"
    """What a personal QR code names the person by."""
    ROW = "row"
    """The row of a file that the person was taken in from."""


class PairState(StrEnum):
    """What has become of two entries that may be one person's."""

    OPEN = "open"
    MERGED = "merged"
    DISTINCT = "distinct"
    """Somebody looked, and they are two people."""
    ERASED = "erased"


def _person(name: str, *, nullable: bool = False, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey("people.id"), nullable=nullable, index=index)


people = table(
    "people",
    id_column(),
    version_column(),
    code_column("state", PersonState),
    _person("merged_into", nullable=True),
    _person("survivor", nullable=True, index=True),
    sa.Column("birth_year", sa.SmallInteger, nullable=False),
    code_column("sex", Sex, nullable=True),
    area_column(),
    code_column("declared_by", Declarer),
    code_column("identity_verified", IdentityProof, nullable=True),
    sa.Column("identity_verified_at", Instant, nullable=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged_into"),
    sa.CheckConstraint("(merged_into IS NULL) = (survivor IS NULL)", name="survivor"),
    sa.CheckConstraint("state <> 'active' OR sealed IS NOT NULL", name="sealed"),
)
"""`merged_into` is the entry that this one was merged into, `survivor` the last one that it leads to."""

person_versions = table(
    "person_versions",
    id_column(),
    _person("person"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("changed", sa.String(CODES_LENGTH), nullable=False),
    area_column(),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("person", "number"),
)
"""What was known from each change on; `changed` names the fields, never their values."""

person_index = table(
    "person_index",
    sa.Column("digest", digest_column("digest").type, primary_key=True),
    sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), primary_key=True),
    code_column("kind", LookupKind),
    sa.Index("ix_person_index_person", "person"),
)
"""The blind index. A digest may lead to several people: families share phones, and mistakes share numbers."""

guardianships = table(
    "guardianships",
    id_column(),
    version_column(),
    _person("guardian"),
    _person("dependant", index=True),
    code_column("relation", Relation),
    code_column("state", LinkState),
    code_column("evidence", ConsentEvidence, nullable=True),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=True),
    sa.Column("revoked_at", Instant, nullable=True),
    sa.CheckConstraint("guardian <> dependant", name="two_people"),
    sa.CheckConstraint("(state = 'active') = (revoked_at IS NULL)", name="revoked_at"),
)
sa.Index(
    "uq_guardianships_active",
    guardianships.c.guardian,
    guardianships.c.dependant,
    unique=True,
    sqlite_where=guardianships.c.state == LinkState.ACTIVE,
    postgresql_where=guardianships.c.state == LinkState.ACTIVE,
)

person_merges = table(
    "person_merges",
    id_column(),
    _person("merged"),
    _person("survivor"),
    sa.Column("at", Instant, nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("undone_at", Instant, nullable=True),
    sa.Column("undone_by", sa.String(ACCOUNT_LENGTH), nullable=True),
    sa.Index("ix_person_merges_merged", "merged"),
)
"""The history of merges: which entries lead where now stands in `people`."""

duplicate_pairs = table(
    "duplicate_pairs",
    id_column(),
    version_column(),
    _person("one"),
    _person("other", index=True),
    code_column("state", PairState),
    sa.Column("points", sa.SmallInteger, nullable=False),
    code_column("likeness", Likeness),
    sa.Column("reasons", sa.String(CODES_LENGTH), nullable=False),
    sa.Column("found_at", Instant, nullable=False),
    sa.Column("decided_at", Instant, nullable=True),
    sa.Column("decided_by", sa.String(ACCOUNT_LENGTH), nullable=True),
    sa.UniqueConstraint("one", "other"),
    sa.CheckConstraint("one < other", name="order"),
    sa.Index("ix_duplicate_pairs_worklist", "state", "points", "id"),
)
"""Two entries that may be one person's, the lower id first, for somebody to look at."""

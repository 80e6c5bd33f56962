"""The requests, by a digest of their key; the answer is sealed."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import DIGEST_BYTES, Instant, digest_column, table

requests = table(
    "requests",
    sa.Column("key", sa.LargeBinary(DIGEST_BYTES), primary_key=True),
    digest_column("request"),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("subject", sa.Uuid, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
"""The key covers the account too: nobody meets another's. The answer is sealed under its subject's data key."""

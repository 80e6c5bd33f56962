"""The registry's first tables."""

from __future__ import annotations

from alembic import op

from vaxcert.registry.database.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the step."""
    METADATA.create_all(op.get_bind())

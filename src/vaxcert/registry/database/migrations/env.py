"""What Alembic runs for every step: on the connection, and in the transaction, that it was given."""

from __future__ import annotations

from alembic import context

from vaxcert.registry.database.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()

"""The history of the tables, as Alembic keeps it: each file in `versions/` is one step."""

"""The routes under `/api/v1`: one table, a builder, and what its rows need."""

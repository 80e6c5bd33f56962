"""The database under the registry: SQLite by default, PostgreSQL in production, the same tables in both."""

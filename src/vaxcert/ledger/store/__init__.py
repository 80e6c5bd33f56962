"""The log as a database: SQLite, one transaction for certificate, leaf and outbox."""

"""The ledger: every certificate in an append-only log, every root of the log on a chain, every claim open to an audit."""

"""The ledger: every certificate in a log, every root of the log on a chain, every claim open to an audit."""

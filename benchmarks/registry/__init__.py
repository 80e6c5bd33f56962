"""The registry's figures on PostgreSQL with a million people: `python -m benchmarks.registry`."""

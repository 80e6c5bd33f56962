"""Heads on a chain, exactly once: the outbox, and what every chain can do."""

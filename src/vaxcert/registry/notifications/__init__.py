"""Messages to people and offices: what they say, the outbox they wait in, and when one is tried again."""

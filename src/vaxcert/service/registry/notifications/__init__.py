"""Messages: an outbox, and what delivers from it."""

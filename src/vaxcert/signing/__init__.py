"""Private halves: signers, and the keys and certificates they hold."""

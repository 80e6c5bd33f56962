"""The log as mathematics: entries, the tree, proofs, notes, checkpoints and receipts; no I/O and no clock."""

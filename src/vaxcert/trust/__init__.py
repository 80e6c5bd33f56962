"""Public halves: document signers, the chain to their CSCAs, and trust lists in and out."""

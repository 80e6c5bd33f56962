"""EVM chains: the contract, JSON-RPC, and proofs that follow from a block hash."""

"""How fast vaxcert is next to its peers, each with the same records in the same run: `python -m benchmarks.peers`."""

"""How personal data lie in the registry: sealed under a key for each person, found by keyed digests, erasable."""

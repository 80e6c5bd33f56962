"""The registry's use cases, one function each, and what they share: rights, transactions, keys, the trail."""

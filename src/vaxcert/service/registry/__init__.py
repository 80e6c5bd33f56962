"""The registry's use cases, one function each, and what is common to them all: rights, transactions, keys, the trail."""

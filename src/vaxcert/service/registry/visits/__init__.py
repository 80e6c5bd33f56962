"""The four steps of a visit."""

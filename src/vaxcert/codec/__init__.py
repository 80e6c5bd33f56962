"""Bytes to values and back, each a pure pair of functions with named bounds: the layers of an `HC1:` text."""

"""The use cases, one function each; files, clocks and progress live here, not below."""

"""Frozen values: records, names, dates, identifiers and value sets, each with its rules."""

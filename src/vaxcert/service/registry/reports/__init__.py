"""Counts, coverage, rates and the daily form."""

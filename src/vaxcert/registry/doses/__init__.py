"""Doses: what was given to whom, which dose may follow, and when the next one is due."""

"""Reactions after an injection: what citizens tick, what staff report, how serious it is, and what is owed then."""

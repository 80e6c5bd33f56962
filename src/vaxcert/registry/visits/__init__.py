"""Visits: the four steps of an injection, from the reception to the slip."""

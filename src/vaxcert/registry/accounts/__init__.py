"""Accounts: who of the staff and which services may act, as what, and where."""

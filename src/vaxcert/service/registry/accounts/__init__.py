"""Accounts, keys of services, and sessions."""

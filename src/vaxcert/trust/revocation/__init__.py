"""Revocation lists: what a verifier asks of them, and their forms."""

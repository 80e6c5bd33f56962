"""Reactions: told, reported, reviewed."""

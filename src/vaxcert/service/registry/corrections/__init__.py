"""Corrections of who somebody is and of what was injected."""

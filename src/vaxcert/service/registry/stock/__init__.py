"""Lots, shelves, vials, transfers."""

"""Doses: given, entered from papers, and what is due."""

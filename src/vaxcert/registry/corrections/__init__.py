"""Corrections: what somebody asks to be put right in a record, with evidence, and what was decided."""

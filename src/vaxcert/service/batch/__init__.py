"""Batches: records in, certificates out, resumable at any instant and never issued twice."""

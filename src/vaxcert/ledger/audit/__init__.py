"""The audit: everything recomputed from the entries up, and the first thing wrong named."""

"""The trail: who did what to whom and why, with digests of before and after, chained in the order of commits."""

"""Payload in, verdict out: the steps, the policy and the report. No I/O, and no clock but the one given."""

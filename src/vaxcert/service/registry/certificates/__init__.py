"""Certificates: signed in three steps, issued by one sequencer, shown, revoked, renewed."""

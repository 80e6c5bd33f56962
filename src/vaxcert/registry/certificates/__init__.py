"""Certificates: from a draft by three signatures into the log and onto the chain, and what ends one."""

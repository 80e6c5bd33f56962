"""Requests that were carried out: a second one with the same key gets the first one's answer."""

"""Who asks: bearer tokens of sessions, services and identity providers."""

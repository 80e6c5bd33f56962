"""How long a search may take is the machine's business, not a property: it is shared, and slow when it is busy."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

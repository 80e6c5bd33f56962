"""Which language the reader asked for (RFC 9110 §12.5.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vaxcert.service.wording import Language

MAX_HEADER_LENGTH: Final = 256
"""Browsers send some fifty characters."""


@lru_cache(maxsize=256)
def accepted_language(header: str) -> Language:
    """Return the language, of those there are, that the header `Accept-Language` prefers; English where it has none."""
    best: Language = "en"
    best_quality = 0.0
    for part in header[:MAX_HEADER_LENGTH].split(","):
        tag, _, parameters = part.partition(";")
        quality = _quality(parameters)
        primary = tag.strip().lower().partition("-")[0]
        if primary in {"vi", "en"} and quality > best_quality:
            best, best_quality = ("vi" if primary == "vi" else "en"), quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0

from __future__ import annotations

import pytest

from vaxcert.web.language import accepted_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("vi", "vi"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("fr, vi;q=0.1", "vi"),
        ("fr", "en"),
        ("*", "en"),
        ("vi;q=0", "en"),
        ("vi;q=2, en;q=0.1", "en"),
        ("vi;q=nonsense", "en"),
        ("vi;level=1", "vi"),
        ("x" * 300 + ",vi", "en"),
    ],
)
def test_the_language_that_is_preferred(header: str, language: str) -> None:
    assert accepted_language(header) == language

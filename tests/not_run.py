"""What a test needs may be missing on a user's machine; CI must have it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def not_run(what: str, *, is_module: bool = False) -> NoReturn:
    """Say in one line what is not run and why; fail where CI must run it.

    Args:
        what: What is missing.
        is_module: Whether it is asked while a module is imported: then all of its tests are left out.
    """
    message = f"not run: {what}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message, allow_module_level=is_module)

"""What every suite shares: the public conformance data."""

import os
from pathlib import Path

import pytest

from tests.registry_fixture import postgres, registry, shared_registry

__all__ = ["postgres", "registry", "shared_registry", "vectors"]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Return the folder of public conformance data; without it, say so, and fail where CI must have it."""
    named = os.environ.get("VAXCERT_VECTORS")
    if named and (folder := Path(named)).is_dir():
        return folder.resolve()
    message = "not run: the public conformance data (set VAXCERT_VECTORS to its folder)"
    if os.environ.get("CI") == "true" and named != "absent":  # as where only the repository itself is at hand
        pytest.fail(message)
    pytest.skip(message)

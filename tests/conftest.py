"""What every suite shares: the public conformance data."""

import os
import signal
from pathlib import Path

import pytest

from tests.not_run import not_run
from tests.registry_fixture import postgres, registry, shared_registry

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a script starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

__all__ = ["postgres", "registry", "shared_registry", "vectors"]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Return the folder of public conformance data; without it, say so, and fail where CI must have it."""
    named = os.environ.get("VAXCERT_VECTORS")
    if named == "absent":  # only the repository itself is at hand, and that was said
        pytest.skip("not run: the public conformance data")
    if not named or not Path(named).is_dir():
        not_run("the public conformance data (set VAXCERT_VECTORS to its folder)")
    return Path(named).resolve()

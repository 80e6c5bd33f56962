"""A worker's place: what the process keeps in memory before it forks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from vaxcert.service.batch.seat import give_back_freed_memory

_COUNT_PAGES = """
from pathlib import Path
from vaxcert.service.batch.seat import give_back_freed_memory

def resident_bytes():
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])

for _ in range(2):  # of the first the allocator learns to keep what is freed
    b"k" * (16 << 20)
before = resident_bytes()
give_back_freed_memory()
print(before - resident_bytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_freed_memory_is_given_back() -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    run = subprocess.run([sys.executable, "-c", _COUNT_PAGES], env=settings, capture_output=True, check=True)
    assert int(run.stdout) > 12 << 20


def test_where_nothing_is_forked_there_is_nothing_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    give_back_freed_memory()

"""The benchmark of many verifications: it verifies what it has issued, and measures all of the command."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import verifying

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")  # the runner's
COUNT = 60


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return verifying.issue(tmp_path_factory.mktemp("benchmark"), COUNT, 3)


def test_the_certificates_are_distinct_and_spread_over_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(verifying, "CHUNK", 5)
    lines = [file.read_text().splitlines() for file in verifying.issue(tmp_path, COUNT, 3)]
    assert list(map(len, lines)) == [20, 20, 20]
    assert len({line for part in lines for line in part}) == COUNT


def test_a_run_counts_the_time_and_memory_of_the_command(files: list[Path]) -> None:
    measured = verifying.run(files, workers=2, expected=COUNT)
    assert measured.seconds > 0
    assert measured.cpu_seconds > 0


def test_a_run_over_another_number_of_certificates_does_not_pass(files: list[Path]) -> None:
    with pytest.raises(AssertionError, match="not every certificate is valid"):
        verifying.run(files[:1], workers=1, expected=COUNT + 1)


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_memory_of_a_process_and_its_children_is_read() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in verifying._children(os.getpid())
        assert verifying._memory_mb(os.getpid()) > 1
        child.communicate(b"\n")
    assert verifying._memory_mb(child.pid) == 0
    assert verifying._children(child.pid) == []


def test_raw_and_whole_verifications_are_timed(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "SIGNATURES", 50)
    assert 0 < verifying.RawVerification().seconds() < verifying.verification_seconds(files[0])

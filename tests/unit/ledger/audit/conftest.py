"""A log with three anchored batches, and copies of it to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.audited_log import AuditedLog, make_file_log

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    return make_file_log(tmp_path_factory.mktemp("audited") / "log", batches=(20, 12))


@pytest.fixture
def log(whole: AuditedLog, tmp_path: Path) -> AuditedLog:
    return whole.copy(tmp_path / "log")

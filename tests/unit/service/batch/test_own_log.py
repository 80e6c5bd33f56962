"""A log is of one issuer's secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.authority import AT
from tests.batches import bench, chunk, row, secret
from tests.kept_ledger import issue_into, make_ledger
from vaxcert.errors import JobMismatchError, LedgerFormatError
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.service.batch.own_log import open_own_log
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from pathlib import Path


def test_an_empty_log_is_anybodys(tmp_path: Path) -> None:
    key = LogKey.create("ledger.example/vn")
    TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=AT).close()
    for whose in (secret(), IssuerSecret.create()):
        with open_own_log(tmp_path / "log", whose, "VN") as log:
            assert log.size == 0


def test_a_log_with_certificates_in_the_clear_is_anybodys(tmp_path: Path) -> None:
    make_ledger(tmp_path / "log", is_signed=False)
    with open_own_log(tmp_path / "log", IssuerSecret.create(), "VN") as log:
        assert log.size == 3


def test_a_log_of_another_secret_is_refused(tmp_path: Path) -> None:
    make_ledger(tmp_path / "log", is_signed=False)
    with open_own_log(tmp_path / "log", secret(), "VN") as log, log.transaction() as transaction:
        transaction.add_new_certificates([issued.row for issued in bench().work(chunk(row(1))).issued])
    issue_into(tmp_path / "log", 2, seed=9)  # later ones in the clear do not hide it
    with open_own_log(tmp_path / "log", secret(), "VN"):
        pass
    with (
        pytest.raises(JobMismatchError, match="under another issuer's secret") as caught,
        open_own_log(tmp_path / "log", IssuerSecret.create(), "VN"),
    ):
        pytest.fail("it was opened")
    assert "second certificate" in str(caught.value.hint)


def test_a_log_of_another_country_is_refused(tmp_path: Path) -> None:
    make_ledger(tmp_path / "log", is_signed=False)
    with open_own_log(tmp_path / "log", secret(), "VN") as log, log.transaction() as transaction:
        transaction.add_new_certificates([issued.row for issued in bench().work(chunk(row(1))).issued])
    with (
        pytest.raises(JobMismatchError, match="of another country") as caught,
        open_own_log(tmp_path / "log", secret(), "LA"),
    ):
        pytest.fail("it was opened")
    assert "its own ledger for each country" in str(caught.value.hint)


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerFormatError), open_own_log(tmp_path, secret(), "VN"):
        pytest.fail("it was opened")

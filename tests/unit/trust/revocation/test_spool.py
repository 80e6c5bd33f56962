import random
from pathlib import Path

import pytest

from vaxcert.trust.revocation.spool import SortedSpool


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 5000])
def test_records_come_back_in_order_however_many_runs_they_took(count: int, tmp_path: Path) -> None:
    records = [number.to_bytes(3, "big") for number in range(count)]
    shuffled = random.Random(count).sample(records, count)
    with SortedSpool(tmp_path, 3, run_records=10) as spool:
        for record in shuffled:
            spool.add(record)
        assert list(spool) == records


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    with SortedSpool(tmp_path, 1, run_records=2) as spool:
        for record in (b"b", b"a", b"b", b"c", b"a"):
            spool.add(record)
        assert b"".join(spool) == b"aabbc"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with SortedSpool(tmp_path / "missing", 1, run_records=1) as spool, pytest.raises(FileNotFoundError):
        spool.add(b"a")

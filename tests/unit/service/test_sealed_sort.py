"""Sorting on disk: the order is right, and what is on the disk says nothing."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from vaxcert.errors import StorageError
from vaxcert.service.sealed_sort import SealedSorter


def by_number(item: tuple[int, str]) -> tuple[object, ...]:
    return (item[0],)


def sorter(folder: Path, **sizes: int) -> SealedSorter[tuple[int, str]]:
    return SealedSorter(folder, key=by_number, **sizes)


def open_files(folder: Path) -> Iterator[bytes]:
    """Yield what the files that this process holds open in *folder* have on the disk, nameless ones too."""
    for entry in Path("/proc/self/fd").iterdir():
        try:
            place = entry.readlink()
        except OSError:
            continue  # the listing's own
        if place.is_relative_to(folder.resolve()):
            yield entry.read_bytes()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 63, 64, 65, 200, 1000])
def test_items_come_in_the_order_of_their_keys(tmp_path: Path, count: int) -> None:
    items = [(number, f"item {number}") for number in range(count)]
    with sorter(tmp_path, run_items=8, fan_in=3) as spool:
        for item in Random(count).sample(items, count):
            spool.add(item)
        assert list(spool.in_order()) == items


@settings(max_examples=40, deadline=None)
@given(numbers=st.lists(st.integers(0, 5), max_size=150))
def test_items_of_one_key_stay_in_the_order_in_which_they_came(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    items = [(number, f"{at}") for at, number in enumerate(numbers)]
    with sorter(tmp_path_factory.getbasetemp(), run_items=7, fan_in=2) as spool:
        for item in items:
            spool.add(item)
        assert list(spool.in_order()) == sorted(items, key=by_number)


def test_the_order_can_be_asked_for_again(tmp_path: Path) -> None:
    with sorter(tmp_path, run_items=4) as spool:
        for number in range(11):
            spool.add((-number, ""))
        assert list(spool.in_order()) == list(spool.in_order())


def test_no_name_is_ever_in_the_folder(tmp_path: Path) -> None:
    with sorter(tmp_path, run_items=4, fan_in=2) as spool:
        for number in range(40):
            spool.add((number, "Nguyễn"))
            assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="the open files are listed by the kernel")
def test_what_is_on_the_disk_cannot_be_read(tmp_path: Path) -> None:
    with sorter(tmp_path, run_items=4, fan_in=3) as spool:
        for number in range(40):
            spool.add((number, "Nguyen Van An"))
        found = list(open_files(tmp_path))
        assert found
        assert sum(map(len, found)) > 40 * len("Nguyen Van An")
        assert all(b"Nguyen" not in content and b"builtins" not in content for content in found)
    assert not list(open_files(tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="the open files are found by the kernel's names")
def test_what_was_changed_on_the_disk_is_not_believed(tmp_path: Path) -> None:
    with sorter(tmp_path, run_items=4) as spool:
        for number in range(4):
            spool.add((number, "x"))
        (place,) = [
            entry
            for entry in Path("/proc/self/fd").iterdir()
            if os.path.realpath(entry).startswith(str(tmp_path.resolve()))
        ]
        content = bytearray(place.read_bytes())
        content[5] ^= 1
        place.write_bytes(content)
        with pytest.raises(InvalidTag):
            list(spool.in_order())


def test_nothing_is_left_after_the_end(tmp_path: Path) -> None:
    spool = sorter(tmp_path, run_items=2)
    for number in range(5):
        spool.add((number, ""))
    spool.close()
    assert not list(spool.in_order())
    spool.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with sorter(tmp_path / "none", run_items=2) as spool:
        spool.add((1, ""))
        with pytest.raises(StorageError, match="none cannot be written"):
            spool.add((2, ""))


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with sorter(tmp_path, run_items=100) as spool:
        for number in range(99):
            spool.add((number, f"{number:1000}"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        try:
            with pytest.raises(StorageError, match="cannot be written"):
                spool.add((100, ""))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_open_files_stay_few(tmp_path: Path) -> None:
    with sorter(tmp_path, run_items=1, fan_in=4) as spool:
        most = 0
        for number in range(300):
            spool.add((number, ""))
            most = max(most, sum(1 for level in spool._levels for _ in level))
        assert most <= 4 * 5  # of five levels, fewer than four at each
        assert [number for number, _ in spool.in_order()] == list(range(300))

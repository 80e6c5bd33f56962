"""Small counts are withheld, and cannot be reckoned."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vaxcert.registry.reports.small_cells import SMALLEST_SHOWN, Keys, shown_cells, shown_total


def test_counts_of_one_to_four_are_withheld_and_zero_is_not() -> None:
    cells: dict[Keys, int] = {("a",): 0, ("b",): 3, ("c",): 2, ("d",): 5}
    assert shown_cells(cells) == {("a",): 0, ("b",): None, ("c",): None, ("d",): 5}


def test_a_count_withheld_alone_takes_the_next_with_it() -> None:
    assert shown_cells({("a",): 1, ("b",): 90, ("c",): 7}) == {("a",): None, ("b",): 90, ("c",): None}


def test_two_that_together_are_too_few_take_a_third() -> None:
    assert shown_cells({("a",): 1, ("b",): 2, ("c",): 7}) == {("a",): None, ("b",): None, ("c",): None}


def test_a_line_with_one_person_alone_is_withheld_and_so_is_its_total() -> None:
    assert shown_cells({("a",): 3, ("b",): 0}) == {("a",): None, ("b",): 0}
    assert shown_total([3, 0]) is None
    assert shown_total([]) == 0
    assert shown_total([3, 4]) == 7


tables = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(0, 12), min_size=1, max_size=9
)


@given(tables)
def test_no_line_of_a_table_tells_what_it_withholds(cells: dict[Keys, int]) -> None:
    shown = shown_cells(cells)
    for keys, count in cells.items():
        assert shown[keys] in {None, count}
        assert shown[keys] is None or count == 0 or count >= SMALLEST_SHOWN
    for dimension in (0, 1):
        for value in {keys[dimension] for keys in cells}:
            line = [keys for keys in cells if keys[dimension] == value]
            hidden = [keys for keys in line if shown[keys] is None]
            left = [keys for keys in line if shown[keys]]
            people = sum(cells[keys] for keys in hidden)
            assert not hidden or not left or (len(hidden) > 1 and people >= SMALLEST_SHOWN)

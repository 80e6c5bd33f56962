"""Lines broken before anything is set: nothing is lost, and no line is too wide."""

from itertools import pairwise
from unicodedata import combining

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.issue import line_breaks, typeface

ROOM = st.floats(2.5, 40.0)
TEXT = st.text(st.sampled_from("aWiđỘ gyj<,;:ẰẵMm-"), min_size=1, max_size=160)


def test_a_text_that_fits_is_one_line() -> None:
    assert line_breaks.broken("Nguyễn Văn An", "bold", 20) == ["Nguyễn Văn An"]


def test_a_text_is_broken_at_blanks() -> None:
    assert line_breaks.broken("Công Tằng Tôn Nữ", "regular", 6.5) == ["Công Tằng", "Tôn Nữ"]


def test_a_long_word_is_cut_between_letters() -> None:
    lines = line_breaks.broken("W" * 30, "bold", 10)
    assert len(lines) > 1
    assert "".join(lines) == "W" * 30


def test_a_mark_is_not_parted_from_its_letter() -> None:
    word = "x\u0301" * 40
    assert not any(combining(line[0]) for line in line_breaks.broken(word, "regular", 3))
    assert line_breaks.broken("x\u0301", "regular", 0.3) == ["x\u0301"]
    assert line_breaks.broken("x\u0301y", "regular", 0.3) == ["x\u0301", "y"]


def test_no_room_at_all_still_ends() -> None:
    assert line_breaks.broken("abc", "regular", 0) == ["a", "b", "c"]


@given(TEXT, ROOM, st.sampled_from(["regular", "bold"]))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, room: float, weight: typeface.Weight) -> None:
    lines = line_breaks.broken(text, weight, room)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(typeface.width(line, weight) for line in lines) <= room


@given(st.lists(st.sampled_from(["An", "Nguyễn", "Thị", "WỘW"]), min_size=1, max_size=20), ROOM)
def test_a_word_that_has_room_on_a_line_stands_there(words: list[str], room: float) -> None:
    lines = line_breaks.broken(" ".join(words), "regular", room)
    for line, following in pairwise(lines):
        assert typeface.width(f"{line} {following.split()[0]}") > room - 0.3


@pytest.mark.parametrize(("lines", "ems"), [(1, 0.714), (2, 1.928), (3, 3.142)])
def test_lines_are_as_high_as_they_are_set(lines: int, ems: float) -> None:
    assert line_breaks.height(lines) == pytest.approx(ems)


def test_type_shrinks_to_one_line_and_never_grows() -> None:
    assert line_breaks.one_line_points("Việt Nam", "regular", 100, most=6) == 6
    points = line_breaks.one_line_points("Trạm Y tế " * 12, "bold", 100, most=9)
    assert points < 9
    assert typeface.width("Trạm Y tế " * 12, "bold") * points * line_breaks.POINT_MM < 100

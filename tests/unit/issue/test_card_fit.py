"""How many lines a value takes: a count that may be too high but never too low."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaxcert.issue import typeface
from vaxcert.issue.card_fit import COLUMNS, SMALL, TYPE_POINTS, Column, Fit

LETTERS = st.sampled_from("ilWmMơữĐ<-:0AaeoǱ")
TEXTS = st.lists(st.text(LETTERS, min_size=1, max_size=30), min_size=1, max_size=20).map(" ".join)
NARROW = Column(50.0, 1.08)


def lines_of(text: str, room: float, size: float, *, cut: bool) -> int:
    """Break *text* as a typesetter does: a word, or a piece of four letters, goes on the line while there is room."""
    lines, used = 1, 0.0
    space = typeface.width(" ") * size
    for word in text.split(" "):
        pieces = [word[start : start + 4] for start in range(0, len(word), 4)] if cut else [word]
        for index, piece in enumerate(pieces):
            wide = typeface.width(piece) * size
            gap = space if index == 0 and used else 0.0
            if used and used + gap + wide > room:
                lines, used, gap = lines + 1, 0.0, 0.0
            used += gap + wide
    return lines


def ems(column: Column) -> float:
    return column.width / (TYPE_POINTS * 25.4 / 72)


@given(TEXTS)
@example("W " * 60)
@example("W" * 120)
def test_the_count_is_never_too_low(text: str) -> None:
    fit = NARROW.fit(text, "")
    assert 1 + fit.further_lines >= lines_of(text, ems(NARROW), NARROW.size, cut=fit.cuts_words)


@given(TEXTS, TEXTS)
def test_the_count_of_two_languages_is_never_too_low(vi: str, en: str) -> None:
    fit = NARROW.fit(vi, en)
    lines = lines_of(vi, ems(NARROW), NARROW.size, cut=fit.cuts_words)
    assert 2 + fit.further_lines >= lines + lines_of(en, ems(NARROW), SMALL, cut=fit.cuts_words)


@given(TEXTS)
def test_what_surely_wraps_has_several_lines(text: str) -> None:
    if NARROW.fit(text, "").wraps:
        assert lines_of(text, ems(NARROW), NARROW.size, cut=True) > 1


@given(TEXTS)
def test_a_word_that_is_too_long_for_a_line_is_cut(text: str) -> None:
    longest = max(typeface.width(word) * NARROW.size for word in text.split(" "))
    assert NARROW.fit(text, "").cuts_words == (longest > ems(NARROW))


def test_a_short_text_takes_one_line() -> None:
    assert NARROW.fit("COVID-19", "") == Fit(further_lines=0, wraps=False, cuts_words=False)


def test_a_text_as_wide_as_the_column_may_wrap() -> None:
    """A dagger may follow, and then it is the word before it that wraps."""
    text = "i" * int(ems(NARROW) / (typeface.width("i") * NARROW.size))
    fit = NARROW.fit(text, "")
    assert fit.further_lines > 0
    assert not fit.wraps


def test_english_on_a_line_of_its_own_makes_two_lines() -> None:
    fit = NARROW.fit("Việt Nam", "Viet Nam")
    assert fit.further_lines == 0
    assert fit.wraps


def test_english_that_runs_on_takes_no_line() -> None:
    assert Column(50.0, 1.08, runs_on=True).fit("Việt Nam", "Viet Nam") == Fit()


def test_english_that_runs_on_counts_with_the_vietnamese() -> None:
    column = Column(50.0, 1.08, runs_on=True)
    assert column.fit("Việt Nam Cộng hòa xã hội", "Socialist Republic of Viet Nam").further_lines > 0


def test_bold_letters_are_counted_wider() -> None:
    text = "n" * 19
    assert NARROW.fit(text, "").further_lines == 0
    assert Column(50.0, 1.08, "bold").fit(text, "").further_lines > 0


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_is_within_the_page(name: str) -> None:
    assert 0 < COLUMNS[name].width <= 174

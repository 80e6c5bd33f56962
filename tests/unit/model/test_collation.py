"""The order of a Vietnamese dictionary and of a Vietnamese list of names."""

import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.model.collation import name_key, text_key

WORDS = st.text(st.sampled_from("aAăâđdeêĐÊ oơưỳỹýị-'19é"), max_size=12)


def shuffled(items: list[str]) -> list[str]:
    return Random(7).sample(items, len(items))


@pytest.mark.parametrize(
    "ordered",
    [
        list("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"),
        ["ma", "mà", "mả", "mã", "má", "mạ", "măm", "mân", "me"],
        ["An", "An Bình", "Anh", "Ảnh", "Ánh", "Ăn", "Ân"],
        ["Dung", "Dũng", "Đào", "Đỗ", "E"],
        ["Phường 1", "Phường 2", "Phường 10", "Phường 10A", "Phường An"],
        ["Zoë", "李", "陈"],
    ],
    ids=["alphabet", "tones", "vowels", "d", "numbers", "scripts"],
)
def test_texts_go_by_the_alphabet(ordered: list[str]) -> None:
    assert sorted(shuffled(ordered), key=text_key) == ordered


def test_unicode_has_another_order() -> None:
    ordered = ["Ánh", "Bình", "Đạt", "Em", "Ông", "Yến"]
    assert sorted(shuffled(ordered), key=text_key) == ordered
    assert sorted(ordered) != ordered


def test_tones_count_only_where_the_letters_are_the_same() -> None:
    assert text_key("Bạ Xuyên") > text_key("Ba Xuyên")
    assert text_key("Bạ An") < text_key("Ba Xuyên")


def test_names_go_by_the_given_name_and_then_by_the_family_name() -> None:
    ordered = ["An", "Đỗ Văn An", "Nguyễn Thị An", "Nguyễn Văn An", "Lê Ánh", "Lê Ân", "Trần Bình", "H'Hen Niê"]
    assert sorted(shuffled(ordered), key=name_key) == ordered


def test_a_given_name_with_another_tone_is_another_name() -> None:
    ordered = ["Trần Tu", "Lê Tú", "Trần Tú", "Lê Tụ"]
    assert sorted(shuffled(ordered), key=name_key) == ordered


@pytest.mark.parametrize(
    ("one", "other"),
    [("NGUYỄN", "nguyễn"), ("Anne-Marie", "annemarie"), ("H'Hen", "Hhen"), ("Trạm 007", "trạm 7"), ("  a  b ", "a b")],
)
def test_case_signs_and_blanks_do_not_count(one: str, other: str) -> None:
    assert text_key(one) == text_key(other)


@pytest.mark.parametrize(
    ("foreign", "plain"), [("Ærø", "aero"), ("Łukasz", "lukasz"), ("Müller", "muller"), ("Çelik", "celik")]
)
def test_foreign_letters_stand_where_their_plain_letters_do(foreign: str, plain: str) -> None:
    assert text_key(foreign)[0] == text_key(plain)[0]


def test_no_text_is_before_any_other() -> None:
    assert text_key("") < text_key("1") < text_key("a")
    assert name_key("") < name_key("A")


def test_numbers_of_any_length_are_compared() -> None:
    assert text_key("9" * 40) < text_key("a")
    assert text_key("9" * 20) < text_key("1" + "0" * 20)


@given(WORDS)
def test_both_forms_of_unicode_are_the_same(text: str) -> None:
    assert text_key(unicodedata.normalize("NFD", text)) == text_key(unicodedata.normalize("NFC", text))

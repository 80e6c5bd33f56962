from dataclasses import replace
from datetime import date

import pytest

from vaxcert.errors import ChipCardError
from vaxcert.model.chip_card import MAX_ADDRESS, MAX_CHARACTERS, parse_chip_card
from vaxcert.model.identifiers import IdentifierKind
from vaxcert.model.names import PersonName
from vaxcert.model.person import Sex

CARD = "087184000999|341234567|Đặng Thị Ánh|18031984|Nữ|Tổ 3, Phường 5, Cao Lãnh, Đồng Tháp|15042021"
FIELDS = ("citizen number", "old number", "name", "birth date", "sex", "address", "issue")


def test_a_card_is_read_and_written() -> None:
    card = parse_chip_card(CARD)
    assert (card.citizen_number.kind, card.citizen_number.number) == (IdentifierKind.CCCD, "087184000999")
    assert card.old_number is not None
    assert (card.old_number.kind, card.old_number.number) == (IdentifierKind.CMND, "341234567")
    assert (card.name.family, card.name.given, card.birth_date.iso) == ("Đặng", "Thị Ánh", "1984-03-18")
    assert (card.sex, card.address) == (Sex.FEMALE, "Tổ 3, Phường 5, Cao Lãnh, Đồng Tháp")
    assert (card.issued_on, card.unread) == (date(2021, 4, 15), 0)
    assert card.format() == CARD


def test_a_card_without_an_old_number_has_an_empty_field() -> None:
    card = parse_chip_card(CARD.replace("341234567", ""))
    assert card.old_number is None
    assert card.format() == CARD.replace("341234567", "")


@pytest.mark.parametrize(("born", "iso"), [("00001950", "1950"), ("00071950", "1950-07"), ("29022000", "2000-02-29")])
def test_a_birth_date_may_lack_what_nobody_knows(born: str, iso: str) -> None:
    card = parse_chip_card(CARD.replace("18031984", born))
    assert card.birth_date.iso == iso
    assert f"|{born}|" in card.format()


def test_the_relatives_on_a_newer_card_are_not_read() -> None:
    card = parse_chip_card(f"{CARD}||Đặng Văn Ba|Trần Thị Tư|")
    assert (card.unread, card.format()) == (4, CARD)
    assert "Ba" not in repr(card)


def test_what_a_scanner_adds_is_no_part_of_it() -> None:
    assert parse_chip_card(f"{CARD}\r\n") == parse_chip_card(CARD.replace("|", " | "))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("citizen number", ""),
        ("citizen number", "87184000999"),
        ("citizen number", "08718400099A"),
        ("citizen number", "0871840009\u0669\u0669"),
        ("old number", "12"),
        ("old number", "B1234567"),
        ("name", ""),
        ("name", "Đặng Th? Ánh"),
        ("name", "Đ" * 1001),
        ("birth date", ""),
        ("birth date", "18/03/1984"),
        ("birth date", "30021984"),
        ("birth date", "18001984"),
        ("birth date", "18031884"),
        ("birth date", "00000000"),
        ("sex", ""),
        ("sex", "N?"),
        ("address", ""),
        ("address", "x" * (MAX_ADDRESS + 1)),
        ("issue", "15/04/2021"),
        ("issue", "31042021"),
        ("issue", "00002021"),
        ("issue", "15040021"),
    ],
    ids=range(23),
)
def test_a_field_of_another_form_is_named(field: str, value: str) -> None:
    written = CARD.split("|")
    written[FIELDS.index(field)] = value
    with pytest.raises(ChipCardError, match=field) as caught:
        parse_chip_card("|".join(written))
    assert "1984" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("damaged", ["Đặng Thị \ufffdnh", "Đặng\x00", "Đặng\u202eThị", "Đặng\x1bThị"])
def test_a_damaged_text_tells_of_the_scanner(damaged: str) -> None:
    with pytest.raises(ChipCardError, match="damaged") as caught:
        parse_chip_card(CARD.replace("Đặng Thị Ánh", damaged))
    assert "UTF-8" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text", ["", "|" * 6, CARD.rsplit("|", 1)[0], CARD + "|" * 10, "HC1:6BF", PersonName.__name__], ids=range(6)
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ChipCardError):
        parse_chip_card(text)


@pytest.mark.parametrize("text", ["|" * 10_000_000, " " * (MAX_CHARACTERS + 1)], ids=range(2))
def test_a_text_that_no_symbol_holds_is_refused_before_it_is_read(text: str) -> None:
    with pytest.raises(ChipCardError, match="longer than the 2953 characters"):
        parse_chip_card(text)


def test_no_name_and_no_address_bring_a_separator_into_a_card() -> None:
    card = parse_chip_card(CARD)
    with pytest.raises(ChipCardError, match="a sign that no card has"):
        replace(card, name=PersonName.of("Đặng|", "Ánh"))
    with pytest.raises(ChipCardError, match="a sign that no card has"):
        replace(card, address="Tổ 3\nPhường 5")

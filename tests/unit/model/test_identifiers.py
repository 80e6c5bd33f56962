import pytest

from vaxcert.errors import IdentifierError
from vaxcert.model.identifiers import MAX_INPUT_LENGTH, Identifier, IdentifierKind, parse_identifier
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex

CCCD, CMND, CARD, NUMBER, PASSPORT = IdentifierKind


def codes(identifier: Identifier, sex: Sex | None = None, born: str | None = None) -> list[str]:
    birth_date = PartialDate(born) if born is not None else None
    return [warning.code for warning in identifier.warnings_against(sex, birth_date)]


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("087084000999", CCCD, "087084000999"),
        (" 087 084 000 999\t", CCCD, "087084000999"),
        ("087.084.000.999", CCCD, "087084000999"),
        ("'087084000999", CCCD, "087084000999"),
        ("87084000999.0", CCCD, "87084000999"),
        ("271-234-567", CMND, "271234567"),
        ("27123456", CMND, "27123456"),
        ("7916012345", NUMBER, "7916012345"),
        ("dn 4 79 7916012345", CARD, "DN4797916012345"),
        ("b1234567", PASSPORT, "B1234567"),
        ("P01234567", PASSPORT, "P01234567"),
        ("1E23456", PASSPORT, "1E23456"),
    ],
)
def test_the_text_tells_what_it_is(text: str, kind: IdentifierKind, number: str) -> None:
    assert parse_identifier(text) == Identifier(kind=kind, number=number)


def test_a_passport_of_digits_alone_has_to_be_named_one() -> None:
    assert parse_identifier("512345678").kind is CMND
    assert parse_identifier("512345678", PASSPORT).kind is PASSPORT
    assert parse_identifier("512345678", country="US") == Identifier(kind=PASSPORT, number="512345678", country="US")


@pytest.mark.parametrize(
    "text",
    ["", " ", "1", "1234567", "1234567890123", "12345678901234567890", "0870840009\u0669\u0669", "B\u00df12345",
     "B|123456", "B123\n4567", "\uff10" * 12, "ABCD", "A" * 21, "-"],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(IdentifierError):
        parse_identifier(text)


@pytest.mark.parametrize("text", ["8.7084E+10", "8,7084E+10", "8E+10", "8.7084e10"])
def test_a_number_that_a_spreadsheet_rounded_is_refused(text: str) -> None:
    with pytest.raises(IdentifierError, match="digits are lost") as caught:
        parse_identifier(text)
    assert "format text" in (caught.value.hint or "")


def test_a_long_text_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(IdentifierError, match="longer than 64 characters"):
        parse_identifier("0" * 10_000_000)
    assert parse_identifier("087084000999".center(MAX_INPUT_LENGTH)).kind is CCCD


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (CCCD, "08708400"),
        (CCCD, "0870840009990"),
        (CCCD, "08708400099A"),
        (CMND, "2712345678"),
        (CMND, "2712345"),
        (CARD, "D44797916012345"),
        (CARD, "DN479791601234"),
        (NUMBER, "79160123456"),
        (PASSPORT, "B123"),
        (PASSPORT, "b1234567"),
        (PASSPORT, "B1234567\n"),
    ],
)
def test_a_number_has_the_form_of_its_kind(kind: IdentifierKind, number: str) -> None:
    with pytest.raises(IdentifierError, match=f"not a number of the kind {kind}"):
        Identifier(kind=kind, number=number)


def test_only_a_passport_has_a_country() -> None:
    with pytest.raises(IdentifierError, match="only a passport"):
        Identifier(kind=CCCD, number="087084000999", country="VN")
    with pytest.raises(IdentifierError, match="two-letter code"):
        Identifier(kind=PASSPORT, number="B1234567", country="VNM")


@pytest.mark.parametrize("refused", ["98765432109876543", "98765432109B|"])
def test_no_message_holds_the_number(refused: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_identifier(refused)
    assert "9876" not in f"{caught.value} {caught.value.hint}"


def test_the_number_stays_out_of_sight() -> None:
    identifier = parse_identifier("87084000999")
    shown = f"{identifier!r} {identifier} {identifier.warnings!r} {parse_identifier('087084000999').personal_number!r}"
    assert "999" not in shown
    assert "cccd" in shown


@pytest.mark.parametrize(
    ("text", "masked", "display"),
    [
        ("087084000999", "******000999", "********0999"),
        ("271234567", "******567", "*****4567"),
        ("B1234567", "******67", "****4567"),
        ("AB123", "*****", "***23"),
    ],
)
def test_a_number_can_be_shown_in_part(text: str, masked: str, display: str) -> None:
    identifier = parse_identifier(text)
    assert (identifier.masked, identifier.display) == (masked, display)


def test_an_insurance_card_of_either_form_names_the_same_person() -> None:
    assert parse_identifier("DN4797916012345").insurance_number == "7916012345"
    assert parse_identifier("7916012345").insurance_number == "7916012345"
    assert parse_identifier("087084000999").insurance_number is None
    assert parse_identifier("791601234", NUMBER).insurance_number is None


@pytest.mark.parametrize("text", ["271234567", "87084000999", "B1234567", "7916012345"])
def test_other_numbers_tell_nothing_of_their_holders(text: str) -> None:
    assert parse_identifier(text).personal_number is None


def test_a_number_that_agrees_has_no_warning() -> None:
    assert codes(parse_identifier("087084000999"), Sex.MALE, "1984-03-18") == []
    assert codes(parse_identifier("087084000999", CMND), Sex.MALE, "1984") == []
    assert codes(parse_identifier("087084000999"), Sex.OTHER) == []


@pytest.mark.parametrize(
    ("text", "sex", "born", "warnings"),
    [
        ("087084000999", Sex.FEMALE, None, ["sex_mismatch"]),
        ("087084000999", Sex.MALE, "1985-01-01", ["birth_year_mismatch"]),
        ("087084000999", Sex.MALE, "2084", ["century_mismatch"]),
        ("087384000999", Sex.MALE, "1984", ["sex_mismatch", "century_mismatch"]),
        ("001093029317", None, "1987-01-18", ["birth_year_mismatch"]),
        ("088084000999", None, None, ["unknown_birthplace"]),
        ("000084000999", None, None, ["unknown_birthplace"]),
        ("240084000999", None, None, ["born_abroad"]),
        ("87084000999", None, None, ["leading_zero_lost"]),
        ("98084000999", None, None, ["digits_missing"]),
        ("27123456", None, None, ["leading_zero_lost"]),
        ("DN4797916012345", None, None, []),
        ("DN4007916012345", None, None, ["unknown_insurance_office"]),
        ("DN7797916012345", None, None, ["unknown_benefit_level"]),
        ("DN0007916012345", None, None, ["unknown_benefit_level", "unknown_insurance_office"]),
        ("AB1234567890", None, None, ["unusual_passport"]),
        ("1084000999", Sex.MALE, "1984-03-18", ["leading_zero_lost"]),
        ("1084000999", Sex.FEMALE, "1984-03-18", []),
        ("1084000999", None, "1984-03-18", []),
        ("1084000999", Sex.MALE, None, []),
        ("3084000999", Sex.MALE, "1984", []),
    ],
)
def test_what_is_odd_is_a_warning(text: str, sex: Sex | None, born: str | None, warnings: list[str]) -> None:
    assert codes(parse_identifier(text), sex, born) == warnings


@pytest.mark.parametrize(
    ("text", "kind", "likely"),
    [
        ("87084000999", None, "087084000999"),
        ("1084000999", CCCD, "001084000999"),
        ("27123456", None, "027123456"),
        ("87084000999", CMND, "087084000999"),
        ("791601234", NUMBER, "0791601234"),
    ],
)
def test_the_number_before_the_spreadsheet_is_told(text: str, kind: IdentifierKind | None, likely: str) -> None:
    identifier = parse_identifier(text, kind)
    assert [warning.likely for warning in identifier.warnings] == [likely]
    assert identifier.number == text  # nothing is corrected unasked


@pytest.mark.parametrize(
    ("number", "country", "odd"),
    [
        ("B1234567", "VN", False),
        ("E01234567", "VN", False),
        ("BB123456", "VN", True),
        ("123456789", "US", False),
        ("BB1234567X", None, True),
    ],
)
def test_a_passport_of_another_form_is_odd(number: str, country: str | None, odd: bool) -> None:  # noqa: FBT001 (a column)
    assert bool(parse_identifier(number, PASSPORT, country=country).warnings) is odd

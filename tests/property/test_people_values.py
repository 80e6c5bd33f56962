"""Numbers, phones, cards, messages, areas: what is written is read back; other texts are refused, and not repeated."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vaxcert.errors import RegistryInputError
from vaxcert.model.area_table import birthplace_codes, provinces
from vaxcert.model.chip_card import ChipCard, parse_chip_card
from vaxcert.model.identifiers import Identifier, IdentifierKind, parse_identifier
from vaxcert.model.messages import LINKED_PART, ONE_PART, ShortMessage, cut, parts, septets, unaccented
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.personal_qr import DeclaredBy, PersonalQr, parse_personal_qr
from vaxcert.model.phones import RENUMBERED, parse_phone
from vaxcert.model.qr_extension import QrExtension

DIGITS = st.text("0123456789", min_size=6, max_size=6)
DAYS = st.dates(date(1900, 1, 1), date(2026, 12, 31))
SEXES = st.sampled_from((Sex.MALE, Sex.FEMALE))
NAMES = st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyÁẠẢỄỘƯĐ"), min_size=1, max_size=8)
GSM_TEXT = st.text("abc XYZ 019 .,:/-€[]\n", max_size=400)
SPACES = re.compile(r"\s+")


def is_refused(parse: Callable[[str], object], text: str) -> bool:
    """Say whether *parse* refuses the *text*, having checked that the refusal does not repeat it."""
    try:
        parse(text)
    except RegistryInputError as error:
        said = f"{error} {error.hint}"
    else:
        return False
    assert len(text) < 8 or text not in said
    return True


@st.composite
def people(draw: st.DrawFn) -> tuple[Identifier, Sex, date]:
    born, sex = draw(DAYS), draw(SEXES)
    century = 2 * (born.year // 100 - 19) + (sex is Sex.FEMALE)
    number = f"{draw(st.sampled_from(sorted(birthplace_codes())))}{century}{born.year % 100:02}{draw(DIGITS)}"
    return Identifier(kind=IdentifierKind.CCCD, number=number), sex, born


@st.composite
def codes(draw: st.DrawFn) -> PersonalQr:
    identifier, sex, born = draw(people())
    name = PersonName.of(draw(NAMES), " ".join(draw(st.lists(NAMES, max_size=4))))
    iso = born.isoformat()[: draw(st.sampled_from((4, 7, 10)))]
    extension = QrExtension.of(sex=sex, declarer_qid=draw(DIGITS), phone=draw(st.sampled_from(("", "0912345678"))))
    return PersonalQr.of(
        identifier,
        name,
        PartialDate(iso),
        declared_by=draw(st.sampled_from(DeclaredBy)),
        qid=draw(st.text("0123456789abcXYZ_-", max_size=64)),
        extension=draw(st.sampled_from((extension, QrExtension()))),
    )


@given(people())
def test_a_number_made_by_the_rule_agrees_with_its_holder(person: tuple[Identifier, Sex, date]) -> None:
    identifier, sex, born = person
    assert parse_identifier(identifier.number) == identifier
    assert identifier.warnings_against(sex, PartialDate.of_date(born)) == ()
    other = Sex.MALE if sex is Sex.FEMALE else Sex.FEMALE
    assert [warning.code for warning in identifier.warnings_against(other, None)] == ["sex_mismatch"]


@given(people(), st.integers(1900, 2099))
def test_another_year_is_always_told(person: tuple[Identifier, Sex, date], year: int) -> None:
    identifier, sex, born = person
    assume(year != born.year)
    (warning,) = identifier.warnings_against(sex, PartialDate(f"{year}"))
    assert warning.code == ("century_mismatch" if (year - born.year) % 100 == 0 else "birth_year_mismatch")


@given(people())
def test_the_zero_that_a_spreadsheet_drops_is_found_again(person: tuple[Identifier, Sex, date]) -> None:
    identifier, sex, born = person
    seen = parse_identifier(str(int(identifier.number)))
    assert [warning.likely for warning in seen.warnings_against(sex, PartialDate.of_date(born))] == [identifier.number]


@given(st.text(max_size=80))
@example("\u00df" * 8)
def test_any_text_is_a_number_or_refused(text: str) -> None:
    if is_refused(parse_identifier, text):
        return
    identifier = parse_identifier(text)
    assert re.fullmatch("[A-Z0-9]{5,20}", identifier.number)
    assert parse_identifier(identifier.number, identifier.kind) == identifier
    assert len(identifier.masked) == len(identifier.display) == len(identifier.number)


@given(st.sampled_from(sorted({*RENUMBERED.values(), "90", "91", "98"})), st.text("0123456789", min_size=7, max_size=7))
def test_a_phone_survives_its_spellings(prefix: str, digits: str) -> None:
    phone = parse_phone(f"0{prefix}{digits}")
    assert phone == parse_phone(phone.e164) == parse_phone(phone.national) == parse_phone(f"84{prefix}{digits}")
    assert phone.masked.count("*") == 6


@given(st.text(max_size=60))
def test_any_text_is_a_phone_or_refused(text: str) -> None:
    assert is_refused(parse_phone, text) or re.fullmatch(r"\+[1-9][0-9]{5,14}", parse_phone(text).e164)


@given(codes())
def test_a_personal_code_is_read_as_it_was_written(code: PersonalQr) -> None:
    text = code.format()
    assert parse_personal_qr(text) == code
    assert parse_personal_qr(text).format() == text
    masked = parse_personal_qr(code.masked().format())
    assert masked == code.masked()
    assert masked.is_masked
    assert code.number[:6] not in masked.format()


@given(codes(), st.data())
def test_a_personal_code_with_a_field_less_is_refused(code: PersonalQr, data: st.DataObject) -> None:
    fields = code.format().split("|")
    del fields[data.draw(st.integers(0, len(fields) - 1))]
    with pytest.raises(RegistryInputError):
        parse_personal_qr("|".join(fields))


@given(st.lists(st.text(max_size=20), min_size=5, max_size=8).map("|".join))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    assert is_refused(parse_personal_qr, text) or parse_personal_qr(text).format().count("|") == 5
    assert is_refused(parse_chip_card, text) or parse_chip_card(text).format().count("|") == 6


@given(
    people(),
    st.lists(NAMES, min_size=1, max_size=4),
    st.text("Tổ1,./ ", min_size=1, max_size=60),
    DAYS,
    st.sampled_from(("271234567", None)),
)
def test_a_card_is_read_as_it_was_written(
    person: tuple[Identifier, Sex, date], names: list[str], address: str, issued: date, old: str | None
) -> None:
    assume(address.strip())
    identifier, sex, born = person
    card = ChipCard(
        citizen_number=identifier,
        old_number=Identifier(kind=IdentifierKind.CMND, number=old) if old else None,
        name=PersonName.of(names[0], " ".join(names[1:])),
        birth_date=PartialDate.of_date(born),
        sex=sex,
        address=" ".join(address.split()),
        issued_on=issued,
    )
    assert parse_chip_card(card.format()) == card


@given(GSM_TEXT, st.integers(1, 200))
def test_a_cut_text_is_a_start_of_whole_words(text: str, limit: int) -> None:
    try:
        start = cut(text, limit)
    except RegistryInputError:
        assert septets(SPACES.split(text.lstrip())[0]) + len(text) - len(text.lstrip()) > limit
        return
    assert septets(start) <= limit
    assert text.startswith(start)
    assert start == text or text[len(start)].isspace()


@given(GSM_TEXT)
def test_the_parts_of_a_text_hold_it(text: str) -> None:
    count, length = parts(text), septets(text)
    assert (count == 1) is (length <= ONE_PART)
    assert length <= count * LINKED_PART or count == 1
    assert (count - 1) * (LINKED_PART - 1) < length or count == 1


@given(st.text(st.sampled_from("aàáạảãăắâấđêệôơưứỹ AẮĐƯ.,:/0123"), max_size=120))
def test_vietnamese_without_its_accents_is_sent_as_it_is(text: str) -> None:
    plain = unaccented(text)
    assert plain.isascii()
    assert len(plain) == len(text)
    assert unaccented(plain) == plain
    assume(plain.strip())
    assert ShortMessage.of("{text}", text=text).text == " ".join(plain.split())


@given(st.sampled_from(sorted({area.code for area in provinces()})), st.integers(0, 7000))
def test_a_code_has_one_meaning_a_day_and_leads_to_today(code: str, days: int) -> None:
    day = date(2008, 8, 1) + timedelta(days=days)
    held = [area for area in provinces() if area.code == code and area.holds_on(day)]
    assert len(held) <= 1
    if held:
        assert provinces().at(code, day) == held[0]
        assert provinces().referred(held[0].reference) == held[0]
        assert all(area.holds_on(date(2026, 11, 1)) for area in provinces().became(held[0], date(2026, 11, 1)))

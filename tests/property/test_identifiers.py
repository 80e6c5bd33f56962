"""Names, dates and certificate identifiers: what holds for all of them."""

import re
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.errors import PartialDateError, PersonNameError, TransliterationError, UvciError
from vaxcert.model.icao import SPELLINGS
from vaxcert.model.names import MAX_NAME_LENGTH, PersonName, fold, split_vietnamese, transliterate
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.uvci import CHECK_ALPHABET, Uvci

SPELLED = re.compile(r"[A-Z]+(<[A-Z]+)*")
GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώϊϋΐΰς"
NAMES = st.text("".join(map(chr, SPELLINGS)) + GREEK + "\u0300\u0301\u0303\u0309\u0323\u0308", max_size=120)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
ISO = st.builds(lambda day, length: day.isoformat()[:length], DAYS, st.sampled_from([4, 7, 10]))
PARTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20)
IDENTIFIERS = st.builds(
    lambda country, opaque, issuer, vaccine: Uvci.build(
        country=country, opaque=opaque, issuer=issuer, vaccine=vaccine if issuer else None
    ),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2),
    PARTS,
    st.none() | PARTS,
    st.none() | PARTS,
)


@given(NAMES)
def test_a_spelled_name_is_well_formed_and_spells_itself(name: str) -> None:
    try:
        spelled = transliterate(name)
    except TransliterationError as error:
        assert error.message == "the name has no letter"  # noqa: PT017  the only reason left for these letters
        return
    assert SPELLED.fullmatch(spelled)
    assert len(spelled) <= MAX_NAME_LENGTH
    assert transliterate(spelled) == spelled
    assert transliterate(f"  {name}-") == spelled


@given(NAMES)
def test_the_coding_of_a_name_does_not_matter(name: str) -> None:
    def outcome(form: str) -> str:
        try:
            return transliterate(form)
        except TransliterationError as error:
            return error.message

    assert outcome(unicodedata.normalize("NFC", name)) == outcome(unicodedata.normalize("NFD", name))


@given(st.text(max_size=200))
def test_any_text_is_spelled_or_refused(name: str) -> None:
    try:
        assert SPELLED.fullmatch(transliterate(name))
        assert fold(name).isalpha()
    except TransliterationError:
        pass


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_two_texts_make_a_stable_name_or_are_refused(family: str, given_name: str) -> None:
    try:
        name = PersonName.of(family, given_name)
    except (PersonNameError, TransliterationError):
        return
    assert PersonName.of(name.family, name.given) == name
    assert PersonName.of(name.family, name.given, family_std=name.family_std, given_std=name.given_std) == name
    assert all(len(part) <= MAX_NAME_LENGTH for part in (name.family, name.given, name.family_std, name.given_std))


@given(st.text(max_size=100))
def test_splitting_a_name_loses_no_word(full_name: str) -> None:
    family, given_name = split_vietnamese(full_name)
    assert f"{family} {given_name}".split() == full_name.split()
    assert " " not in family


@given(ISO)
def test_a_date_survives_both_ways_of_writing_it(iso: str) -> None:
    partial = PartialDate.parse(iso)
    assert str(partial) == iso
    assert PartialDate.parse_local(partial.format_local()) == partial
    assert PartialDate.parse_local(iso) == partial


@given(ISO)
def test_a_date_spans_exactly_the_days_that_begin_like_it(iso: str) -> None:
    partial = PartialDate.parse(iso)
    ordinals = partial.earliest.toordinal(), partial.latest.toordinal()
    assert all(date.fromordinal(ordinal).isoformat().startswith(iso) for ordinal in ordinals)
    assert not date.fromordinal(ordinals[0] - 1).isoformat().startswith(iso)
    assert not date.fromordinal(ordinals[1] + 1).isoformat().startswith(iso)


@given(ISO, st.data())
def test_a_date_with_one_character_more_or_less_is_refused(iso: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(iso) - 1))
    added = data.draw(st.characters())
    for changed in (iso[:place] + iso[place + 1 :], iso[:place] + added + iso[place:], iso + added):
        with pytest.raises(PartialDateError):
            PartialDate.parse(changed)


@given(st.text(max_size=12) | st.text("0123456789/- ", max_size=12))
def test_any_text_is_a_date_in_range_or_refused(text: str) -> None:
    try:
        partial = PartialDate.parse_local(text)
    except PartialDateError:
        return
    assert 1900 <= partial.earliest.year <= 2099
    assert partial.iso.isascii()


@given(IDENTIFIERS)
def test_an_identifier_survives_being_written(uvci: Uvci) -> None:
    read = Uvci.parse(str(uvci))
    assert read == uvci
    assert str(read) == str(uvci)
    assert (read.country, read.issuer, read.vaccine, read.opaque) == (
        uvci.country,
        uvci.issuer,
        uvci.vaccine,
        uvci.opaque,
    )
    assert Uvci.parse(uvci.nss.lower()) == uvci


@given(st.binary(min_size=16, max_size=16), st.integers(0, 31), st.sampled_from("0123456789ABCDEF"))
def test_the_check_character_notices_every_wrong_character(entropy: bytes, place: int, wrong: str) -> None:
    text = str(Uvci.random("VN", entropy, checksum=True))
    start = len("URN:UVCI:01:VN:") + place
    changed = text[:start] + wrong + text[start + 1 :]
    assert Uvci.parse(changed).has_valid_check is (changed == text)


@given(st.text(max_size=90) | st.text(CHECK_ALPHABET + "#urnvci ", max_size=90))
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    try:
        uvci = Uvci.parse(text)
    except UvciError:
        return
    assert Uvci.parse(uvci.nss) == uvci
    assert uvci.nss == uvci.nss.upper()
    assert uvci.opaque

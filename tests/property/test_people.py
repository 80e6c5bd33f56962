"""People: comparisons do not depend on the order, masks show nothing, merges come apart, ages agree with calendars."""

from datetime import date
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.invented_people import person
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.registry.people.ages import age_on, turns
from vaxcert.registry.people.demographics import Demographics, changed_fields
from vaxcert.registry.people.duplicates import Reason, compare, swapped
from vaxcert.registry.people.guardianship import age_rules_on
from vaxcert.registry.people.index_keys import birth_key, number_key, searched_numbers
from vaxcert.registry.people.masking import Sight, show
from vaxcert.registry.people.merging import resolve, survivors
from vaxcert.registry.people.names import compare_names, is_one_slip, name_key

WORDS = st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyÁẠẢỄỘƯĐ"), min_size=1, max_size=6)
NAMES = st.builds(
    lambda family, given: PersonName.of(family, " ".join(given)), WORDS, st.lists(WORDS, min_size=1, max_size=3)
)
DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))
DATES = st.builds(lambda day, length: PartialDate(day.isoformat()[:length]), DAYS, st.sampled_from((4, 7, 10)))
LETTERS = st.text(st.sampled_from("ABC"), max_size=6)
IDS = st.integers(0, 9).map(lambda number: UUID(int=number))


@st.composite
def people(draw: st.DrawFn) -> Demographics:
    name = draw(NAMES)
    return person(
        name.family,
        name.given,
        draw(DATES).iso,
        sex=draw(st.sampled_from((None, *Sex))),
        numbers=draw(st.sampled_from(((), ("051184000123",), ("271234567",), ("051184000123", "271234567")))),
        phones=draw(st.sampled_from(((), ("0912345678",)))),
        address=draw(st.sampled_from(("", "12 Lê Lợi", "12 LE LOI"))),
    )


@given(people(), people())
def test_it_does_not_matter_which_of_two_is_compared_with_which(one: Demographics, other: Demographics) -> None:
    assert compare(one, other) == compare(other, one)


@given(people())
def test_everybody_is_most_like_themselves(somebody: Demographics) -> None:
    found = compare(somebody, somebody)
    assert {Reason.SAME_NAME, Reason.SAME_BIRTH_DATE} <= set(found.reasons)
    assert found.is_candidate
    assert changed_fields(somebody, somebody) == frozenset()


@given(people(), people())
def test_no_comparison_is_above_that_with_oneself(one: Demographics, other: Demographics) -> None:
    assert compare(one, other).points <= max(compare(one, one).points, compare(other, other).points)


@given(NAMES, st.randoms())
def test_the_order_of_a_names_parts_does_not_matter(name: PersonName, order: object) -> None:
    parts = name.full.split()
    getattr(order, "shuffle")(parts)  # noqa: B009 - hypothesis types its randoms as objects here
    other = PersonName.of(parts[0], " ".join(parts[1:]))
    assert name_key(other) == name_key(name)
    assert compare_names(other, name).name == "SAME"
    assert birth_key(other, PartialDate("1984")) == birth_key(name, PartialDate("1984"))


def _edits(word: str) -> set[str]:
    places = range(len(word) + 1)
    left_out = {word[:place] + word[place + 1 :] for place in places}
    put_in = {word[:place] + letter + word[place:] for place in places for letter in "ABC"}
    changed = {word[:place] + letter + word[place + 1 :] for place in places[:-1] for letter in "ABC"}
    turned = {word[:place] + word[place + 1] + word[place] + word[place + 2 :] for place in places[:-2]}
    return (left_out | put_in | changed | turned) - {word}


@given(LETTERS, LETTERS)
def test_one_slip_is_what_one_edit_makes(one: str, other: str) -> None:
    assert is_one_slip(one, other) == (other in _edits(one))


@given(DAYS)
def test_swapping_day_and_month_twice_is_the_date_itself(day: date) -> None:
    born = PartialDate.of_date(day)
    other = swapped(born)
    assert other is None or swapped(other) == born


@given(people())
def test_every_number_is_found_by_what_is_written_of_it(somebody: Demographics) -> None:
    for number in somebody.identifiers:
        assert number_key(number) in searched_numbers(number.number)


@given(people())
def test_what_is_masked_shows_no_word_number_or_day(somebody: Demographics) -> None:
    shown = show(somebody, Sight.MASKED)
    words = f"{shown.family_name} {shown.given_name}".split()
    assert all(len(word) == 4 and word.endswith("***") for word in words)
    assert len(shown.birth_date) == 4
    for number, hidden in zip(somebody.identifiers, shown.identifiers, strict=True):
        assert number.number not in hidden.number
    for phone, masked in zip(somebody.phones, shown.phones, strict=True):
        assert phone.e164 != masked
    assert (shown.address, shown.workplace) == ("", "")


@given(DATES, st.integers(0, 110))
def test_who_turns_an_age_has_it_from_that_day_on(born: PartialDate, years: int) -> None:
    day = turns(born, years)
    assert age_on(born, day).least == years
    assert age_on(born, day).is_certainly_over(years)
    assert years == 0 or not age_on(born, date.fromordinal(day.toordinal() - 1)).is_certainly_over(years)


@given(DATES, DAYS)
def test_the_least_age_is_never_above_the_most(born: PartialDate, day: date) -> None:
    least, most = age_on(born, day)
    assert least <= most <= least + 1 or not born.is_full
    assert (least == most) or not born.is_full


@given(DAYS)
def test_on_every_day_there_is_a_law(day: date) -> None:
    rules = age_rules_on(day)
    assert rules.consents_at <= rules.adult_at
    assert rules.source


@given(st.lists(st.tuples(IDS, IDS), max_size=12))
def test_merges_one_after_the_other_come_apart_in_any_order(pairs: list[tuple[UUID, UUID]]) -> None:
    aliases: dict[UUID, UUID] = {}
    for merged, into in pairs:
        if merged != into and merged not in aliases and into not in aliases:
            aliases[merged] = into
    assume(aliases)
    ends = survivors(aliases)
    assert all(end not in aliases for end in ends.values())
    for parted in list(aliases):
        rest = {alias: into for alias, into in aliases.items() if alias != parted}
        assert resolve(parted, rest) == parted
        for alias, end in survivors(rest).items():
            assert end == ends[alias] or end == parted

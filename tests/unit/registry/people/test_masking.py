from tests.invented_people import NUMBER, PHONE, person
from vaxcert.registry.people.masking import ShownPerson, Sight, mask_words, show

SHOWN = person(numbers=(NUMBER, "B1234567"), phones=(PHONE,), address="12 Lê Lợi")


def told(shown: ShownPerson) -> str:
    numbers = " ".join(each.number for each in shown.identifiers)
    texts = (shown.family_name, shown.given_name, shown.birth_date, numbers, *shown.phones, shown.address)
    return "|".join(texts)


def test_in_full_everything_is_shown() -> None:
    assert told(show(SHOWN, Sight.FULL)) == ("Nguyễn|Thị Ánh|1984-03-18|051184000123 B1234567|+84912345678|12 Lê Lợi")


def test_at_work_name_and_birth_date_are_shown_and_numbers_hidden() -> None:
    assert told(show(SHOWN, Sight.AT_WORK)) == "Nguyễn|Thị Ánh|1984-03-18|********0123 ****4567|+84******678|"


def test_masked_only_first_letters_and_the_year_are_shown() -> None:
    assert told(show(SHOWN, Sight.MASKED)) == "N***|T*** Á***|1984|********0123 ****4567|+84******678|"


def test_a_masked_name_does_not_tell_its_length() -> None:
    assert mask_words("Nguyễn") == mask_words("N")
    assert mask_words("") == ""


def test_what_is_shown_does_not_print_itself() -> None:
    assert "Ánh" not in repr(show(SHOWN, Sight.FULL))
    assert "Ánh" not in repr(SHOWN)

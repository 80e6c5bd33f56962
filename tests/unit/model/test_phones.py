import pytest

from vaxcert.errors import PhoneNumberError
from vaxcert.model.phones import RENUMBERED, PhoneNumber, parse_phone


@pytest.mark.parametrize(
    "text",
    ["0912345678", "091 234 56 78", "0912.345.678", "(091) 234-5678", "+84 912 345 678", "84912345678", "0084912345678",
     "912345678", " 0912345678\u00a0"],
    ids=range(9),
)  # fmt: skip
def test_one_number_has_many_spellings(text: str) -> None:
    phone = parse_phone(text)
    assert (phone.e164, phone.is_mobile, phone.is_vietnamese) == ("+84912345678", True, True)


@pytest.mark.parametrize(
    "text",
    ["", " ", "0", "113", "115", "091234567", "09123456789", "0612345678", "0161234567", "01612345678", "+8400000000",
     "+999123456789", "0912345678 ext. 5", "0912345678x5", "1800-VACXIN", "0912345678;0987654321", "0912\n345678",
     "\u202e0912345678"],
    ids=range(18),
)  # fmt: skip
def test_what_no_telephone_has_is_refused(text: str) -> None:
    with pytest.raises(PhoneNumberError):
        parse_phone(text)


@pytest.mark.parametrize("text", ["19009095", "1800 1234", "+1 900 234 5678", "+1 800 234 5678"])
def test_the_number_of_a_service_is_nobody_s(text: str) -> None:
    with pytest.raises(PhoneNumberError, match="of a service"):
        parse_phone(text)


def test_a_long_text_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(PhoneNumberError, match="longer than 40 characters"):
        parse_phone("0" * 10_000_000)


@pytest.mark.parametrize("old", sorted(RENUMBERED))
def test_a_number_of_eleven_digits_is_what_it_became(old: str) -> None:
    phone = parse_phone(f"0{old} 234 5678")
    assert phone.e164 == f"+84{RENUMBERED[old]}2345678"
    assert (phone.was_renumbered, phone.is_mobile) == (True, True)
    assert phone == parse_phone(f"0{RENUMBERED[old]} 234 5678")


def test_the_table_is_that_of_the_decision() -> None:
    assert (RENUMBERED["120"], RENUMBERED["123"], RENUMBERED["169"], RENUMBERED["186"], RENUMBERED["199"]) == (
        "70", "83", "39", "56", "59"
    )  # fmt: skip
    assert len(set(RENUMBERED.values())) == len(RENUMBERED) == 21


@pytest.mark.parametrize("prefix", ["0160", "0161", "0187", "0189", "0190", "0130"])
def test_a_prefix_outside_the_table_became_nothing(prefix: str) -> None:
    with pytest.raises(PhoneNumberError, match="no telephone has this number"):
        parse_phone(f"{prefix}2345678")


def test_a_landline_is_a_telephone_and_takes_no_message() -> None:
    phone = parse_phone("024 3974 3556")
    assert (phone.e164, phone.is_mobile, phone.was_renumbered) == ("+842439743556", False, False)


def test_a_foreign_number_has_its_country() -> None:
    phone = parse_phone("+44 7400 123456")
    assert (phone.is_vietnamese, phone.is_mobile, phone.masked) == (False, True, "+44*******456")
    assert parse_phone("07400 123456", region="GB") == phone
    with pytest.raises(PhoneNumberError, match="no telephone has this number") as caught:
        parse_phone("+44 12")
    assert caught.value.hint is None


@pytest.mark.parametrize(
    "text", ["0912345678", "+84 912 345 678", "84912345678", "tel:+84912345678", "+841234567890", ""]
)
def test_a_number_is_held_in_e164_alone(text: str) -> None:
    with pytest.raises(PhoneNumberError):
        PhoneNumber(text)


def test_the_number_stays_out_of_sight() -> None:
    phone = parse_phone("0912345678")
    assert (phone.masked, phone.national) == ("+84******678", "0912 345 678")
    assert "678" not in f"{phone!r} {phone}"
    with pytest.raises(PhoneNumberError) as caught:
        parse_phone("0612345678")
    assert "2345" not in f"{caught.value} {caught.value.hint}"

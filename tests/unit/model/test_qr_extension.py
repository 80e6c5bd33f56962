import pytest

from vaxcert.errors import PersonalQrError
from vaxcert.model.person import Sex
from vaxcert.model.qr_extension import MAX_CHARACTERS, MAX_VALUES, QrExtension


@pytest.mark.parametrize(
    ("text", "qid", "sex", "insurance", "phone"),
    [
        ("", None, None, None, None),
        ("1", None, Sex.MALE, None, None),
        ("2<GD4797916012345<0912345678", None, Sex.FEMALE, "GD4797916012345", "0912345678"),
        ("0<7916012345<+84912345678<c2lnbmVk", None, None, "7916012345", "+84912345678"),
        ("1629793<2<GD4797916012345<0912345678<c2ln", "1629793", Sex.FEMALE, "GD4797916012345", "0912345678"),
        ("<1<<0912345678", None, Sex.MALE, None, "0912345678"),
        ("1<GD4877*******<0943******", None, Sex.MALE, None, None),
        ("1<1><><>", None, Sex.MALE, None, None),
        ("99<3<x<y", "99", None, None, None),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_value_is_read_where_its_form_is_that_of_it(
    text: str, qid: str | None, sex: Sex | None, insurance: str | None, phone: str | None
) -> None:
    extension = QrExtension.parse(text)
    assert (extension.declarer_qid, extension.sex) == (qid, sex)
    assert (extension.insurance_number, extension.phone) == (insurance, phone)
    assert extension.format() == text


def test_it_is_written_in_the_order_of_the_decision() -> None:
    assert QrExtension.of(sex=Sex.MALE, insurance_number="7916012345").format() == "<1<7916012345<"
    assert QrExtension.of(declarer_qid="99").format() == "99<0<<"
    assert QrExtension.of(sex=Sex.OTHER).format() == "<0<<"
    assert QrExtension.of() == QrExtension()


@pytest.mark.parametrize("text", ["1<\x00", "1|2", "1<\u202e", "1<\u200b", "\n"])
def test_a_sign_that_no_value_has_is_refused(text: str) -> None:
    with pytest.raises(PersonalQrError, match="a sign that no value has"):
        QrExtension.parse(text)


def test_no_value_can_bring_a_separator() -> None:
    with pytest.raises(PersonalQrError):
        QrExtension.of(phone="0912345678<1")


@pytest.mark.parametrize(
    "text", ["<" * MAX_VALUES, "1" * MAX_CHARACTERS, "1" * (MAX_CHARACTERS + 1), "<" * 10_000_000], ids=range(4)
)
def test_a_longer_extension_is_refused(text: str) -> None:
    with pytest.raises(PersonalQrError, match="too long"):
        QrExtension.parse(text)

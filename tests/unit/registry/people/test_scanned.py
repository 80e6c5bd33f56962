import pytest

from tests.invented_people import NUMBER, PHONE, person
from vaxcert.model.chip_card import parse_chip_card
from vaxcert.model.personal_qr import parse_personal_qr
from vaxcert.registry.people.scanned import differences

KNOWN = person(numbers=(NUMBER, "271234567"), phones=(PHONE,))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (f"{NUMBER}|NGUYEN THI ANH|1984-03-18|0||", ()),
        (f"{NUMBER}|ANH NGUYEN THI|1984-03-18|0||", ()),
        (f"{NUMBER}|NGUYEN THI ANH|1984-**-**|0||", ()),
        ("271234567|NGUYEN THI ANH|1984-03-18|0||", ()),
        ("******000123|NGUYEN THI ANH|1984-**-**|0|17|", ()),
        ("******|NGUYEN THI ANH|1984-**-**|0|17|", ()),
        ("******000124|NGUYEN THI ANH|1984-**-**|0|17|", ("numbers",)),
        ("051184000124|NGUYEN THI ANH|1984-03-18|0||", ("numbers",)),
        (f"{NUMBER}|NGUYEN THI LAN|1984-03-18|0||", ("name",)),
        (f"{NUMBER}|NGUYEN THI ANH|1984-03-19|0||", ("birth_date",)),
        (f"{NUMBER}|NGUYEN THI ANH|1985-**-**|0||", ("birth_date",)),
        (f"{NUMBER}|NGUYEN THI ANH|1984-03-18|0||1", ("sex",)),
        ("051084000999|TRAN VAN AN|1979-03-18|0||1", ("numbers", "name", "birth_date", "sex")),
    ],
)
def test_a_personal_qr_code_beside_what_is_known(text: str, fields: tuple[str, ...]) -> None:
    assert differences(parse_personal_qr(text), KNOWN) == fields


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (f"{NUMBER}|271234567|Nguyễn Thị Ánh|18031984|Nữ|12 Lê Lợi|01012022", ()),
        (f"{NUMBER}||Nguyễn Thị Ánh|00031984|Nữ|12 Lê Lợi|01012022", ()),
        (f"{NUMBER}||Nguyễn Thị Anh Đào|18031984|Nữ|12 Lê Lợi|01012022", ("name",)),
        ("051184000124||Nguyễn Thị Ánh|18031985|Nam|12 Lê Lợi|01012022", ("numbers", "birth_date", "sex")),
    ],
)
def test_a_citizen_card_beside_what_is_known(text: str, fields: tuple[str, ...]) -> None:
    assert differences(parse_chip_card(text), KNOWN) == fields


def test_a_sex_that_is_not_known_differs_from_none() -> None:
    unknown = person(sex=None, numbers=(NUMBER,))
    assert differences(parse_personal_qr(f"{NUMBER}|NGUYEN THI ANH|1984-03-18|0||1"), unknown) == ()
    card = parse_chip_card(f"{NUMBER}||Nguyễn Thị Ánh|18031984|Nam|12 Lê Lợi|01012022")
    assert differences(card, unknown) == ()

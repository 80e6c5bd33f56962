"""Cards of invented people to print: plain ones, and those that are hard to fit."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from vaxcert.issue import typeface
from vaxcert.issue.card import MAX_TEXT_CHARACTERS, Card
from vaxcert.issue.card_entry import RecoveryEntry, TestEntry, VaccinationEntry, Words
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
ISSUED = datetime(2026, 11, 22, 7, 5, tzinfo=UTC)
VIETNAM = Words("Việt Nam", "Viet Nam")


def hc1(seed: int, length: int = 550) -> str:
    return "HC1:" + "".join(Random(seed).choices(ALPHABET, k=length))


DOSE = VaccinationEntry(
    disease="COVID-19",
    dose_number=2,
    total_doses=2,
    vaccination_date=date(2021, 3, 18),
    lot="NJ0342",
    vaccine=Words("Vắc xin mRNA phòng COVID-19", "SARS-CoV-2 mRNA vaccine"),
    product="Comirnaty",
    manufacturer="Biontech Manufacturing GmbH",
    site="Trạm Y tế phường Nghĩa Lộ",
    country=VIETNAM,
)
TEST = TestEntry(
    disease="COVID-19",
    test_type=Words("Xét nghiệm nhanh miễn dịch", "Rapid immunoassay"),
    test_name="Thử nhanh",
    device="Một bộ xét nghiệm",
    sampled_at=ISSUED,
    result=Words("Không phát hiện", "Not detected"),
    test_centre="Bệnh viện Đa khoa tỉnh",
    country=VIETNAM,
)
RECOVERY = RecoveryEntry(
    disease="COVID-19",
    first_positive_date=date(2021, 12, 1),
    valid_from=date(2021, 12, 12),
    valid_until=date(2022, 5, 30),
    country=Words("Đức", "Germany"),
)
CARD = Card(
    name=PersonName.of("Nguyễn", "Thị Ngữ Đỗ Ằẵ ễ ộ"),
    birth_date=PartialDate.parse("1984-03-12"),
    nationality=VIETNAM,
    entry=DOSE,
    certificate_id="URN:UVCI:01:VN:FFFE3D31FABD035899134A9D3BAE9BCF",
    issuer="Bộ Y tế",
    issuing_country="VN",
    issued_at=ISSUED,
    expires_at=ISSUED + timedelta(days=365),
    text=hc1(1),
)
LONG = "Công Tằng Tôn Nữ Thị Huyền Trân "
LONG_NAMES = replace(
    CARD,
    name=PersonName.of((LONG * 3)[:80], (LONG * 3)[:80]),
    issuer=(LONG * 4)[:MAX_TEXT_CHARACTERS].strip(),
    entry=replace(DOSE, site=(LONG * 4)[:MAX_TEXT_CHARACTERS].strip()),
)
WIDEST = max(typeface.advances("bold").items(), key=lambda item: item[1])[0] * MAX_TEXT_CHARACTERS
WIDE_WORDS = ("WWWWWWWWWWWWWWW " * 8)[:MAX_TEXT_CHARACTERS].strip()
FULL_PAGE = replace(
    CARD,
    name=PersonName(WIDEST[:80], WIDEST[:80], "W" * 80, "W" * 80),
    nationality=Words(WIDEST, WIDE_WORDS),
    citizen_id=WIDEST,
    issuer=WIDE_WORDS,
    certificate_id=WIDEST,
    entry=VaccinationEntry(
        disease=Words(WIDEST, WIDE_WORDS),
        dose_number=9,
        total_doses=9,
        vaccination_date=date(2021, 3, 18),
        lot=WIDEST[5:],
        vaccine=Words(WIDEST, WIDE_WORDS),
        product=Words(WIDE_WORDS, WIDEST),
        manufacturer=Words(WIDEST, WIDE_WORDS),
        site=Words(WIDE_WORDS, WIDEST),
        country=Words(WIDEST, WIDE_WORDS),
    ),
)

"""Invented records that look like Vietnamese ones, for the demo, the benchmark and trials. None is of a real person."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

COLUMNS = (
    "record_id",
    "family_name",
    "given_name",
    "birth_date",
    "sex",
    "citizen_id",
    "nationality",
    "product",
    "manufacturer",
    "lot",
    "dose_number",
    "total_doses",
    "vaccination_date",
    "site",
)

# Shares of family names in the population, in per cent; the rest are the less common ones below.
_FAMILY_SHARES = {
    "Nguyễn": 34.0, "Trần": 11.5, "Lê": 9.0, "Phạm": 6.6, "Hoàng": 2.8, "Huỳnh": 2.3, "Phan": 4.5, "Vũ": 2.2,
    "Võ": 1.7, "Đặng": 2.1, "Bùi": 2.0, "Đỗ": 1.4, "Hồ": 1.3, "Ngô": 1.3, "Dương": 1.0, "Lý": 0.5,
}  # fmt: skip
_OTHER_FAMILIES = (
    "Đinh", "Trịnh", "Mai", "Cao", "Lương", "Tạ", "Hà", "Quách", "Từ", "Ưng", "Ứng", "Nghiêm", "Thạch", "Giàng",
)  # fmt: skip
_MIDDLES = {
    "male": ("Văn", "Hữu", "Đức", "Quang", "Minh", "Ngọc", "Xuân", "Công", "Bá", "Thế"),
    "female": ("Thị", "Thị", "Thị", "Ngọc", "Thu", "Minh", "Bích", "Kim", "Thanh", "Mỹ"),
}
_GIVEN = {
    "male": (
        "An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hùng", "Huy", "Khánh", "Kiên", "Lâm", "Long", "Nghĩa",
        "Phúc", "Quân", "Sơn", "Thắng", "Tiến", "Trường", "Tuấn", "Việt",
    ),
    "female": (
        "Ánh", "Chi", "Dung", "Diễm", "Giang", "Hạnh", "Hằng", "Hiền", "Hoa", "Hương", "Lan", "Linh", "Mai", "Nga",
        "Ngân", "Ngữ", "Nhung", "Oanh", "Phượng", "Quỳnh", "Thảo", "Trang", "Tuyết", "Yến",
    ),
}  # fmt: skip
# Names that break the family, middle, given pattern: other peoples of Viet Nam, and foreigners.
_UNLIKE = (
    ("Ayŭn", "Y Blin", "male", "VN"), ("Êban", "H'Ruin", "female", "VN"), ("Kpă", "Rơ Châm", "male", "VN"),
    ("", "A Tỉn", "male", "VN"), ("Müller", "Jürgen", "male", "DE"), ("O'Brien", "Síle", "female", "IE"),
    ("Åkesson", "Björn", "male", "SE"), ("Иванова", "Мария", "female", "RU"),
)  # fmt: skip
# product as people write it, maker where the lot's maker is not the product's own, doses, first day, lot pattern
_PRODUCTS = (
    ("AstraZeneca", "", 2, date(2021, 3, 8), "ABV{:04}"),
    ("Comirnaty", "", 2, date(2021, 7, 8), "FF{:04}"),
    ("Vero Cell", "", 2, date(2021, 6, 28), "2021{:05}"),
    ("Moderna", "", 2, date(2021, 7, 20), "9400{:02}"),
    ("AstraZeneca", "Serum Institute of India", 2, date(2021, 3, 20), "4121Z{:03}"),
    ("Abdala", "", 3, date(2021, 10, 1), "AB{:04}"),
    ("Sputnik V", "", 2, date(2021, 8, 1), "II-{:06}"),
    ("Janssen", "", 1, date(2021, 9, 1), "XE{:03}"),
)
_PRODUCT_SHARES = (30, 28, 22, 9, 5, 3, 2, 1)
_PROVINCES = ("001", "031", "036", "038", "040", "048", "051", "052", "066", "075", "079", "092")
_SITES = ("Trạm y tế phường {}", "Trạm y tế xã {}", "Bệnh viện đa khoa {}", "Điểm tiêm lưu động {}")
_PLACES = ("Bình Minh", "Tân Hòa", "Phú Thọ", "Long Thạnh", "Hòa Bình", "Đông Sơn", "Thạnh Mỹ", "Nghĩa Lộ", "An Khê")
_LAST_DAY = date(2021, 12, 31)
_UNLIKE_SHARE = 0.04
_LOCAL_DATE_SHARE = 0.3  # both forms are common


def sample_records(count: int, *, seed: int = 0) -> Iterator[dict[str, str]]:
    """Yield *count* invented vaccinations of the year 2021, the same for the same *seed*."""
    chance = random.Random(seed)  # noqa: S311 - invented people need no secrecy
    for number in range(1, count + 1):
        yield {"record_id": f"VN-{number:06}"} | _person(chance) | _dose(chance)


def write_csv(stream: IO[str], count: int, *, seed: int = 0) -> None:
    """Write *count* invented vaccinations to *stream* as CSV, as `vaxcert issue` reads them."""
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sample_records(count, seed=seed))


def _person(chance: random.Random) -> dict[str, str]:
    born = date(1930, 1, 1) + timedelta(days=int(chance.betavariate(2.4, 1.8) * 365.25 * 79))
    if chance.random() < _UNLIKE_SHARE:
        family, given, sex, nationality = chance.choice(_UNLIKE)
    else:
        sex, nationality = chance.choice(("male", "female")), "VN"
        others = chance.random() * 100 >= sum(_FAMILY_SHARES.values())
        family = (
            chance.choice(_OTHER_FAMILIES)
            if others
            else chance.choices(list(_FAMILY_SHARES), list(_FAMILY_SHARES.values()))[0]
        )
        given = f"{chance.choice(_MIDDLES[sex])} {chance.choice(_GIVEN[sex])}"
    return {
        "family_name": family,
        "given_name": given,
        "birth_date": f"{born:%d/%m/%Y}" if chance.random() < _LOCAL_DATE_SHARE else born.isoformat(),
        "sex": sex,
        "citizen_id": _citizen_id(chance, born, sex) if nationality == "VN" else "",
        "nationality": nationality,
    }


def _citizen_id(chance: random.Random, born: date, sex: str) -> str:
    """Return a number of the national form: province, a digit for century and sex, year, six digits."""
    century = 2 * (born.year // 100 - 19) + (sex == "female")
    return f"{chance.choice(_PROVINCES)}{century}{born.year % 100:02}{chance.randrange(10**6):06}"


def _dose(chance: random.Random) -> dict[str, str]:
    product, maker, series, first, lot = chance.choices(_PRODUCTS, _PRODUCT_SHARES)[0]
    number = chance.randint(1, series)
    day = first + timedelta(days=28 * (number - 1))
    day += timedelta(days=chance.randrange((_LAST_DAY - day).days))
    return {
        "product": product,
        "manufacturer": maker,
        "lot": lot.format(chance.randrange(60)),
        "dose_number": str(number),
        "total_doses": str(series),
        "vaccination_date": day.isoformat(),
        "site": chance.choice(_SITES).format(chance.choice(_PLACES)),
    }

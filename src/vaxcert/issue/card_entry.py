"""What a card says about the vaccination, the test or the recovery, line by line.

A vaccination's labels and their order are those of Decision 5772/QĐ-BYT, fields 4 to 10; the card adds the holder
before them and the certificate's id after them. A test and a recovery keep to the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from vaxcert.model.time_zone import VIETNAM_TIME

if TYPE_CHECKING:
    from datetime import date, datetime

MISSING = "—"


class Words(NamedTuple):
    """The same in Vietnamese and in English."""

    vi: str
    en: str


Text = str | Words
"""A printed value: one text for all readers, or one for each language."""


@dataclass(frozen=True, slots=True)
class Line:
    """One label with its value, which is a dash where there is none."""

    label: Words
    value: Text | None
    signed: bool = True
    """Whether the QR code holds the value too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaccinationEntry:
    """One dose. The lot and the site are printed, but no EU DCC holds them."""

    title: ClassVar[Words] = Words("Chứng nhận tiêm chủng COVID-19", "COVID-19 vaccination certificate")

    disease: Text
    dose_number: int
    total_doses: int
    vaccination_date: date
    lot: str | None = None
    vaccine: Text
    product: Text
    manufacturer: Text
    site: Text | None = None
    country: Text

    def numbered_lines(self) -> tuple[Line, ...]:
        """Return fields 4 to 10 of Decision 5772/QĐ-BYT.

        Field 7 is called "liều số" there, which some read as the number of the dose and some as that of the lot: it
        shows both.
        """
        return (
            Line(Words("Bệnh dịch mà chứng nhận nhắm tới", "Disease targeted"), self.disease),
            Line(Words("Số mũi tiêm đã nhận", "Doses received"), f"{self.dose_number}/{self.total_doses}"),
            Line(Words("Ngày tiêm", "Date of vaccination"), format_day(self.vaccination_date)),
            Line(
                Words("Liều số · Số lô", "Dose number · Lot number"),
                f"{self.dose_number} · {self.lot or MISSING}",
                signed=self.lot is None,
            ),
            Line(Words("Vắc xin", "Vaccine"), self.vaccine),
            Line(Words("Sản phẩm vắc xin", "Vaccine product"), self.product),
            Line(Words("Nhà cung cấp hoặc sản xuất vắc xin", "Vaccine supplier or manufacturer"), self.manufacturer),
        )

    def other_lines(self) -> tuple[Line, ...]:
        """Return where the dose was given."""
        return (
            Line(Words("Cơ sở tiêm chủng", "Vaccination site"), self.site, signed=False),
            Line(Words("Quốc gia tiêm chủng", "Country of vaccination"), self.country),
        )

    def brief_lines(self) -> tuple[tuple[Line, ...], ...]:
        """Return what a wallet card has room for, one or two values side by side."""
        return (
            (Line(Words("Vắc xin", "Vaccine"), self.product),),
            (
                Line(Words("Ngày tiêm", "Date"), format_day(self.vaccination_date)),
                Line(Words("Mũi", "Dose"), f"{self.dose_number}/{self.total_doses}"),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEntry:
    """One test and its result."""

    __test__ = False  # an entry, not a test case
    title: ClassVar[Words] = Words("Chứng nhận xét nghiệm COVID-19", "COVID-19 test certificate")

    disease: Text
    test_type: Text
    test_name: Text | None = None
    device: Text | None = None
    sampled_at: datetime
    result: Text
    test_centre: Text | None = None
    country: Text

    def __post_init__(self) -> None:
        if self.sampled_at.tzinfo is None:
            raise ValueError("sampled_at needs a time zone")

    def numbered_lines(self) -> tuple[Line, ...]:
        """Return what was tested, how, and what was found."""
        return (
            Line(Words("Bệnh dịch mà chứng nhận nhắm tới", "Disease targeted"), self.disease),
            Line(Words("Loại xét nghiệm", "Type of test"), self.test_type),
            Line(Words("Tên xét nghiệm", "Test name"), self.test_name),
            Line(Words("Bộ xét nghiệm và nhà sản xuất", "Test device and manufacturer"), self.device),
            Line(Words("Thời điểm lấy mẫu", "Date and time of sampling"), format_instant(self.sampled_at)),
            Line(Words("Kết quả", "Test result"), self.result),
            Line(Words("Cơ sở xét nghiệm", "Testing centre"), self.test_centre),
        )

    def other_lines(self) -> tuple[Line, ...]:
        """Return where the sample was taken."""
        return (Line(Words("Quốc gia xét nghiệm", "Country of test"), self.country),)

    def brief_lines(self) -> tuple[tuple[Line, ...], ...]:
        """Return what a wallet card has room for."""
        return (
            (Line(Words("Loại xét nghiệm", "Type of test"), self.test_type),),
            (Line(Words("Thời điểm lấy mẫu", "Sampled at"), format_instant(self.sampled_at)),),
            (Line(Words("Kết quả", "Result"), self.result),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryEntry:
    """One recovery: the first positive test, and the days between which it counts."""

    title: ClassVar[Words] = Words("Chứng nhận khỏi bệnh COVID-19", "COVID-19 recovery certificate")

    disease: Text
    first_positive_date: date
    valid_from: date
    valid_until: date
    country: Text

    def numbered_lines(self) -> tuple[Line, ...]:
        """Return the disease and the three dates."""
        return (
            Line(Words("Bệnh mà người có tên đã khỏi", "Disease the holder has recovered from"), self.disease),
            Line(
                Words("Ngày dương tính đầu tiên", "Date of first positive test"),
                format_day(self.first_positive_date),
            ),
            Line(Words("Chứng nhận có giá trị từ ngày", "Certificate valid from"), format_day(self.valid_from)),
            Line(Words("Chứng nhận có giá trị đến ngày", "Certificate valid until"), format_day(self.valid_until)),
        )

    def other_lines(self) -> tuple[Line, ...]:
        """Return where the test was made."""
        return (Line(Words("Quốc gia xét nghiệm", "Country of test"), self.country),)

    def brief_lines(self) -> tuple[tuple[Line, ...], ...]:
        """Return what a wallet card has room for, one or two values side by side."""
        return (
            (Line(Words("Dương tính lần đầu", "First positive test"), format_day(self.first_positive_date)),),
            (
                Line(Words("Giá trị từ", "Valid from"), format_day(self.valid_from)),
                Line(Words("đến", "until"), format_day(self.valid_until)),
            ),
        )


Entry = VaccinationEntry | TestEntry | RecoveryEntry
"""What a certificate attests."""


def format_day(day: date) -> str:
    """Return *day* as it is written in Viet Nam, ``18/03/2021``."""
    return f"{day:%d/%m/%Y}"


def format_instant(instant: datetime) -> str:
    """Return *instant* (aware) to the minute in Vietnamese time, ``18/03/2021 08:15 (UTC+7)``."""
    return f"{instant.astimezone(VIETNAM_TIME):%d/%m/%Y %H:%M (%Z)}"

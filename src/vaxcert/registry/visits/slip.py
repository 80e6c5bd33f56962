"""The confirmation slip that is handed out after the observation: the doses of a person, in words of two languages.

Its rows are those of Decision 43/QĐ-BYT (2022-01-07): three basic doses, an additional one, three boosters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.model.valuesets import value_set
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from uuid import UUID

    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.valuesets import Language

ROWS: Final = (
    (DoseKind.BASIC, 1),
    (DoseKind.BASIC, 2),
    (DoseKind.BASIC, 3),
    (DoseKind.ADDITIONAL, 1),
    (DoseKind.BOOSTER, 1),
    (DoseKind.BOOSTER, 2),
    (DoseKind.BOOSTER, 3),
)
"""The rows of the form, in its order."""

SELF_MONITORING_DAYS: Final = 28
"""How long people watch themselves at home (3588/QĐ-BYT)."""

HOTLINE: Final = "19009095"

_TITLE: Final = {"vi": "GIẤY XÁC NHẬN ĐÃ TIÊM VẮC XIN PHÒNG COVID-19", "en": "CONFIRMATION OF COVID-19 VACCINATION"}
_KINDS: Final = {
    DoseKind.BASIC: {"vi": "Liều cơ bản", "en": "Basic dose"},
    DoseKind.ADDITIONAL: {"vi": "Liều bổ sung", "en": "Additional dose"},
    DoseKind.BOOSTER: {"vi": "Liều nhắc lại", "en": "Booster"},
}
_WORDS: Final = {
    "vi": ("Họ và tên", "Ngày sinh", "Số giấy", "lô", "tại", "Cấp ngày"),
    "en": ("Name", "Born", "Slip no.", "lot", "at", "Issued on"),
}
_ADVICE: Final = {
    "vi": (
        f"Tự theo dõi sức khỏe {SELF_MONITORING_DAYS} ngày, đặc biệt 7 ngày đầu. "
        f"Khó thở, phát ban, sốt trên 39 °C: gọi 115 hoặc {HOTLINE}."
    ),
    "en": (
        f"Watch your health for {SELF_MONITORING_DAYS} days, above all in the first 7. "
        f"Short breath, a rash, fever above 39 °C: call 115 or {HOTLINE}."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipRow:
    """One row of the form that has a dose.

    Attributes:
        kind: Basic, additional or booster.
        nth: Which of its kind.
        given_on: The day.
        product: The code of the product.
        lot_number: The maker's number; None where a paper had none.
        place: Where.
    """

    kind: DoseKind
    nth: int
    given_on: date
    product: str
    lot_number: str | None
    place: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Slip:
    """A confirmation.

    Attributes:
        number: The number of this slip.
        name: The person's.
        birth_date: The person's.
        rows: The confirmed doses, in the order of the form.
        issued_on: The day on which it is given out.
    """

    number: str
    name: PersonName
    birth_date: PartialDate
    rows: tuple[SlipRow, ...]
    issued_on: date

    def __repr__(self) -> str:
        return f"Slip(number={self.number!r})"

    def text(self, lang: Language) -> str:
        """Return the slip as a page of plain text in *lang*."""
        name, born, number, _lot, _at, issued = _WORDS[lang]
        head = [
            _TITLE[lang],
            f"{number}: {self.number}",
            f"{name}: {self.name.family} {self.name.given}".rstrip(),
            f"{born}: {self.birth_date.format_local()}",
        ]
        rows = [_line(row, lang) for row in self.rows]
        return "\n".join((*head, *rows, f"{issued}: {self.issued_on:%d/%m/%Y}", _ADVICE[lang])) + "\n"


def slip_rows(doses: Iterable[Dose], places: Mapping[UUID, str]) -> tuple[SlipRow, ...]:
    """Return the rows for the confirmed ones of *doses*; *places* has the names of the registry's sites.

    A dose that the form has no row for, such as a fourth booster, is left out.
    """
    found = {
        (dose.kind, dose.nth): SlipRow(
            kind=dose.kind,
            nth=dose.nth,
            given_on=dose.given_on,
            product=dose.product,
            lot_number=dose.lot_number,
            place=dose.place or ("" if dose.site is None else places[dose.site]),
        )
        for dose in doses
        if dose.state is DoseState.CONFIRMED
    }
    return tuple(found[row] for row in ROWS if row in found)


def slip_number(visit: UUID, day: date) -> str:
    """Return the number of the slip that *visit* of *day* ends with: the day, and what is drawn by lot in its id."""
    return f"{day:%Y%m%d}-{visit.hex[-10:].upper()}"


def _line(row: SlipRow, lang: Language) -> str:
    _name, _born, _number, lot, at, _issued = _WORDS[lang]
    product = value_set("product").display(row.product, lang)
    parts = [f"{row.given_on:%d/%m/%Y}", product]
    parts += [f"{lot} {row.lot_number}"] if row.lot_number else []
    parts += [f"{at} {row.place}"] if row.place else []
    return f"{_KINDS[row.kind][lang]} {row.nth}: " + ", ".join(parts)

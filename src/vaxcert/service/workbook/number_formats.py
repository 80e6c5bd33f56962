"""What a number's format makes of it before the reader's eyes: a date, a year alone, a number with leading zeros."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

MAX_CODE_CHARACTERS = 255
"""Of a format that a user makes (Excel's own limit)."""

_NOT_SHOWN_AS_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""Texts, escaped signs, blanks as wide as a sign, fillers, colours, languages; elapsed time ([h]) is none of them."""


class Kind(Enum):
    """What a number is shown as."""

    NUMBER = "number"
    ALTERED = "altered"
    """As a power of ten, a percentage or a fraction: not as it was typed, unless it was meant to be that."""
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """How a number is shown."""

    kind: Kind = Kind.NUMBER
    digits: int = 0
    """So many digits at least, with zeros before them."""
    has_year: bool = False
    has_month: bool = False
    has_day: bool = False
    has_time: bool = False

    @classmethod
    def of_code(cls, code: str) -> NumberFormat:
        """Return what the format *code* shows (ISO/IEC 29500-1 §18.8.31) of a number that is not negative."""
        shown = _NOT_SHOWN_AS_CODE.sub("", code[:MAX_CODE_CHARACTERS]).partition(";")[0].strip().lower()
        if re.search(r"[0#?]e[+-]", shown) or "%" in shown or "?/" in shown:
            return cls(kind=Kind.ALTERED)
        if "general" in shown or not re.search("[ymdhse]", shown):
            return cls(digits=len(shown) if shown.strip("0") == "" else 0)
        has_year, has_day, has_time = "y" in shown or "e" in shown, "d" in shown, "h" in shown or "s" in shown
        if has_time and not has_year and not has_day:
            return cls(kind=Kind.TIME)
        return cls(kind=Kind.DATE, has_year=has_year, has_month="m" in shown, has_day=has_day, has_time=has_time)


GENERAL = NumberFormat()
_DAY = NumberFormat(kind=Kind.DATE, has_year=True, has_month=True, has_day=True)

_BUILT_IN_CODES = {
    1: "0",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
}
"""§18.8.30: formats that have no code in the file. Those left out show a plain number."""

BUILT_IN = {
    **dict.fromkeys((14, 15, *range(27, 37), *range(50, 59)), _DAY),  # 27 to 58 as in the languages that have them
    **{number: NumberFormat.of_code(code) for number, code in _BUILT_IN_CODES.items()},
}

"""Errors to try a run with, each of a stated kind: those that nobody notices, and those that a run has to refuse.

The first are why people ask for corrections; the second end among the rejects, under the code stated here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vaxcert.service.sample.weighted import Weighted

if TYPE_CHECKING:
    from random import Random

Fields = dict[str, str]

_LAST_DAY_AND_MONTH = 12
_YEAR_DIGITS = 4
_SEX_DIGIT = 3
_CITIZEN_DIGITS = 12


class _Make(Protocol):
    def __call__(self, record: Fields, before: Fields | None, chance: Random, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Slip:
    """One kind of error.

    Attributes:
        name: What the column `error` says.
        weight: How many of a hundred errors are of this kind, about.
        meaning: What is wrong.
        code: That of the reject; None where the record is issued all the same.
        make: Spoils a record, knowing the one before it; False where that one cannot have this error.
    """

    name: str
    weight: float
    meaning: str
    code: str | None
    make: _Make


def spoil(record: Fields, before: Fields | None, chance: Random) -> Slip:
    """Put an error into *record*, and return its kind.

    Where the kind that was drawn does not fit the record, one that fits every record takes its place, of the same sort:
    noticed or not.
    """
    slip = _BY_WEIGHT.at(chance.random())
    if not slip.make(record, before, chance):
        slip = _ANY_UNNOTICED if slip.code is None else _ANY_REFUSED
        slip.make(record, before, chance)
    return slip


def _typo(record: Fields, _before: Fields | None, chance: Random) -> bool:
    column = "given_name" if record["given_name"] else "family_name"
    head, _, word = record[column].rpartition(" ")
    plain = _without_marks(word)
    kind = chance.random()
    if kind < 0.5 and plain != word:  # noqa: PLR2004 - half of what can be
        word = plain
    elif kind < 0.8 and word[-2:].isalpha() and word[-2:] != word[:-3:-1]:  # noqa: PLR2004 - and of the rest, three in five
        word = word[:-2] + word[:-3:-1]
    else:
        word += word[-1]
    record[column] = f"{head} {word}" if head else word
    return True


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _swap_names(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    for end in ("", "_standardised"):
        family, given = f"family_name{end}", f"given_name{end}"
        record[family], record[given] = record[given], record[family]
    return True


def _wrong_birth(record: Fields, _before: Fields | None, chance: Random) -> bool:
    """Write another year: one or ten off."""
    born = record["birth_date"]
    at = -_YEAR_DIGITS if "/" in born else 0
    year = int(born[at:][:_YEAR_DIGITS])
    change = (-10, -1, 1, 10)[int(chance.random() * 4)]
    wrong = year + change if 1910 < year + change < 2010 else year - abs(change)  # noqa: PLR2004 - before all doses
    text = born[:at] + str(wrong) if at else str(wrong) + born[_YEAR_DIGITS:]
    record["birth_date"] = text.replace("29/02/", "28/02/").replace("-02-29", "-02-28")
    return True


def _no_document(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    record["citizen_id"] = ""
    return True


def _wrong_document(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    number = record["citizen_id"]
    if len(number) != _CITIZEN_DIGITS:
        return False
    record["citizen_id"] = f"{number[:_SEX_DIGIT]}{int(number[_SEX_DIGIT]) ^ 1}{number[_SEX_DIGIT + 1 :]}"
    return True


def _same_dose_again(record: Fields, before: Fields | None, _chance: Random) -> bool:
    if before is None:
        return False
    record |= before | {"record_id": record["record_id"]}
    return True


def _no_lot(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    record["lot"] = ""
    return True


def _no_such_product(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    product = record["product"]
    record["product"] = product[:2] + product[3:]  # a letter is missing
    return True


def _past_the_series(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    if record["total_doses"] == "1":  # 2/1 and 3/1 are boosters
        return False
    record["dose_number"] = str(int(record["total_doses"]) + 1)
    return True


def _future(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    record["vaccination_date"] = record["vaccination_date"].replace("202", "208")
    return True


def _month_first(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    for column in ("vaccination_date", "birth_date"):
        written = record[column]
        if "/" in written:
            first, second, year = written.split("/")
            if int(first) > _LAST_DAY_AND_MONTH:
                record[column] = f"{second}/{first}/{year}"
                return True
        elif "-" in written:
            year, first, second = written.split("-")
            if int(second) > _LAST_DAY_AND_MONTH:
                record[column] = f"{year}-{second}-{first}"
                return True
    return False


def _lost_letters(record: Fields, _before: Fields | None, _chance: Random) -> bool:
    if record["family_name_standardised"]:  # which speaks for the name
        return False
    lost = {
        column: record[column].encode("latin-1", "replace").decode("latin-1")
        for column in ("family_name", "given_name")
    }
    if not any("?" in name for name in lost.values()):
        return False
    record |= lost
    return True


SLIPS = (
    Slip("name_typo", 26, "a given name without its marks, or with a wrong letter", None, _typo),
    Slip("names_swapped", 8, "family and given names in each other's columns", None, _swap_names),
    Slip("wrong_birth_date", 14, "another year of birth", None, _wrong_birth),
    Slip("missing_id", 12, "no number of an identity document", None, _no_document),
    Slip("wrong_id", 8, "a citizen's number that says the other sex", None, _wrong_document),
    Slip(
        "duplicate_dose",
        8,
        "the dose of the row before, in this row's place",
        None,
        _same_dose_again,
    ),
    Slip("missing_lot", 6, "no lot", "missing", _no_lot),
    Slip("unknown_product", 5, "a misspelt product", "unknown_product", _no_such_product),
    Slip("dose_past_series", 3, "a dose number beyond its series", "dose_series_mismatch", _past_the_series),
    Slip("future_date", 3, "a vaccination sixty years ahead", "in_the_future", _future),
    Slip(
        "day_month_swapped",
        5,
        "exchanged, where the calendar has no such date",
        "invalid_date",
        _month_first,
    ),
    Slip("damaged_name", 2, "letters lost to a wrong encoding", "invalid_name", _lost_letters),
)
_BY_WEIGHT = Weighted((slip, slip.weight) for slip in SLIPS)
_ANY_UNNOTICED = next(slip for slip in SLIPS if slip.make is _typo)
_ANY_REFUSED = next(slip for slip in SLIPS if slip.make is _no_lot)

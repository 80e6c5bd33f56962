"""The personal number of a Vietnamese citizen, and what its twelve digits say of its holder.

Three digits for where the birth was registered, one for century and sex, two for the year, six drawn at random. There
is no check digit, so that only what it says can be compared with what else is known. Differences are warnings, never
refusals: in the national clean-up of 2022 the data of 15 million people did not match, and most of these were real.

Spec: Decree 137/2015/NĐ-CP article 13; Circular 07/2016/TT-BCA article 7 with its appendices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import IdentifierError
from vaxcert.model.area_table import birthplace_codes
from vaxcert.model.person import Sex

if TYPE_CHECKING:
    from vaxcert.model.partial_date import PartialDate

PERSONAL_DIGITS = 12

_PERSONAL_NUMBER = re.compile(r"[0-9]{12}")
_FIRST_CENTURY = 1900


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberWarning:
    """One thing about somebody's number that a person should look at; it never refuses the number.

    Attributes:
        code: What it is, for machines.
        message: The same in words, to follow "the number", without the number itself.
        likely: The number that was likely meant, where there is one; as personal as the number.
    """

    code: str
    message: str
    likely: str | None = None

    def __repr__(self) -> str:
        return f"NumberWarning(code={self.code!r})"


@dataclass(frozen=True, slots=True, repr=False)
class PersonalNumber:
    """Twelve digits, read.

    Raises:
        IdentifierError: The text is not twelve digits.
    """

    digits: str

    def __post_init__(self) -> None:
        if not _PERSONAL_NUMBER.fullmatch(self.digits):
            raise IdentifierError(f"a personal number has {PERSONAL_DIGITS} digits")

    def __repr__(self) -> str:
        return "PersonalNumber(...)"

    @property
    def birthplace_code(self) -> str:
        """The code of the province where the birth was registered, or of the country where that was abroad."""
        return self.digits[:3]

    @property
    def sex(self) -> Sex:
        """The sex that it tells: even for male, odd for female."""
        return Sex.FEMALE if int(self.digits[3]) % 2 else Sex.MALE

    @property
    def birth_year(self) -> int:
        """The year that it tells: 0 and 1 for 1900 to 1999, 2 and 3 for the hundred years after, and so on."""
        return _FIRST_CENTURY + int(self.digits[3]) // 2 * 100 + int(self.digits[4:6])

    @property
    def warnings(self) -> tuple[NumberWarning, ...]:
        """What is odd about it by itself. The codes of 2016 stay good for ever, whatever became of the provinces."""
        if self.birthplace_code in birthplace_codes():
            return ()
        if self.birthplace_code.startswith("0"):
            return (NumberWarning(code="unknown_birthplace", message="begins with the code of no province"),)
        # The list of countries (appendix 3) is not held here, so that none of their codes can be called wrong.
        return (NumberWarning(code="born_abroad", message="says that the birth was registered abroad"),)

    def differences(self, sex: Sex | None, birth_date: PartialDate | None) -> tuple[NumberWarning, ...]:
        """Return where it tells something else than *sex* and *birth_date*, of those that are known."""
        found: tuple[NumberWarning, ...] = ()
        if sex in {Sex.MALE, Sex.FEMALE} and self.sex is not sex:
            found += (NumberWarning(code="sex_mismatch", message="tells another sex"),)
        if birth_date is not None and (year := birth_date.earliest.year) != self.birth_year:
            if year % 100 == self.birth_year % 100:
                found += (NumberWarning(code="century_mismatch", message="tells another century of birth"),)
            else:
                found += (NumberWarning(code="birth_year_mismatch", message="tells another year of birth"),)
        return found

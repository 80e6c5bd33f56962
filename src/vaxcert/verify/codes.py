"""What a verifier says about the codes of a certificate: it warns, since value sets grow while certificates live on."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from vaxcert.model.valuesets import check_combination, unknown_codes
from vaxcert.verify.report import Warning_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CODED = {
    "v": ("tg", "co", "mp", "ma", "vp"),
    "t": ("tg", "co", "tt", "tr", "ma"),
    "r": ("tg", "co"),
}
"""The members of each group that hold a code, in the order in which they are told."""

_COMBINED = ("mp", "ma", "vp")


def code_warnings(group: str, event: Mapping[str, object]) -> tuple[Warning_, ...]:
    """Return a warning for each code of *event* that is in no value set or goes with none of the others.

    Args:
        group: The event's group, `v`, `t` or `r`.
        event: An entry that keeps its schema: every code in it is text.
    """
    return _warnings(group, *cast("Iterable[str | None]", map(event.get, _CODED[group])))


def signed_dose_warnings(dose: Mapping[str, object]) -> tuple[Warning_, ...]:
    """Return `code_warnings` of a vaccination whose signature holds, nearly always from memory.

    A nation's certificates have few combinations of codes. A stranger's never get here: their codes are not kept.
    """
    return _kept_warnings(*_dose_codes(dose))


_dose_codes = itemgetter(*_CODED["v"])


@lru_cache(maxsize=512)
def _kept_warnings(*codes: str) -> tuple[Warning_, ...]:
    return _warnings("v", *codes)


def _warnings(group: str, *codes: str | None) -> tuple[Warning_, ...]:
    known = {member: code for member, code in zip(_CODED[group], codes, strict=True) if code is not None}
    unknown = [member for member, _code in unknown_codes(known)]
    warnings = [Warning_("unknown_code", f"the code in {group}.{member} is in no value set") for member in unknown]
    if group == "v" and not any(member in _COMBINED for member in unknown):
        # What follows the semicolon tells an issuer what to write instead.
        warnings += [
            Warning_(problem.code, f"{group}.{problem.field} {problem.message.partition(';')[0]}")
            for problem in check_combination(*(known[member] for member in _COMBINED))
        ]
    return tuple(warnings)

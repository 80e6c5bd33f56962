"""The form's lists as data: WHO's core variables, and what each code is called in Vietnamese and English."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict, cast

from vaxcert.data import load_json

if TYPE_CHECKING:
    from collections.abc import Mapping

ListName = Literal["events", "reasons", "outcomes", "causes"]
Holder = Literal["reaction", "form", "person", "dose", "site"]


class _CodeRow(TypedDict):
    code: str
    vi: str
    en: str
    always_serious: NotRequired[bool]
    smart: NotRequired[str]
    who: NotRequired[str]


class _VariableRow(TypedDict):
    number: int
    name: str
    held_by: Holder
    wanted: NotRequired[bool]
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormCode:
    """One code of a list.

    Attributes:
        code: What is stored.
        vi: What it is called in Vietnamese.
        en: The same in English.
        always_serious: Whether such an event is serious whatever came of it.
        smart: Its code in the WHO SMART Guidelines, where there is one.
    """

    code: str
    vi: str
    en: str
    always_serious: bool = False
    smart: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreVariable:
    """One of WHO's 25 core variables.

    Attributes:
        number: Its place on the form.
        name: The field that holds it.
        held_by: Where the registry has it.
        wanted: Whether a report without it is asked for it once more.
        vi: What it is called in Vietnamese.
        en: The same in English.
    """

    number: int
    name: str
    held_by: Holder
    wanted: bool = False
    vi: str
    en: str


@cache
def core_variables() -> tuple[CoreVariable, ...]:
    """Return the variables in the form's order."""
    rows = cast("list[_VariableRow]", load_json("registry/aefi-form.json")["variables"])
    return tuple(CoreVariable(**row) for row in rows)


@cache
def form_codes(name: ListName) -> Mapping[str, FormCode]:
    """Return the codes of the list *name*, in its order."""
    rows = cast("list[_CodeRow]", load_json("registry/aefi-form.json")[name])
    return {
        row["code"]: FormCode(
            code=row["code"],
            vi=row["vi"],
            en=row["en"],
            always_serious=row.get("always_serious", False),
            smart=row.get("smart"),
        )
        for row in rows
    }

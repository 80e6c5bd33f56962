"""The tables about vaccine products, typed: which codes go together, and what is said in Vietnam.

They are `schemas/valuesets/combinations.json` and `schemas/products-vn.json`; `vaxcert.model.valuesets` has the
questions to ask of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast
from unicodedata import normalize

from vaxcert.data import load_json

_Tables = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What products and makers are called in Vietnam, and what follows from it.

    Attributes:
        names: By value set, by code: what it is called beside its published name.
        made_by: By folded product name and maker: the product that this maker's doses are.
        primary_doses: By product: how many doses its primary series has.
        usual_names: The product names to offer to someone who wrote none that is known.
    """

    names: Mapping[str, Mapping[str, Sequence[str]]]
    made_by: Mapping[tuple[str, str | None], str]
    primary_doses: Mapping[str, int]
    usual_names: Sequence[str]


@cache
def combinations() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return, by product and by value set, the codes that go together, the most specific first."""
    products = cast("_Tables", load_json("valuesets/combinations.json")["products"])
    return {
        code: {
            "product": (code,),
            "manufacturer": (cast("str", entry["manufacturer"]),),
            "vaccine": tuple(cast("list[str]", entry["vaccines"])),
        }
        for code, entry in products.items()
    }


@cache
def usage() -> Usage:
    """Return what is said in Vietnam."""
    table = load_json("products-vn.json")
    products = cast("_Tables", table["products"])
    names = {code: cast("list[str]", entry["names"]) for code, entry in products.items()}
    return Usage(
        names={"product": names, "manufacturer": cast("Mapping[str, list[str]]", table["manufacturers"])},
        made_by={
            (fold(name), maker): made
            for code, entry in products.items()
            for maker, made in cast("Mapping[str, str]", entry.get("made_by", {})).items()
            for name in names[code]
        },
        primary_doses={code: cast("int", entry["primary_doses"]) for code, entry in products.items()},
        usual_names=cast("list[str]", table["usual"]),
    )


def fold(text: str) -> str:
    """Return the letters and digits of *text* without case and diacritics, for comparing names."""
    decomposed = normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(sign for sign in decomposed if sign.isalnum())

"""What the codes of a certificate mean, which of them go together, and which product a name stands for.

The tables are `schemas/valuesets/` and `schemas/products-vn.json`, read when first asked for. An issuer refuses what is
found wrong here; a verifier only warns, since value sets grow and codes are withdrawn while certificates live on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Literal, cast

from vaxcert.data import load_json
from vaxcert.errors import FieldProblem, SchemaError
from vaxcert.model.product_tables import combinations, fold, usage

VALUE_SETS = (
    "country",
    "disease",
    "manufacturer",
    "product",
    "test-manufacturer",
    "test-result",
    "test-type",
    "vaccine",
)
"""The names that `value_set` knows."""

ORGANISATIONS = frozenset(("UNHCR", "WHO"))
"""Who may stand in `co` where no country does (DCC schema, country of vaccination or test)."""

MAX_NAME_CHARACTERS = 200
"""The longest text that is looked up as a name; the longest known one has half of that."""

Language = Literal["en", "vi"]

_KINDS = {name: name for name in ("product", "manufacturer", "vaccine")}  # value sets, and the fields of a record
_MEMBERS = {"product": "mp", "manufacturer": "ma", "vaccine": "vp"}  # the same three in a DCC
_LIKENESS = 0.75  # how alike a name must be to be worth a hint: "Astra Zenecca" is, "Vaccine" is not
_Tables = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """The codes that one field of a certificate may hold.

    Attributes:
        eu_id: The name under which the EU publishes the set and rules refer to it.
        complete: Whether a code outside the set is certainly none; the devices of rapid tests are only an extract.
        codes: Every code that the set has or had.
        active: Those that new certificates may use.
        replacements: What to use in place of a code that is no longer active, where that is defined.
        displays: The name of every code, by language.
    """

    eu_id: str
    complete: bool
    codes: frozenset[str]
    active: frozenset[str]
    replacements: Mapping[str, str]
    displays: Mapping[str, Mapping[str, str]]

    def display(self, code: str, lang: Language = "en") -> str:
        """Return the name of *code*. A code outside the set is shown as it stands: its meaning is not known."""
        return self.displays[lang].get(code, code)

    def is_active(self, code: str) -> bool:
        """Return whether a new certificate may use *code*."""
        return code in self.active


@dataclass(frozen=True, slots=True)
class ProductCodes:
    """The three codes that say what was injected: `mp`, `ma` and `vp` of a DCC."""

    product: str
    manufacturer: str
    vaccine: str


@cache
def value_set(name: str) -> ValueSet:
    """Return the value set *name*, one of `VALUE_SETS`.

    Raises:
        ValueError: There is no such set.
    """
    if name not in VALUE_SETS:
        raise ValueError(f"there is no value set {name!r}; there are {', '.join(VALUE_SETS)}")
    table = load_json(f"valuesets/{name}.json")
    entries = cast("_Tables", table["codes"])
    return ValueSet(
        eu_id=cast("str", table["id"]),
        complete=table.get("complete", True) is True,
        codes=frozenset(entries),
        active=frozenset(code for code, entry in entries.items() if entry.get("active", True)),
        replacements={code: cast("str", entry["use"]) for code, entry in entries.items() if "use" in entry},
        # Most proper names read the same in both languages, and then the table has them once.
        displays={
            lang: {code: cast("str", entry.get(lang, entry["en"])) for code, entry in entries.items()}
            for lang in ("en", "vi")
        },
    )


def primary_doses(product: str) -> int | None:
    """Return how many doses the primary series of the product code *product* has, None where that is not known."""
    return usage().primary_doses.get(product)


def unknown_codes(entry: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return each field of the vaccination, test or recovery *entry* whose code is in no value set, with that code.

    What is absent or not text is the schema's business. The codes come from the payload and may be any text whatever.
    """
    kind = "v" if "mp" in entry else "t" if "tt" in entry else "r"
    return tuple(
        (field, code)
        for field, codes in _known_codes(kind)
        if isinstance(code := entry.get(field), str) and code not in codes
    )


def check_combination(mp: str, ma: str, vp: str) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the three codes of a vaccination: unknown, withdrawn, or not used together.

    A verifier, to whom `unknown_codes` has told the unknown ones, asks this about known ones only.

    Spec:
        Value Sets for EU Digital COVID Certificates, Annex A.
    """
    if (mp, ma, vp) in _current_combinations():
        return ()
    return _combination_problems(dict(zip(_KINDS, (mp, ma, vp), strict=True)), _MEMBERS)


def resolve_product(product: str, *, manufacturer: str | None, vaccine: str | None) -> ProductCodes:
    """Return the codes of *product*, given as an EU code or a known name.

    A name follows the maker of the lot: AstraZeneca's vaccine made by the Serum Institute of India is coded Covishield
    (Annex A). A code stands for itself.

    Args:
        product: The code or name.
        manufacturer: The maker's code or name; the product's own when None.
        vaccine: The code or name of the kind of vaccine; the most specific code that the product has when None.

    Raises:
        SchemaError: Its `problems` name what is unknown, withdrawn or does not go together, and what is allowed.
    """
    return _resolved(product, manufacturer, vaccine)


@lru_cache(maxsize=1024)  # a batch has millions of rows and a handful of products
def _resolved(product: str, manufacturer: str | None, vaccine: str | None) -> ProductCodes:
    texts = zip(_KINDS, (product, manufacturer, vaccine), strict=True)
    given = {kind: text for kind, text in texts if text is not None}
    codes = {kind: code for kind, text in given.items() if (code := _code_of(text, kind)) is not None}
    mp = codes.get("product", "")
    if mp:
        mp = codes["product"] = usage().made_by.get((fold(product), codes.get("manufacturer")), mp)
        codes |= {kind: allowed[0] for kind, allowed in combinations()[mp].items() if kind not in given}
    unknown = (_unknown_problem(kind, kind, text, mp) for kind, text in given.items() if kind not in codes)
    problems = (*unknown, *_combination_problems(codes, _KINDS))
    if problems:
        fields = ", ".join(problem.field for problem in problems)
        raise SchemaError(f"the record is wrong in {fields}", problems=problems)
    return ProductCodes(**codes)


def _combination_problems(codes: Mapping[str, str], fields: Mapping[str, str]) -> tuple[FieldProblem, ...]:
    """Return what is wrong with *codes*, by kind; *fields* has what the reader calls each kind."""
    mp = codes.get("product", "")
    beside = combinations().get(mp)
    problems = []
    for kind, code in codes.items():
        names = value_set(kind)
        if code not in names.codes:
            problems.append(_unknown_problem(fields[kind], kind, code, mp))
        elif not names.is_active(code):
            use = names.replacements.get(code)
            instead = f"; use {_shown(kind, use)}" if use else _allowed(kind, mp)
            problems.append(FieldProblem(fields[kind], "deprecated_code", f"is a code no longer in use{instead}"))
        elif beside and code not in beside[kind]:
            text = f"does not go with {_shown('product', mp)}{_allowed(kind, mp)}"
            problems.append(FieldProblem(fields[kind], f"{kind}_mismatch", text))
    return tuple(problems)


def _unknown_problem(field: str, kind: str, text: str, mp: str) -> FieldProblem:
    advice = _allowed(kind, mp)
    if kind == "product":
        near = _nearest_product(fold(text[:MAX_NAME_CHARACTERS]))
        nearest = f"; the nearest is {_shown(kind, near)}" if near else ""
        advice = f"{nearest}; write an EU code or a name such as {', '.join(usage().usual_names)}"
    return FieldProblem(field, f"unknown_{kind}", f"is no known {kind}{advice}")


@lru_cache(maxsize=256)  # a slip in one row of a batch is often in all of them, and the search takes half a millisecond
def _nearest_product(name: str) -> str | None:
    known = _codes_by_name("product")
    return next((known[near] for near in get_close_matches(name, known, n=1, cutoff=_LIKENESS)), None)


def _allowed(kind: str, mp: str) -> str:
    """Return the clause that says what may stand beside the product *mp*; nothing where that is no product."""
    if mp not in combinations():
        return ""
    return "; allowed: " + " or ".join(_shown(kind, code) for code in combinations()[mp][kind])


def _shown(kind: str, code: str) -> str:
    display = value_set(kind).display(code)
    return code if display == code else f"{code} ({display})"


def _code_of(text: str, kind: str) -> str | None:
    if text in value_set(kind).codes:
        return text
    return _codes_by_name(kind).get(fold(text)) if len(text) <= MAX_NAME_CHARACTERS else None


@cache
def _current_combinations() -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (mp, ma, vp)
        for mp, beside in combinations().items()
        for ma in beside["manufacturer"]
        for vp in beside["vaccine"]
        if all(value_set(kind).is_active(code) for kind, code in zip(_KINDS, (mp, ma, vp), strict=True))
    )


@cache
def _known_codes(group: str) -> tuple[tuple[str, frozenset[str]], ...]:
    members = {
        "v": {"mp": "product", "ma": "manufacturer", "vp": "vaccine"},
        "t": {"tt": "test-type", "tr": "test-result", "ma": "test-manufacturer"},
        "r": {},
    }[group]
    known = tuple((field, value_set(name).codes) for field, name in members.items())
    return (("tg", value_set("disease").codes), ("co", value_set("country").codes | ORGANISATIONS), *known)


@cache
def _codes_by_name(kind: str) -> Mapping[str, str]:
    """Return the codes of the value set *kind* by everything they are called, folded."""
    names, said = value_set(kind), usage().names.get(kind, {})
    return {
        fold(name): code
        for code in names.codes
        for name in (code, names.display(code), names.display(code, "vi"), *said.get(code, ()))
    }

"""Whether a DCC keeps the schema of its version and, where it does not, which fields break it.

A compiled validator (jsonschema-rs) decides, on every certificate. Only once it has refused one is `jsonschema` loaded,
to find every bad field; what only the compiled validator sees is told in its own words, values masked. A problem names
fields and rules and never a value, since values are personal.

The schemas are `schemas/dcc/`; their README has the differences between versions.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, cast

from vaxcert.data import load_json
from vaxcert.errors import FieldProblem, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jsonschema import ValidationError
    from jsonschema_rs import Validator

VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "1.2.0", "1.2.1", "1.3.0", "1.3.1", "1.3.2", "1.3.3")
"""The released DCC schemas, oldest first."""

RELEASED = frozenset(VERSIONS)
"""The same, to look one up."""

MAX_PROBLEMS = 50
"""The most problems named: a payload can hold thousands of bad entries, and nobody reads further."""

_MAX_BITS = 1023
"""Past this a whole number is no double either, and the two validators no longer agree on it."""

_UNPADDED = r"^[^\s\x1c-\x1f](.*[^\s\x1c-\x1f])?$"
"""A text that is not empty and has nothing around it that Python or Unicode takes for white space."""

_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_ROOT = "$"
_FOREIGN = object()  # stands in for whatever JSON cannot hold: bytes, a tag, a date, half a surrogate pair

_TYPES = {"string": "text", "integer": "a whole number", "array": "a list", "object": "a map"}
_KINDS = {
    str: "text",
    int: "a whole number",
    float: "a floating-point number",
    bool: "true or false",
    list: "a list",
    dict: "a map",
    type(None): "null",
    object: "a value that JSON cannot hold",
}
_RULES = {  # keyword: (code, message)
    "required": ("missing", "is missing"),
    "anyOf": ("missing", "must hold fnt, gnt or both"),
    "oneOf": ("not_one_group", "must hold exactly one of v, t and r"),
    "type": ("wrong_type", "must be {type}, not {kind}"),
    "pattern": ("wrong_form", "must be {form}"),
    "minimum": ("out_of_range", "must be {form}"),
    "maximum": ("out_of_range", "must be {form}"),
    "maxLength": ("too_long", "is longer than {limit} characters"),
    "minItems": ("empty", "must hold an entry"),
    "maxItems": ("too_many", "must hold no more than one entry"),
}


def nearest_version(ver: object) -> str:
    """Return the schema version by which to judge a payload whose `ver` is *ver*; there is one for everything.

    A known version is its own. Any other gets the newest known one that is not newer than itself (1.0.4 gets 1.0.1,
    1.4.0 gets 1.3.3), or the oldest when all are newer. What is no version of three numbers gets the newest.
    """
    if not isinstance(ver, str):
        return VERSIONS[-1]
    if ver in RELEASED:
        return ver
    match = _VERSION.fullmatch(ver)
    if match is None:
        return VERSIONS[-1]
    wanted = tuple(map(int, match.groups()))
    not_newer = [known for known in VERSIONS if tuple(map(int, known.split("."))) <= wanted]
    return not_newer[-1] if not_newer else VERSIONS[0]


def is_valid(dcc: object, version: str) -> bool:
    """Return whether *dcc*, whatever it is, keeps the DCC schema *version*.

    Members that the schema does not know are not looked at. JSON takes it for granted that their names are text, and
    CBOR does not: where that is in question, ask `check_dcc`.

    Raises:
        ValueError: There is no such version; `nearest_version` finds one.
    """
    validator = _validator(version)
    try:
        return validator.is_valid(dcc)
    except ValueError:  # the validator's word for a value that JSON cannot hold, or a map's key that is not text
        return False


def is_strict(dcc: object, version: str) -> bool:
    """Return whether *dcc*, whatever it is, keeps the DCC schema *version* as an issuer must.

    Beyond the schema that means: no member that the schema does not know, no empty text, and no white space around
    one. It is what every certificate should be, and one question to the compiled validator.

    Raises:
        ValueError: There is no such version; `nearest_version` finds one.
    """
    validator = _strict_validator(version)
    try:
        return validator.is_valid(dcc)
    except ValueError:  # as in `is_valid`
        return False


def are_strict(dccs: Sequence[object], version: str) -> bool:
    """Return whether each of *dccs* is as `is_strict` asks, in half the time of asking one by one.

    Raises:
        ValueError: There is no such version.
    """
    validator = _strict_list_validator(version)
    try:
        return validator.is_valid(dccs)
    except ValueError:  # as in `is_valid`
        return False


def check_dcc(dcc: object, *, version: str) -> None:
    """Check that *dcc*, whatever it is, keeps the DCC schema *version*.

    Raises:
        SchemaError: It does not. Its `problems` name every bad field by its path, such as ``v[0].dn``, the payload as a
            whole being ``$``; at most `MAX_PROBLEMS`.
        ValueError: There is no such version; `nearest_version` finds one.
    """
    if problems := _problems(dcc, version):
        fields = ", ".join(dict.fromkeys(problem.field for problem in problems))
        raise SchemaError(f"the payload breaks DCC schema {version} in {fields}", problems=problems)


def check_strict(dcc: object, *, version: str) -> None:
    """Check that *dcc* is as an issuer must write it: what `is_strict` asks, with every bad field named.

    Raises:
        SchemaError: It is not.
        ValueError: There is no such version.
    """
    check_dcc(dcc, version=version)
    if not is_strict(dcc, version):
        faults = (_path(error.instance_path) for error in _strict_validator(version).iter_errors(dcc))
        problems = [FieldProblem(path, "not_strict", "is empty, padded or unknown") for path in dict.fromkeys(faults)]
        raise SchemaError("the payload holds an empty, padded or unknown member", problems=problems)


def _problems(dcc: object, version: str) -> tuple[FieldProblem, ...]:
    schema = _schema(version)
    found: dict[FieldProblem, None] = {}  # an ordered set
    screened = _screened(dcc, schema, schema, (), found)
    if not found and is_valid(dcc, version):
        return ()
    for problem in _explained(_explainer(version)(screened)):
        found[problem] = None
        if len(found) >= MAX_PROBLEMS:
            break
    if not found:  # such as a line feed after a name: Python's `$` lets it pass, the schema does not
        for error in _validator(version).iter_errors(screened):
            code, _ = _RULES[error.kind.name]
            found[FieldProblem(_path(error.instance_path), code, error.message)] = None
    return tuple(found)[:MAX_PROBLEMS]


def _screened(
    value: object,
    rule: Mapping[str, object],
    schema: Mapping[str, object],
    path: tuple[str | int, ...],
    found: dict[FieldProblem, None],
) -> object:
    """Return as much of *value* as *rule* looks at, as plain JSON; a key that is not text goes to *found*."""
    if isinstance(reference := rule.get("$ref"), str):
        name = reference.removeprefix("#/$defs/")
        rule = cast("dict[str, dict[str, object]]", schema["$defs"])[name]
    if isinstance(value, dict):
        properties = cast("dict[str, dict[str, object]]", rule.get("properties", {}))
        if properties and not all(type(key) is str and _is_unicode(key) for key in value):
            found[FieldProblem(_path(path), "wrong_key", "has a key that is not text")] = None
        return {
            key: _screened(value[key], inner, schema, (*path, key), found)
            for key, inner in properties.items()
            if key in value
        }
    if isinstance(value, list) or type(value) is tuple:
        items = cast("dict[str, object] | None", rule.get("items"))
        return [] if items is None else [_screened(v, items, schema, (*path, i), found) for i, v in enumerate(value)]
    return _plain(value)


def _plain(value: object) -> object:
    if type(value) is str:
        return value if _is_unicode(value) else _FOREIGN
    if type(value) is int:
        return value if value.bit_length() <= _MAX_BITS else _FOREIGN
    return value if value is None or type(value) in (bool, float) else _FOREIGN


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _explained(errors: Iterable[ValidationError]) -> Iterator[FieldProblem]:
    for error in errors:
        path, limit = tuple(error.absolute_path), error.validator_value
        code, message = _RULES[error.validator]
        if error.validator == "required":  # one error per missing member, and only its message says which
            for name in limit:
                if name not in error.instance:
                    yield FieldProblem(_path((*path, name)), code, message)
        elif error.validator != "oneOf" or isinstance(error.instance, dict):  # of what is no map, "type" says enough
            form = error.schema.get("description")
            kind = _KINDS[type(error.instance)]
            text = message.format(limit=limit, form=form, kind=kind, type=_TYPES.get(str(limit)))
            yield FieldProblem(_path(path), code, text)


def _path(parts: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".") or _ROOT


@cache
def _schema(version: str) -> dict[str, object]:
    if version not in RELEASED:
        raise ValueError(f"there is no DCC schema of version {version!r}")
    return load_json(f"dcc/{version}.json")


@cache
def _validator(version: str) -> Validator:
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - what never meets a certificate need not load it

    return Draft202012Validator(_schema(version), mask="the value", offline=True)


@cache
def _strict_validator(version: str) -> Validator:
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - as above

    return Draft202012Validator(cast("dict[str, object]", _strict(_schema(version))), offline=True)


@cache
def _strict_list_validator(version: str) -> Validator:
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - as above

    return Draft202012Validator({"type": "array", "items": _strict(_schema(version))}, offline=True)


def _strict(rule: object) -> object:
    """Return *rule* with what `is_strict` asks beyond it."""
    if isinstance(rule, list):
        return [_strict(part) for part in rule]
    if not isinstance(rule, dict):
        return rule
    stricter = {key: _strict(part) for key, part in rule.items()}
    if "properties" in rule:
        stricter["additionalProperties"] = False
    elif rule.get("type") == "string" and "pattern" not in rule:
        stricter["pattern"] = _UNPADDED
    return stricter


@cache
def _explainer(version: str) -> Callable[[object], Iterator[ValidationError]]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 120 ms, and only for a payload that was refused

    return cast("Callable[[object], Iterator[ValidationError]]", Draft202012Validator(_schema(version)).iter_errors)

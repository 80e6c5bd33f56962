"""The options of a command, made from the fields of its request."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vaxcert.service.registry.request import Request

_NOT_GIVEN: Final = (None, ())
_SHAPES: Final = {
    "NUMBER": "a number",
    "ID": "an id, as other commands show it",
    "DATE": "a date such as 2026-11-22",
    "INSTANT": "an instant such as 2026-11-22T08:00Z",
    "TIME": "a time such as 07:30",
}


def parameters_of(kind: type[Request], arguments: tuple[str, ...]) -> Iterator[click.Parameter]:
    """Yield an argument for each of *arguments* and an option for each other field of the request *kind*."""
    for field in msgspec.structs.fields(kind):
        inner, said = _plain(msgspec.inspect.type_info(field.type))
        name = field.encode_name
        if name in arguments:
            several = isinstance(inner, _LISTS)
            shown = f"[{name.upper()}]..." if several else name.upper()
            told = f"{_sentence(name, said)}{_tail(field)}"
            yield click.Argument([name], metavar=shown, required=False, nargs=-1 if several else 1, help=told)
        else:
            yield _option(name, inner, said, field)


def given_fields(kind: type[Request], values: Mapping[str, Any], base: Mapping[str, object]) -> dict[str, object]:
    """Return what was given for the request *kind*: by options, else by *base*, else by whoever types.

    Only a terminal is asked, and only for what must be there.
    """
    given: dict[str, object] = dict(base)
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        value = values.get(name)
        if value not in _NOT_GIVEN:
            given[name] = _value(field.type, value)
        elif field.required and name not in given and sys.stdin.isatty() and sys.stderr.isatty():
            given[name] = _asked(field)
    return given


def _asked(field: msgspec.structs.FieldInfo) -> object:
    """Return what whoever types answers to the question for *field*; what cannot be right is asked again."""
    inner, said = _plain(msgspec.inspect.type_info(field.type))
    question = _sentence(field.encode_name, said).rstrip(".")
    if isinstance(inner, msgspec.inspect.BoolType):
        return click.confirm(question, default=None, err=True)
    several = isinstance(inner, _LISTS)
    one = _plain(inner.item_type)[0] if isinstance(inner, _LISTS) else inner
    if _is_words(one):
        question += f" ({_metavar(one)}{', several with commas' if several else ''})"

    def read(text: str) -> object:
        value = _value(field.type, text)
        try:
            msgspec.convert(value, field.type, strict=False)
        except msgspec.ValidationError as error:
            raise click.UsageError(_wanted(one, str(error))) from None
        return value

    return click.prompt(question, err=True, value_proc=read)


def _wanted(kind: msgspec.inspect.Type, said: str) -> str:
    """Return what is told to whoever typed what is no *kind*, of which the library *said* so."""
    if _is_words(kind):
        return f"write one of {_metavar(kind).replace('|', ', ')}"
    shape = _SHAPES.get(_metavar(kind))
    # A number may be one and still be too large.
    return f"write {shape}" if shape and " >= " not in said and " <= " not in said else said.partition(" - at ")[0]


def _option(name: str, kind: msgspec.inspect.Type, said: str | None, field: msgspec.structs.FieldInfo) -> click.Option:
    flag = f"--{name.replace('_', '-')}"
    told, tail = _sentence(name, said), _tail(field)
    if isinstance(kind, msgspec.inspect.BoolType):
        if field.default is False:  # to say no would say nothing
            return click.Option([flag, name], is_flag=True, default=None, help=told)
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=None, help=told + tail)
    if isinstance(kind, msgspec.inspect.EnumType):
        return click.Option([flag, name], type=click.Choice([str(word.value) for word in kind.cls]), help=told + tail)
    if isinstance(kind, _LISTS):
        inner, _said = _plain(kind.item_type)
        how = " Repeatable, or with commas." if _is_words(inner) else " Repeatable."
        return click.Option([flag, name], multiple=True, metavar=_metavar(inner), help=told + how + tail)
    if isinstance(kind, msgspec.inspect.DictType):
        how = " Repeatable; or one JSON object."
        return click.Option([flag, name], multiple=True, metavar=_metavar(kind), help=told + how + tail)
    return click.Option([flag, name], metavar=_metavar(kind), help=told + tail)


def _sentence(name: str, said: str | None) -> str:
    told = said or name.replace("_", " ")
    return told[:1].upper() + told[1:] + ("" if told.endswith(".") else ".")


def _tail(field: msgspec.structs.FieldInfo) -> str:
    """Return what the help of *field* ends with, as the library writes it: that it must be there, or what else."""
    if field.required:
        return "  [required]"
    default = field.default
    if default in {None, msgspec.NODEFAULT, "", ()} or isinstance(default, bool):
        return ""
    return f"  [default: {default.value if isinstance(default, Enum) else default}]"


def _is_words(kind: msgspec.inspect.Type) -> bool:
    return isinstance(kind, msgspec.inspect.EnumType)


_LISTS: Final = (
    msgspec.inspect.ListType,
    msgspec.inspect.VarTupleType,
    msgspec.inspect.SetType,
    msgspec.inspect.FrozenSetType,
)
_OBJECTS: Final = (msgspec.inspect.StructType, msgspec.inspect.DictType, msgspec.inspect.DataclassType)


def _metavar(kind: msgspec.inspect.Type) -> str:
    if isinstance(kind, msgspec.inspect.DictType):
        return f"NAME={_metavar(_plain(kind.value_type)[0])}"
    if isinstance(kind, _OBJECTS):
        return "JSON"
    if isinstance(kind, msgspec.inspect.EnumType):
        return "|".join(str(word.value) for word in kind.cls)
    return {
        msgspec.inspect.IntType: "NUMBER",
        msgspec.inspect.FloatType: "NUMBER",
        msgspec.inspect.UUIDType: "ID",
        msgspec.inspect.DateType: "DATE",
        msgspec.inspect.DateTimeType: "INSTANT",
        msgspec.inspect.TimeType: "TIME",
    }.get(type(kind), "TEXT")


def _plain(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, str | None]:
    """Return *kind* without its metadata and without None, and what the metadata say about it."""
    said = None
    while True:
        if isinstance(kind, msgspec.inspect.Metadata):
            said = said or (kind.extra_json_schema or {}).get("description")
            kind = kind.type
        elif isinstance(kind, msgspec.inspect.UnionType):
            members = [member for member in kind.types if not isinstance(member, msgspec.inspect.NoneType)]
            if len(members) != 1:
                return members[0], said
            kind = members[0]
        else:
            return kind, said


def _value(kind: Any, value: Any) -> object:  # noqa: ANN401 - a type, and what click made of an option
    inner, _said = _plain(msgspec.inspect.type_info(kind))
    if isinstance(inner, _LISTS):
        item, _said = _plain(inner.item_type)
        texts = [value] if isinstance(value, str) else value
        if _is_words(item):  # no word of these holds a comma
            texts = [part.strip() for text in texts for part in text.split(",")]
        return [_object(text) if isinstance(item, _OBJECTS) else text for text in texts]
    if isinstance(inner, msgspec.inspect.DictType):
        return _pairs([value] if isinstance(value, str) else value)
    if isinstance(inner, _OBJECTS):
        return _object(value)
    return value.value if isinstance(value, Enum) else value


def _object(text: str) -> object:
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text  # which is then told to be no object, with the field's name


def _pairs(texts: Sequence[str]) -> object:
    """Return the object that *texts* make up: each ``NAME=VALUE``, or one of them all of it as JSON."""
    if len(texts) == 1 and "=" not in texts[0].partition("{")[0]:
        return _object(texts[0])
    return dict(part.partition("=")[::2] for part in texts)

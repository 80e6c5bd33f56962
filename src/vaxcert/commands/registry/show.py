"""How an answer of the registry is shown: one JSON object, or lines for people."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click
import msgspec

from vaxcert.commands.options import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.service.registry.request import Answer


_LISTS: Final = (list, tuple)
_NOTHING: Final[tuple[object, ...]] = (None, "", [], (), {})


def show(answer: Answer, *, as_json: bool) -> None:
    """Write *answer* to standard output."""
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    lines = [*_lines(answer, "")]
    for line in lines:
        click.echo(line)
    if not lines:
        say("note", "there is none")


def _lines(value: object, indent: str) -> Iterator[str]:
    """Yield a line for each field that says something; what lies within stands deeper."""
    if _is_nested(value):
        for label, inner in _fields(value):
            if inner in _NOTHING:
                continue
            if _is_nested(inner) or isinstance(inner, _LISTS):
                yield f"{indent}{label}:"
                yield from _lines(inner, indent + "  ")
            elif isinstance(inner, str) and "\n" in inner:
                yield f"{indent}{label}:"
                yield from (f"{indent}  {_word(line)}" for line in inner.rstrip("\n").split("\n"))
            else:
                yield f"{indent}{label}: {_word(inner)}"
    elif isinstance(value, _LISTS):
        for inner in value:
            if _is_nested(inner):
                first, *rest = [*_lines(inner, indent + "  ")] or [f"{indent}  -"]
                yield f"{indent}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{indent}- {_word(inner)}"


def _is_nested(value: object) -> bool:
    return isinstance(value, (msgspec.Struct, dict)) or is_dataclass(value)


def _fields(value: object) -> Iterator[tuple[str, object]]:
    """Yield names and values: fields in words, but the keys of a mapping as they are, since one types them again."""
    if isinstance(value, dict):
        yield from ((_word(name), inner) for name, inner in value.items())
    else:
        names = value.__struct_fields__ if isinstance(value, msgspec.Struct) else [each.name for each in fields(value)]  # type: ignore[arg-type] # a dataclass
        yield from ((name.replace("_", " "), getattr(value, name)) for name in names)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    # Letters that would steer a terminal are shown, not obeyed.
    return "".join(letter if letter.isprintable() else "\\" + f"x{ord(letter):02x}" for letter in str(value))

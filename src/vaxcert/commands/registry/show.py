"""How an answer of the registry is shown: one JSON object, or lines for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from vaxcert.commands.options import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.service.registry.request import Answer


def show(answer: Answer, *, as_json: bool) -> None:
    """Write *answer* to standard output."""
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    lines = [*_lines(msgspec.to_builtins(answer, builtin_types=(datetime,)), "")]
    for line in lines:
        click.echo(line)
    if not lines:
        say("note", "there is none")


def _lines(value: object, indent: str) -> Iterator[str]:
    """Yield a line for each field that says something; what lies within stands deeper."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner is None or inner in ("", [], {}):
                continue
            label = str(name).replace("_", " ")
            if isinstance(inner, dict | list):
                yield f"{indent}{label}:"
                yield from _lines(inner, indent + "  ")
            else:
                yield f"{indent}{label}: {_word(inner)}"
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                first, *rest = [*_lines(inner, indent + "  ")] or [f"{indent}  -"]
                yield f"{indent}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{indent}- {_word(inner)}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    # Letters that would steer a terminal are shown, not obeyed.
    return "".join(letter if letter.isprintable() else "\\" + f"x{ord(letter):02x}" for letter in str(value))

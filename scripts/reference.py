"""Write docs/reference from the code: commands, record fields, error codes, value sets. `make reference` runs it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

import vaxcert
from vaxcert.cli import COMMANDS, group
from vaxcert.commands import exit_codes
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service.registry.rights import GRANTS, Right, Role
from vaxcert.verify.verifier import STEP_NAMES
from vaxcert.web.api.table import ROUTES
from vaxcert.web.problems import status_of

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
WIDTH = 100

_RECORDS = """\
The fields of a record, for CSV headers, JSON keys, columns of sheets and `from_mapping`. Dates are ISO 8601 or
`dd/mm/yyyy`.

| file | what is read |
| --- | --- |
| CSV | commas, semicolons or tabs; UTF-8; the header names the columns |
| JSON | an object a line, one alone, or an array of at most 32 MiB |
| either in gzip | as it is unpacked; where it is cut, its whole rows and then the error `input_truncated` |
| Excel (.xlsx) | the sheet that has records, or `--sheet NAME`; from a file, not through a pipe |
| Parquet | texts, whole numbers, dates, times; needs `vaxcert[parquet]`; from a file, not through a pipe |

The first bytes of a file tell what it is; its name does not matter.

In a sheet the header is the first of the upper 50 rows that names two columns or more. A cell is read as it is shown:
a date in the format `mm/yyyy` or `yyyy` is a month or a year, a number in the format `000000000000` has its zeros. What
the spreadsheet changed is refused: a citizen's number without its leading zeros, a lot that became a date or a power of
ten, digits past the fifteenth, a formula without its result. Hidden rows and columns are read, hidden sheets only by
name."""

_HTTP = """\
The routes of `vaxcert serve` below `/api/v1`, from the table that they are made from. `GET /api/v1/openapi.json`
describes each with its fields and answers (OpenAPI 3.1). What holds for all of them is in
[the guide](../guide/service.md).

A POST that creates takes the header `Idempotency-Key`; a change of something that has a version takes `If-Match`."""


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    return {
        "commands.md": _commands(),
        "records.md": _records(),
        "errors.md": _errors(),
        "python.md": _python(),
        "http.md": _http(),
    }


def _commands() -> str:
    parts = ["# Commands\n", _help(group, "vaxcert")]
    for name in sorted(COMMANDS):
        command = import_module(f"vaxcert.commands.{name}").command
        parts.append(f"\n## vaxcert {name}\n\n{_help(command, f'vaxcert {name}')}")
        if isinstance(command, click.Group):
            parts += [
                f"\n### vaxcert {name} {child}\n\n{_help(command.commands[child], f'vaxcert {name} {child}')}"
                for child in sorted(command.commands)
            ]
    return "\n".join(parts)


def _help(command: click.Command, path: str) -> str:
    names = ["-h", "--help"]  # as the group gives its commands
    context = click.Context(
        command, info_name=path, max_content_width=WIDTH, terminal_width=WIDTH, help_option_names=names
    )
    return f"```text\n{command.get_help(context)}\n```"


def _records() -> str:
    parts = [
        "# Records\n",
        _RECORDS,
    ]
    for kind, fields in FIELDS_OF.items():
        parts.append(f"\n## {kind.name.capitalize()} (`--type {kind.value}`)\n")
        parts.append("| field | needed | meaning | also called |\n| --- | --- | --- | --- |")
        parts += [
            f"| `{field.name}` | {'yes' if field.required else ''} | {field.meaning} | {', '.join(field.aliases)} |"
            for field in fields
        ]
    return "\n".join(parts)


def _errors() -> str:
    rows = [
        f"| `{kind.code}` | {exit_codes.of_error(kind)} | {status_of(kind).value} | `{kind.__name__}` "
        f"| {(kind.__doc__ or '').splitlines()[0]} |"
        for kind in sorted(exit_codes.error_classes(), key=lambda kind: kind.code)
    ]
    return "\n".join(
        [
            "# Error codes\n",
            "`exit` is the command's exit code, `http` the status of the service's answer.\n",
            "| code | exit | http | class | meaning |\n| --- | --- | --- | --- | --- |",
            *rows,
            "\n## Steps of a report\n",
            ", ".join(f"`{name}`" for name in STEP_NAMES) + ".",
        ]
    )


def _http() -> str:
    parts = ["# HTTP\n", _HTTP]
    for tag in dict.fromkeys(route.tag for route in ROUTES):
        parts.append(f"\n## {tag.capitalize()}\n")
        parts.append("| method | path | what it does | who may |\n| --- | --- | --- | --- |")
        parts += [
            f"| {route.method} | `{route.path}` | {route.call.description.splitlines()[0]} | {_who(route.right)} |"
            for route in ROUTES
            if route.tag == tag
        ]
    return "\n".join(parts)


def _who(right: Right | None) -> str:
    if right is None:
        return "everybody"
    granted = GRANTS[right]
    if granted >= set(Role):
        return "everybody"
    return ", ".join(sorted(role.value for role in granted))


def _python() -> str:
    parts = ["# Python\n", f"```text\n{(vaxcert.__doc__ or '').strip()}\n```"]
    for name in vaxcert.__all__:
        value = getattr(vaxcert, name)
        parts.append(f"\n## {name}\n\n`{value.__module__}.{name}`: {(value.__doc__ or '').strip().splitlines()[0]}")
    return "\n".join(parts)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for page, content in pages().items():
        (FOLDER / page).write_text(content.rstrip() + "\n", "utf-8")
        print(f"wrote {page}", file=sys.stderr)

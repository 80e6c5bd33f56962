"""A noun of the registry as a group of commands, one for each use case, made from their requests."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
import msgspec

from vaxcert.commands.options import at_option, now
from vaxcert.commands.registry.opening import acting, check_named, opened, passphrase_of, registry_options
from vaxcert.commands.registry.options_of import given_fields, parameters_of
from vaxcert.commands.registry.show import show
from vaxcert.errors import FieldProblem, RequestError
from vaxcert.service.files import whole_file
from vaxcert.service.registry.request import Document, check, read_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from vaxcert.service.registry.use_case import UseCase

MAX_REQUEST_BYTES = 16 * 1024 * 1024
YEARS = range(2000, 2200)
"""Those in which something may happen."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_COMMON = (
    click.option("--json", "as_json", is_flag=True, help="One JSON object."),
    at_option("When it happens"),
    click.option(
        "--from", "request_file", type=click.File("rb"), metavar="FILE", help="The request as JSON (`-` for stdin)."
    ),
)
_output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The new file. Default: standard output."
)
_key_option = click.option("--key", help="A key of your own: the same request with it is carried out once.")


@dataclass(frozen=True, slots=True)
class Verb:
    """A use case whose fields *arguments* are given by their place."""

    use_case: UseCase[Any, Any]
    arguments: tuple[str, ...] = ()


def noun(summary: str, verbs: Mapping[str, UseCase[Any, Any] | Verb]) -> click.Group:
    """Return the group of commands for *verbs*, each with the options of its request."""
    made = {name: _command(name, verb if isinstance(verb, Verb) else Verb(verb)) for name, verb in verbs.items()}
    return click.Group(commands=made, help=summary, no_args_is_help=True)


def _command(name: str, verb: Verb) -> click.Command:
    use_case = verb.use_case
    run: Callable[..., None] = registry_options(partial(_run, use_case))
    for option in _options(use_case):
        run = option(run)
    fields = list(parameters_of(use_case.request, verb.arguments))
    return click.command(name, params=fields, help=use_case.description, short_help=use_case.summary)(run)


def _options(use_case: UseCase[Any, Any]) -> Iterator[Callable[[Callable[..., None]], Callable[..., None]]]:
    if not use_case.reads:
        yield _key_option
    if use_case.answer is Document:
        yield _output_option
    yield from _COMMON


def _run(
    use_case: UseCase[Any, Any],
    *,
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    at: datetime | None,
    as_json: bool,
    request_file: IO[bytes] | None,
    key: str | None = None,
    output: Path | None = None,
    **fields: object,
) -> None:
    _check_moment(at)
    check_named(acting_account)  # nobody answers questions for nothing
    with _help_named():
        _check_texts({**fields, "as": acting_account, "key": key})
        base = {} if request_file is None else _read(request_file.read(MAX_REQUEST_BYTES + 1))
        request = read_request(use_case.request, given_fields(use_case.request, fields, base), texts=True)
    with opened(registry, passphrase_of(passphrase_file, passphrase_fd)) as desk, _help_named():
        answer = desk.run(use_case, request, actor=acting(desk, acting_account), at=at or now(), key=key)
        if isinstance(answer, Document) and not as_json:
            _write(answer, output)
        else:
            show(answer, as_json=as_json)


def _check_moment(at: datetime | None) -> None:
    """Refuse an instant that is a slip: the rules add days and months to it, and ids begin with it."""
    if at is not None and at.year not in YEARS:
        raise click.UsageError(f"--at lies outside of {YEARS[0]} to {YEARS[-1]}")


def _check_texts(given: Mapping[str, object]) -> None:
    """Refuse what the terminal did not send as text: Python keeps its bytes as letters that no text has."""
    problems = [
        FieldProblem(name, "invalid", "is not UTF-8")
        for name, value in given.items()
        for text in (value if isinstance(value, tuple) else (value,))
        if isinstance(text, str) and _SURROGATE.search(text)
    ]
    check(problems)


@contextmanager
def _help_named() -> Iterator[None]:
    """Hint at the help of this command where a request is wrong, and nothing better is known."""
    try:
        yield
    except RequestError as error:
        if error.hint is None:
            error.hint = f"see `{click.get_current_context().command_path} --help`"
        raise


def _write(document: Document, output: Path | None) -> None:
    if output is None:
        if sys.stdout.isatty() and not document.media_type.startswith("text/"):
            raise click.UsageError(f"a file of the type {document.media_type} is not for a terminal: give -o FILE")
        click.echo(document.content, nl=False)
    else:
        with whole_file(output) as stream:
            stream.write(document.content)


def _read(content: bytes) -> dict[str, object]:
    if len(content) > MAX_REQUEST_BYTES:
        raise RequestError(f"the request is longer than {MAX_REQUEST_BYTES} bytes")
    try:
        return msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise RequestError(f"the request is no JSON object: {error}") from None

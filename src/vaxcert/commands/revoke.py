"""`vaxcert revoke`."""

from __future__ import annotations

import re
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING

import click

from vaxcert.commands.book_options import book_option, chosen_book, ledger_option
from vaxcert.commands.ledger_options import confirm, yes_option
from vaxcert.commands.options import Instant, at_option, now, say
from vaxcert.commands.progress import Progress
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.revocation_book import RevocationBook
from vaxcert.service.revoking import Refused, Revoker, named_in, read_kid, read_name
from vaxcert.service.sources import STDIN
from vaxcert.trust.revocation.own_format import MAX_SECONDS, KidRule
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.revoking import Named

_SHOWN = 10
"""So many of those that are refused are told one by one."""


class Word(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """A short word, in which nobody's name fits."""

    name = "word"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return *value*, a word of a list."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,23}", str(value)):
            self.fail("a reason is one word of lower-case letters, digits and hyphens, such as fraud", param, ctx)
        return str(value)


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="More of them, one a line; - for standard input.",
)
@click.option("--kid", metavar="KID", help="All that this key signed (base64 or hexadecimal).")
@click.option("--from", "since", type=Instant(), help="With --kid: only what it signed from this instant on.")
@click.option("--reason", "word", type=Word(), help="A word of a list of yours, for the book and the log.")
@ledger_option
@book_option
@click.option("--unknown", is_flag=True, help="With --ledger: revoke what the log has no certificate of, too.")
@at_option("Revoke as of this instant")
@yes_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    ids: tuple[str, ...],
    file: str | None,
    kid: str | None,
    since: datetime | None,
    word: str | None,
    ledger: Path | None,
    book: Path | None,
    unknown: bool,
    at: datetime | None,
    yes: bool,
) -> int:
    """Revoke certificates, in your book and in the log.

    An ID is a certificate's identifier (URN:UVCI:...), its text (HC1:...), or a line of JSON from `vaxcert issue`. With
    --ledger each has to be in the log, and the log gets a statement that it was revoked. What is in the book already
    stays as it is, so that the same can be done twice. Verifiers learn of it from the lists that `vaxcert revocations
    export` makes.
    """
    if not (ids or file or kid):
        raise click.UsageError("name certificates, a --file of them, or a --kid")
    if since is not None and kid is None:
        raise click.UsageError("--from goes with --kid")
    if unknown and ledger is None:
        raise click.UsageError("--unknown goes with --ledger: without one no certificate is known")
    moment = _in_range(at or now())
    rule = None if kid is None else _rule(read_kid(kid), since, moment)
    if rule is not None:
        confirm("Revoke all that this key signed?", yes=yes)
    with ExitStack() as stack:
        log = None if ledger is None else stack.enter_context(LedgerFolder(ledger).open())
        kept = stack.enter_context(RevocationBook.open(chosen_book(book, ledger), create=True))
        if rule is not None:
            kept.add_kid_rules([rule])
            start = "" if since is None else f" since {since:%Y-%m-%dT%H:%MZ}"
            say("note", f"revoked: all that the key {kid} signed{start}")
        named = chain(
            (read_name(f"ID {number}", text) for number, text in enumerate(ids, 1)),
            () if file is None else named_in(stack.enter_context(click.open_file(file, "rb")), _name(file)),
        )
        revoker = Revoker(kept, at=moment, word=word, log=log, take_unknown=unknown)
        if ids or file:
            _revoke(revoker, named, verbose=ctx.obj["verbose"])
    return 1 if revoker.tally.refused else 0


def _name(file: str) -> str:
    return "stdin" if file == STDIN else file


def _in_range(moment: datetime) -> datetime:
    if not 0 <= moment.timestamp() <= MAX_SECONDS:
        raise click.UsageError("a list can tell instants of the years 1970 to 2106")
    return moment


def _rule(kid: bytes, since: datetime | None, at: datetime) -> KidRule:
    start = 0 if since is None else int(_in_range(since).timestamp())
    return KidRule(kid=kid, since=start, reason=RevocationReason.REVOKED, at=int(at.timestamp()))


def _revoke(revoker: Revoker, named: Iterator[Named | Refused], *, verbose: bool) -> None:
    tally = revoker.tally
    shown = 0
    with Progress("revoked") as progress:
        for each in revoker.revoke(named):
            if isinstance(each, int):
                progress.show(each)
                continue
            shown += 1
            if verbose or shown <= _SHOWN:
                progress.hide()
                say("warning", f"not revoked: {each.place}: {each.error.message} [{each.error.code}]")
    if shown > _SHOWN and not verbose:
        say("warning", f"not revoked: {shown - _SHOWN} more (vaxcert -v names them)")
    counts = {"new": tally.written, "revoked before": tally.known, "in the log": tally.logged, "unknown": tally.unknown}
    said = ", ".join(f"{what}: {count}" for what, count in counts.items() if count or what == "new")
    say("note", f"revoked: {tally.written + tally.known} ({said})")

"""`vaxcert trust`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands import render
from vaxcert.commands.options import EXISTING_PATH, PATH, now, say
from vaxcert.commands.signer_rows import signer_json, signer_line
from vaxcert.commands.trust_store import load_trust, own_list
from vaxcert.errors import StorageError, TrustListError
from vaxcert.service.trust_lists import add_signers, export_list, remove_signers, replace_signers
from vaxcert.trust.writers import TrustListForm, format_trust_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.service.trust_lists import Change
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.trust_list import TrustList

_MANY = 10
"""More signers than these are counted, not named."""

_cscas_option = click.option(
    "--csca", "cscas", type=EXISTING_PATH, multiple=True, help="CSCAs that every DSC must chain to."
)
_to_option = click.option("--to", "target", type=PATH, help="The list to change. Default: your own list.")


@click.group()
def command() -> None:
    """Keep the list of signers that are believed.

    Your own list is the one that `vaxcert verify` uses without --trust. A PATH is a file of DSCs (PEM, DER, the EU
    gateway's JSON, JWKS, or a list that vaxcert saved) or a folder of such files. Add only what comes from where you
    know it does: whoever is in the list is believed. Where PATH or --csca has CSCAs, every DSC must chain to one.
    """


@command.command("list")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=EXISTING_PATH)
@_cscas_option
@click.option("--json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_command(ctx: click.Context, paths: tuple[Path, ...], *, cscas: tuple[Path, ...], json: bool) -> None:
    """List the signers in your own list.

    Where there are PATHs, their signers are listed instead. Each has its kid, country, types, kind of key, end and
    subject.
    """
    at = now()
    trust_list = _load(ctx, paths, cscas)
    for dsc in trust_list.entries:
        click.echo(render.json_text(signer_json(dsc, at)) if json else signer_line(dsc, at))
    age = "without a date" if trust_list.as_of is None else f"as of {trust_list.as_of:%Y-%m-%dT%H:%MZ}"
    say("note", f"{_signers(len(trust_list.entries))}, {age}")


@command.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=EXISTING_PATH)
@_cscas_option
@_to_option
def add(paths: tuple[Path, ...], *, cscas: tuple[Path, ...], target: Path | None) -> int:
    """Add the signers in each PATH to your own list.

    What cannot be taken is told with its reason, the others are added all the same, and the exit code is 1. A PATH that
    says no date counts as of now; the list is as old as the signer that was confirmed the longest time ago.
    """
    target = target or own_list()
    return _tell(add_signers(target, paths, cscas=cscas, at=now()), target)


@command.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=EXISTING_PATH)
@_cscas_option
@_to_option
def import_command(paths: tuple[Path, ...], *, cscas: tuple[Path, ...], target: Path | None) -> int:
    """Replace your own list by other lists.

    This is how a whole list, such as a gateway's, is brought up to date: a DSC is withdrawn by being left out of it. A
    list that holds no signer at all replaces nothing. Otherwise as `vaxcert trust add`.
    """
    target = target or own_list()
    return _tell(replace_signers(target, paths, cscas=cscas, at=now()), target)


@command.command()
@click.argument("kids", metavar="KID...", nargs=-1, required=True)
@click.option("--from", "target", type=PATH, help="The list to change. Default: your own list.")
def remove(kids: tuple[str, ...], *, target: Path | None) -> None:
    """Remove signers from your own list.

    A KID is in base64 or hexadecimal. A later `vaxcert trust add` or `import` of a list that has them takes them in
    again.
    """
    target = target or own_list()
    change = remove_signers(target, kids)
    _name_some("removed", change.removed)
    say("note", f"{_signers(len(change.trust_list.entries))} in {target}")


@command.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=EXISTING_PATH)
@click.option("-o", "--out", type=PATH, help="File to write. Default: standard output.")
@click.option(
    "--format",
    "form",
    type=click.Choice([str(form) for form in TrustListForm]),
    default=str(TrustListForm.SAVED),
    show_default=True,
    help="saved keeps all and the date; pem and jwks are for other software.",
)
@_cscas_option
@click.pass_context
def export(
    ctx: click.Context, paths: tuple[Path, ...], *, out: Path | None, form: str, cscas: tuple[Path, ...]
) -> None:
    """Write your own list in another form.

    Where there are PATHs, their signers are written instead.
    """
    if out is not None and out.exists() and any(path.samefile(out) for path in paths or (own_list(),) if path.exists()):
        raise StorageError("OUT is one of the lists that are read")
    trust_list = _load(ctx, paths, cscas)
    if out is None:
        click.echo(format_trust_list(trust_list, TrustListForm(form)), nl=False)
    else:
        export_list(trust_list, TrustListForm(form), out)
        say("note", f"{_signers(len(trust_list.entries))} written to {out}")


def _load(ctx: click.Context, paths: tuple[Path, ...], cscas: tuple[Path, ...]) -> TrustList:
    if not paths and not own_list().is_file():
        raise TrustListError(
            "you have no trust list of your own", hint="make it with `vaxcert trust add`, or name a PATH"
        )
    return load_trust(paths, cscas, at=now(), verbose=ctx.obj["verbose"])


def _tell(change: Change, target: Path) -> int:
    for entry in change.rejected:
        say("warning", f"left out: {entry.source}: {entry.message} [{entry.reason}]")
    if not change.found:
        hint = None if change.rejected else "a CSCA by itself signs no certificates: name it with --csca"
        raise TrustListError("there is no signer that can be taken: nothing is changed", hint=hint)
    _name_some("added", change.added)
    _name_some("removed", change.removed)
    as_of = change.trust_list.as_of
    assert as_of is not None  # a list that was just written has a date
    say("note", f"{_signers(len(change.trust_list.entries))} in {target}, as of {as_of:%Y-%m-%dT%H:%MZ}")
    return 1 if change.rejected else 0


def _name_some(verb: str, dscs: Sequence[Dsc]) -> None:
    if len(dscs) > _MANY:
        say("note", f"{verb}: {len(dscs)} signers")
        return
    for dsc in dscs:
        say("note", f"{verb}: {dsc.kid} {dsc.subject or '(a bare key)'}")


def _signers(count: int) -> str:
    return "1 signer" if count == 1 else f"{count} signers"

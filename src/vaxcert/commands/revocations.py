"""`vaxcert revocations`."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from vaxcert.commands import render, revocation_rows
from vaxcert.commands.book_options import book_option, chosen_book, ledger_option
from vaxcert.commands.options import EXISTING_PATH, PATH, at_option, now, say
from vaxcert.commands.signer_options import SignerChoice, chosen_signer, signer_options
from vaxcert.commands.trust_store import load_trust, own_revocations
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.kept_lists import keep_list
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.revocation_book import RevocationBook
from vaxcert.service.revocation_export import EuEntries, export_batches, export_own, export_partitions
from vaxcert.service.revocation_lists import ListReader
from vaxcert.trust.revocation.hashes import HashType

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

MAX_DAYS = 366

_trust_option = click.option(
    "--trust", type=EXISTING_PATH, multiple=True, help="Trust list that has the signers. Default: your own."
)
_csca_option = click.option("--csca", type=EXISTING_PATH, multiple=True, help="CSCAs that every DSC must chain to.")
_json_option = click.option("--json", is_flag=True, help="One JSON object a line.")


@click.group()
def command() -> None:
    """Publish what was revoked, and keep what others publish.

    An issuer's own list is one signed file: it says why and since when, and a certificate is looked up in it offline.
    The EU's lists are signed batches, as its gateway takes them, and partitions, as verifiers fetch them; they say
    neither.
    """


@command.command("list")
@ledger_option
@book_option
@_json_option
def list_command(*, ledger: Path | None, book: Path | None, json: bool) -> None:
    """List what is in your book of revocations."""
    with RevocationBook.open(chosen_book(book, ledger)) as kept:
        rows = revocation_rows.book_json(kept) if json else revocation_rows.book_lines(kept)
        for row in rows:
            click.echo(row)
        say("note", f"certificates in the book: {kept.count:,}")


@command.command()
@click.option("-o", "--out", type=PATH, required=True, help="New file, or for the EU's forms a new folder.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["own", "eu-batches", "eu-partitions"]),
    default="own",
    show_default=True,
    help="own: one signed file, with reasons; eu-batches: signed, for the gateway; eu-partitions: for verifiers' apps.",
)
@ledger_option
@book_option
@signer_options
@click.option(
    "--hash-type",
    type=click.Choice([str(each) for each in HashType]),
    default=str(HashType.UCI),
    show_default=True,
    help="What the EU's forms hash.",
)
@click.option(
    "--valid-for",
    type=click.IntRange(1, MAX_DAYS),
    metavar="DAYS",
    help="Promise a newer list (own) within these days.",
)
@at_option("The instant that the list speaks for")
def export(
    *,
    out: Path,
    form: str,
    ledger: Path | None,
    book: Path | None,
    signing: SignerChoice,
    hash_type: str,
    valid_for: int | None,
    at: datetime | None,
) -> None:
    """Write a list of what is in your book, for verifiers.

    The forms own and eu-batches are signed with a DSC, which verifiers have in their trust lists; it speaks of its own
    country's certificates. What has expired is left out. Give out the whole list anew when something was revoked.
    """
    moment = at or now()
    with ExitStack() as stack:
        kept = stack.enter_context(RevocationBook.open(chosen_book(book, ledger)))
        if form == "eu-partitions":
            signer = None
        else:
            signer = stack.enter_context(chosen_signer(signing, usage=CertificateType.VACCINATION, at=moment))
        if form == "own" and signer is not None:
            promised = None if valid_for is None else timedelta(days=valid_for)
            head = export_own(kept, out, signer=signer, at=moment, valid_for=promised)
            said = f"certificates: {head.count:,}, whole keys: {len(head.kid_rules)}"
        else:
            log = None if ledger is None else stack.enter_context(LedgerFolder(ledger).open(read_only=True))
            entries = EuEntries(kept, log, HashType(hash_type), moment)
            written = export_partitions(entries, out) if signer is None else export_batches(entries, out, signer=signer)
            said = f"certificates: {written.entries:,}, files: {written.files:,}"
    say("note", f"written to {out} ({said})")


@command.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=EXISTING_PATH)
@_trust_option
@_csca_option
@click.pass_context
def import_command(
    ctx: click.Context, paths: tuple[Path, ...], *, trust: tuple[Path, ...], csca: tuple[Path, ...]
) -> None:
    """Keep issuers' own lists, which `verify` then uses.

    Its signer has to be in the trust list. The list takes the place of its country's earlier one; one that is older is
    refused. `verify` uses the lists that are kept wherever it uses your own trust list.
    """
    present = now()
    trust_list = load_trust(trust, csca, at=present, verbose=ctx.obj["verbose"])
    for path in paths:
        target, listed = keep_list(path, own_revocations(), trust_list, now=present)
        say("note", f"kept as {target}: {revocation_rows.own_summary(listed)}")


@command.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=EXISTING_PATH)
@_trust_option
@_csca_option
@click.option(
    "--revocation-signer", type=EXISTING_PATH, multiple=True, help="Certificates beside the DSCs that may sign batches."
)
@_json_option
@click.pass_context
def show(
    ctx: click.Context,
    paths: tuple[Path, ...],
    *,
    trust: tuple[Path, ...],
    csca: tuple[Path, ...],
    revocation_signer: tuple[Path, ...],
    json: bool,
) -> None:
    """Check lists, and show what each of them is.

    PATH is an issuer's own list, a batch of the EU gateway, or a folder of such batches or of partitions.
    """
    present = now()
    trust_list = load_trust(trust, csca, at=present, verbose=ctx.obj["verbose"])
    reader = ListReader(trust_list=trust_list, signers=revocation_signer, at=present, now=present)
    for path in paths:
        loaded = reader.load(path)
        shown = revocation_rows.list_json(loaded)
        click.echo(render.json_text(shown) if json else revocation_rows.list_lines(shown))

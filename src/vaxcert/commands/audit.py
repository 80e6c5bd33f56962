"""`vaxcert audit`."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from string import hexdigits
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes, render
from vaxcert.commands.anchor_options import node_addresses, node_options
from vaxcert.commands.audit_rows import report_lines
from vaxcert.commands.ledger_options import EXISTING_FILE, chosen_secret, json_option, secret_option
from vaxcert.commands.options import EXISTING_PATH, Instant, at_option, now, passphrase_options, say
from vaxcert.commands.progress import Progress
from vaxcert.commands.trust_store import load_trust
from vaxcert.errors import LedgerProofError
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.model.kid import KID_LENGTH
from vaxcert.service.auditing import REPORT_FORMS, Brought, audit_ledger, format_report
from vaxcert.service.files import check_is_new, whole_file
from vaxcert.service.log_description import read_description

if TYPE_CHECKING:
    from datetime import datetime

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_BLOCK_HASH_BYTES = 32
_EXIT_CODES = {
    AuditOutcome.CLEAN: exit_codes.OK,
    AuditOutcome.WRONG: exit_codes.of_error(LedgerProofError),
    AuditOutcome.UNDETERMINED: exit_codes.UNDETERMINED,
}


class RevokedKid(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """A signer, and since when it is no longer believed."""

    name = "kid=instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[bytes, datetime]:
        """Return the kid in *value* and the instant."""
        if isinstance(value, tuple):
            return value
        # A kid in base64 may end in equals signs of its own.
        kid, equals, instant = str(value).rpartition("=")
        content = _kid_of(kid)
        if not equals or content is None:
            self.fail(f"{value!r} is no KID=INSTANT with a kid in base64 or hexadecimal", param, ctx)
        return content, Instant().convert(instant, param, ctx)


class BlockHash(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """The hash of a block."""

    name = "hash"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Return the 32 bytes of *value*."""
        if isinstance(value, bytes):
            return value
        digits = str(value).removeprefix("0x")
        if len(digits) != 2 * _BLOCK_HASH_BYTES or not all(digit in hexdigits for digit in digits):
            self.fail(f"{value!r} is no block's hash: 64 hexadecimal digits, with or without 0x", param, ctx)
        return bytes.fromhex(digits)


class ReportFile(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """A new file for a report."""

    name = "path"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return *value*, whose end says in which form the report is."""
        path = Path(str(value))
        if path.suffix not in REPORT_FORMS:
            self.fail(f"{value!r} ends in neither {' nor '.join(REPORT_FORMS)}", param, ctx)
        return path


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--offline", is_flag=True, help="Ask no chain: the proofs of its anchors have to do.")
@click.option("--log", "description", type=EXISTING_FILE, help="The log.json that its authority gave you.")
@node_options
@click.option(
    "--block",
    "blocks",
    type=BlockHash(),
    multiple=True,
    metavar="HASH",
    help="Hash of a block that you have confirmed elsewhere: the newest anchor's will do, since the chain hash in it "
    "covers the earlier ones.",
)
@click.option(
    "--checkpoint",
    "notes",
    type=EXISTING_FILE,
    multiple=True,
    help="A signed checkpoint that was kept: from the last audit, or from a witness.",
)
@click.option("--trust", type=EXISTING_PATH, multiple=True, help="Trust list of the DSCs that may have signed.")
@click.option(
    "--revoked-kid",
    "revoked",
    type=RevokedKid(),
    multiple=True,
    metavar="KID=INSTANT",
    help="A signer that is not believed since: what it signed must have been anchored before.",
)
@secret_option
@passphrase_options
@at_option("Audit as of this instant")
@click.option("--report", type=ReportFile(), metavar="FILE", help="Write the report to a new FILE, .html or .json.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    folder: Path,
    offline: bool,
    description: Path | None,
    rpcs: tuple[str, ...],
    rpc_files: tuple[Path, ...],
    blocks: tuple[bytes, ...],
    notes: tuple[Path, ...],
    trust: tuple[Path, ...],
    revoked: tuple[tuple[bytes, datetime], ...],
    secret_file: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    at: datetime | None,
    report: Path | None,
    json: bool,
) -> int:
    """Recompute a ledger, and name the first thing that is wrong.

    DIR is a ledger, or what `vaxcert ledger export --auditor` made of one. Nothing is believed that it says of itself:
    digests, entries and the tree are computed anew, and compared with every checkpoint and every anchor. What would
    prove it wrong comes from you: --log, nodes of your own (--rpc; otherwise those in DIR/anchor.json), --checkpoint,
    --trust. Certificates that a batch stored are sealed under their issuer's secret: only its own audit, with --secret,
    looks into them. Exit codes: 0 nothing is wrong, 1 something is, 4 what would decide was not there.
    """
    if offline and (rpcs or rpc_files):
        raise click.UsageError("--offline asks no node: leave out --rpc and --rpc-file")
    if report is not None:
        check_is_new(report)
    moment = at or now()
    brought = Brought(
        log=None if description is None else read_description(description),
        nodes=node_addresses(rpcs, rpc_files) if rpcs or rpc_files else (),
        confirmed_blocks=frozenset(blocks),
        notes=notes,
        trust_list=load_trust(trust, (), at=moment, verbose=ctx.obj["verbose"]) if trust else None,
        revoked_kids=dict(revoked),
        secret=chosen_secret(secret_file, passphrase_file, passphrase_fd),
    )
    with Progress("entries") as progress:
        found = audit_ledger(
            folder, brought, is_offline=offline, at=moment, progress=lambda done, _: progress.show(done)
        )
    if report is not None:
        with whole_file(report) as stream:
            stream.write(format_report(found, report.suffix, lang=ctx.obj["lang"]))
    click.echo(render.json_text(found.to_dict()) if json else "\n".join(report_lines(found, ctx.obj["lang"])))
    if report is not None:
        say("note", f"the report is in {report}")
    return _EXIT_CODES[found.outcome]


def _kid_of(text: str) -> bytes | None:
    """Return the kid that *text* has in hexadecimal or in base64, or None."""
    if len(text) == 2 * KID_LENGTH and all(letter in hexdigits for letter in text):
        return bytes.fromhex(text)
    try:
        return b64decode(text, validate=True) or None
    except ValueError:
        return None

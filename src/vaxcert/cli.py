"""The `vaxcert` command: the table of commands, their group, and how every run ends; nothing else."""

from __future__ import annotations

import io
import sys
from traceback import walk_tb
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.lazy import LazyGroup
from vaxcert.commands.options import say
from vaxcert.commands.settings import NAMED_BY, SETTINGS_FILE, chosen_settings, defaults_of
from vaxcert.errors import RequestError, VaxcertError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "anchor": "Anchor the heads of a ledger to a chain.",
    "audit": "Recompute a ledger, and name the first thing that is wrong.",
    "bench": "Measure this machine on one core.",
    "completion": "Print the completion script for a shell.",
    "demo": "Issue, scan, verify and audit invented records.",
    "inspect": "Decode the certificates in SOURCE, NOT VERIFIED.",
    "issue": "Issue a certificate for each record in SOURCE.",
    "keys": "Create, show and rotate signing keys.",
    "ledger": "Keep the log of certificates that everybody can check.",
    "sample": "Invent records for trials.",
    "registry": "Keep people, visits, doses, stock and certificates.",
    "revocations": "Publish what was revoked, and keep what others publish.",
    "revoke": "Revoke certificates, in your book and in the log.",
    "serve": "Answer over HTTP: verification, the ledger, the registry.",
    "trust": "Keep the list of signers that are believed.",
    "verify": "Verify the certificates in each SOURCE, offline.",
}


_EPILOG = (
    "Exit codes: 0 valid or done, 1 rejected (issue: some rows were), 2 usage, 3 not a certificate, 4 undetermined "
    "(unknown signer, stale list, ledger away), 5 refused by a rule of the registry, 6 could not work (disk, key, "
    "passphrase), 70 our bug, "
    f"130 interrupted. Settings: {SETTINGS_FILE} here or the file that {NAMED_BY} names, then VAXCERT_* in the "
    "environment, then options."
)


@click.group(
    cls=LazyGroup,
    commands={name: click.Command(name, short_help=summary) for name, summary in COMMANDS.items()},
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="vaxcert", message="%(prog)s %(version)s")
@click.option("--lang", type=click.Choice(["en", "vi"]), default="en", help="Language of what people read.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error; never personal data.")
@click.pass_context
def group(ctx: click.Context, *, lang: str, verbose: bool) -> None:
    """Issue and verify vaccination certificates (EU DCC, HC1)."""
    ctx.obj = {"lang": lang, "verbose": verbose}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code; every error ends in a message, none in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Vietnamese letters is no reason to fail
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        result = group.main(
            None if arguments is None else list(arguments),
            prog_name="vaxcert",
            standalone_mode=False,
            auto_envvar_prefix="VAXCERT",
            default_map=defaults_of(group, chosen_settings(), later=COMMANDS),
        )
    except VaxcertError as error:
        _tell_problems(error)
        return _fail(exit_codes.of_error(type(error)), error.message, error.hint)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        return _fail(error.exit_code, error.format_message(), context and f"see `{context.command_path} --help`")
    except (click.Abort, KeyboardInterrupt):
        return _fail(exit_codes.INTERRUPTED, "interrupted")
    except Exception as error:  # noqa: BLE001 - the last resort: a bug must not print what it was working on
        where = f"{type(error).__name__} at {_place(error)}"
        return _fail(exit_codes.BUG, f"internal error: {where}", "please report this, it is our bug")
    return result if isinstance(result, int) else exit_codes.OK


def _tell_problems(error: VaxcertError) -> None:
    if isinstance(error, RequestError):  # of a record's problems the rows' own commands tell
        for problem in error.problems:
            say("error", f"{problem.field}: {problem.message} ({problem.code})")


def _fail(code: int, message: str, hint: str | None = None) -> int:
    say("error", message)
    if hint:
        say("hint", hint)
    return code


def _place(error: BaseException) -> str:
    """Return module and line of *error*: the only part of a traceback that cannot hold personal data."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    return f"{frame.f_globals.get('__name__')}:{line}"

"""`vaxcert keys`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands import render
from vaxcert.commands.options import EXISTING_PATH, PATH, now, passphrase_options, read_passphrase, say
from vaxcert.commands.signer_rows import entry_card, entry_json, entry_line
from vaxcert.errors import PassphraseError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.keys import DscPlan, add_dsc, create_keys, read_keys, rotate
from vaxcert.service.sample_keys import PASSPHRASE_FILE, TRUST_FILE, make_sample_keys
from vaxcert.service.signers import key_beside
from vaxcert.signing.authority import CSCA_TERM, DSC_TERM, KeyKind, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vaxcert.service.keys import KeyEntry

KEYSTORE = click.Path(path_type=Path, exists=True, file_okay=False)
MAX_DAYS = 36_525
_KEY_USE_SHARE = 4
"""A key signs for a quarter of its certificate's life, as in the terms that the certificate governance recommends."""


class Usages(click.ParamType):
    """Types of certificate, separated by commas."""

    name = "types"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[CertificateType]:
        """Return the types in *value*."""
        if isinstance(value, frozenset):
            return value
        try:
            return frozenset(CertificateType(part.strip()) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of v (vaccination), t (test) and r (recovery) with commas", param, ctx)


def _days_option(name: str, what: str, usual: Term) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        name,
        type=click.IntRange(1, MAX_DAYS),
        metavar="DAYS",
        default=usual.lifetime.days,
        show_default=True,
        help=f"How long the {what} is valid; its key signs for the first quarter of it.",
    )


def _term(days: int, usual: Term) -> Term:
    """Return the *usual* term, or one of *days* in the same proportion."""
    lifetime = timedelta(days=days)
    return usual if lifetime == usual.lifetime else Term(lifetime=lifetime, key_use=lifetime / _KEY_USE_SHARE)


_name_option = click.option("--name", required=True, help='What tells the authority from others; the DSC is "NAME DSC".')
_organization_option = click.option("--organization", help="The authority's name in the certificates.")
_type_option = click.option(
    "--type",
    "usages",
    type=Usages(),
    default="v,t,r",
    show_default=True,
    help="What the DSC may sign: v vaccinations, t tests, r recoveries.",
)
_kind_option = click.option(
    "--kind",
    type=click.Choice([kind.lower() for kind in KeyKind]),
    default=KeyKind.EC_P256.lower(),
    show_default=True,
    help="Kind of the DSC's key; RSA makes larger QR codes.",
)
_dsc_days_option = _days_option("--dsc-days", "DSC", DSC_TERM)
_csca_passphrase_option = click.option(
    "--csca-passphrase-file",
    type=EXISTING_PATH,
    help="File with the passphrase of the CSCA's key. Default: the same passphrase.",
)


@click.group()
def command() -> None:
    """Create, show and rotate signing keys.

    A keystore is a folder with one CSCA (the country's authority) and its DSCs (document signers), each a certificate
    and an encrypted private key in PEM: csca.pem, csca.key.pem, dsc-KID.pem, dsc-KID.key.pem.
    """


@command.command()
@click.argument("folder", type=PATH)
@click.option("--country", default="VN", show_default=True, help="The state, two letters.")
@_name_option
@_organization_option
@_type_option
@_kind_option
@_days_option("--csca-days", "CSCA", CSCA_TERM)
@_dsc_days_option
@passphrase_options
@_csca_passphrase_option
def create(
    folder: Path,
    *,
    country: str,
    name: str,
    organization: str | None,
    usages: frozenset[CertificateType],
    kind: str,
    csca_days: int,
    dsc_days: int,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    csca_passphrase_file: Path | None,
) -> None:
    """Make a CSCA and a first DSC in the new FOLDER."""
    csca, dsc = create_keys(
        folder,
        _plan(name, organization, usages, kind, dsc_days),
        country=country,
        csca_term=_term(csca_days, CSCA_TERM),
        at=now(),
        passphrase=_secret(passphrase_file, passphrase_fd, confirm=True),
        csca_passphrase=_csca_secret(csca_passphrase_file),
    )
    _tell_made((csca, dsc))
    say("note", f"move {key_beside(csca)} offline: it is needed only for `keys add` and `keys rotate`")
    say("note", f"those who verify need {dsc}, and {csca} to check where it comes from:")
    say("note", f"  vaxcert trust add {dsc} --csca {csca}")


@command.command()
@click.argument("folder", type=KEYSTORE)
@_name_option
@_organization_option
@_type_option
@_kind_option
@_dsc_days_option
@passphrase_options
@_csca_passphrase_option
def add(
    folder: Path,
    *,
    name: str,
    organization: str | None,
    usages: frozenset[CertificateType],
    kind: str,
    dsc_days: int,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    csca_passphrase_file: Path | None,
) -> None:
    """Make another DSC in the keystore FOLDER, such as one for other types."""
    made = add_dsc(
        folder,
        _plan(name, organization, usages, kind, dsc_days),
        at=now(),
        passphrase=_secret(passphrase_file, passphrase_fd, confirm=csca_passphrase_file is not None),
        csca_passphrase=_csca_secret(csca_passphrase_file),
    )
    _tell_made((made,))
    say("note", f"publish {made} before it is used: nobody believes its certificates until they have it")


@command.command("rotate")
@click.argument("folder", type=KEYSTORE)
@click.option("--kid", help="The DSC to follow on, base64 or hexadecimal. Default: the newest, where all are of one line.")
@_dsc_days_option
@passphrase_options
@_csca_passphrase_option
def rotate_command(
    folder: Path,
    *,
    kid: str | None,
    dsc_days: int,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    csca_passphrase_file: Path | None,
) -> None:
    """Make the successor of a DSC in the keystore FOLDER.

    It has the same name, types and kind of key, and a new key. From now on `vaxcert issue --keys` signs with it.
    """
    previous, made = rotate(
        folder,
        kid=kid,
        term=_term(dsc_days, DSC_TERM),
        at=now(),
        passphrase=_secret(passphrase_file, passphrase_fd, confirm=csca_passphrase_file is not None),
        csca_passphrase=_csca_secret(csca_passphrase_file),
    )
    _tell_made((made,))
    say("note", f"publish {made} before it is used: nobody believes its certificates until they have it")
    say("note", f"keep the DSC {previous.kid} published to {previous.not_after:%Y-%m-%d}: it proves what it has signed")


@command.command("list")
@click.argument("folder", type=KEYSTORE)
@click.option("--json", is_flag=True, help="One JSON object a line.")
def list_command(folder: Path, *, json: bool) -> None:
    """List the certificates and keys in the keystore FOLDER, the newest DSC first.

    Each has its kid, country, types, kind of key, end, and whether its private key is there.
    """
    at = now()
    for entry in read_keys(folder):
        click.echo(render.json_text(entry_json(entry, at)) if json else entry_line(entry, at))


@command.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=EXISTING_PATH)
@click.option("--json", is_flag=True, help="One JSON object a line.")
def show(paths: tuple[Path, ...], *, json: bool) -> None:
    """Show each PATH: a certificate, a private key or a keystore.

    A private key is not opened: only whether it is encrypted is shown.
    """
    at = now()
    for entry in [entry for path in paths for entry in read_keys(path)]:
        click.echo(render.json_text(entry_json(entry, at)) if json else "\n".join(entry_card(entry, at)))
        _warn_unencrypted(entry)


@command.command()
@click.argument("folder", metavar="DIR", type=PATH)
def sample(folder: Path) -> None:
    """Make throw-away sample keys in the new DIR: never for production.

    A CSCA, three DSCs, their trust list, and the passphrase beside them for everybody to read.
    """
    make_sample_keys(folder, at=now())
    _tell_made(tuple(entry.path for entry in read_keys(folder)))
    click.echo(folder / PASSPHRASE_FILE)
    click.echo(folder / TRUST_FILE)
    say("warning", "these keys and their passphrase are for trials only: what they sign proves nothing")


def _plan(
    name: str, organization: str | None, usages: frozenset[CertificateType], kind: str, dsc_days: int
) -> DscPlan:
    return DscPlan(
        name=name,
        organization=organization,
        usages=usages,
        key_kind=KeyKind(kind.upper()),
        term=_term(dsc_days, DSC_TERM),
    )


def _secret(file: Path | None, descriptor: int | None, *, confirm: bool) -> Callable[[], bytes]:
    """Return what asks for the passphrase of a new key, twice where *confirm* says so."""

    def ask() -> bytes:
        passphrase = read_passphrase(file, descriptor, confirm=confirm)
        if passphrase is None:
            raise PassphraseError("a private key needs a passphrase, and there is no terminal to ask for it")
        return passphrase

    return ask


def _csca_secret(file: Path | None) -> Callable[[], bytes] | None:
    return None if file is None else _secret(file, None, confirm=False)


def _tell_made(certificates: Sequence[Path]) -> None:
    for path in certificates:
        click.echo(path)
        click.echo(key_beside(path))


def _warn_unencrypted(entry: KeyEntry) -> None:
    if entry.is_key_encrypted is False:
        say("warning", f"the private key of {entry.path} is not encrypted: whoever can read it can forge certificates")

"""`vaxcert keys`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands import render
from vaxcert.commands.key_options import (
    csca_days_option,
    csca_passphrase_option,
    csca_secret,
    dsc_days_option,
    kind_option,
    name_option,
    organization_option,
    plan,
    term,
    type_option,
)
from vaxcert.commands.options import EXISTING_PATH, PATH, now, passphrase_options, say, secret
from vaxcert.commands.signer_rows import entry_card, entry_json, entry_line
from vaxcert.service.issuer_secrets import create_secret
from vaxcert.service.key_files import key_beside, read_keys
from vaxcert.service.keys import add_dsc, create_keys, rotate
from vaxcert.service.sample_keys import PASSPHRASE_FILE, TRUST_FILE, make_sample_keys
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.authority import CSCA_TERM, DSC_TERM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.service.key_files import KeyEntry

KEYSTORE = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group()
def command() -> None:
    """Create, show and rotate signing keys.

    A keystore is a folder with one CSCA (the country's authority) and its DSCs (document signers), each a certificate
    and an encrypted private key in PEM: csca.pem, csca.key.pem, dsc-KID.pem, dsc-KID.key.pem. Beside them lies the
    issuer's secret, issuer-secret.key.pem: the ids of certificates follow from it.
    """


@command.command()
@click.argument("folder", type=PATH)
@click.option("--country", default="VN", show_default=True, help="The state, two letters.")
@name_option
@organization_option
@type_option
@kind_option
@csca_days_option
@dsc_days_option
@passphrase_options
@csca_passphrase_option
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
        plan(name, organization, usages, kind, dsc_days),
        country=country,
        csca_term=term(csca_days, CSCA_TERM),
        at=now(),
        passphrase=secret(passphrase_file, passphrase_fd, confirm=True),
        csca_passphrase=csca_secret(csca_passphrase_file),
    )
    _tell_made((csca, dsc))
    click.echo(folder / ISSUER_SECRET)
    say("note", f"move {key_beside(csca)} offline: it is needed only for `keys add` and `keys rotate`")
    say("note", f"those who verify need {dsc}, and {csca} to check where it comes from:")
    say("note", f"  vaxcert trust add {dsc} --csca {csca}")


@command.command()
@click.argument("folder", type=KEYSTORE)
@name_option
@organization_option
@type_option
@kind_option
@dsc_days_option
@passphrase_options
@csca_passphrase_option
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
    """Make another DSC in the keystore FOLDER."""
    made = add_dsc(
        folder,
        plan(name, organization, usages, kind, dsc_days),
        at=now(),
        passphrase=secret(passphrase_file, passphrase_fd, confirm=csca_passphrase_file is not None),
        csca_passphrase=csca_secret(csca_passphrase_file),
    )
    _tell_made((made,))
    say("note", f"publish {made} before it is used: nobody believes its certificates until they have it")


@command.command("rotate")
@click.argument("folder", type=KEYSTORE)
@click.option(
    "--kid", help="The DSC to follow on, base64 or hexadecimal. Default: the newest, where all are of one line."
)
@dsc_days_option
@passphrase_options
@csca_passphrase_option
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
        term=term(dsc_days, DSC_TERM),
        at=now(),
        passphrase=secret(passphrase_file, passphrase_fd, confirm=csca_passphrase_file is not None),
        csca_passphrase=csca_secret(csca_passphrase_file),
    )
    _tell_made((made,))
    say("note", f"publish {made} before it is used: nobody believes its certificates until they have it")
    say("note", f"keep the DSC {previous.kid} published to {previous.not_after:%Y-%m-%d}: it proves what it has signed")


@command.command("secret")
@click.argument("file", type=PATH)
@passphrase_options
def secret_command(file: Path, *, passphrase_file: Path | None, passphrase_fd: int | None) -> None:
    """Make an issuer's secret in the new FILE.

    The ids of certificates follow from it, and what is stored of them is encrypted with it. An authority has one, for
    as long as it issues: a keystore from `keys create` has its own, issuer-secret.key.pem.
    """
    create_secret(file, secret(passphrase_file, passphrase_fd, confirm=True)())
    click.echo(file)
    say("note", "keep a copy where the keys are kept: with another secret, a file sent again gets new certificates")


@command.command("list")
@click.argument("folder", type=KEYSTORE)
@click.option("--json", is_flag=True, help="One JSON object a line.")
def list_command(folder: Path, *, json: bool) -> None:
    """List what is in the keystore FOLDER.

    The newest DSC stands first. Each certificate has its kid, country, types, kind of key, end, subject, and whether
    its private key is there.
    """
    at = now()
    for entry in read_keys(folder):
        click.echo(render.json_text(entry_json(entry, at)) if json else entry_line(entry, at))


@command.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=EXISTING_PATH)
@click.option("--json", is_flag=True, help="One JSON object a line.")
def show(paths: tuple[Path, ...], *, json: bool) -> None:
    """Show all of a certificate, key or keystore.

    A private key is not opened: only whether it is encrypted is shown.
    """
    at = now()
    for entry in [entry for path in paths for entry in read_keys(path)]:
        click.echo(render.json_text(entry_json(entry, at)) if json else "\n".join(entry_card(entry, at)))
        _warn_unencrypted(entry)


@command.command()
@click.argument("folder", metavar="DIR", type=PATH)
def sample(folder: Path) -> None:
    """Make throw-away sample keys in the new DIR.

    A CSCA, three DSCs, their trust list, and the passphrase beside them for everybody to read: never for production.
    """
    make_sample_keys(folder, at=now())
    _tell_made(tuple(entry.path for entry in read_keys(folder) if entry.certificate is not None))
    click.echo(folder / ISSUER_SECRET)
    click.echo(folder / PASSPHRASE_FILE)
    click.echo(folder / TRUST_FILE)
    say("warning", "these keys and their passphrase are for trials only: what they sign proves nothing")


def _tell_made(certificates: Sequence[Path]) -> None:
    for path in certificates:
        click.echo(path)
        click.echo(key_beside(path))


def _warn_unencrypted(entry: KeyEntry) -> None:
    if entry.is_key_encrypted is False:
        say("warning", f"the private key of {entry.path} is not encrypted: whoever can read it can forge certificates")

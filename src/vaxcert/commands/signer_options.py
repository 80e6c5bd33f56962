"""The options that name a signing key, and the signer that they choose."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click
from click.core import ParameterSource

from vaxcert.commands.options import EXISTING_PATH, passphrase_options, read_passphrase
from vaxcert.service.files import read_secret_line
from vaxcert.service.signers import SignerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.signing.signer import Signer

    P = ParamSpec("P")
    R = TypeVar("R")

_WAYS = {"keys": "--keys", "key": "--key", "pkcs11_module": "--pkcs11-module"}
"""The three ways to name a key, by parameter and option."""
_STRENGTH = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP)
"""An option outweighs the environment, and that the settings file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerChoice:
    """What the options of `signer_options` said."""

    keys: Path | None
    key: Path | None
    certificate: Path | None
    passphrase_file: Path | None
    passphrase_fd: int | None
    unsafe_unencrypted_key: bool
    pkcs11_module: Path | None
    pkcs11_token: str | None
    pkcs11_key: str | None
    pin_file: Path | None


def signer_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options that name a signing key to *command*, which receives them as one `SignerChoice`, *signing*."""

    @wraps(command)
    def with_choice(*args: P.args, **kwargs: P.kwargs) -> R:
        choice = SignerChoice(**{field.name: kwargs.pop(field.name) for field in fields(SignerChoice)})  # type: ignore[arg-type] # click has checked them
        kwargs["signing"] = choice
        return command(*args, **kwargs)

    file = click.Path(path_type=Path, exists=True, dir_okay=False)
    folder = click.Path(path_type=Path, exists=True, file_okay=False)
    options = (
        click.option(
            "--keys", type=folder, help="Keystore folder; its newest DSC that may sign such records now signs."
        ),
        click.option("--key", type=file, help="Instead: private key of the DSC (encrypted PEM)."),
        click.option("--certificate", type=file, help="The DSC. Default: beside --key, as `keys create` lays them."),
        passphrase_options,
        click.option(
            "--unsafe-unencrypted-key", is_flag=True, help="Take a key that lies there in the clear; for trials."
        ),
        click.option("--pkcs11-module", type=file, help="Instead: a token's PKCS#11 library; with --certificate."),
        click.option("--pkcs11-token", metavar="LABEL", help="The token."),
        click.option("--pkcs11-key", metavar="LABEL", help="The private key in the token."),
        click.option("--pin-file", type=EXISTING_PATH, help="File whose first line is the token's PIN."),
    )
    for option in reversed(options):
        with_choice = option(with_choice)
    return with_choice


@contextmanager
def chosen_signer(choice: SignerChoice, *, usage: CertificateType, at: datetime) -> Iterator[Signer]:
    """Give the signer that *choice* names, for certificates of the type *usage* issued at *at* (aware).

    Raises:
        SigningError: The key cannot be had, or may not sign; the subclass says why.
        StorageError: A file cannot be read.
        click.UsageError: The options name no key or several, or do not go together.
    """
    with chosen_source(choice).open(usage=usage, at=at) as signer:
        yield signer


def chosen_source(choice: SignerChoice) -> SignerSource:
    """Return where the key that *choice* names lies, and what opens it.

    Raises:
        PassphraseError: The passphrase's file holds none.
        StorageError: It cannot be read.
        click.UsageError: The options name no key or several, or do not go together.
    """
    choice = _with_one_way(choice)
    if choice.pkcs11_module is None and (choice.pkcs11_token or choice.pkcs11_key or choice.pin_file):
        raise click.UsageError("--pkcs11-token, --pkcs11-key and --pin-file go with --pkcs11-module")
    if choice.pkcs11_module is not None:
        return _token_source(choice, choice.pkcs11_module)
    if choice.keys is not None and choice.certificate is not None:
        raise click.UsageError("--certificate goes with --key or a token: a keystore has its certificates")
    if choice.keys is None and choice.key is None:
        raise click.UsageError("name the signing key: --keys FOLDER, --key FILE, or a token with --pkcs11-module")
    return SignerSource(
        keys=choice.keys,
        key=choice.key,
        certificate=choice.certificate,
        passphrase=_passphrase(choice),
        passphrase_file=choice.passphrase_file,
        unsafe_unencrypted=choice.unsafe_unencrypted_key,
    )


def _with_one_way(choice: SignerChoice) -> SignerChoice:
    """Return *choice* with the way to name a key that is nearest to the user, and without the others."""
    context = click.get_current_context()
    sources = {name: context.get_parameter_source(name) for name in _WAYS if getattr(choice, name) is not None}
    strongest = next((source for source in _STRENGTH if source in sources.values()), None)
    nearest = [name for name, source in sources.items() if source is strongest]
    if len(nearest) > 1:
        raise click.UsageError(f"give one of {', '.join(_WAYS[name] for name in nearest)}")
    return replace(
        choice,
        keys=choice.keys if "keys" in nearest else None,
        key=choice.key if "key" in nearest else None,
        pkcs11_module=choice.pkcs11_module if "pkcs11_module" in nearest else None,
    )


def _passphrase(choice: SignerChoice) -> bytes | None:
    if not choice.unsafe_unencrypted_key:
        return read_passphrase(choice.passphrase_file, choice.passphrase_fd)
    if choice.passphrase_file is not None or choice.passphrase_fd is not None:
        raise click.UsageError("a key in the clear (--unsafe-unencrypted-key) has no passphrase")
    return None


def _token_source(choice: SignerChoice, module: Path) -> SignerSource:
    token, key, pin_file, certificate = choice.pkcs11_token, choice.pkcs11_key, choice.pin_file, choice.certificate
    if token is None or key is None or pin_file is None or certificate is None:
        raise click.UsageError("a token needs --pkcs11-token, --pkcs11-key, --pin-file and --certificate")
    return SignerSource(
        module=module,
        token=token,
        token_key=key,
        pin_file=pin_file,
        certificate=certificate,
        passphrase=None if choice.passphrase_file is None else read_secret_line(choice.passphrase_file, "passphrase"),
        passphrase_file=choice.passphrase_file,
    )

"""The options of `vaxcert keys`, and what they mean to the services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import EXISTING_PATH, secret
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.keys import DscPlan
from vaxcert.signing.authority import CSCA_TERM, DSC_TERM, KeyKind, Term

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_DAYS = 36_525
MAX_NAME_LENGTH = 59
"""A common name has 64 characters (RFC 5280 A.1), of which `` CSCA`` takes five."""
_KEY_USE_SHARE = 4
"""A key signs for a quarter of its certificate's life, as in the terms that the certificate governance recommends."""


class Usages(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
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


def term(days: int, usual: Term) -> Term:
    """Return the *usual* term, or one of *days* in the same proportion."""
    lifetime = timedelta(days=days)
    return usual if lifetime == usual.lifetime else Term(lifetime=lifetime, key_use=lifetime / _KEY_USE_SHARE)


name_option = click.option("--name", required=True, help='What tells the authority from others; the DSC is "NAME DSC".')
organization_option = click.option("--organization", help="The authority's name in the certificates.")
type_option = click.option(
    "--type",
    "usages",
    type=Usages(),
    default="v,t,r",
    show_default=True,
    help="What the DSC may sign: v vaccinations, t tests, r recoveries.",
)
kind_option = click.option(
    "--kind",
    type=click.Choice([kind.lower() for kind in KeyKind]),
    default=KeyKind.EC_P256.lower(),
    show_default=True,
    help="Kind of the DSC's key; RSA makes larger QR codes.",
)
csca_days_option = _days_option("--csca-days", "CSCA", CSCA_TERM)
dsc_days_option = _days_option("--dsc-days", "DSC", DSC_TERM)
csca_passphrase_option = click.option(
    "--csca-passphrase-file",
    type=EXISTING_PATH,
    help="File with the passphrase of the CSCA's key. Default: the same passphrase.",
)


def plan(name: str, organization: str | None, usages: frozenset[CertificateType], kind: str, dsc_days: int) -> DscPlan:
    """Return what a new DSC is to be by the options above."""
    if not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise click.BadParameter(f"it has 1 to {MAX_NAME_LENGTH} characters", param_hint="--name")
    return DscPlan(
        name=name.strip(),
        organization=organization,
        usages=usages,
        key_kind=KeyKind(kind.upper()),
        term=term(dsc_days, DSC_TERM),
    )


def csca_secret(file: Path | None) -> Callable[[], bytes] | None:
    """Return what reads the passphrase of the CSCA's key, or None where it has none of its own."""
    return None if file is None else secret(file, None, confirm=False)

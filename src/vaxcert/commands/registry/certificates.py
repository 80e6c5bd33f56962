"""`vaxcert registry certificates`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import at_option, now
from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.commands.registry.show import show
from vaxcert.service.registry.certificates_listed import certificates_of_person, family_certificates, list_certificates
from vaxcert.service.registry.certificates_revoked import revoke_certificate
from vaxcert.service.registry.certificates_shown import certificate_document, show_certificate
from vaxcert.service.registry.certificates_signing import (
    centre_sign_certificates,
    refuse_certificate,
    return_certificate,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.renewal import renew_certificates
from vaxcert.service.registry.sequencer_run import run_sequencer
from vaxcert.service.registry.sequencer_settings import SequencerPlace

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

command = noun(
    "Verify, sign, show and revoke certificates.",
    {
        "list": list_certificates,
        "of": Verb(certificates_of_person, ("person",)),
        "family": Verb(family_certificates, ("person",)),
        "verify": Verb(verify_certificates, ("certificates",)),
        "site-sign": Verb(site_sign_certificates, ("certificates",)),
        "centre-sign": Verb(centre_sign_certificates, ("certificates",)),
        "return": Verb(return_certificate, ("certificate",)),
        "refuse": Verb(refuse_certificate, ("certificate",)),
        "show": Verb(show_certificate, ("certificate",)),
        "print": Verb(certificate_document, ("certificate",)),
        "revoke": Verb(revoke_certificate, ("certificate",)),
        "renew": renew_certificates,
    },
)


@command.command("issue")
@registry_options
@at_option("When the certificates are issued")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def issue_command(
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Issue what the centre has signed, and write it into the log.

    This is the one sequencer between the registry and its ledger: it renews codes that lapse soon, issues, revokes and
    erases what was asked for, signs the log and notes what is anchored. Start it again and again; a run that was cut
    off is gone on with, and no certificate is lost or issued twice. `registry.toml` names the ledger and the keys.
    """
    place = SequencerPlace(RegistryFolder(registry))
    with opened(registry, passphrase_of(passphrase_file, passphrase_fd)) as desk:
        show(run_sequencer(desk, acting(desk, acting_account), place, at=at or now()), as_json=as_json)

"""What a scenario needs beside the registry to have certificates issued: keys, a ledger, and who signs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.certificate_desk import ORIGIN
from tests.scenario_doors import PASSPHRASE
from vaxcert.cli import run
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.anchoring import AnchoringSession
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import create_ledger, sign_checkpoint
from vaxcert.service.registry.certificates.signing import (
    centre_sign_certificates,
    site_sign_certificates,
    verify_certificates,
)
from vaxcert.service.registry.doses.entered import enter_paper_dose, verify_paper_dose
from vaxcert.service.registry.people.register import register_person
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.scenario_doors import Door
    from vaxcert.signing.key_pair import KeyPair


@cache
def csca(born: datetime) -> KeyPair:
    return create_csca(country="VN", common_name="Invented CSCA", at=born)


@cache
def dsc(signed_by: KeyPair, born: datetime) -> KeyPair:
    return create_dsc(signed_by, common_name="Invented DSC", usages=tuple(CertificateType), at=born)


@cache
def secret() -> IssuerSecret:
    return IssuerSecret.create()


@dataclass
class Issuing:
    """The keys and the ledger of a registry, beside its folder."""

    door: Door
    output: pytest.CaptureFixture[str]
    csca: KeyPair = field(init=False)

    def __post_init__(self) -> None:
        self.csca = csca(self.door.registry.at - timedelta(days=2))
        self.keys.add(self.csca, PASSPHRASE)
        self.rotate()
        (self.keys.folder / ISSUER_SECRET).write_bytes(secret().to_pem(PASSPHRASE))
        create_ledger(self.ledger, origin=ORIGIN, passphrase=lambda: PASSPHRASE, at=self.door.registry.at)
        with self.door.registry.folder.settings_file.open("a") as settings:
            settings.write('ledger = "../ledger"\n[issuing]\nissuer = "Invented Ministry"\nkeys = "../keys"\n')
            settings.write('passphrase_file = "../passphrase"\n')

    @property
    def place(self) -> Path:
        return self.door.registry.folder.path.parent

    @property
    def ledger(self) -> Path:
        return self.place / "ledger"

    @property
    def keys(self) -> Keystore:
        return Keystore(self.place / "keys")

    def rotate(self) -> None:
        """Make a new DSC, for the half year from now on."""
        self.keys.add(dsc(self.csca, self.door.registry.at - timedelta(days=1)), PASSPHRASE)

    def vaccinated(self, **told: Any) -> tuple[UUID, UUID]:
        """Register somebody with a dose of yesterday; return them and the draft of their certificate."""
        ask, day = self.door.ask, self.door.registry.at.date() - timedelta(days=1)
        person = UUID(ask(register_person, Role.RECEPTIONIST, area="51", **told)["id"])
        paper = {"product": "Comirnaty", "lot_number": "FF0042", "given_on": day, "paper": "vaccination_book"}
        dose = ask(enter_paper_dose, Role.DISTRICT, person=person, number=1, of=2, place="Trạm y tế", **paper)["dose"]
        return person, UUID(ask(verify_paper_dose, Role.PROVINCE, dose=dose["id"])["certificate"])

    def sign(self, *certificates: UUID) -> None:
        for step, by in (
            (verify_certificates, Role.RECEPTIONIST),
            (site_sign_certificates, Role.SITE_ADMIN),
            (centre_sign_certificates, Role.CENTRE_SIGNER),
        ):
            results = self.door.ask(step, by, certificates=list(certificates))["results"]
            assert [each["code"] for each in results] == [None] * len(certificates)

    def run(self) -> dict[str, Any]:
        """Let the registry be kept going, and the log signed and anchored; return what the certificates came to."""
        kept = self.keep()
        at = self.door.registry.at
        sign_checkpoint(self.ledger, passphrase=lambda: PASSPHRASE, at=at)
        with AnchoringSession.open(self.ledger, passphrase=lambda: PASSPHRASE, clock=lambda: at) as session:
            session.advance()
        return {**kept["certificates"], "renewed": kept["renewed"], "anchored": self.keep()["anchored"]}

    def keep(self) -> dict[str, Any]:
        """Run one round of `vaxcert registry upkeep`, and return what it says."""
        registry = self.door.registry
        return self.told(
            *("registry", "upkeep", "--once", "--no-messages", "--json", "--registry", str(registry.folder.path)),
            *("--as", "sysadmin", "--passphrase-file", str(registry.passphrase_file)),
        )

    @property
    def log_size(self) -> int:
        with LedgerFolder(self.ledger).open(read_only=True) as log:
            return log.size

    def told(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command at the scenario's time, and return the JSON that it writes."""
        self.output.readouterr()
        assert run([*arguments, "--at", self.door.registry.at.isoformat()]) == code, self.output.readouterr().err
        said = self.output.readouterr().out
        answer: dict[str, Any] = json.loads(said) if said else {}
        return answer

    def verdict(self, text: str) -> dict[str, Any]:
        """Return what a verifier says of a certificate who has today's list of what does not count any more."""
        listed, shown = self.place / f"list-{self.door.registry.at:%y%m%d%H%M}.cose", self.place / "shown.txt"
        if not listed.exists() and (self.ledger / BOOK_NAME).exists():
            self.told(
                *("revocations", "export", "--ledger", str(self.ledger), "-o", str(listed)),
                *("--keys", str(self.keys.folder), "--passphrase-file", str(self.door.registry.passphrase_file)),
            )
        shown.write_text(text)
        self.output.readouterr()
        lists = ("--revocations", str(listed)) if listed.exists() else ()
        at = ("--at", self.door.registry.at.isoformat())
        run(["verify", str(shown), "--json", "--trust", str(self.keys.folder), *lists, *at])
        said = self.output.readouterr()
        assert said.out, said.err
        answer: dict[str, Any] = json.loads(said.out)
        return answer

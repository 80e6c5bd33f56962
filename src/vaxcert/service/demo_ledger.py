"""The ledger's part of the demo: certificates in a log, its head on a chain, and an audit that notices a forger."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vaxcert.errors import MissingDependencyError
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.config import write_config
from vaxcert.ledger.anchor.settings import AnchorConfig
from vaxcert.service.auditing import Brought, audit_ledger
from vaxcert.service.chains import open_chain
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import create_ledger, sign_checkpoint
from vaxcert.service.proving import Prover

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.service.log_description import LogDescription
    from vaxcert.signing.issuer_secret import IssuerSecret
    from vaxcert.trust.trust_list import TrustList

ORIGIN = "demo.invalid/vaccinations"
_PASSPHRASE_BYTES = 24


@dataclass(frozen=True, slots=True)
class DemoLedger:
    """The ledger of a demo, in a folder of its own."""

    folder: Path
    description: LogDescription
    passphrase: bytes

    @classmethod
    def create(cls, folder: Path, *, at: datetime) -> DemoLedger:
        """Make it in the new *folder*."""
        passphrase = secrets.token_urlsafe(_PASSPHRASE_BYTES).encode()
        description = create_ledger(folder, origin=ORIGIN, passphrase=lambda: passphrase, at=at)
        return cls(folder, description, passphrase)

    def anchor(self, *, at: datetime) -> str:
        """Sign a checkpoint, bring it onto a chain, and return which chain that is in a few words."""
        sign_checkpoint(self.folder, passphrase=lambda: self.passphrase, at=at)
        ledger = LedgerFolder(self.folder)
        with ledger.open() as log:
            chain, words = self._chain(ledger, log.log_id, at)
            anchorer = Anchorer(log, chain)
            while anchorer.step(at).moved:
                pass
        return words

    def _chain(self, ledger: LedgerFolder, log_id: bytes, at: datetime) -> tuple[Chain, str]:
        try:
            from vaxcert.ledger.evm.tester import start_tester  # noqa: PLC0415 - slow to load, and an extra

            chain = start_tester(log_id=log_id)
        except MissingDependencyError:
            config = ledger.config()
            assert config is not None  # the ledger was just made
            return open_chain(ledger, config, clock=lambda: at), "a file of anchors, as the extra `anchor` is missing"
        write_config(ledger.anchor_config, AnchorConfig(identity=chain.identity))
        ledger.describe(replace(self.description, chain=chain.identity), replace=True)
        return chain, "an EVM chain in this process"

    def write_receipts(self, file: Path) -> None:
        """Write the receipts of all certificates to *file*, for their holders."""
        with Prover.open(self.folder) as prover, file.open("wb") as stream:
            for proof in prover.prove_all():
                stream.write(proof.to_line())

    def audit(self, trust_list: TrustList, secret: IssuerSecret, *, at: datetime) -> AuditReport:
        """Return what an audit finds that looks into the certificates with the issuer's *secret*."""
        brought = Brought(trust_list=trust_list, secret=secret)
        return audit_ledger(self.folder, brought, is_offline=True, at=at, progress=lambda _done, _all: None)

    def forged_copy(self, folder: Path) -> DemoLedger:
        """Return a copy in which somebody with the database in hand has put one certificate in the place of another."""
        shutil.copytree(self.folder, folder)
        with closing(sqlite3.connect(LedgerFolder(folder).log)) as connection, connection:
            connection.execute(
                "UPDATE certificate SET cose = (SELECT cose FROM certificate WHERE leaf_index = 1) WHERE leaf_index = 0"
            )
        return replace(self, folder=folder)

"""A log with certificates of the real issuer, anchored, and all that an auditor and an insider do with it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from vaxcert.issue.issuer import Issuer
from vaxcert.ledger.anchor.anchor_file import create_anchor_file
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.event_json import newest_final_event
from vaxcert.ledger.anchor.file import FileChain
from vaxcert.ledger.anchor.settings import Finality
from vaxcert.ledger.audit.auditor import audit
from vaxcert.ledger.audit.policy import Evidence
from vaxcert.ledger.evm.deploy import deploy
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.registry_owner import RegistryOwner
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.auditor_export import AuditorExport
from vaxcert.ledger.store.auditor_writer import export_for_auditor
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.audit.policy import AuditPolicy
    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.ledger.evm.rpc import Node
    from vaxcert.ledger.evm.transaction_signer import KeystoreSigner

ORIGIN = "ledger.moh.example/vn"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BATCHES = (100, 90, 110)
"""The second checkpoint stands in the middle of a tile, the log ends in the middle of another."""
PAUSE = timedelta(hours=6)
"""Between two batches: longer than a head may wait for its anchor."""


@dataclass
class Clock:
    """A time that passes when somebody says so."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@cache
def signer(name: str = "Invented DSC") -> PemSigner:
    csca = create_csca(country="VN", common_name="Invented CSCA", at=START - timedelta(days=1))
    pair = create_dsc(csca, common_name=name, usages=tuple(CertificateType), at=START - timedelta(days=1))
    return PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate))


def certificates(count: int, *, at: datetime, seed: int, by: PemSigner | None = None) -> list[CertificateRow]:
    """Return the rows of invented people's certificates, issued at *at*."""
    issuer = Issuer(by or signer(), country="VN", issuer="Invented Ministry", validity=timedelta(days=30), level=1)
    return [
        certificate_row(issuer.issue(VaccinationRecord.from_mapping(record), at=at).cose)
        for record in sample_records(count, seed=seed)
    ]


@dataclass(kw_only=True)
class AuditedLog:
    """A log in its folder, its key, its chain, and the time."""

    folder: Path
    key: LogKey
    clock: Clock
    identity: ChainIdentity
    connect: Callable[[Path, Clock], Chain]
    """Makes the log's side of its chain, given the log's folder and the time."""

    def chain(self) -> Chain:
        return self.connect(self.folder, self.clock)

    def open(self, *, read_only: bool = False) -> TransparencyLog:
        return TransparencyLog.open(self.folder, read_only=read_only)

    def add(self, rows: Sequence[CertificateRow]) -> None:
        with self.open() as log, log.transaction() as transaction:
            transaction.add_certificates(rows)

    def sign(self) -> str:
        with self.open() as log:
            return log.sign_checkpoint(self.key, at=self.clock())

    def anchor(self) -> None:
        """Bring every head to its end."""
        with self.open() as log:
            Anchorer(log, self.chain()).run(deadline=self.clock() + PAUSE, now=self.clock, wait=_patience())

    def batch(self, count: int, *, seed: int, by: PemSigner | None = None) -> None:
        """Issue, log, sign and anchor, all at one time."""
        self.add(certificates(count, at=self.clock(), seed=seed, by=by))
        self.sign()
        self.anchor()

    def bundles(self) -> list[bytes]:
        with self.open(read_only=True) as log:
            return [bundle for _, bundle in Outbox(log.database, holder="audit").finals()]

    def kept_note(self) -> str:
        return (self.folder / "checkpoint").read_text()

    def evidence(self, **changes: Any) -> Evidence:
        """Return what a well prepared auditor brings along."""
        evidence = Evidence(
            vkey=self.key.vkey,
            identity=self.identity,
            identity_is_pinned=True,
            chain=self.chain(),
            bundles=self.bundles(),
            trust_list=TrustList(entries=(signer().certificate,), as_of=START),
        )
        return replace(evidence, **changes)

    def audit(self, *, policy: AuditPolicy | None = None, **evidence: Any) -> AuditReport:
        with self.open(read_only=True) as log, log.database.reading():
            return audit(log, at=self.clock(), evidence=self.evidence(**evidence), policy=policy)

    def export(self, folder: Path) -> AuditorExport:
        """Return what the log hands to an auditor who has no access to it."""
        with self.open() as log:
            export_for_auditor(log, folder)
        return AuditorExport.open(folder)

    def audit_export(self, folder: Path, *, policy: AuditPolicy | None = None, **evidence: Any) -> AuditReport:
        """Audit an export without any network."""
        export = AuditorExport.open(folder)
        given = {"chain": None, "bundles": export.proof_bundles(), **evidence}
        return audit(export, at=self.clock(), evidence=self.evidence(**given), policy=policy)

    def copy(self, folder: Path) -> AuditedLog:
        """Return the same log in another folder, to be ruined there; its key and its signer stay the same."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, clock=Clock(self.clock.now))

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Do what an insider with the database's password does."""
        with closing(sqlite3.connect(self.folder / "log.sqlite", isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    def rewrite(self, change: Callable[[list[CertificateRow]], object], *, keep_proofs: bool = False) -> None:
        """Make the log anew from changed certificates, and sign its checkpoints anew with its own key.

        Args:
            change: What to do with the certificates, in the order of their leaves.
            keep_proofs: Whether to keep the old outbox, with the proofs of what stood there before.
        """
        with self.open() as log:
            rows = [CertificateRow(*row[1:]) for row in log.certificates()]
            heads = [(checkpoint.size, checkpoint.at) for checkpoint in log.checkpoints()]
        change(rows)
        new = self.folder.with_name(f"{self.folder.name}-new")
        TransparencyLog.create(new, origin=self.key.name, vkey=self.key.vkey, at=START).close()
        forged = replace(self, folder=new)
        start = 0
        for size, at in heads:
            forged.add(rows[start:size])
            forged.clock = Clock(datetime.fromtimestamp(at, UTC))
            forged.sign()
            start = size
        forged.add(rows[start:])
        if keep_proofs:
            with closing(sqlite3.connect(new / "log.sqlite", isolation_level=None)) as connection:
                connection.execute("ATTACH ? AS old", (str(self.folder / "log.sqlite"),))
                connection.execute("DELETE FROM anchor")
                connection.execute("INSERT INTO anchor SELECT * FROM old.anchor")
        for name in ("log.sqlite", "checkpoint"):
            shutil.move(new / name, self.folder / name)


def make_log(
    folder: Path,
    *,
    connect: Callable[[Path, Clock], Chain],
    identity: ChainIdentity,
    key: LogKey,
    clock: Clock,
    batches: Sequence[int] = BATCHES,
) -> AuditedLog:
    """Return a log of several batches, each with its checkpoint and its anchor."""
    log = AuditedLog(folder=folder, key=key, clock=clock, identity=identity, connect=connect)
    for seed, count in enumerate(batches):
        log.batch(count, seed=seed)
        clock.now += PAUSE
    return log


def make_file_log(folder: Path, *, batches: Sequence[int] = BATCHES) -> AuditedLog:
    """Return such a log with a file chain in its folder."""
    key, clock = LogKey.create(ORIGIN), Clock(START)
    TransparencyLog.create(folder, origin=key.name, vkey=key.vkey, at=START).close()
    identity = create_anchor_file(folder / "anchors.jsonl", log_id=key.log_id, at=START)

    def connect(where: Path, clock: Clock) -> Chain:
        return FileChain(where / "anchors.jsonl", identity, clock=clock)

    return make_log(folder, connect=connect, identity=identity, key=key, clock=clock, batches=batches)


@dataclass(kw_only=True)
class EvmLog(AuditedLog):
    """Such a log with a contract on an EVM chain."""

    node: Node
    account: KeystoreSigner
    """It owns the contract and writes for the log."""

    def withdraw(self, seq: int) -> None:
        owner = RegistryOwner([self.node], owner=self.account, wait=_at_once)
        owner.withdraw(self.identity.contract, self.identity.log_id, seq)

    def chain_at(self, node: Node) -> Chain:
        """Return the chain as *node* shows it, to be read alone."""
        return _evm_chain(self.folder, node, self.identity, None)

    def catch_up(self) -> None:
        """Let it be as late as it is on the chain."""
        block = self.node.request("eth_getBlockByNumber", "latest", False)
        assert isinstance(block, dict)
        self.clock.now = datetime.fromtimestamp(int(str(block["timestamp"]), 16), UTC)


def make_evm_log(
    folder: Path, node: Node, account: KeystoreSigner, *, driver: str, batches: Sequence[int] = BATCHES
) -> EvmLog:
    """Return a log with a contract of its own on the chain of *node*; its certificates are as old as their blocks."""
    key, clock = LogKey.create(ORIGIN), Clock(START)
    TransparencyLog.create(folder, origin=key.name, vkey=key.vkey, at=START).close()
    identity = deploy([node], owner=account, writer=account.address, log_id=key.log_id, driver=driver, wait=_at_once)

    def connect(where: Path, _clock: Clock) -> Chain:
        return _evm_chain(where, node, identity, account)

    log = EvmLog(folder=folder, key=key, clock=clock, identity=identity, connect=connect, node=node, account=account)
    for seed, count in enumerate(batches):
        log.catch_up()
        log.batch(count, seed=seed)
    log.catch_up()
    return log


def _evm_chain(folder: Path, node: Node, identity: ChainIdentity, account: KeystoreSigner | None) -> EvmChain:
    with TransparencyLog.open(folder, read_only=True) as log:
        newest = newest_final_event(Outbox(log.database, holder="test"))
    return EvmChain([node], identity, finality=Finality(1), signer=account, newest_final=newest)


def _patience() -> Callable[[timedelta], None]:
    """Return what waits for a node on a busy machine: some moments, and then no longer."""
    moments = iter(range(40))

    def wait(pause: timedelta) -> None:
        if next(moments, None) is None:
            raise AssertionError(f"not anchored within two seconds, but after {pause}")
        time.sleep(0.05)

    return wait


def _at_once() -> None:
    """Wait for nothing: the chains of tests make a block for each transaction."""

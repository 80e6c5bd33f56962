"""The audit of a ledger or of an export of one, with what the auditor brings along."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError, LedgerFormatError, NoteError, SettingsError
from vaxcert.ledger.anchor.settings import AnchorConfig
from vaxcert.ledger.audit.auditor import audit
from vaxcert.ledger.audit.policy import Evidence
from vaxcert.ledger.audit.report import LogIdentity
from vaxcert.ledger.audit.report_page import render_html
from vaxcert.ledger.audit.summary import unreadable_report
from vaxcert.ledger.log.checkpoint import parse_checkpoint
from vaxcert.ledger.log.note import MAX_NOTE_BYTES, parse_note
from vaxcert.ledger.store.auditor_export import AuditorExport
from vaxcert.ledger.store.auditor_writer import EXPORT_NAME
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.sealed import opener_of
from vaxcert.service.anchor_state import READER
from vaxcert.service.chains import open_chain
from vaxcert.service.files import read_file
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import read_description

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.anchor.settings import NodeAddress
    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.ledger.audit.report_words import Language
    from vaxcert.ledger.store.reader import LogReader
    from vaxcert.service.log_description import LogDescription
    from vaxcert.signing.issuer_secret import IssuerSecret
    from vaxcert.trust.trust_list import TrustList

REPORT_FORMS: Final[dict[str, Callable[[AuditReport, Language], bytes]]] = {
    ".html": lambda report, lang: render_html(report, lang=lang).encode(),
    ".json": lambda report, _: report.to_json().encode(),
}
"""A page to be signed and filed, and what programs read; by the end of the file's name."""

_LOG: Final = "name the log's log.json, as its authority gives it, with --log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What the auditor has from elsewhere than the ledger; what there is not is not compared, which the report says."""

    log: LogDescription | None = None
    """The log, as its authority describes it."""
    nodes: Sequence[NodeAddress] = ()
    """Nodes of the chain that the auditor asks instead of the operator's."""
    confirmed_blocks: Collection[bytes] = ()
    """Hashes of blocks that the auditor has confirmed elsewhere, for an audit that asks no node."""
    notes: Sequence[Path] = ()
    """Signed checkpoints that were kept: from the last audit, from a witness."""
    trust_list: TrustList | None = None
    """The document signers that may have signed the certificates."""
    revoked_kids: Mapping[bytes, datetime] = field(default_factory=dict)
    """Since when which signers are no longer believed (aware)."""
    secret: IssuerSecret | None = None
    """Opens the certificates that are sealed under it; an auditor from outside never has it."""


def audit_ledger(
    folder: Path, brought: Brought, *, is_offline: bool, at: datetime, progress: Callable[[int, int], None]
) -> AuditReport:
    """Return what an audit of the ledger, or of the export of one, in *folder* finds.

    Args:
        folder: The ledger, or what `vaxcert ledger export --auditor` wrote.
        brought: What the auditor has from elsewhere.
        is_offline: Whether no chain is asked, and the proofs of the anchors have to do.
        at: The time of the audit (aware).
        progress: Called with how many entries of how many are done.

    Raises:
        KeyFileError: A public key is malformed.
        LedgerDamagedError: The log cannot be read at all, and nothing says which it is.
        LedgerFormatError: There is neither a ledger nor an export.
        MissingDependencyError: The chain needs the extra ``anchor``, which is not installed.
        SettingsError: `anchor.json` is not right, there is a node to ask and nothing says of which chain, or something
            that was brought is no checkpoint, or older than the anchoring.
        StorageError: Something cannot be read at all.
    """
    own = _own_description(folder)
    try:
        with _opened(folder, brought, own, is_offline=is_offline, at=at) as (reader, evidence):
            return audit(reader, at=at, evidence=evidence, progress=progress)
    except LedgerDamagedError as error:
        known = brought.log or own
        if known is None:  # there is not even a name to report about
            raise
        log = LogIdentity(origin=known.origin, vkey=known.vkey, log_id=known.log_id.hex(), size=0)
        return unreadable_report(log, error, at=at)


def format_report(report: AuditReport, form: str, *, lang: Language) -> bytes:
    """Return *report* in one of `REPORT_FORMS`."""
    return REPORT_FORMS[form](report, lang)


def _own_description(folder: Path) -> LogDescription | None:
    path = LedgerFolder(folder).description
    return read_description(path) if path.exists() else None


@contextmanager
def _opened(
    folder: Path, brought: Brought, own: LogDescription | None, *, is_offline: bool, at: datetime
) -> Iterator[tuple[LogReader, Evidence]]:
    """Give the log in *folder*, as it is at one moment, and what it is compared with."""
    ledger = LedgerFolder(folder)
    _check_pins(brought.log, own)
    evidence = _evidence(brought, own)
    if (folder / EXPORT_NAME).exists():
        export = AuditorExport.open(folder)
        chain = None if is_offline else _asked(ledger, brought, evidence.identity, at)
        yield export, replace(evidence, bundles=export.proof_bundles(), chain=chain)
    elif ledger.log.exists():
        with ledger.open(read_only=True) as log, log.database.reading():
            chain = None if is_offline else _asked(ledger, brought, evidence.identity, at)
            bundles = (bundle for _, bundle in Outbox(log.database, holder=READER).finals())
            yield log, replace(evidence, bundles=bundles, chain=chain)
    else:
        raise LedgerFormatError(
            f"there is neither a ledger nor an export of one in {folder}",
            hint="`vaxcert ledger export --auditor` makes one",
        )


def _evidence(brought: Brought, own: LogDescription | None) -> Evidence:
    pinned = brought.log
    is_pinned = pinned is not None and pinned.chain is not None
    described = pinned if is_pinned else own
    return Evidence(
        vkey=None if pinned is None else pinned.vkey,
        identity=None if described is None else described.chain,
        identity_is_pinned=is_pinned,
        confirmed_blocks=brought.confirmed_blocks,
        notes=[_kept_note(path) for path in brought.notes],
        trust_list=brought.trust_list,
        revoked_kids=brought.revoked_kids,
        opener=None if brought.secret is None else opener_of(brought.secret),
    )


def _kept_note(path: Path) -> str:
    content = read_file(path, limit=MAX_NOTE_BYTES)
    try:
        parse_checkpoint(parse_note(content).text)
    except NoteError as error:
        raise SettingsError(
            f"{path} holds no signed checkpoint: {error.message}",
            hint="keep what `vaxcert ledger checkpoint` prints, or the file `checkpoint` of a ledger or an export",
        ) from error
    return content.decode()


def _check_pins(pinned: LogDescription | None, own: LogDescription | None) -> None:
    """Refuse a `log.json` from before its log was anchored to a chain: nothing that is there now could agree with it.

    A file of anchors witnesses nothing, so that nobody is spared a finding by this.
    """
    drivers = [log.chain.driver if log is not None and log.chain is not None else None for log in (pinned, own)]
    if drivers[0] == "file" and drivers[1] not in ("file", None):
        raise SettingsError(
            "the log.json given with --log is older than the log's anchoring to a chain",
            hint="fetch the log.json that the log's authority publishes now",
        )


def _asked(ledger: LedgerFolder, brought: Brought, identity: ChainIdentity | None, at: datetime) -> Chain | None:
    """Return the chain to ask: by the auditor's nodes, else by those in the ledger's `anchor.json`, else none."""
    if identity is None:
        if brought.nodes:
            raise SettingsError("there are nodes to ask, and nothing says which chain has the log's anchors", hint=_LOG)
        return None
    if brought.nodes and identity.driver != "evm":
        raise SettingsError("the log's anchors are not on a chain that has nodes to ask")
    config = ledger.config()
    if brought.nodes:
        config = AnchorConfig(identity=identity, nodes=tuple(brought.nodes), agreeing=len(brought.nodes))
    elif identity.driver == "file":
        config = AnchorConfig(identity=identity) if ledger.anchor_file.exists() else None
    elif config is not None:
        config = replace(config, identity=identity)
    # A chain for trials ended with the process that made it; its proofs have to do.
    return None if config is None or identity.driver == "tester" else open_chain(ledger, config, clock=lambda: at)

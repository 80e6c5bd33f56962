"""Anchoring a ledger's heads: brought onto its chain, and how far each has come."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from vaxcert.errors import SettingsError
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.event_json import newest_final_event
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.service.anchor_state import READER, Anchoring, anchoring_of
from vaxcert.service.chains import open_account, open_chain, watch_account
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.anchor.progress import Progress
    from vaxcert.ledger.anchor.settings import AnchorConfig
    from vaxcert.ledger.anchor.status import AnchorStatus
    from vaxcert.ledger.evm.transaction_signer import TransactionSigner
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.service.ledger_folder import Secret

_ADVANCE: Final = timedelta(minutes=5)
"""For what is done without waiting: a chain that moves to and fro does not hold a run for ever."""


class AnchoringSession:
    """Brings the queued heads of one ledger onto its chain; one process at a time does, others wait for it.

    Its methods raise `AnchorConflictError` where the chain has another root for this log, `LedgerRolledBackError` where
    the log is shorter than what stands there (the log is halted by both), and `WrongChainError` where the chain or the
    contract is another than the pinned one, or has lost a final anchor.
    """

    def __init__(
        self,
        ledger: LedgerFolder,
        log: TransparencyLog,
        config: AnchorConfig,
        *,
        signer: TransactionSigner | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Anchor *log*, which lies in *ledger*, by *config* and with the account *signer*, at the time of *clock*."""
        newest = newest_final_event(Outbox(log.database, holder=READER))
        chain = open_chain(ledger, config, clock=clock, signer=signer, newest_final=newest)
        self._anchorer = Anchorer(log, chain)
        self._ledger, self._log, self._clock = ledger, log, clock

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, passphrase: Secret, clock: Callable[[], datetime]) -> Iterator[Self]:
        """Give the session for the ledger in *folder*.

        Args:
            folder: The ledger.
            passphrase: Opens the anchoring account's keystore, where the chain needs one.
            clock: Tells the time (aware).

        Raises:
            KeyFileError: The anchoring key cannot be had; a `PassphraseError` where it is the passphrase.
            LedgerStateError: There is no ledger.
            MissingDependencyError: The extra ``anchor`` is not installed.
            SettingsError: `anchor.json` is missing or not right.
        """
        ledger = LedgerFolder(folder)
        with ledger.open() as log:
            config = config_of(ledger, log)
            yield cls(ledger, log, config, signer=open_account(ledger, config, passphrase), clock=clock)

    def advance(self) -> Progress:
        """Do what can be done now, without waiting, and return what it came to."""
        return self._anchorer.run(deadline=self._clock() + _ADVANCE, now=self._clock, wait=None)

    def finish(self, *, deadline: datetime, wait: Callable[[timedelta], object]) -> Progress:
        """Go on until every head is final or covered, an operator is needed, or *deadline* has come.

        Args:
            deadline: When to stop (aware).
            wait: Waits for the time that it is given.
        """
        return self._anchorer.run(deadline=deadline, now=self._clock, wait=wait)

    def retry(self) -> bool:
        """Try again a head that the contract has refused, on an operator's word; return whether there was one."""
        return self._anchorer.retry(self._clock())

    @property
    def state(self) -> Anchoring:
        """How far the heads have come."""
        state = anchoring_of(self._ledger, self._log)
        assert state is not None  # the session was opened by it
        return state


def anchoring_status(folder: Path, *, clock: Callable[[], datetime]) -> AnchorStatus:
    """Return how far each head of the ledger in *folder* has come, and how long the account's funds last.

    The chain is asked who it is, and for the account's funds; where it is another or does not answer, the status says
    so, and knows nothing of the funds.

    Raises:
        KeyFileError: The keystore does not say whose key it holds.
        LedgerStateError: There is no ledger.
        MissingDependencyError: The extra ``anchor`` is not installed.
        SettingsError: `anchor.json` is missing or not right.
    """
    ledger = LedgerFolder(folder)
    with ledger.open(read_only=True) as log:
        config = config_of(ledger, log)
        account = None if config.keystore is None else watch_account(ledger.path / config.keystore)
        newest = newest_final_event(Outbox(log.database, holder=READER))
        chain = open_chain(ledger, config, clock=clock, signer=account, newest_final=newest)
        return Anchorer(log, chain).status(clock())


def config_of(ledger: LedgerFolder, log: TransparencyLog) -> AnchorConfig:
    """Return how *log*, which lies in *ledger*, is anchored.

    Raises:
        SettingsError: `anchor.json` is missing, not right, or another log's.
    """
    config = ledger.config()
    if config is None:
        raise SettingsError(
            f"there is no {ledger.anchor_config}", hint="put it back, or name a chain with `vaxcert anchor deploy`"
        )
    if config.identity.log_id != log.log_id:
        raise SettingsError(f"{ledger.anchor_config} is about another log than the one in this folder")
    return config

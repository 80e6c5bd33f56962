"""Issuing while somebody waits: some records in, their certificates out, each in the log before it goes out.

A record keeps its certificate, as in a batch: sent again it gets the one that it has, and so a client that heard no
answer may simply ask again.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Final

from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.engines import local_engine
from vaxcert.service.batch.issue import Watch
from vaxcert.service.batch.own_log import open_own_log
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.stream import issue_stream
from vaxcert.service.revocation_book import BOOK_NAME
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.batch.workbench import Recipe, Workbench
    from vaxcert.service.rejects import Reject

MAX_RECORDS: Final = 500
"""At once: a second of signing and logging. Files of more are for `vaxcert issue`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedOnline:
    """What became of some records."""

    certificates: Sequence[Mapping[str, object]]
    """As the JSON lines of `vaxcert issue` have them, for those that were issued."""
    rejects: Sequence[Reject]
    """What is wrong with the others, each by its number among the records, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingPlace:
    """Where a service issues: the keys, the ledger and the book. One issues at a time, as the log has one end."""

    recipe: Recipe
    bench: Workbench
    ledger: Path
    _turn: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    @contextmanager
    def open(cls, recipe: Recipe, ledger: Path) -> Iterator[IssuingPlace]:
        """Give the place at which certificates are issued as *recipe* says, into *ledger*.

        Raises:
            SigningError: The key or the issuer's secret cannot be had.
            StorageError: A file cannot be read.
        """
        with ExitStack() as stack:
            yield cls(recipe=recipe, bench=recipe.make(stack), ledger=ledger)

    def issue(self, records: Sequence[Mapping[str, object]], *, at: datetime) -> IssuedOnline:
        """Issue a certificate for each of *records*, or return the one that it has.

        Args:
            records: As in the lines of a file for `vaxcert issue`.
            at: The issue time (aware).

        Raises:
            LedgerStateError: The log may not be written to.
            SigningError: The key may not sign now.
            StorageError: The log or the book cannot be written.
        """
        rejects: list[Reject] = []
        out = BytesIO()
        rows = iter([Row(number, record) for number, record in enumerate(records, 1)])
        watch = Watch(clock=lambda: at, told=rejects.extend)
        with self._turn, ExitStack() as stack:
            log = stack.enter_context(open_own_log(self.ledger, self.bench.secret, self.bench.plan.country))
            book = stack.enter_context(BatchBook(self.ledger / BOOK_NAME, log))
            book.check_signer(self.bench.signer.kid.value, at)
            engine = local_engine(self.bench, self.recipe, workers=1)
            issue_stream(rows, self.bench, engine, watch, stream=out, log=log, book=book, mode=Mode.ISSUE)
        return IssuedOnline(certificates=[json.loads(line) for line in out.getvalue().splitlines()], rejects=rejects)

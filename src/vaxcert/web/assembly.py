"""From what the operator said to an office: made anew in each process of the service, from paths alone."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vaxcert.service.batch.seat import calm_collector
from vaxcert.service.files import read_secret_line
from vaxcert.service.kept_verifier import KeptVerifier, TrustSources
from vaxcert.service.online_issuing import IssuingPlace
from vaxcert.service.registry.accounts.sessions import VISITOR
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.revocation_book import BOOK_NAME
from vaxcert.web.app import create_app
from vaxcert.web.auth.doors import Doors
from vaxcert.web.auth.oidc import OidcTokens, Provider
from vaxcert.web.auth.opaque import KeyTokens, SessionTokens
from vaxcert.web.journal import Journal, utc_now
from vaxcert.web.metrics import Metrics
from vaxcert.web.office import Office
from vaxcert.web.settings import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from litestar.types import ASGIApp

    from vaxcert.service.batch.workbench import Recipe
    from vaxcert.service.registry.desk import Desk
    from vaxcert.web.auth.doors import TokenReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What a service is made of: it can be sent to another process, and has no secret in it."""

    trust: TrustSources
    ledger: Path | None = None
    revocation_list: Path | None = None
    registry: Path | None = None
    registry_passphrase: Path | None = None
    """The file with the passphrase of the registry's keys."""
    recipe: Recipe | None = None
    """How certificates are issued from records; with it there is a ledger."""
    provider: Provider | None = None
    limits: Limits = field(default_factory=Limits)
    workers: int = 1

    def office(self, stack: ExitStack) -> Office:
        """Return the office; what it opens is closed with *stack*.

        Raises:
            VaxcertError: Something that was named cannot be read or opened; the subclass says what.
        """
        limits = self._shared_limits()
        threads = stack.enter_context(ThreadPoolExecutor(limits.threads, thread_name_prefix="vaxcert"))
        desk = self._desk(stack)
        readers: tuple[TokenReader, ...] = ()
        if desk is not None:
            readers = (SessionTokens(desk, utc_now), KeyTokens(desk, utc_now))
            if self.provider is not None:
                readers += (OidcTokens(self.provider, desk, utc_now),)
        return Office(
            clock=utc_now,
            verifying=KeptVerifier.of(self.trust, at=utc_now()),
            journal=Journal(sys.stderr.buffer, utc_now),
            metrics=Metrics(),
            threads=threads,
            doors=Doors(readers=readers, threads=threads, limits=limits, visitor=None if desk is None else VISITOR),
            limits=limits,
            ledger=self.ledger,
            book=None if self.ledger is None else self.ledger / BOOK_NAME,
            revocation_list=self.revocation_list,
            issuing=None
            if self.recipe is None or self.ledger is None
            else stack.enter_context(IssuingPlace.open(self.recipe, self.ledger)),
            desk=desk,
        )

    def _desk(self, stack: ExitStack) -> Desk | None:
        if self.registry is None:
            return None
        assert self.registry_passphrase is not None  # the command asks for both
        desk = RegistryFolder(self.registry).open(read_secret_line(self.registry_passphrase, "passphrase"))
        stack.callback(desk.close)
        return desk

    def _shared_limits(self) -> Limits:
        """Return this process's part of what a client may ask of all."""
        limits, workers = self.limits, self.workers
        return replace(
            limits,
            client_rate=limits.client_rate / workers,
            client_burst=max(1, limits.client_burst // workers),
            account_rate=limits.account_rate / workers,
            account_burst=max(1, limits.account_burst // workers),
        )


_process = ExitStack()
"""What this process of the service has open; it lives as long as the process."""


def assembled_app(assembly: Assembly) -> ASGIApp:
    """Return the application of this process."""
    app = create_app(assembly.office(_process))
    # What is there by now stays: without this the collector looks through all of it, some 50 ms, in a request's time.
    calm_collector()
    return app

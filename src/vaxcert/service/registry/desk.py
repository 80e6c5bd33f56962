"""The desk: where every use case of the registry is carried out, the same way for all of them."""

from __future__ import annotations

import hmac
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from vaxcert.errors import (
    IdempotencyConflictError,
    PersonErasedError,
    RegistryBusyError,
    RegistryError,
    RequestError,
)
from vaxcert.registry.database.engine import reading_engine, report_engine, transaction, wipe_log
from vaxcert.registry.database.partitions import missing_partitions
from vaxcert.registry.requests.store import find_request, forget_requests
from vaxcert.registry.requests.tables import requests
from vaxcert.registry.sealing.store import rewrap_some
from vaxcert.registry.trail.store import PAGE, chain_some
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.work import NOBODY, Work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from vaxcert.registry.sealing.keyring import Keyring
    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.reference import Reference
    from vaxcert.service.registry.use_case import UseCase

R = TypeVar("R", bound=Request)
A = TypeVar("A", bound=Answer)

ATTEMPTS: Final = 5
"""How often a transaction that met another one is begun again."""

MAX_KEY_LENGTH: Final = 200
MOMENT_MS: Final = 500
"""To make a part of a table everybody else has to wait, and for this long at most."""

REWRAPPED_AT_ONCE: Final = 500
"""So many data keys a transaction: nobody waits for the rotation."""

KEPT_FOR: Final = timedelta(days=2)
"""How long a key is remembered: longer than any client tries again."""

_TO_BYTES = msgspec.msgpack.Encoder(order="deterministic")


class Desk:
    """Carries out use cases on one registry; shared by threads."""

    def __init__(self, engine: sa.Engine, keyring: Keyring, reference: Reference) -> None:
        self._engine = engine
        self._reading = reading_engine(engine)
        self._counting = report_engine(engine)
        self._keyring = keyring
        self._reference = reference

    def run(self, use_case: UseCase[R, A], request: R, *, actor: Actor, at: datetime, key: str | None = None) -> A:
        """Carry out *use_case* in one transaction, and return its answer.

        Args:
            use_case: What to do.
            request: What is asked.
            actor: Who asks.
            at: The instant at which it happens, aware.
            key: The caller's key of this request. The same request with the same key is carried out once, and answered
                the same each time, for two days.

        Raises:
            NotAllowedError: The actor may not.
            IdempotencyConflictError: The key was another request's.
            RegistryBusyError: Others were in the way again and again; nothing was written.
            RegistryError: A rule forbids it; nothing was written.
        """
        actor.check_may(use_case.right)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(use_case, request, actor, at, None if use_case.reads else key)
            except (RegistryBusyError, IntegrityError) as error:
                if attempt == ATTEMPTS or not (isinstance(error, RegistryBusyError) or _is_of_key(error)):
                    raise
            except RegistryError:
                # Perhaps its twin, which came with the same key at the same time, was carried out meanwhile.
                answer = None if key is None or use_case.reads else self._twin(use_case, request, actor, at, key)
                if answer is None:
                    raise
                return answer
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    @contextmanager
    def working(self, actor: Actor, at: datetime, *, reads: bool = False, counts: bool = False) -> Iterator[Work]:
        """Yield a transaction for upkeep that is no request: imports in steps, the sequencers, deliveries.

        Args:
            actor: Who acts.
            at: The instant at which it happens, aware.
            reads: Whether nothing is to be written.
            counts: Whether many rows are read, to count them; nothing may be written then.
        """
        if at.tzinfo is None:
            raise ValueError("an instant needs its zone")
        engine = self._counting if counts else self._reading if reads else self._engine
        with transaction(engine, reads=reads or counts) as connection:
            work = Work(connection, keyring=self._keyring, reference=self._reference, actor=actor, at=at)
            yield work
            work.finish()
        if work.erases:
            wipe_log(self._engine)

    def chain_trail(self) -> int:
        """Chain what is committed and not chained yet; return how many entries."""
        total = 0
        while True:
            with transaction(self._engine, reads=False) as connection:
                done = chain_some(connection)
            total += done
            if done < PAGE:
                return total

    def rewrap(self) -> Iterator[int]:
        """Wrap every data key under the newest key, while the registry works; yield how many, step by step.

        When it is done no data key needs an older key any more.

        Raises:
            SealError: A data key does not open with the keys that are here; what was wrapped anew stays so.
        """
        self._keyring.reload()
        while True:
            with transaction(self._engine, reads=False) as connection:
                done = rewrap_some(connection, self._keyring, REWRAPPED_AT_ONCE)
            if not done:
                return
            yield done

    def make_months(self, day: date) -> int:
        """Make the parts that are missing for the month of *day* and those after it; return how many were made.

        Each waits for the others who use its table for a moment only: what is not made now is made another time.
        """
        with self.reading() as connection:
            statements = missing_partitions(connection, day, since=day)
        made = 0
        for statement in statements:
            try:
                with transaction(self._engine, reads=False) as connection:
                    connection.execute(sa.text(f"SET LOCAL lock_timeout = {MOMENT_MS}"))
                    connection.execute(sa.text(statement))
            except RegistryBusyError:
                continue
            made += 1
        return made

    def forget_keys(self, at: datetime) -> int:
        """Forget the keys of requests that are too old to be sent again; return how many."""
        with transaction(self._engine, reads=False) as connection:
            return forget_requests(connection, at - KEPT_FOR)

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Return a connection that only reads, without an actor: for counts and checks."""
        return transaction(self._reading, reads=True)

    def close(self) -> None:
        """Close every connection."""
        for engine in (self._engine, self._reading, self._counting):
            engine.dispose()

    def _once(self, use_case: UseCase[R, A], request: R, actor: Actor, at: datetime, key: str | None) -> A:
        with self.working(actor, at, reads=use_case.reads, counts=use_case.counts) as work:
            if key is None:
                return use_case(work, request)
            place, asked = _digest_of_key(actor, key), self._digest_of(use_case, request)
            known = self._known(work, use_case, place, asked)
            if known is not None:
                return known
            answer = use_case(work, request)
            self._keep(work, place, asked, answer)
            return answer

    def _twin(self, use_case: UseCase[R, A], request: R, actor: Actor, at: datetime, key: str) -> A | None:
        with self.working(actor, at, reads=True) as work:
            return self._known(work, use_case, _digest_of_key(actor, key), self._digest_of(use_case, request))

    def _known(self, work: Work, use_case: UseCase[R, A], key: bytes, asked: bytes) -> A | None:
        found = find_request(work.connection, key)
        if found is None:
            return None
        if not hmac.compare_digest(found.request, asked):
            raise IdempotencyConflictError("the key was used for another request")
        return work.unseal(use_case.answer, found.subject, "requests.answer", found.id, found.answer)

    def _digest_of(self, use_case: UseCase[R, A], request: R) -> bytes:
        return self._keyring.pepper.digest(_TO_BYTES.encode((use_case.name, request)))

    def _keep(self, work: Work, key: bytes, asked: bytes, answer: Answer) -> None:
        row = work.new_id()
        subject = next(iter(work.subjects), NOBODY)
        try:
            sealed = work.seal(subject, "requests.answer", row, answer)
        except PersonErasedError:  # what was asked for was to erase them
            subject = NOBODY
            sealed = work.seal(subject, "requests.answer", row, answer)
        work.insert(requests, key=key, request=asked, id=row, subject=subject, answer=sealed, at=work.at)


def _digest_of_key(actor: Actor, key: str) -> bytes:
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise RequestError(f"an idempotency key has 1 to {MAX_KEY_LENGTH} characters")
    return sha256(f"{actor.account}\0{key}".encode()).digest()


def _is_of_key(error: Exception) -> bool:
    # Two with the same key at one time: the second finds the first one's answer when it begins again.
    said = str(error)
    return "pk_requests" in said or "requests.key" in said

"""One actor's transaction on the registry: what a use case works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa

from vaxcert.errors import NotRegisteredError, StaleVersionError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.database.direct import direct, read_together
from vaxcert.registry.database.held import HeldWrites
from vaxcert.registry.database.ids import new_id
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.sealing.store import (
    destroy_data_key,
    key_in_use,
    load_data_key,
    new_data_key,
    open_data_key,
)
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.registry.trail.tables import trail, trail_tail
from vaxcert.service.registry.access import Actor, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from vaxcert.errors import VaxcertError
    from vaxcert.registry.database.direct import Question
    from vaxcert.registry.sealing.keyring import DataKey, Keyring
    from vaxcert.service.registry.reference import Reference

T = TypeVar("T")

NOBODY: Final = UUID(int=0)
"""The subject of what is about no person: its data key is the registry's own, and is never destroyed."""

_TO_BYTES = msgspec.msgpack.Encoder(order="deterministic")


class Work:
    """One transaction. It lives as long as `Desk.run` runs, and is not shared between threads.

    Attributes:
        actor: Who acts.
        at: The instant at which all of it happens.
        day: The calendar day of that instant in Viet Nam.
        reference: The data that rules refer to.
        scope: Where the actor may act.
        entries: All ids of people who were asked for, until somebody is merged.
    """

    def __init__(
        self, connection: sa.Connection, *, keyring: Keyring, reference: Reference, actor: Actor, at: datetime
    ) -> None:
        self._connection = direct(connection)
        self._keyring = keyring
        self._data_keys: dict[UUID, DataKey] = {}
        self._knows_newest_key = False
        self._held = HeldWrites()
        self.subjects: list[UUID] = []
        self.entries: dict[UUID, tuple[UUID, ...]] = {}
        self.erases = False
        self.actor: Final = actor
        self.at: Final = at
        self.day: Final[date] = at.astimezone(VIETNAM_TIME).date()
        self.reference: Final = reference
        self.scope: Final = Scope(actor, reference, self.day)

    @property
    def connection(self) -> sa.Connection:
        """The connection; what is held back is written first, so that every statement sees it."""
        self.flush()
        return self._connection

    def read_together(self, *questions: Question) -> None:
        """Ask in one round trip what the next calls are about to read: see `direct.read_together`."""
        read_together(self.connection, questions)

    def new_id(self) -> UUID:
        """Return an id for a new row."""
        return new_id(self.at)

    # -- sealed values

    def create_subject(self, subject: UUID) -> None:
        """Make the data key of the new person *subject*: nothing can be sealed about somebody before."""
        if not self._knows_newest_key:
            # A rotation wraps the registry's own data key too. Holding that, it cannot end before this transaction
            # does, and once it has ended, the old key is known to be old: no data key is left behind under it.
            self._keyring.check_knows(key_in_use(self._connection, NOBODY))
            self._knows_newest_key = True
        self._data_keys[subject], row = new_data_key(self._keyring, subject)
        self.insert(data_keys, **row)

    def open_subject(self, subject: UUID, key_id: str, wrapped: bytes) -> None:
        """Take the data key of *subject*, which was read in the statement that found them.

        Raises:
            SealError: It does not open with the keys that are here.
        """
        if subject not in self._data_keys:
            self._data_keys[subject] = open_data_key(self._keyring, subject, key_id, wrapped)

    def erase_subject(self, subject: UUID) -> bool:
        """Destroy the data key of *subject*, for ever; return whether there was one."""
        self._data_keys.pop(subject, None)
        self.erases = True
        return destroy_data_key(self.connection, subject)

    def seal(self, subject: UUID, place: str, row: UUID, value: object) -> bytes:
        """Return *value* sealed under the data key of *subject*.

        Args:
            subject: Whose it is.
            place: The table and column it will stand in, as ``table.column``.
            row: The id of its row there: what is moved to another place or row does not open.
            value: A struct, dataclass, mapping or plain value.

        Raises:
            PersonErasedError: *subject* has no data key any more.
        """
        return self._data_key(subject).seal(_TO_BYTES.encode(value), about=_about(place, row))

    def unseal(self, kind: type[T], subject: UUID, place: str, row: UUID, sealed: bytes) -> T:
        """Return the value of type *kind* that `seal` took.

        Raises:
            PersonErasedError: *subject* has no data key any more.
            SealError: It was altered, or moved here from elsewhere.
        """
        return msgspec.msgpack.decode(self._data_key(subject).open(sealed, about=_about(place, row)), type=kind)

    def look_up(self, kind: str, text: str) -> bytes:
        """Return what stands in the blind index of *kind* for the normalised *text*, 32 bytes."""
        return self._keyring.pepper.look_up(kind, text)

    # -- writing

    def insert(self, table: sa.Table, **row: object) -> None:
        """Write *row* into *table* before the next statement on the connection, or at the end of the transaction."""
        self._held.insert(table, row)

    def insert_new(self, table: sa.Table, row: dict[str, object], *, otherwise: VaxcertError) -> None:
        """Write *row* as `insert` does, and raise *otherwise* where a unique constraint has it already."""
        self._held.insert(table, row, otherwise)

    def change(self, statement: sa.Update, values: Mapping[str, object], *, otherwise: VaxcertError) -> None:
        """Execute *statement*, which changes one row, when `insert` writes; raise *otherwise* where it changed none."""
        if self._held.goes_before(statement):
            self.flush()
        self._held.change(statement, values, otherwise)

    def flush(self) -> None:
        """Write what is held back."""
        self._held.write(self._connection)

    def finish(self) -> None:
        """Write what is held back, as the last thing before the transaction is committed."""
        self._held.write(self._connection, commits=True)

    def update_version(self, table: sa.Table, row: UUID, expected: int | None, **values: object) -> int:
        """Change the row with the id *row* of *table*, whose version is *expected*; return its new version.

        Args:
            table: A table with the columns `id` and `version`.
            row: Which row.
            expected: The version that the caller has read; None to change it whatever its version.
            values: The new values.

        Raises:
            StaleVersionError: It has another version by now; nothing was changed.
            NotRegisteredError: There is no such row.
        """
        change = sa.update(table).where(table.c.id == row).values(version=table.c.version + 1, **values)
        if expected is not None:
            change = change.where(table.c.version == expected)
        found = self.connection.execute(change.returning(table.c.version)).one_or_none()
        if found is not None:
            return int(found.version)
        if self.connection.execute(sa.select(table.c.id).where(table.c.id == row)).one_or_none() is None:
            raise NotRegisteredError("there is no such entry")
        raise StaleVersionError("somebody else has changed it meanwhile")

    def note(
        self,
        deed: str,
        subject: UUID,
        *,
        before: object = None,
        after: object = None,
        reason: str | None = None,
        person: UUID | None = None,
    ) -> None:
        """Write into the trail that the actor did *deed* to *subject*.

        Args:
            deed: What was done, such as ``person.registered``.
            subject: The id of what it was done to.
            before: What it was; only a keyed digest of it is kept.
            after: What it is now; likewise.
            reason: Why, in the actor's words; kept sealed.
            person: Whom it is about, if that is not the subject's own id: the reason goes when they are erased.
        """
        entry, month = self.new_id(), month_of(self.day)
        whose = person or (subject if subject in self._data_keys else NOBODY)
        self.subjects.append(whose)
        self.insert(
            trail,
            month=month,
            id=entry,
            at=self.at,
            account=self.actor.account,
            deed=deed,
            subject=subject,
            before=self._digest(before),
            after=self._digest(after),
            reason=None if reason is None else self.seal(whose, "trail.reason", entry, reason),
        )
        self.insert(trail_tail, entry=entry, month=month)

    def _digest(self, content: object) -> bytes | None:
        return None if content is None else self._keyring.pepper.digest(_TO_BYTES.encode(content))

    def _data_key(self, subject: UUID) -> DataKey:
        key = self._data_keys.get(subject)
        if key is None:
            key = self._data_keys[subject] = load_data_key(self.connection, self._keyring, subject)
        return key


def _about(place: str, row: UUID) -> bytes:
    return place.encode() + b"\0" + row.bytes

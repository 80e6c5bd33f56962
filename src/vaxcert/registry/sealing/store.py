"""Data keys: made, read, wrapped anew and destroyed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.errors import PersonErasedError
from vaxcert.registry.sealing.keyring import DATA_KEY_BYTES, DataKey
from vaxcert.registry.sealing.tables import data_keys

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.sealing.keyring import Keyring

_OF_SUBJECT = sa.select(data_keys.c.key_id, data_keys.c.wrapped).where(data_keys.c.subject == sa.bindparam("subject"))
_KEY_ID = sa.select(data_keys.c.key_id).where(data_keys.c.subject == sa.bindparam("subject")).with_for_update(read=True)
_DESTROY = sa.delete(data_keys).where(data_keys.c.subject == sa.bindparam("subject"))
_STALE = (
    sa.select(data_keys.c.subject, data_keys.c.key_id, data_keys.c.wrapped)
    .where(data_keys.c.key_id != sa.bindparam("current"))
    .limit(sa.bindparam("limit"))
)
# The old wrapping is named too: a key that was destroyed or wrapped meanwhile stays as it is.
_REWRAP = (
    sa.update(data_keys)
    .where(data_keys.c.subject == sa.bindparam("of_subject"), data_keys.c.wrapped == sa.bindparam("old"))
    .values(key_id=sa.bindparam("new_key_id"), wrapped=sa.bindparam("new"))
)


def new_data_key(keyring: Keyring, subject: UUID) -> tuple[DataKey, dict[str, object]]:
    """Return a new data key for *subject*, and the row of `data_keys` that keeps it."""
    key = os.urandom(DATA_KEY_BYTES)
    key_id, wrapped = keyring.wrap(key, about=subject.bytes)
    return DataKey(key), {"subject": subject, "key_id": key_id, "wrapped": wrapped}


def key_in_use(connection: sa.Connection, subject: UUID) -> str:
    """Return the id of the key that the data key of *subject* lies under; it stays so until the transaction ends."""
    return str(connection.execute(_KEY_ID, {"subject": subject}).scalar_one())


def load_data_key(connection: sa.Connection, keyring: Keyring, subject: UUID) -> DataKey:
    """Return the data key of *subject*.

    Raises:
        PersonErasedError: There is none any more.
        SealError: It does not open with the keys that are here.
    """
    row = connection.execute(_OF_SUBJECT, {"subject": subject}).one_or_none()
    if row is None:
        raise PersonErasedError("the data of this person were erased")
    return open_data_key(keyring, subject, row.key_id, row.wrapped)


def open_data_key(keyring: Keyring, subject: UUID, key_id: str, wrapped: bytes) -> DataKey:
    """Return the data key of *subject* that was read with something else.

    Raises:
        SealError: It does not open with the keys that are here.
    """
    return DataKey(keyring.unwrap(key_id, wrapped, about=subject.bytes))


def destroy_data_key(connection: sa.Connection, subject: UUID) -> bool:
    """Destroy the data key of *subject*; return whether there was one."""
    return connection.execute(_DESTROY, {"subject": subject}).rowcount == 1


def rewrap_some(connection: sa.Connection, keyring: Keyring, limit: int) -> int:
    """Wrap up to *limit* data keys anew that lie under an older key; return how many were found.

    Raises:
        SealError: One does not open with the keys that are here.
    """
    rows = connection.execute(_STALE, {"current": keyring.current.key_id, "limit": limit}).all()
    changes = []
    for subject, key_id, wrapped in rows:
        new_id, new = keyring.wrap(keyring.unwrap(key_id, wrapped, about=subject.bytes), about=subject.bytes)
        changes.append({"of_subject": subject, "old": wrapped, "new_key_id": new_id, "new": new})
    if changes:
        connection.execute(_REWRAP, changes)
    return len(rows)

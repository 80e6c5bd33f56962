"""The wrapped data keys, one for each subject; without its row, nothing sealed about the subject can be opened."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import id_column, table
from vaxcert.registry.sealing.keyring import KEY_ID_LENGTH, WRAPPED_BYTES

data_keys = table(
    "data_keys",
    id_column("subject"),
    sa.Column("key_id", sa.String(KEY_ID_LENGTH), nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary(WRAPPED_BYTES), nullable=False),
)

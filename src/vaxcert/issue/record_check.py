"""Whether records may be certified: what the schema says of their DCCs, and the time of what they attest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.codec import schema
from vaxcert.errors import FieldProblem, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from vaxcert.model.record import Record

SCHEMA_VERSION = "1.3.0"
"""The version that every verifier in the field knows."""

SINGLE_NAME_SCHEMA_VERSION = "1.3.2"
"""The first that takes a holder without a family name."""


def check_record(record: Record, dcc: Mapping[str, object], issued_at: datetime) -> None:
    """Check that *record*, whose DCC is *dcc*, may be certified at *issued_at*.

    Raises:
        SchemaError: It is dated after that, or the DCC breaks its schema; the `problems` say where.
    """
    if record.is_ahead_of(issued_at):
        problem = FieldProblem(record.event_field, "in_the_future", "lies after the issue time")
        raise SchemaError("the record is dated after the issue time", problems=[problem])
    version = str(dcc["ver"])
    if not schema.is_strict(dcc, version):
        schema.check_strict(dcc, version=version)


def errors_of(
    records: Sequence[Record], dccs: Sequence[Mapping[str, object]], issued_at: datetime
) -> dict[int, SchemaError]:
    """Return by its number what is wrong with each of *records*; most often that is nothing, which is asked of all."""
    versions = (SCHEMA_VERSION, SINGLE_NAME_SCHEMA_VERSION)
    if not any(record.is_ahead_of(issued_at) for record in records) and all(
        schema.are_strict([dcc for dcc in dccs if dcc["ver"] == version], version) for version in versions
    ):
        return {}
    errors: dict[int, SchemaError] = {}
    for number, (record, dcc) in enumerate(zip(records, dccs, strict=True)):
        try:
            check_record(record, dcc, issued_at)
        except SchemaError as error:
            errors[number] = error
    return errors

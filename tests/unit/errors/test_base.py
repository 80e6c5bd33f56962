"""Every error reaches another process as it is."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest

from vaxcert.commands.exit_codes import error_classes
from vaxcert.errors import (
    CertificateIdError,
    ExpiredError,
    NodesDisagreeError,
    PassphraseError,
    UnknownSignerError,
    VaxcertError,
    WorkerLostError,
)

MADE: list[VaxcertError] = [
    ExpiredError(datetime(2026, 11, 23, tzinfo=UTC)),
    UnknownSignerError(b"\1\2\3"),
    CertificateIdError("taken", leaf_index=7, hint="look there"),
    NodesDisagreeError("two blocks", height=3, hashes=frozenset((b"a", b"b"))),
    WorkerLostError("signal 9", times=4),
    PassphraseError("the passphrase is wrong"),
]


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_an_error_of_every_class_keeps_its_class_text_and_facts(kind: type[VaxcertError]) -> None:
    error = kind.__new__(kind, "what went wrong")
    error.__dict__.update(message="what went wrong", hint="what to do", some_fact=[1, b"2"])
    received = pickle.loads(pickle.dumps(error))
    assert type(received) is kind
    assert (str(received), vars(received)) == ("what went wrong", vars(error))
    assert received.code == kind.code


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy], ids=["pickle", "copy"])
def test_what_an_error_was_made_with_is_kept(error: VaxcertError, again: object) -> None:
    assert callable(again)
    received = again(error)
    assert type(received) is type(error)
    assert (str(received), received.hint, vars(received)) == (str(error), error.hint, vars(error))

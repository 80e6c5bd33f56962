"""Certificates go into the log before they go out."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.authority import AT, VACCINATION, issuer
from vaxcert.codec import cbor, cose
from vaxcert.errors import LedgerFormatError, LedgerHaltedError, LedgerStateError
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.records import VaccinationRecord
from vaxcert.service import outputs
from vaxcert.service.ledger_sink import LedgerSink, digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate

RECORD = VaccinationRecord.from_mapping(VACCINATION)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an empty log."""
    key = LogKey.create("ledger.example/vn")
    TransparencyLog.create(tmp_path / "ledger", origin=key.name, vkey=key.vkey, at=AT).close()
    return tmp_path / "ledger"


def certificates(count: int) -> list[Certificate]:
    maker = issuer()
    return [maker.issue(RECORD, at=AT) for _ in range(count)]


def append(sink: LedgerSink, issued: Sequence[Certificate]) -> Sequence[int]:
    for certificate in issued:
        sink.hold(certificate)
    return sink.append()


def test_each_certificate_gets_the_next_leaf(folder: Path) -> None:
    issued = certificates(3)
    with LedgerSink.open(folder) as sink:
        assert list(append(sink, issued[:2])) == [0, 1]
        assert list(append(sink, issued[2:])) == [2]
        assert sink.appended == 3
    with TransparencyLog.open(folder, read_only=True) as log:
        row = log.certificate(issued[1].uvci)
        assert row is not None
        assert (row.leaf_index, row.cose, row.kid) == (1, issued[1].cose, issued[1].kid.value)
        assert (row.issued_at, row.expires_at) == (issued[1].issued_at.timestamp(), issued[1].expires_at.timestamp())


def test_the_digest_is_of_what_was_signed_however_it_is_encoded() -> None:
    message = certificates(1)[0].cose
    parts = cose.parse(cbor.decode(message))
    again = cbor.encode([parts.protected, {}, parts.payload, parts.signature])
    assert again != message
    assert digest_of(again) == digest_of(message)


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerFormatError), LedgerSink.open(tmp_path):
        pass


def test_a_halted_log_takes_nothing(folder: Path) -> None:
    with TransparencyLog.open(folder) as log:
        log.halt("a conflict")
    with LedgerSink.open(folder) as sink:
        with pytest.raises(LedgerHaltedError):
            append(sink, certificates(1))
        assert sink.appended == 0


class Refusing:
    """A ledger that is full."""

    held = 0

    def hold(self, _certificate: Certificate) -> None:
        self.held += 1

    def append(self) -> Sequence[int]:
        raise LedgerStateError(f"no room for {self.held}")


def test_what_the_ledger_refuses_does_not_go_out() -> None:
    stream = io.BytesIO()

    def issue_one() -> None:
        with outputs.stream_output(stream, "jsonl") as output:
            output.ledger = Refusing()
            output.write(RECORD, certificates(1)[0])

    with pytest.raises(LedgerStateError, match="no room for 1"):
        issue_one()
    assert stream.getvalue() == b""


def test_lines_name_their_leaves_in_the_order_of_the_input(folder: Path) -> None:
    issued = certificates(outputs.CERTIFICATES_PER_APPEND + 3)
    stream = io.BytesIO()
    with LedgerSink.open(folder) as sink, outputs.stream_output(stream, "jsonl") as output:
        output.ledger = sink
        for certificate in issued:
            output.write(RECORD, certificate)
        assert len(stream.getvalue().splitlines()) == outputs.CERTIFICATES_PER_APPEND
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["id"], line["leaf_index"]) for line in lines] == [
        (certificate.uvci, index) for index, certificate in enumerate(issued)
    ]

"""Nothing of anybody leaves the issuer by way of the log: not on the chain, not in public files, not in log output.

A population is issued certificates, logged, revoked in part and anchored on a real contract, while all that goes to and
comes from the node is written down. Then everything public is searched for what is known of these people, plain,
hashed and in the forms of the EU's revocation lists (hash lists of UCI, country and UCI, and signature, cut to 128 bits).
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from base64 import b32encode, b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import cbor2
import pytest

from tests.audited_log import EvmLog, certificates, make_evm_log, signer
from vaxcert.codec import hc1
from vaxcert.errors import CertificateIdError
from vaxcert.ledger.audit.report_page import render_html
from vaxcert.ledger.evm.in_process_node import InProcessNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.tree import leaf_hash
from vaxcert.ledger.store.statements import revoke
from vaxcert.ledger.store.tile_export import export_tiles
from vaxcert.service.sample import sample_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.reader import CertificateRow

BATCHES = (40, 30)
LEAST = 5
"""Bytes of the shortest needle: a shorter one would be found in random bytes now and then."""
EU_HASH = 16
"""The bytes of a hash in the EU's revocation lists."""


@dataclass
class RecordingNode:
    """Writes down every byte that goes to a node or comes from it."""

    node: InProcessNode
    seen: list[bytes] = field(default_factory=list)
    name: str = "a recording node"

    def request(self, method: str, *params: Any) -> Any:
        answer = self.node.request(method, *params)
        for value in _leaves((params, answer)):
            self.seen.append(value.encode())
            if re.fullmatch(r"0x(?:[0-9a-f]{2})+", value):
                self.seen.append(bytes.fromhex(value[2:]))
        return answer


def _leaves(value: object) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _leaves(item)
        case list() | tuple():
            for item in value:
                yield from _leaves(item)
        case str():
            yield value


@dataclass(frozen=True)
class Person:
    """What is known of somebody, and of his certificate."""

    record: dict[str, str]
    row: CertificateRow

    def secrets(self) -> Iterator[bytes]:
        """Yield all that must not be found, as bytes."""
        tagged = cbor2.loads(self.row.cose)
        _, _, payload, signature = tagged.value
        dcc = cbor2.loads(payload)[-260][1]
        names = dcc["nam"]
        texts = {
            *names.values(),
            f"{names.get('fn', '')} {names.get('gn', '')}".strip(),
            f"{names.get('fnt', '')}<<{names.get('gnt', '')}",
            dcc["dob"],
            self.record["citizen_id"],
            self.row.id,
            self.row.id.removeprefix("URN:UVCI:"),
            self.row.id[-32:],
            *(f"{name}{dcc['dob']}" for name in names.values()),
        }
        for text in texts:
            for form in ("NFC", "NFD"):
                written = unicodedata.normalize(form, text)
                for spelled in (written, written.lower(), written.upper()):
                    yield spelled.encode()
                    yield spelled.encode("utf-16-be")
        yield from (self.row.cose, payload, signature, signature[:32], signature[32:])
        yield from (self.row.digest, hc1.encode(self.row.cose).encode())
        for country in ("VN", ""):
            yield (country + self.row.id).encode()


def forms_of(secret: bytes) -> Iterator[bytes]:
    """Yield the forms in which *secret* could be found: plain, hashed, as a leaf without a salt; in bytes and as text."""
    hashed = sha256(secret).digest()
    plain = [secret, hashed, hashed[:EU_HASH], leaf_hash(secret)]
    if len(secret) == 32:
        plain.append(entry_of(EntryKind.CERTIFICATE, bytes(16), secret))
    for content in plain:
        if len(content) < LEAST:
            continue
        yield content
        yield content.hex().encode()
        yield content.hex().upper().encode()
        yield b32encode(content).rstrip(b"=")
        for encoded in (b64encode(content), urlsafe_b64encode(content)):
            yield encoded.rstrip(b"=")


@dataclass
class World:
    """A log of a population, and everything that went out."""

    log: EvmLog
    people: list[Person]
    node: RecordingNode
    output: str

    def found_in(self, haystacks: list[bytes], *, with_kid: bool = True) -> list[bytes]:
        """Return which needles are in *haystacks*."""
        needles = {form for person in self.people for secret in person.secrets() for form in forms_of(secret)}
        if with_kid:
            needles |= set(forms_of(signer().certificate.kid.value))
        hay = b"\x00\x00".join(haystacks)
        return [needle for needle in needles if len(needle) >= LEAST and needle in hay]


class Collected(logging.Handler):
    """Every record of every logger, as text."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return the log of the population, made while everything is listened to."""
    handler, root = Collected(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        inner = InProcessNode()
        node = RecordingNode(inner)
        log = make_evm_log(
            tmp_path_factory.mktemp("privacy") / "log",
            node,
            KeystoreSigner(inner.account_key),
            driver="tester",
            batches=BATCHES,
        )
        _revoke_some(log)
        with log.open(read_only=True) as opened:
            by_id = {row.id: row for row in opened.certificates()}
        records = [record for seed, count in enumerate(BATCHES) for record in sample_records(count, seed=seed)]
        log.audit()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    rows = list(by_id.values())
    people = [Person(record, row[1:]) for record, row in zip(records, rows, strict=True)]
    yield World(log, people, node, "\n".join(handler.lines))


def _revoke_some(log: EvmLog) -> None:
    with log.open() as opened:
        rows = list(opened.certificates())
        with opened.transaction() as transaction:
            for row in rows[:5]:
                revoke(transaction, row, at=log.clock(), reason="key-compromise")
    log.sign()
    log.anchor()

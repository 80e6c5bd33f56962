"""Nothing of anybody leaves the issuer by way of the log: not on the chain, not in public files, not in log output.

A population is issued certificates, logged, revoked in part and anchored on a real contract, while all that goes to and
comes from the node is written down. Then everything public is searched for what is known of these people, plain, hashed
and in the forms of the EU's revocation lists (of UCI, of country and UCI, of the signature, cut to 128 bits).
"""

from __future__ import annotations

import logging
import re
import unicodedata
from base64 import b32encode, b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import cbor2
import pytest

from tests.audited_log import EvmLog, make_evm_log, make_file_log, signer
from vaxcert.codec import hc1
from vaxcert.errors import CertificateIdError
from vaxcert.ledger.audit.report_page import render_html
from vaxcert.ledger.evm.in_process_node import InProcessNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.tree import leaf_hash
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.ledger.store.statements import revoke
from vaxcert.ledger.store.tile_export import export_tiles
from vaxcert.service.sample import sample_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from tests.audited_log import AuditedLog

BATCHES = (40, 30)
LEAST = 6
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

    def identity(self) -> Iterator[bytes]:
        """Yield who it is: names, birth date, numbers; in every usual spelling."""
        payload = self._message()[2]
        dcc = cbor2.loads(payload)[-260][1]
        names = dcc["nam"]
        texts = {
            *names.values(),
            f"{names.get('fn', '')} {names.get('gn', '')}".strip(),
            f"{names.get('fnt', '')}<<{names.get('gnt', '')}",
            dcc["dob"],
            self.record["citizen_id"],
            *(f"{name}{dcc['dob']}" for name in names.values()),
            self.row.id,
            self.row.id.removeprefix("URN:UVCI:"),
            self.row.id[-32:],
            f"VN{self.row.id}",  # COUNTRYCODEUCI of the EU's revocation lists
        }
        for text in filter(None, texts):
            for form in ("NFC", "NFD"):
                written = unicodedata.normalize(form, text)
                for spelled in (written, written.lower(), written.upper()):
                    yield spelled.encode()
                    yield spelled.encode("utf-16-be")

    def certificate(self) -> Iterator[bytes]:
        """Yield what stands for the certificate: its bytes, its signature and the half that the EU's lists hash."""
        _, _, payload, signature = self._message()
        yield from (self.row.cose, payload, signature, signature[:32], signature[32:])
        yield hc1.encode(self.row.cose).encode()

    def _message(self) -> tuple[bytes, dict[int, object], bytes, bytes]:
        message: tuple[bytes, dict[int, object], bytes, bytes] = cbor2.loads(self.row.cose).value
        return message


def forms_of(secret: bytes) -> Iterator[bytes]:
    """Yield the forms in which *secret* could be found: plain, hashed, as a leaf without a salt; as bytes or text."""
    hashed = sha256(secret).digest()
    plain = [secret, hashed, hashed[:EU_HASH], leaf_hash(secret)]
    if len(secret) == 32:
        unsalted = entry_of(EntryKind.CERTIFICATE, bytes(16), secret)
        plain += [unsalted, leaf_hash(unsalted)]
    for content in plain:
        if len(content) < LEAST:
            continue
        yield content
        yield content.hex().encode()
        yield content.hex().upper().encode()
        yield b32encode(content).rstrip(b"=")
        for encoded in (b64encode(content), urlsafe_b64encode(content)):
            yield encoded.rstrip(b"=")


class Needles:
    """What must not be found, by its first bytes, since there is much of it."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._by_start: dict[bytes, set[bytes]] = {}
        for secret in set(secrets):
            for needle in forms_of(secret):
                self._by_start.setdefault(needle[:LEAST], set()).add(needle)

    def found_in(self, *haystacks: bytes) -> list[bytes]:
        hay = b"\x00\x00".join(haystacks)
        found = set()
        for place in range(len(hay) - LEAST + 1):
            for needle in self._by_start.get(hay[place : place + LEAST], ()):
                if hay.startswith(needle, place):
                    found.add(needle)
        return sorted(found)


def all_of(people: Iterable[Person]) -> Iterator[bytes]:
    """Yield all that must not get out."""
    yield signer().certificate.kid.value
    for person in people:
        yield from (*person.identity(), *person.certificate(), person.row.digest)


@dataclass
class World:
    """A log of a population, and everything that went out."""

    log: EvmLog
    people: list[Person]
    sought: Needles
    node: RecordingNode
    output: str


class Collected(logging.Handler):
    """Every record of every logger, as text."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
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
        people = _people(log, BATCHES)
        log.audit()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return World(log, people, Needles(all_of(people)), node, "\n".join(handler.lines))


def _people(log: AuditedLog, batches: Sequence[int]) -> list[Person]:
    with log.open(read_only=True) as opened:
        rows = [CertificateRow(*row[1:]) for row in opened.certificates()]
    records = [record for seed, count in enumerate(batches) for record in sample_records(count, seed=seed)]
    return [Person(record, row) for record, row in zip(records, rows, strict=True)]


def _revoke_some(log: EvmLog) -> None:
    with log.open() as opened:
        rows = list(opened.certificates())
        with opened.transaction() as transaction:
            for row in rows[:5]:
                revoke(transaction, row, at=log.clock(), reason="key-compromise")
    log.sign()
    log.anchor()


class TestTheSearch:
    """It finds what is there; otherwise that nothing is found would say nothing."""

    def test_the_auditor_s_export_is_full_of_it(self, world: World, tmp_path: Path) -> None:
        world.log.export(tmp_path / "export")
        content = (tmp_path / "export" / "certificates.jsonl").read_bytes()
        found = world.sought.found_in(content)
        for person in world.people:
            assert person.row.id.encode() in found
            assert b64encode(person.row.cose).rstrip(b"=") in found

    @pytest.mark.parametrize(
        "leak",
        [
            lambda person: sha256(person.row.id.encode()).digest(),
            lambda person: sha256(f"VN{person.row.id}".encode()).digest()[:EU_HASH],
            lambda person: sha256(person.row.cose[-64:-32]).digest()[:EU_HASH],
            lambda person: sha256(person.row.cose[-64:]).hexdigest().encode(),
            lambda person: leaf_hash(person.row.digest),
            lambda person: leaf_hash(entry_of(EntryKind.CERTIFICATE, bytes(16), person.row.digest)),
            lambda person: b64encode(person.row.kid),
            lambda person: person.record["citizen_id"].encode(),
        ],
        ids=["UCI", "country and UCI", "signature", "signature, hex", "digest as entry", "no salt", "kid", "citizen"],
    )
    def test_one_hash_among_random_bytes_is_found(self, world: World, leak: Callable[[Person], bytes]) -> None:
        person = next(person for person in world.people if person.record["citizen_id"])
        noise = sha256(b"noise").digest() * 50
        assert world.sought.found_in(noise + leak(person) + noise)
        assert not world.sought.found_in(noise)


class TestNothingIsFound:
    def test_in_what_goes_to_the_chain_and_comes_from_it(self, world: World) -> None:
        assert sum(map(len, world.node.seen)) > 100_000
        assert world.sought.found_in(*world.node.seen) == []

    def test_in_the_transactions(self, world: World) -> None:
        raw = [bytes(row[0]) for row in world.log.sql("SELECT raw FROM attempt")]
        assert len(raw) == len(BATCHES) + 1
        assert world.sought.found_in(*raw) == []

    def test_in_proof_bundles_and_events(self, world: World) -> None:
        events = [str(row[0]).encode() for row in world.log.sql("SELECT event FROM anchor WHERE event IS NOT NULL")]
        assert len(events) == len(BATCHES) + 1
        assert world.sought.found_in(*events, *world.log.bundles()) == []

    def test_in_the_public_files(self, world: World, tmp_path: Path) -> None:
        with world.log.open(read_only=True) as opened:
            export_tiles(opened, tmp_path / "public")
        files = [path for path in (tmp_path / "public").rglob("*") if path.is_file()]
        assert {path.relative_to(tmp_path / "public").parts[0] for path in files} == {"checkpoint", "tile"}
        assert not (tmp_path / "public" / "tile" / "entries").exists()
        contents = [content for path in files for content in (str(path).encode(), path.read_bytes())]
        assert world.sought.found_in(*contents) == []

    def test_in_the_checkpoints(self, world: World) -> None:
        notes = [str(row[0]).encode() for row in world.log.sql("SELECT note FROM checkpoint")]
        assert len(notes) == len(BATCHES) + 1
        assert world.sought.found_in(*notes, world.log.kept_note().encode()) == []

    def test_in_log_output(self, world: World) -> None:
        assert "Making request" in world.output  # the chain's own library has much to say
        assert world.sought.found_in(world.output.encode()) == []

    def test_in_a_file_chain(self, tmp_path: Path) -> None:
        log = make_file_log(tmp_path / "log", batches=(12,))
        sought = Needles(all_of(_people(log, (12,))))
        assert sought.found_in((log.folder / "anchors.jsonl").read_bytes(), *log.bundles()) == []

    def test_in_what_is_said_of_a_certificate_that_is_refused(self, world: World) -> None:
        person = world.people[0]
        forged = person.row._replace(digest=bytes(32))
        with pytest.raises(CertificateIdError) as caught:
            world.log.add([forged])
        said = f"{caught.value!r} {caught.value} {caught.value.__dict__} {caught.value.hint} {person.row!r}"
        assert Needles(person.identity()).found_in(said.encode()) == []

    def test_in_the_report_of_an_audit_that_finds_much(self, world: World, tmp_path: Path) -> None:
        log = world.log.copy(tmp_path / "log")
        ((other,),) = log.sql("SELECT cose FROM certificate WHERE leaf_index = 9")
        log.sql("UPDATE certificate SET cose = ? WHERE leaf_index = 8", other)
        log.sql("UPDATE certificate SET id = 'URN:UVCI:01:VN:' || id, kid = x'00' WHERE leaf_index = 10")
        log.sql("DELETE FROM certificate WHERE leaf_index IN (11, 12)")
        log.sql("DELETE FROM statement")
        log.clock.now -= timedelta(days=3)
        report = log.audit(revoked_kids={signer().certificate.kid.value: log.clock() - timedelta(days=1)})
        assert len(report.counts) >= 5
        sought = Needles(secret for person in world.people for secret in (*person.identity(), *person.certificate()))
        assert sought.found_in(report.to_json().encode(), render_html(report).encode()) == []


def test_two_entries_of_one_certificate_have_nothing_in_common(world: World, tmp_path: Path) -> None:
    log = world.log.copy(tmp_path / "log")
    with log.open() as opened:
        first, second = opened.append([world.people[0].row.digest] * 2)
        one, other = opened.entry(first), opened.entry(second)
    assert one.digest == other.digest
    assert len({one.salt, other.salt, one.entry, other.entry, one.leaf, other.leaf}) == 6

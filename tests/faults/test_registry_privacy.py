"""A copy of the registry's databases tells nobody who its people are; nor do the ledger, the reports and the logs.

The demo plays a site's day on each database, and people are then asked for over HTTP. All that was written meanwhile
and that nobody has to read is searched for what is known of each of them, in each usual spelling, also after decoding
whatever can be decoded. At last one of them is erased.

What erasing leaves of one person in the people's tables, and of one certificate in the log, is shown by
`tests/scenarios/test_e15_erasure.py` and `test_e15_certificates.py`; that no answer over HTTP tells a stranger
anything, by `tests/integration/web/test_privacy.py`.
"""

from __future__ import annotations

import json
import logging
import zipfile
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from zlib import compress

import cbor2
import msgspec
import pypdfium2 as pdfium
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from tests.faults.encoders import AT as SIGNED_AT
from tests.faults.encoders import claims, signer
from tests.personal_search import Known, cells, found_in, needles_of, opened
from tests.role_tokens import RoleTokens
from tests.web_office import Clock, new_office, running
from vaxcert.codec import hc1
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.registry.certificates.life import CertificateState
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.people.tables import people as people_table
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.registry.trail.store import chain_some, check_chain
from vaxcert.service.auditing import Brought, audit_ledger
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.certificates.issuing import open_sequencer
from vaxcert.service.registry.demo.play import DATABASE, run_registry_demo
from vaxcert.service.registry.people.erasure import ErasePerson, erase_person
from vaxcert.service.registry.people.look_up import RevealPerson, reveal_person
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.reports.daily import DailyFormQuestion, show_daily_form
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from tests.postgres_server import PostgresServer
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.people.answers import PersonCard

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)
PEOPLE = 25
OPEN_FOLDERS = ("messages", "cards")
"""What the demo writes for people to read: the messages as they would be sent, and cards."""
CLIENTS = ("httpx", "httpcore", "asyncio")
"""What speaks of the addresses that the test itself asks at."""
STAFF = {
    role: Actor(account=role.value, roles=frozenset({role}), area=COUNTRY)
    for role in (Role.RECEPTIONIST, Role.SCREENER, Role.PROVINCE, Role.CENTRE)
}


@dataclass
class World:
    """A registry after its day, all that is known of its people, and what was said while it worked."""

    folder: Path
    desk: Desk
    engine: sa.Engine
    cards: list[PersonCard]
    sought: dict[bytes, set[bytes]]
    said: dict[str, str]

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    def files(self) -> dict[str, bytes]:
        """Return what stands in every file that is not there to be read."""
        paths = {path.relative_to(self.folder): path for path in self.folder.rglob("*") if path.is_file()}
        return {str(name): path.read_bytes() for name, path in paths.items() if name.parts[0] not in OPEN_FOLDERS}

    def found(self, content: bytes) -> set[bytes]:
        """Return what is found in *content*, and in all that can be decoded there."""
        return found_in(content, self.sought).union(*(found_in(inner, self.sought) for inner in opened(content)))


class Collected(logging.Handler):
    """Every record of every logger, as text."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in CLIENTS:
            self.lines.append(f"{record.name} {self.format(record)}")


@contextmanager
def heard() -> Iterator[Collected]:
    """Yield what all loggers say meanwhile, however much they can say."""
    handler, root = Collected(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    statements = logging.getLogger("sqlalchemy.engine")
    statements.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        statements.setLevel(logging.NOTSET)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield a registry that a site has worked with for a day, still open, so that SQLite's journal is there too."""
    database = DATABASE
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        database = server.empty_database()
    folder, told = tmp_path_factory.mktemp("day") / "demo", list[str]()
    with heard() as logged:
        demo = run_registry_demo(folder, at=AT, say=told.append, people=PEOPLE, database=database)
        assert demo.problems == []
        registry = RegistryFolder(folder / "registry")
        passphrase = (folder / "keys" / "passphrase.txt").read_bytes().strip()
        with closing(registry.open(passphrase)) as desk:
            cards = everybody(desk)
            journal = ask_over_http(desk, cards)
            said = {"demo": "\n".join(told), "journal": journal, "loggers": "\n".join(logged.lines)}
            engine = registry.engine()
            yield World(folder, desk, engine, cards, needles_of(map(known, cards)), said)
            engine.dispose()


def everybody(desk: Desk) -> list[PersonCard]:
    with desk.reading() as connection:
        ids = connection.scalars(sa.select(people_table.c.id)).all()
    return [reveal(desk, each) for each in ids]


def reveal(desk: Desk, person: UUID) -> PersonCard:
    asked = RevealPerson(person=person, reason="đối chiếu giấy tờ")
    return desk.run(reveal_person, asked, actor=STAFF[Role.SCREENER], at=AT)


def known(card: PersonCard) -> Known:
    return Known(
        family_name=card.family_name,
        given_name=card.given_name,
        birth_date=card.birth_date,
        numbers=tuple(each.number for each in card.numbers),
        phones=tuple(card.phones),
    )


def ask_over_http(desk: Desk, cards: list[PersonCard]) -> str:
    """Ask for people in every way that has their names and numbers, right and wrong, and return the service's log."""
    tokens = RoleTokens({role.value: actor for role, actor in STAFF.items()})
    head = {"Authorization": "Bearer role.receptionist"}
    with new_office(desk, clock=Clock(AT), readers=(tokens,)) as web:
        with TestClient(web.app) as client:
            for number, card in enumerate(cards[:6]):
                name = {"family_name": card.family_name, "given_name": card.given_name}
                phone, again = card.phones[0], {**head, "Idempotency-Key": f"{card.phones[0]}-{number}"}
                statuses = [
                    client.post(f"/api/v1{path}", json=body, headers=headers).status_code
                    for path, body, headers in (
                        ("/people/look-ups", {"text": phone}, head),
                        ("/people/searches", {**name, "birth_date": card.birth_date}, head),
                        ("/people", {**name, "birth_date": card.birth_date, "sex": "female", "area": "51"}, again),
                        ("/people", {**name, "birth_date": [card.birth_date], "area": card.family_name}, again),
                        ("/people", {card.given_name: phone}, again),
                        ("/people", {**name, "birth_date": "1990-13-45", "phones": ["12", phone], "area": "51"}, head),
                        ("/sessions/codes", {"phone": phone}, {}),
                        ("/sessions", {"account": card.given_name, "password": phone}, {}),
                        (f"/people/{phone}/erasure", {"reason": card.given_name}, head),
                        (f"/{card.family_name} {card.given_name}?dob={card.birth_date}", {}, head),
                        ("/verifications", {"text": f"HC1:{card.given_name}"}, {}),
                    )
                ]
                assert statuses[:2] == [200, 200]
                assert all(400 <= status < 500 for status in (*statuses[3:6], *statuses[7:10])), statuses
                query = {"phone": phone, "family_name": card.family_name}
                assert client.get(f"/api/v1/people/{card.id}", params=query, headers=head).status_code < 500
                client.post("/api/v1/people", content=f'{{"family_name": "{card.family_name}', headers=again)
        with running(web.app) as address, TestClient(web.app) as client:  # the server below has a log of its own
            client.get(f"{address}/api/v1/people/{cards[0].phones[0]}", headers={"User-Agent": cards[0].phones[0]})
        return web.lines


def a_certificate(card: PersonCard) -> str:
    named = {"fn": card.family_name, "gn": card.given_name, "fnt": "X", "gnt": "Y"}
    said = claims(iat=int(SIGNED_AT.timestamp()))
    said[-260][1]["nam"] = named  # the health certificate, as the specification numbers it
    protected = cbor2.dumps({1: -7, 4: signer().kid})
    return hc1.encode(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, cbor2.dumps(said), bytes(64)])))


class TestTheSearch:
    """It finds what is there; otherwise that nothing is found would say nothing."""

    @pytest.mark.parametrize(
        "leak",
        [
            lambda card: f"{card.family_name} {card.given_name}".encode(),
            lambda card: card.given_name.upper().encode("utf-16-le"),
            lambda card: known(card).family_name.encode() + known(card).given_name.encode(),
            lambda card: card.birth_date.encode(),
            lambda card: "/".join(reversed(card.birth_date.split("-"))).encode(),
            lambda card: card.phones[0].encode(),
            lambda card: f"0{card.phones[0][3:6]} {card.phones[0][6:9]} {card.phones[0][9:]}".encode(),
            lambda card: sha256(f"0{card.phones[0][3:]}".encode()).digest(),
            lambda card: f"name: {card.given_name}".encode().hex().encode(),
            lambda card: msgspec.json.encode({"a": f"id {card.phones[0]}".encode()}),  # in base64
            lambda card: json.dumps({"name": card.given_name}).encode(),  # with escapes
            lambda card: b"\x00\x07" + compress(f"name: {card.given_name}".encode()),
            lambda card: a_certificate(card).encode(),
            lambda card: hc1.decode(a_certificate(card)),
            lambda card: compress(json.dumps({"text": a_certificate(card)}).encode()),
        ],
    )
    def test_one_person_among_random_bytes_is_found(self, world: World, leak: Callable[[PersonCard], bytes]) -> None:
        card = next(card for card in world.cards if len(card.birth_date) == 10)
        noise = b"".join(sha256(bytes([number])).digest() for number in range(50))
        assert world.found(noise + leak(card) + noise)
        assert not world.found(noise)

    def test_what_is_for_people_to_read_is_full_of_it(self, world: World) -> None:
        messages = [path.read_bytes() for path in (world.folder / "messages").iterdir()]
        assert len([message for message in messages if world.found(message)]) > 2 * PEOPLE

    def test_a_name_in_one_cell_and_in_one_log_line_is_found(self, world: World) -> None:
        name = world.cards[-1].given_name
        with world.engine.connect() as connection:
            connection.execute(sa.text("UPDATE campaigns SET name = :name"), {"name": name})
            shown = connection.scalars(sa.text("SELECT name FROM campaigns")).one()
            connection.rollback()
        assert world.found(shown.encode())
        with heard() as logged:
            logging.getLogger("vaxcert.test").debug("registered %s", name)
        assert world.found("\n".join(logged.lines).encode())


class TestNothingIsFound:
    def test_in_the_files(self, world: World) -> None:
        files = world.files()
        expected = {"ledger/log.sqlite", "ledger/revocations.sqlite", "ledger/anchors.jsonl", "registry/registry.toml"}
        if world.engine.dialect.name == "sqlite":
            expected |= {"registry/registry.db", "registry/registry.db-wal"}
            assert len(files["registry/registry.db-wal"]) > 100_000
        assert expected <= set(files)
        assert {name: found for name, content in files.items() if (found := world.found(content))} == {}

    def test_in_any_cell_of_any_table(self, world: World) -> None:
        found: set[tuple[str, bytes]] = set()
        sizes = Counter[str]()
        for column, value in cells(world.engine):
            sizes[column] += len(value)
            found.update((column, needle) for needle in world.found(value))
        assert found == set()
        sealed = ("people.sealed", "certificates.text", "notifications.content", "corrections.wish", "trail.reason")
        assert all(sizes[column] > 0 for column in (*sealed, "requests.answer", "visits.screening"))

    def test_in_the_server_s_own_files(self, world: World) -> None:
        """Statistics of the planner hold samples of what stands in the columns."""
        if world.engine.dialect.name != "postgresql":
            return
        with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
            places = connection.scalars(sa.text(
                "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid) FROM pg_class"
                " WHERE (relnamespace = 'public'::regnamespace OR relname IN ('pg_statistic', 'pg_largeobject')"
                " OR relname LIKE 'pg_toast%') AND relkind IN ('r', 'i', 't') AND pg_relation_size(oid) > 8192"
            )).all()  # fmt: skip
        assert len(places) > 20
        for place in places:
            with open(place, "rb") as stream:  # noqa: PTH123 - a folder of the server's
                assert found_in(stream.read(), world.sought) == set(), place

    def test_in_the_reports(self, world: World) -> None:
        files = sorted((world.folder / "reports").iterdir())
        assert [path.suffix for path in files] == [".csv", ".pdf", ".xlsx"]
        with pdfium.PdfDocument(files[1]) as document:
            pages = "".join(page.get_textpage().get_text_range() for page in document)
        with zipfile.ZipFile(files[2]) as book:
            sheets = b"\0".join(map(book.read, book.namelist()))
        texts = [files[0].read_bytes(), pages.encode(), sheets]
        assert all(b"Vaxzevria" in text for text in texts)
        assert [found_in(text, world.sought) for text in texts] == [set(), set(), set()]

    def test_in_the_logs(self, world: World) -> None:
        assert len(world.said["journal"].splitlines()) > 60
        assert world.said["loggers"].count("sqlalchemy.engine") > 1000
        assert {name: found for name, text in world.said.items() if (found := world.found(text.encode()))} == {}


def test_erasing_a_person_leaves_the_counts_the_anchors_and_the_audit(world: World) -> None:
    """The last test: it changes the world."""
    registry, later = RegistryFolder(world.folder / "registry"), AT + timedelta(days=1)
    with world.engine.connect() as connection:
        person, uvcis = someone_corrected(connection)
        wrapped = connection.scalar(sa.select(data_keys.c.wrapped).where(data_keys.c.subject == person))
    assert wrapped is not None
    with LedgerFolder(world.ledger).open(read_only=True) as log:
        leaves = [found.leaf_index for uvci in uvcis if (found := log.certificate(uvci)) is not None]
        salts = [log.entry(leaf).salt for leaf in leaves]
        anchored = [(row.size, row.root) for row, _ in Outbox(log.database, holder="test").finals()]
        size = log.size
    assert len(leaves) == 2
    assert all(salts)
    before = counts(world)
    version = reveal(world.desk, person).version

    asked = ErasePerson(person=person, version=version, reason="theo yêu cầu")
    world.desk.run(erase_person, asked, actor=STAFF[Role.PROVINCE], at=later)
    with open_sequencer(registry, world.desk, at=later) as sequencer:
        assert sequencer is not None
        assert sequencer.drain(later).erased == 2
        assert sequencer.drain(later).erased == 0

    assert counts(world) == before
    with LedgerFolder(world.ledger).open(read_only=True) as log:
        assert sorted(erasure.leaf_index for erasure in log.erasures()) == sorted(leaves)
        assert [log.entry(leaf).salt for leaf in leaves] == [None, None]
        assert log.size == size
        assert [(row.size, row.root) for row, _ in Outbox(log.database, holder="test").finals()] == anchored
    report = audit_ledger(world.ledger, Brought(), is_offline=True, at=later, progress=lambda _done, _of: None)
    assert (report.outcome.value, dict(report.counts)) == ("clean", {FindingCode.ENTRY_ERASED: 2})
    assert anchored
    with world.engine.begin() as connection:
        chain_some(connection)
        assert check_chain(connection).position > 400
        assert connection.execute(sa.select(data_keys).where(data_keys.c.subject == person)).all() == []
    for name, content in world.files().items():
        assert not [secret for secret in (*salts, wrapped) if secret is not None and secret in content], name


def someone_corrected(connection: sa.Connection) -> tuple[UUID, list[str]]:
    """Return who has a certificate that is superseded and one that holds, and the ids of both."""
    state, person, uvci = certificates.c.state, certificates.c.person, certificates.c.uvci
    whose = connection.scalar(sa.select(person).where(state == CertificateState.SUPERSEDED))
    assert whose is not None
    return whose, [each for each in connection.scalars(sa.select(uvci).where(person == whose)) if each is not None]


def counts(world: World) -> list[object]:
    """Return the doses by year of birth, sex and area, and the daily form."""
    with world.engine.connect() as connection:
        joined = doses.join(people_table, people_table.c.id == doses.c.person)
        by = (people_table.c.birth_year, people_table.c.sex, people_table.c.area)
        counted = connection.execute(sa.select(*by, sa.func.count()).select_from(joined).group_by(*by).order_by(*by))
        rows = [tuple(row) for row in counted]
    asked = DailyFormQuestion(day=(AT - timedelta(days=1)).date())
    form = world.desk.run(show_daily_form, asked, actor=STAFF[Role.PROVINCE], at=AT)
    assert form.total.injected == sum(row[-1] for row in rows) > PEOPLE // 2
    return [rows, form]

"""A registry on PostgreSQL with many invented people and their doses, filled by COPY as the registry would have.

Every row is made by the registry's own code, sealed and indexed; only the transactions are large.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from vaxcert.model.identifiers import parse_identifier
from vaxcert.model.names import PersonName
from vaxcert.model.parsing import parse_country, parse_partial_day, parse_sex
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.phones import PhoneNumber
from vaxcert.model.valuesets import resolve_product
from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.database.held import HeldWrites
from vaxcert.registry.database.schema import METADATA
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.store import row_of
from vaxcert.registry.doses.tables import dose_places, doses
from vaxcert.registry.people.demographics import Demographics
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.record import Declarer, PersonRecord
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.people.qr import code_of
from vaxcert.service.registry.people.records import insert_person
from vaxcert.service.registry.people.writing import new_qid
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.work import Work
from vaxcert.service.sample import sample_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from vaxcert.registry.sealing.keyring import Keyring

BLOCK = 250
"""The doses of one of the invented people lie within so many records."""

AT_ONCE = 20 * BLOCK
DAYS = 120
"""The doses are of so many days before the day of the measurement."""

LOADER = Actor(account="loader", roles=frozenset({Role.SERVICE}), area=COUNTRY)
_REFERENCE = Reference()


@dataclass(frozen=True, slots=True)
class Loaded:
    """Whom the measurement may ask for: some of the people, by their number and the name in their personal QR."""

    people: int
    doses: int
    numbers: list[str]
    qr_texts: list[str]
    ids: list[UUID]


class CopyingWrites(HeldWrites):
    """New rows that are written by COPY."""

    def write(self, connection: sa.Connection, *, commits: bool = False) -> None:  # noqa: ARG002 - as in `HeldWrites`
        """Write them, those tables first that others refer to."""
        grouped: dict[sa.Table, list[Mapping[str, object]]] = {}
        for row in self._rows:
            grouped.setdefault(row.table, []).append(row.values)
        self._rows = []
        cursor = connection.connection.cursor()
        for table in METADATA.sorted_tables:
            if table not in grouped:
                continue
            columns = ", ".join(f'"{name}"' for name in grouped[table][0])
            with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                for values in grouped[table]:
                    copy.write_row([str(value) if isinstance(value, str) else value for value in values.values()])


class CopyingWork(Work):
    """Writes what it is given by COPY."""

    def __init__(self, connection: sa.Connection, **kept: Any) -> None:  # noqa: ANN401 - what `Work` takes
        super().__init__(connection, **kept)
        self._held = CopyingWrites()


def load(
    url: str, keyring: Keyring, *, records: int, at: datetime, sites: Sequence[tuple[UUID, str]], workers: int
) -> Loaded:
    """Fill the registry with the people of *records* invented doses, and return whom one may ask for.

    Args:
        url: The database, with its tables.
        keyring: Its secrets.
        records: How many doses; the people are about half as many.
        at: The instant of the measurement: doses are of the days before.
        sites: The sites at which they were given, each with its area.
        workers: How many processes.
    """
    share = records // workers // BLOCK * BLOCK
    for turn in range(workers):
        _SHARED[turn] = url, keyring, share, share * turn, at, list(sites)
    with get_context("fork").Pool(workers) as pool:  # keys cannot be pickled, and need not be: a fork has them
        parts = pool.map(_load_part, range(workers))
    return Loaded(
        people=sum(part.people for part in parts),
        doses=sum(part.doses for part in parts),
        numbers=[number for part in parts for number in part.numbers],
        qr_texts=[text for part in parts for text in part.qr_texts],
        ids=[each for part in parts for each in part.ids],
    )


_SHARED: dict[int, tuple[str, Keyring, int, int, datetime, list[tuple[UUID, str]]]] = {}


def _load_part(turn: int) -> Loaded:
    url, keyring, count, skip, at, sites = _SHARED[turn]
    random, engine = Random(turn), open_engine(url)
    found = Loaded(0, 0, [], [], [])
    people = written = 0
    records = sample_records(count, skip=skip)
    while rows := [row for _place, row in zip(range(AT_ONCE), records, strict=False)]:
        with engine.begin() as connection:
            work = CopyingWork(
                connection, keyring=keyring, reference=_REFERENCE, actor=LOADER, at=at - timedelta(days=DAYS)
            )
            for record, course in _people(work, rows, random):
                insert_person(work, record)
                last = at.date() - timedelta(days=random.randrange(1, DAYS))
                for dose, area in _doses(work, record, course, random.choice(sites), last):
                    work.insert(doses, **row_of(dose, area=area, at=at))
                    work.insert(
                        dose_places,
                        person=record.id,
                        place=dose.number,
                        dose=dose.id,
                        month=dose.given_on.replace(day=1),
                    )
                    written += 1
                people += 1
                if people % 100 == 0 and record.demographics.identifiers:
                    found.numbers.append(record.demographics.identifiers[0].number)
                    found.qr_texts.append(code_of(work, record).masked().format())
                    found.ids.append(record.id)
            work.flush()
    engine.dispose()
    return Loaded(people, written, found.numbers, found.qr_texts, found.ids)


def newcomers(work: Work, count: int) -> list[UUID]:
    """Write *count* people who have no dose yet, and return their ids."""
    random, made = Random(count), []
    for number in range(count):
        known = Demographics(
            name=PersonName.of("Nguyễn", f"Văn {chr(65 + number % 26)}{chr(97 + number // 26 % 26)}"),
            birth_date=PartialDate(f"{1950 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}"),
            sex=Sex.MALE,
            phones=(PhoneNumber(f"+8491{random.randrange(10**7):07}"),),
        )
        record = _record(work, known, random)
        insert_person(work, record)
        made.append(record.id)
    return made


def _people(
    work: Work, rows: Sequence[Mapping[str, str]], random: Random
) -> Iterator[tuple[PersonRecord, list[Mapping[str, str]]]]:
    """Yield each person of *rows* with the rows of their doses."""
    courses: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in rows:
        key = (row["family_name"], row["given_name"], row["birth_date"], row["citizen_id"])
        courses.setdefault(key, []).append(row)
    for (family, given, born, number), course in courses.items():
        first = course[0]
        name = PersonName.of(
            family,
            given,
            family_std=first["family_name_standardised"],
            given_std=first["given_name_standardised"],
        )
        known = Demographics(
            name=name,
            birth_date=parse_partial_day(born),
            sex=parse_sex(first["sex"]) if first["sex"] else None,
            identifiers=(parse_identifier(number),) if number else (),
            phones=(PhoneNumber(f"+8491{random.randrange(10**7):07}"),),
            nationality=parse_country(first["nationality"] or "VN"),
        )
        yield _record(work, known, random), course


def _record(work: Work, known: Demographics, random: Random) -> PersonRecord:
    return PersonRecord(
        id=work.new_id(),
        version=1,
        state=PersonState.ACTIVE,
        area=random.choice(AREAS),
        qid=new_qid(),
        declared_by=Declarer.OTHER,
        created_at=work.at,
        identity_verified=None,
        identity_verified_at=None,
        merged_into=None,
        demographics=known,
    )


@cache
def _product(name: str) -> str:
    return resolve_product(name, manufacturer=None, vaccine=None).product


AREAS = sorted(area.reference for area in _REFERENCE.areas if area.holds_on(date(2026, 3, 2)))


def _doses(
    work: Work,
    record: PersonRecord,
    course: Sequence[Mapping[str, str]],
    place: tuple[UUID, str],
    last: date,
) -> Iterator[tuple[Dose, str]]:
    site, area = place
    for number, row in enumerate(course, 1):
        given_on = last - timedelta(days=28 * (len(course) - number))
        yield (
            Dose(
                id=work.new_id(),
                person=record.id,
                product=_product(row["product"]),
                lot_number=row["lot"],
                lot=UUID(int=hash(row["lot"]) & (1 << 64) - 1),
                number=number,
                of=max(number, 2),
                kind=DoseKind.BASIC if number < 3 else DoseKind.BOOSTER,
                nth=number if number < 3 else number - 2,
                given_on=given_on,
                given_at=datetime.combine(given_on, time(3), tzinfo=UTC),
                site=site,
                source=DoseSource.VISIT,
                state=DoseState.CONFIRMED,
                entered_by="loader",
                visit=work.new_id(),
                rule="5785/QĐ-BYT",
            ),
            area,
        )

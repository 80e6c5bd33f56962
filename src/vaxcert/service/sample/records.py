"""The records of the invented population, one after the other, and the files that hold them.

The population is drawn in blocks, each from a seed of its own: any record can be had without those before it, however
many are asked for, and no more than a block is in memory. Only `random.Random.random` decides, which gives the same
numbers in every version of Python.
"""

from __future__ import annotations

import csv
import itertools
import json
from datetime import date
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING

from vaxcert.service.sample.courses import course
from vaxcert.service.sample.persons import birth_day, invent, written
from vaxcert.service.sample.slips import spoil
from vaxcert.service.sample.vaccines import LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

    from vaxcert.service.sample.courses import Dose
    from vaxcert.service.sample.persons import Person

COLUMNS = (
    "record_id",
    "family_name",
    "given_name",
    "family_name_standardised",
    "given_name_standardised",
    "birth_date",
    "sex",
    "citizen_id",
    "nationality",
    "product",
    "manufacturer",
    "lot",
    "dose_number",
    "total_doses",
    "vaccination_date",
    "site",
)
ERROR_COLUMN = "error"

EARLIEST_UNTIL = date(2021, 6, 30)
"""Before, too few had been vaccinated to draw from."""

_BLOCK = 250
"""The doses of a person lie within one."""

_SEED_APART = 7_368_787
"""So far are the numbers of a seed's people from those of the next: not the same ones have the same digits."""


def sample_records(
    count: int, *, seed: int = 0, skip: int = 0, until: date = LAST_DAY, errors: float = 0, is_labelled: bool = False
) -> Iterator[dict[str, str]]:
    """Yield *count* invented vaccinations, text by the names in `COLUMNS`.

    A person's doses are as many records with one identity, in their order, with those of others between them.

    Args:
        count: How many. A larger number begins with the same ones.
        seed: Another one is another population. Records are numbered alike in all.
        skip: How many of the population to leave out before the first: parts of one have no record twice.
        until: The last day of doses, from `EARLIEST_UNTIL` on.
        errors: The share of records, 0 to 1, that have an error (`vaxcert.service.sample.slips`); the others are as
            they would be without.
        is_labelled: Whether each record names its error in `ERROR_COLUMN`, empty where there is none.

    Raises:
        ValueError: *until* is too early, *skip* is negative, or *errors* is no share.
    """
    if until < EARLIEST_UNTIL:
        raise ValueError(f"until {until} too few were vaccinated to draw from; {EARLIEST_UNTIL} is the earliest day")
    if skip < 0 or not 0 <= errors <= 1:
        raise ValueError("skip must not be negative, and errors be from 0 to 1")
    first, offset = divmod(skip, _BLOCK)
    blocks: Iterator[Iterable[dict[str, str]]] = (
        _block(seed, number, until.toordinal()) for number in itertools.count(first)
    )
    if errors or is_labelled:
        blocks = (
            _with_errors(block, _chance(seed, number, "errors"), errors, is_labelled=is_labelled)
            for number, block in enumerate(blocks, first)
        )
    return itertools.islice(itertools.chain.from_iterable(blocks), offset, offset + max(count, 0))


def write_csv(stream: IO[str], records: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
    """Write the *columns* of *records* to *stream* as CSV, as `vaxcert issue` reads it."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(itemgetter(*columns), records))


def write_json_lines(stream: IO[str], records: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
    """Write them as a JSON object a line, without what is empty."""
    encode = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make an encoder for each line
    for record in records:
        stream.write(encode({name: text for name in columns if (text := record[name])}) + "\n")


WRITERS = {"csv": write_csv, "jsonl": write_json_lines}
"""What writes records, by the name of the format."""


def _chance(seed: int, block: int, purpose: str) -> Random:
    return Random(f"{purpose} {seed} {block}")  # noqa: S311 - invented people need no secrecy


def _block(seed: int, number: int, until: int) -> list[dict[str, str]]:
    """Return the records of the block *number*: people by people, each one's doses at places drawn for them."""
    chance = _chance(seed, number, "people")
    first = number * _BLOCK
    places = sorted(range(_BLOCK), key=lambda _place: chance.random())
    records: list[dict[str, str]] = [{}] * _BLOCK
    taken = persons = 0
    while taken < _BLOCK:
        born = birth_day(chance)
        doses = course(chance, born=born, until=until)
        if not doses:
            continue
        person = invent(chance, born=born, number=seed * _SEED_APART + first + persons)
        persons += 1
        # The last person of a block may lose doses: there is no place for them.
        own = sorted(places[taken : taken + len(doses)])
        for place, dose in zip(own, doses, strict=False):
            records[place] = _record(chance, first + place + 1, person, dose)
        taken += len(own)
    return records


def _record(chance: Random, number: int, person: Person, dose: Dose) -> dict[str, str]:
    vaccine = dose.vaccine
    return {
        "record_id": f"VN-{number:06}",
        **person.fields,
        "product": vaccine.names.at(chance.random()),
        "manufacturer": vaccine.maker,
        "lot": vaccine.lot(dose.day, chance.random()),
        "dose_number": str(dose.number),
        "total_doses": str(dose.total),
        "vaccination_date": written(date.fromordinal(dose.day), is_local=person.has_local_dates),
        "site": person.ward.site(chance.random()),
    }


def _with_errors(
    records: Iterable[dict[str, str]], chance: Random, share: float, *, is_labelled: bool
) -> Iterator[dict[str, str]]:
    """Yield *records*, a *share* of them with an error."""
    before = None
    for clean in records:
        record = clean.copy()
        slip = spoil(record, before, chance) if chance.random() < share else None
        if is_labelled:
            record[ERROR_COLUMN] = slip.name if slip else ""
        yield record
        before = clean

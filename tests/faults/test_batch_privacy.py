"""Whatever a batch keeps for itself tells nobody anything: journal, payloads, log, book, and what a killed run leaves.

A population is issued certificates into a job folder and a ledger, corrected, renewed and interrupted. Then every byte
that is not of an output that was asked for is searched for what is known of these people, in each usual spelling, and
for anything that can be decoded as a certificate.
"""

from __future__ import annotations

import csv
import re
import shutil
import sqlite3
import unicodedata
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import cbor2
import pytest

from tests.batches import LOGGED, issue, lines_of, make_place, write, write_population
from vaxcert.service.batch import issue as batch
from vaxcert.service.batch import run
from vaxcert.service.batch.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

PEOPLE = 60
LEAST = 6
"""Bytes of the shortest needle: a shorter one would be found in random bytes now and then."""

ASKED_FOR = ("jsonl/", "txt/", "png/", "rejects.csv")
"""What in a job folder has certificates, or record ids, because somebody asked for them."""


def spellings(record: Mapping[str, str]) -> Iterator[bytes]:
    """Yield what is known of somebody, in every spelling."""
    family, given = record["family_name"], record["given_name"]
    texts = {
        family,
        given,
        f"{family} {given}",
        f"{given} {family}",
        record["birth_date"],
        record["birth_date"].replace("-", ""),
        record["citizen_id"],
        record["record_id"],
        f"{record['vaccination_date']}{record['lot']}",
    }
    for text in texts:
        plain = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
        for written in {unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text), plain}:
            for spelled in {written, written.upper(), written.lower(), written.replace(" ", "<")}:
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    yield spelled.encode(encoding)


def found_in(content: bytes, needles: dict[bytes, set[bytes]]) -> set[bytes]:
    found = set()
    for place in range(len(content) - LEAST + 1):
        for needle in needles.get(content[place : place + LEAST], ()):
            if content.startswith(needle, place):
                found.add(needle)
    return found


def by_start(secrets: Iterator[bytes]) -> dict[bytes, set[bytes]]:
    needles: dict[bytes, set[bytes]] = {}
    for secret in secrets:
        if len(secret) >= LEAST:
            needles.setdefault(secret[:LEAST], set()).add(secret)
    return needles


def certificates_in(content: bytes) -> list[Any]:
    """Return whatever *content* holds that is a certificate to a stranger: texts, and COSE messages with their tag."""
    found: list[Any] = re.findall(rb"HC1:[0-9A-Z $%*+./:-]{20,}", content)
    for start in re.finditer(rb"(?=\xd2?\x84[\x40-\x5b])", content):  # an array of four, a byte string first
        try:
            message = cbor2.loads(content[start.start() : start.start() + 4096])
            parts = message.value if isinstance(message, cbor2.CBORTag) else message
            claims = cbor2.loads(parts[2])
        except Exception:  # noqa: BLE001 - random bytes fail in every way
            continue
        if isinstance(claims, dict):
            found.append(claims)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which all was done that a batch can do, and the last process killed."""
    folder = tmp_path_factory.mktemp("private") / "place"
    folder.mkdir()
    make_place(folder)
    people = write_population(folder / "in.csv", PEOPLE, seed=7)
    (folder / "in.csv").rename(folder / "all.csv")
    write(folder / "in.csv", *people, {**people[0], "record_id": "A person's own mark 1", "lot": ""})
    write(folder / "fix.csv", *({**record, "lot": "FF0042"} for record in people[:20]))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(batch, "BatchRun", partial(run.BatchRun, segment_rows=10))
        for ledger, out in ((LOGGED, "job"), ((), "alone")):
            to = ("-o", out, "--format", "jsonl,txt", *ledger)
            assert issue("in.csv", *to, "--validity", "40") == 1
            assert issue("fix.csv", *to, "--validity", "40", "--correct") == 0
            assert issue("--renew", *to, "--within", "30", "--validity", "40", at="2021-12-20") == 0
        write(folder / "more.csv", *({**record, "record_id": f"again-{record['record_id']}"} for record in people))

        def copy_and_fail(*_arguments: object, **_options: object) -> None:
            shutil.copytree(folder / "job", folder / "killed" / "job")  # as a power cut would leave it
            shutil.copytree(folder / "ledger", folder / "killed" / "ledger")
            raise KeyboardInterrupt

        patch.setattr(Journal, "finish_segment", copy_and_fail)
        (folder / "killed").mkdir()
        assert issue("more.csv", "-o", "job", "--format", "jsonl,txt", *LOGGED) == 130
    return folder


@pytest.fixture(scope="module")
def kept(place: Path) -> dict[str, bytes]:
    """Return all files that nobody has asked for."""
    files: dict[str, bytes] = {}
    for root in ("job", "alone", "ledger", "killed/job", "killed/ledger"):
        for path in (place / root).rglob("*"):
            name = path.relative_to(place / root).as_posix()
            if path.is_file() and not name.startswith(ASKED_FOR):
                files[f"{root}/{name}"] = path.read_bytes()
    return files


def test_what_is_searched_is_what_a_batch_keeps(kept: dict[str, bytes]) -> None:
    expected = {
        "job/job/journal.sqlite",
        "killed/job/job/journal.sqlite-wal",
        "alone/job/payloads/000001.bin",
        "alone/revocations.sqlite",
        "job/manifest.json",
        "ledger/log.sqlite",
        "ledger/revocations.sqlite",
        "killed/ledger/log.sqlite-wal",
    }
    assert expected <= set(kept)
    assert all(kept[name] for name in expected)


def test_nothing_of_anybody_stands_in_what_a_batch_keeps(place: Path, kept: dict[str, bytes]) -> None:
    with (place / "all.csv").open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    assert len(people) == PEOPLE
    needles = by_start(secret for record in people for secret in spellings(record))
    needles.setdefault(b"A pers", set()).add(b"A person's own mark")
    asked = b"".join(path.read_bytes() for path in (place / "job").rglob("*.csv")) + (place / "in.csv").read_bytes()
    assert len(found_in(asked, needles)) > PEOPLE  # where something stands, it is found
    for name, content in kept.items():
        assert found_in(content, needles) == set(), name


def test_no_certificate_stands_open_in_what_a_batch_keeps(place: Path, kept: dict[str, bytes]) -> None:
    line = lines_of(place / "job")[0]
    assert certificates_in(b"--" + line.cose + b"--") != []  # where one stands, it is found
    assert certificates_in((place / "job" / "txt" / "000001.txt").read_bytes()) != []
    for name, content in kept.items():
        # Among megabytes of what is sealed, some bytes are an empty map by chance.
        assert [certificate for certificate in certificates_in(content) if certificate] == [], name


def test_the_columns_of_journal_and_log_are_no_longer_than_they_have_to_be(place: Path) -> None:
    """Every text in the journal is one of a few that are known, so that a new column shows here."""
    with closing(sqlite3.connect(place / "job" / "job" / "journal.sqlite")) as journal:
        texts = {
            text
            for table in ("job", "run", "segment", "record", "file")
            for values in journal.execute(f"SELECT * FROM {table}")
            for text in values
            if isinstance(text, str)
        }
    plans = {text for text in texts if text.startswith("{")}
    assert {re.sub(r"[0-9a-f]{64}", "", text) for text in texts - plans} - {""} <= {"issue", "correct", "renew"} | {
        text for text in texts if re.fullmatch(r"(jsonl|txt)/[0-9]{6}\.(jsonl|txt)", text)
    }
    assert all('"issuer": "Ministry of Health of Viet Nam"' in plan for plan in plans)


def test_what_a_batch_writes_is_its_owners_alone(place: Path) -> None:
    for root in ("job", "alone", "killed/job"):
        for path in (place / root).rglob("*"):
            if path.is_file():
                assert path.stat().st_mode & 0o077 == 0 or path.name.endswith("-shm"), path

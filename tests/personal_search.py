"""Searching for what is known of people: in bytes, and in everything that can be decoded there."""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from base64 import b64encode
from dataclasses import dataclass
from hashlib import md5, sha1, sha256
from typing import TYPE_CHECKING

import cbor2
import msgspec
import sqlalchemy as sa

from vaxcert.codec import base45
from vaxcert.errors import VaxcertError
from vaxcert.model.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAST = 6
"""Bytes of the shortest needle: a shorter one would be found in random bytes now and then."""
DEPTH = 4
"""So often something decoded is decoded again: the text of a certificate, its COSE, its payload, and once more."""
MOST = 1 << 20
"""Bytes that are inflated of one stream."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of somebody."""

    family_name: str
    given_name: str
    birth_date: str
    numbers: tuple[str, ...]
    phones: tuple[str, ...]

    def names(self) -> Iterator[str]:
        yield from (self.family_name, self.given_name)
        yield f"{self.family_name} {self.given_name}"
        yield f"{self.given_name} {self.family_name}"

    def days(self) -> Iterator[str]:
        yield self.birth_date
        if len(self.birth_date) == 10:
            year, month, day = self.birth_date.split("-")
            yield f"{year}{month}{day}"
            for sign in "/-. ":
                yield sign.join((day, month, year))
                yield sign.join((str(int(day)), str(int(month)), year))

    def digits(self) -> Iterator[str]:
        """Yield numbers and phones, each with and without what may stand before and between."""
        for number in self.numbers:
            yield number
            yield " ".join(re.findall(".{1,3}", number))
        for phone in self.phones:
            core = re.sub(r"\D", "", phone)[-9:]  # as of a mobile phone, with 0, 84 or +84 before it
            yield core
            for sign in " .-":
                yield sign.join((core[:3], core[3:6], core[6:]))
                yield sign.join((core[:2], core[2:5], core[5:7], core[7:]))

    def hashed(self) -> Iterator[bytes]:
        """Yield the digests of numbers and phones without a key: whoever has one tries out all that can be."""
        cores = [re.sub(r"\D", "", phone)[-9:] for phone in self.phones]
        forms = [form + core for core in cores for form in ("", "0", "84", "+84")]
        for text in (*self.numbers, *forms):
            for digest in (md5, sha1, sha256):
                yield digest(text.encode(), usedforsecurity=False).digest()


def needles_of(people: Iterable[Known]) -> dict[bytes, set[bytes]]:
    """Return all that must not be found of *people*, in each spelling and encoding, by its first bytes."""
    secrets: set[bytes] = set()
    for person in people:
        for text in (*person.names(), *person.days(), *person.digits()):
            for spelled in _spellings(text):
                secrets.update(_encoded(spelled))
        secrets.update(person.hashed())
    found: dict[bytes, set[bytes]] = {}
    for secret in secrets:
        if len(secret) >= LEAST:
            for needle in _written(secret):
                found.setdefault(needle[:LEAST], set()).add(needle)
    return found


def _spellings(text: str) -> set[str]:
    folded = fold(text) if text[0].isalpha() else text
    written = {*(unicodedata.normalize(form, text) for form in ("NFC", "NFD")), folded, folded.replace(" ", "<")}
    written |= {each.replace("Đ", "D").replace("đ", "d") for each in written}
    return {spelled for each in written for spelled in (each, each.upper(), each.lower(), each.title())}


def _encoded(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp1258"):
        try:
            yield text.encode(encoding)
        except UnicodeEncodeError:
            continue


def _written(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):  # in a longer content it may begin at any of the three places of a group
        text = b64encode(bytes(before) + secret)
        if (before + len(secret)) % 3:
            text = text.rstrip(b"=")[:-1]
        text = text[(before * 8 + 5) // 6 :]
        yield text
        yield text.translate(_URL_SAFE)


def found_in(content: bytes, needles: dict[bytes, set[bytes]]) -> set[bytes]:
    """Return which of *needles* stand in *content*."""
    found: set[bytes] = set()
    for place in range(len(content) - LEAST + 1):
        start = content[place : place + LEAST]
        if start in needles:
            found.update(
                needle
                for needle in needles[start]
                if content.startswith(needle, place) and not _is_part_of_number(content, place, needle)
            )
    return found


def _is_part_of_number(content: bytes, place: int, needle: bytes) -> bool:
    """Say whether eight digits are but some of many: among those of ids and digests, all dates are found."""
    around = content[max(place - 1, 0) : place] + content[place + len(needle) : place + len(needle) + 1]
    return len(needle) == 8 and needle.isdigit() and re.search(rb"[0-9a-fA-F]", around) is not None


def opened(content: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """Yield all that can be decoded in *content*, and in that again."""
    if depth == 0:
        return
    for inner in (*_certificates(content), *_messages(content), *_streams(content), *_values(content)):
        yield inner
        yield from opened(inner, depth - 1)


def _certificates(content: bytes) -> Iterator[bytes]:
    for text in re.findall(rb"HC1:([0-9A-Z $%*+./:-]{8,})", content):
        for cut in range(4):  # what follows may look as if it belonged to it
            try:
                yield base45.decode(text[: len(text) - cut].decode())
                break
            except VaxcertError:
                continue


def _messages(content: bytes) -> Iterator[bytes]:
    """Yield what the COSE messages in *content* say: an array of four, a byte string first."""
    for start in re.finditer(rb"(?=\x84[\x40-\x5b])", content):
        try:
            payload = cbor2.loads(content[start.start() : start.start() + 4096])[2]
            claims = cbor2.loads(payload)
        except Exception:  # noqa: BLE001 - random bytes fail in every way
            continue
        if claims and isinstance(claims, dict):
            yield b"CWT" + _told(claims)


def _streams(content: bytes) -> Iterator[bytes]:
    for start in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", content):
        try:
            yield zlib.decompressobj(47).decompress(content[start.start() :], MOST)
        except zlib.error:
            continue


def _values(content: bytes) -> Iterator[bytes]:
    """Yield what *content* is as a whole, and its text with what JSON writes as escapes."""
    escaped = re.sub(rb"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)).encode("utf-8", "replace"), content)
    if escaped != content:
        yield escaped
    for decode in (json.loads, msgspec.msgpack.decode, cbor2.loads):
        try:
            value = decode(content)
        except Exception:  # noqa: BLE001 - as above
            continue
        if isinstance(value, dict | list):
            yield _told(value)


def _told(value: object) -> bytes:
    match value:
        case dict():
            return b"\0".join(_told(part) for item in value.items() for part in item)
        case list() | tuple():
            return b"\0".join(map(_told, value))
        case bytes():
            return value
        case _:
            return str(value).encode("utf-8", "replace")


def cells(engine: sa.Engine) -> Iterator[tuple[str, bytes]]:
    """Yield every value in the database with the name of its column, whatever tables there are."""
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
        if connection.dialect.name == "postgresql":  # a part's rows are read as the whole's
            names -= set(connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition")))
        for name in sorted(names):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            columns = tuple(rows.keys())
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        yield f"{name}.{column}", value if isinstance(value, bytes) else str(value).encode()

"""A request has one form (C2SP tlog-witness, add-checkpoint)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from vaxcert.errors import WitnessRefusedError
from vaxcert.ledger.witness.request import MAX_REQUEST_BYTES, AddCheckpoint, format_request, parse_request

PATH = (bytes(32), bytes(range(32)))
NOTE = "log.example/vn\n9\n...\n\n\N{EM DASH} ...\n"
BODY = format_request(NOTE, old_size=5, path=PATH)
HASH = b64encode(PATH[1]) + b"\n"


def test_a_request_is_the_specifications_lines() -> None:
    lines = f"old 5\n{b64encode(PATH[0]).decode()}\n{b64encode(PATH[1]).decode()}\n\n{NOTE}"
    assert lines.encode() == BODY


@pytest.mark.parametrize("path", [(), PATH, PATH[:1] * 63])
def test_a_request_comes_back(path: tuple[bytes, ...]) -> None:
    body = format_request(NOTE, old_size=0, path=path)
    assert parse_request(body) == AddCheckpoint(old_size=0, path=path, note=NOTE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"old 5\n",
        NOTE.encode(),
        BODY[1:],
        BODY.replace(b"old 5", b"old  5"),
        BODY.replace(b"old 5", b"old 05"),
        BODY.replace(b"old 5", b"old +5"),
        BODY.replace(b"old 5", b"old "),
        BODY.replace(b"old 5", b"old"),
        BODY.replace(b"old 5", b"new 5"),
        BODY.replace(b"old 5", b"old 9223372036854775808"),
        BODY.replace(b"old 5", b"old 5 "),
        BODY.replace(b"old 5", b"old 5\r"),
        BODY.replace(HASH, HASH * 63),
        BODY.replace(HASH, b"AAAA\n"),
        BODY.replace(HASH, HASH.replace(b"=", b"")),
        BODY.replace(HASH, b"?" * 44 + b"\n"),
        BODY.replace(HASH, b" " + HASH),
        BODY.replace(b"\n\n", b"\n"),
        BODY + b"\xff",
        BODY.decode().encode("utf-16"),
        BODY + bytes(MAX_REQUEST_BYTES),
    ],
)
def test_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(WitnessRefusedError) as caught:
        parse_request(body)
    assert caught.value.status == 400
    assert caught.value.size is None

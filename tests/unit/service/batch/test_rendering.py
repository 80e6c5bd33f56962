"""One certificate in each format."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from tests.authority import AT, VACCINATION, issuer
from vaxcert.codec import picture
from vaxcert.errors import QrError, UnprintableTextError
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.batch.rendering import FORMATS, Renderer, end_json_line

RECORD = VaccinationRecord.from_mapping({**VACCINATION, "record_id": 'Hồ "1"\\'})
CERTIFICATE = issuer().issue(RECORD, at=AT)


def render(form: str, record: VaccinationRecord = RECORD, *, max_version: int | None = None) -> bytes:
    (output,) = Renderer([form], max_version=max_version).render(record, CERTIFICATE)
    return output


@pytest.mark.parametrize(("leaf", "more"), [(None, {}), (0, {"leaf_index": 0}), (7_000_000, {"leaf_index": 7_000_000})])
def test_a_json_line_has_what_the_contract_says(leaf: int | None, more: dict[str, int]) -> None:
    line = end_json_line(render("jsonl"), leaf)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "record_id": 'Hồ "1"\\',
        "id": CERTIFICATE.uvci,
        "text": CERTIFICATE.text,
        "kid": str(CERTIFICATE.kid),
        "issued_at": "2021-12-01T09:30:00Z",
        "expires_at": "2022-12-01T09:30:00Z",
        **more,
    }
    assert "Hồ".encode() in line


def test_a_record_without_a_number_has_none_in_its_line() -> None:
    record = VaccinationRecord.from_mapping({**VACCINATION, "record_id": ""})
    assert json.loads(end_json_line(render("jsonl", record), None))["record_id"] is None


def test_a_text_alone_is_a_line() -> None:
    assert render("txt") == f"{CERTIFICATE.text}\n".encode()


def test_a_picture_reads_back() -> None:
    (code,) = picture.read_codes(render("png"))
    assert code.text == CERTIFICATE.text


def test_a_smaller_symbol_gives_up_error_correction() -> None:
    sides = [int(ET.fromstring(render("svg", max_version=most)).attrib["viewBox"].split()[2]) for most in (None, 14)]
    assert sides[0] > 17 + 4 * 14 + 8 >= sides[1]


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_text_too_long_for_the_size_is_refused(form: str) -> None:
    with pytest.raises(QrError):
        render(form, max_version=5)


def test_blocks_are_for_a_terminal() -> None:
    title, *lines = render("blocks").decode().splitlines()
    assert title == CERTIFICATE.uvci
    assert len({len(line) for line in lines if line}) == 1


@pytest.mark.parametrize("form", ["pdf", "sheets"])
def test_what_is_printed_later_is_looked_at_now(form: str) -> None:
    assert render(form) == b""
    odd = VaccinationRecord.from_mapping({**VACCINATION, "site": "Trạm \N{GRINNING FACE}"})
    with pytest.raises(UnprintableTextError):
        render(form, odd)


def test_formats_come_in_the_order_that_was_asked_for() -> None:
    outputs = Renderer(FORMATS).render(RECORD, CERTIFICATE)
    assert len(outputs) == len(FORMATS)
    assert [bool(output) for output in outputs] == [True] * 5 + [False] * 2

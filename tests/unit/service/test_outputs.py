"""Where certificates go: lines, pictures and cards, each whole or not there."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pypdfium2
import pytest

from tests.authority import AT, VACCINATION, issuer, opened
from vaxcert.codec import picture
from vaxcert.errors import InputError, QrError, StorageError
from vaxcert.model.records import VaccinationRecord
from vaxcert.service import output_parts
from vaxcert.service.outputs import file_output, folder_output, stream_output

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Never

    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record
    from vaxcert.service.outputs import Output


def made(number: int = 1) -> tuple[Record, Certificate]:
    record = VaccinationRecord.from_mapping({**VACCINATION, "record_id": f"Hồ-{number}"})
    return record, issuer().issue(record, at=AT)


def fill(output: Output, count: int = 2) -> list[Certificate]:
    pairs = [made(number) for number in range(1, count + 1)]
    for record, certificate in pairs:
        output.write(record, certificate)
    return [certificate for _, certificate in pairs]


def break_off(output: Output) -> Never:
    fill(output, 1)
    raise ValueError("half")


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- lines ---------------------------------------------------------------------------------------------------------


def test_a_json_line_has_what_the_contract_says() -> None:
    stream = io.BytesIO()
    record, certificate = made()
    with stream_output(stream, "jsonl") as output:
        output.write(record, certificate)
    assert stream.getvalue().endswith(b"\n")
    assert json.loads(stream.getvalue()) == {
        "record_id": "Hồ-1",
        "id": certificate.uvci,
        "text": certificate.text,
        "kid": str(certificate.kid),
        "issued_at": "2021-12-01T09:30:00Z",
        "expires_at": "2022-12-01T09:30:00Z",
    }
    assert "Hồ".encode() in stream.getvalue()


def test_a_record_without_number_has_none_in_its_line() -> None:
    record = VaccinationRecord.from_mapping({**VACCINATION, "record_id": ""})
    assert output_parts.json_line(record, issuer().issue(record, at=AT))["record_id"] is None


def test_texts_alone_are_a_line_each() -> None:
    stream = io.BytesIO()
    with stream_output(stream, "txt") as output:
        certificates = fill(output)
    assert stream.getvalue().decode().splitlines() == [certificate.text for certificate in certificates]
    assert output.rejects is None


def test_lines_are_out_when_the_output_ends() -> None:
    raw = io.BytesIO()
    with stream_output(io.BufferedWriter(raw), "txt") as output:
        fill(output, 1)
        assert raw.getvalue() == b""
    assert raw.getvalue().startswith(b"HC1:")


# --- one file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.jsonl", "out.txt", "OUT.JSONL"])
def test_a_file_of_lines_appears_whole(tmp_path: Path, name: str) -> None:
    with file_output(tmp_path / name) as output:
        fill(output)
        assert not (tmp_path / name).exists()
    assert len((tmp_path / name).read_bytes().splitlines()) == 2
    assert output.rejects == (tmp_path / name).with_suffix(".rejects.csv")
    assert tree(tmp_path) == [name]


@pytest.mark.parametrize("name", ["out.jsonl", "out.txt", "out.pdf"])
def test_after_an_error_there_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="half"), file_output(tmp_path / name) as output:
        break_off(output)
    assert tree(tmp_path) == []


@pytest.mark.parametrize("name", ["out.jsonl", "out.txt", "out.pdf"])
def test_a_file_in_the_way_is_refused_before_anything_is_issued(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"before")
    with pytest.raises(StorageError, match="exists"), file_output(tmp_path / name):
        pytest.fail("the output was opened")
    assert (tmp_path / name).read_bytes() == b"before"


def test_an_empty_batch_is_an_empty_file_of_lines_and_no_pdf(tmp_path: Path) -> None:
    for name in ("out.jsonl", "out.pdf"):
        with file_output(tmp_path / name):
            pass
    assert tree(tmp_path) == ["out.jsonl"]


def test_a_pdf_has_a_page_for_each_certificate(tmp_path: Path) -> None:
    with file_output(tmp_path / "out.pdf") as output:
        certificates = fill(output)
        assert tree(tmp_path) == []
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as document:
        pages = [document[index].get_textpage().get_text_bounded() for index in range(len(document))]
    assert len(pages) == 2
    for page, certificate in zip(pages, certificates, strict=True):
        assert certificate.uvci.rpartition(":")[2] in page.replace("\r\n", "")
    assert tree(tmp_path) == ["out.pdf"]


def test_one_pdf_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_parts, "CARDS_PER_FILE", 1)
    with pytest.raises(InputError, match="at most 1 cards") as caught, file_output(tmp_path / "out.pdf") as output:
        fill(output)
    assert "--format pdf" in str(caught.value.hint)
    assert tree(tmp_path) == []


# --- a folder ------------------------------------------------------------------------------------------------------


def test_a_folder_has_a_part_for_each_format(tmp_path: Path) -> None:
    with folder_output(tmp_path / "out", ("jsonl", "txt", "png", "svg", "pdf", "png")) as output:
        certificates = fill(output)
        assert not (tmp_path / "out").exists()
        assert output.rejects is not None
        output.rejects.write_bytes(b"rejects")
    out = tmp_path / "out"
    assert tree(out) == [
        "cards/cards-0001.pdf",
        "certificates.jsonl",
        "certificates.txt",
        "png/000001.png",
        "png/000002.png",
        "rejects.csv",
        "svg/000001.svg",
        "svg/000002.svg",
    ]
    texts = [certificate.text for certificate in certificates]
    assert (out / "certificates.txt").read_text().splitlines() == texts
    assert [json.loads(line)["text"] for line in (out / "certificates.jsonl").read_bytes().splitlines()] == texts
    for number, text in enumerate(texts, 1):
        (code,) = picture.read_codes((out / "png" / f"{number:06}.png").read_bytes())
        assert code.text == text
        assert ET.fromstring((out / "svg" / f"{number:06}.svg").read_text()).tag.endswith("svg")
    assert opened(texts[0]).dcc["v"]


def test_print_files_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_parts, "CARDS_PER_FILE", 2)
    with folder_output(tmp_path / "out", ("pdf",)) as output:
        fill(output, 3)
    assert tree(tmp_path / "out") == ["cards/cards-0001.pdf", "cards/cards-0002.pdf"]
    pages = []
    for name in tree(tmp_path / "out"):
        with pypdfium2.PdfDocument(tmp_path / "out" / name) as document:
            pages.append(len(document))
    assert pages == [2, 1]


@pytest.mark.parametrize("formats", [("jsonl",), ("png",), ("pdf",), ("txt", "svg")])
def test_after_an_error_there_is_no_folder(tmp_path: Path, formats: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="half"), folder_output(tmp_path / "out", formats) as output:
        break_off(output)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_refused_before_anything_is_issued(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"before")
    with pytest.raises(StorageError, match="not empty"), folder_output(tmp_path, ("jsonl",)):
        pytest.fail("the output was opened")
    assert tree(tmp_path) == ["x"]


def test_a_text_too_long_for_the_size_asked_for_is_in_no_format(tmp_path: Path) -> None:
    with folder_output(tmp_path / "out", ("jsonl", "png"), max_version=5) as output, pytest.raises(QrError):
        fill(output, 1)
    assert tree(tmp_path / "out") == ["certificates.jsonl"]
    assert (tmp_path / "out" / "certificates.jsonl").read_bytes() == b""


def test_a_smaller_symbol_gives_up_error_correction(tmp_path: Path) -> None:
    with ExitStack() as stack:
        usual = stack.enter_context(folder_output(tmp_path / "usual", ("svg",)))
        small = stack.enter_context(folder_output(tmp_path / "small", ("svg",), max_version=14))
        record, certificate = made()
        usual.write(record, certificate)
        small.write(record, certificate)
    sides = [
        int(ET.fromstring((tmp_path / name / "svg" / "000001.svg").read_text()).attrib["viewBox"].split()[2])
        for name in ("usual", "small")
    ]
    assert sides[0] > 17 + 4 * 14 + 8 >= sides[1]

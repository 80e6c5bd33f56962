"""For all records: what goes in comes out signed, in whatever form it came; for all nonsense: one kind of error."""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.authority import RECOVERY, TEST, VACCINATION, issuer, opened, signer
from vaxcert.codec import schema
from vaxcert.errors import InputError, SchemaError
from vaxcert.model import checks
from vaxcert.model.fields import FIELDS_OF, VACCINATION_FIELDS
from vaxcert.model.names import transliterate
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.model.valuesets import check_combination, value_set
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.service.row import Row

AT = datetime(2022, 3, 1, 12, 0, tzinfo=UTC)
COUNTRIES = sorted(value_set("country").codes)
PRODUCTS = [
    "AstraZeneca",
    "Comirnaty",
    "Moderna",
    "Vero Cell",
    "Abdala",
    "Janssen",
    "Sputnik V",
    "EU/1/21/1618",
    "Covaxin",
]
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạéẽộữỳ ÁÂĐÊÔƠƯ-'’"

days = st.dates(date(2020, 1, 1), date(2022, 2, 1))
visible = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=70)
names = st.text(LETTERS, min_size=1, max_size=60).filter(lambda text: any(letter.isalpha() for letter in text))
born = st.one_of(
    st.dates(date(1900, 1, 1), date(2019, 12, 31)).map(date.isoformat),
    st.dates(date(1900, 1, 1), date(2019, 12, 31)).map(lambda day: f"{day:%d/%m/%Y}"),
    st.integers(1900, 2019).map(str),
)
person = {
    "family_name": names,
    "given_name": st.one_of(st.just(""), names),
    "birth_date": born,
    "sex": st.sampled_from(["", "male", "F", "nữ", "other"]),
    "nationality": st.one_of(st.just(""), st.sampled_from(COUNTRIES)),
    "record_id": st.one_of(st.just(""), visible),
    "country": st.one_of(st.just(""), st.sampled_from(COUNTRIES)),
    "issuer": st.one_of(st.just(""), visible),
}
tests = st.fixed_dictionaries(
    {
        **person,
        "test_type": st.just("NAA"),
        "sampled_at": st.datetimes(
            datetime(2020, 1, 2),  # noqa: DTZ001 - the zone is drawn
            datetime(2022, 2, 1),  # noqa: DTZ001 - the same
            timezones=st.timezones(),
        ).map(datetime.isoformat),
        "result": st.sampled_from(["negative", "dương tính"]),
        "test_name": visible,
        "test_centre": st.one_of(st.just(""), visible),
    }
)


@st.composite
def _recoveries(draw: st.DrawFn) -> dict[str, str]:
    first = draw(days)
    start = first + timedelta(draw(st.integers(0, 30)))
    end = start + timedelta(draw(st.integers(0, 180)))
    window = {"first_positive_date": first, "valid_from": start, "valid_until": end}
    return {**draw(st.fixed_dictionaries(person)), **{name: day.isoformat() for name, day in window.items()}}


@st.composite
def _vaccinations(draw: st.DrawFn) -> dict[str, str]:
    number, total = draw(st.sampled_from([("1", "1"), ("2", "1"), ("3", "3"), ("9", "9")]))
    dose = {
        "product": st.sampled_from(PRODUCTS),
        "lot": visible,
        "vaccination_date": days.map(date.isoformat),
        "site": st.one_of(st.just(""), visible),
    }
    return {**draw(st.fixed_dictionaries({**person, **dose})), "dose_number": number, "total_doses": total}


KINDS = pytest.mark.parametrize(
    ("kind", "strategy"),
    [(VaccinationRecord, _vaccinations()), (TestRecord, tests), (RecoveryRecord, _recoveries())],
    ids=["v", "t", "r"],
)
MAKER = issuer(validity=timedelta(days=90))


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


@KINDS
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_record_is_signed_as_it_is(kind: Any, strategy: Any, data: st.DataObject) -> None:
    fields = data.draw(strategy)
    record = kind.from_mapping(fields)
    certificate = MAKER.issue(record, at=AT)
    found = opened(certificate.text)
    entry = found.dcc[kind.group][0]
    assert found.payload == cbor2.dumps(found.claims, canonical=True)
    assert schema.is_valid(found.dcc, found.dcc["ver"])
    assert entry == record.to_entry(uvci=certificate.uvci, country=entry["co"], issuer=entry["is"])
    assert entry["co"] == (fields["country"] or "VN")
    assert entry["is"] == (nfc(fields["issuer"]) or "Invented Ministry")
    assert found.dcc["dob"] == record.person.birth_date.iso
    for part in ("family", "given"):
        text = nfc(fields[f"{part}_name"])
        short = part[0] + "n"
        assert found.dcc["nam"].get(short, "") == text
        assert found.dcc["nam"].get(short + "t", "") == (transliterate(text) if text else "")
    if kind is VaccinationRecord:
        assert check_combination(entry["mp"], entry["ma"], entry["vp"]) == ()
        assert entry["dt"] == fields["vaccination_date"]


# --- the same records in every form of file ------------------------------------------------------------------------


def read(content: bytes) -> list[Row]:
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))
    with mock.patch.object(sys, "stdin", stdin):
        return list(read_rows("-", VACCINATION_FIELDS))


def as_csv(rows: list[dict[str, str]], delimiter: str, end: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type] # a constant of the module
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


anything = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
tables = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(
            ("family_name", "birth_date", "product", "lot", "dose_number", "total_doses", "vaccination_date", "site"),
            anything,
        )
    ),
    min_size=1,
    max_size=4,
).filter(lambda rows: all(any(cell.strip() for cell in row.values()) for row in rows))


@given(
    rows=tables,
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_csv_is_read_as_it_was_written(rows: Any, delimiter: str, end: str, mark: str, quoting: int) -> None:
    found = read((mark + as_csv(rows, delimiter, end, quoting)).encode())
    assert [row.problem for row in found] == [None] * len(rows)
    assert [row.fields for row in found] == rows


@given(rows=tables, mark=st.sampled_from(["", "\ufeff"]), form=st.sampled_from(["lines", "array", "pretty"]))
def test_json_is_read_as_it_was_written(rows: Any, mark: str, form: str) -> None:
    if form == "lines":
        content = "\n".join(map(json.dumps, rows))
    else:
        content = json.dumps(rows, indent=1 if form == "pretty" else None, ensure_ascii=False)
    assert [row.fields for row in read((mark + content).encode())] == rows


@given(
    content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
)
@settings(max_examples=300)
def test_any_file_is_read_or_refused(content: bytes) -> None:
    try:
        read(content)
    except InputError as error:
        assert error.message  # noqa: PT017 - what counts is that no other error comes


HEADER = "family_name,birth_date,product,lot,dose_number,total_doses,vaccination_date"


@given(tail=st.text(st.sampled_from('",;\n\r x\x00'), max_size=60))
@settings(max_examples=300)
def test_no_line_is_lost_after_a_bad_one(tail: str) -> None:
    """Every line below the header is in a row, in a row with a problem, blank, or in a file refused whole."""
    good = "Nguyễn,1984,Comirnaty,FF0042,2,2,2021-09-12"
    try:
        rows = read(f"{HEADER}\n{good}\n{tail}\n{good}\n".encode())
    except InputError as error:
        assert "quote that is not closed" in error.message  # noqa: PT017 - the only reason there can be
        return
    assert rows[0].fields["lot"] == "FF0042"
    assert rows[-1].line > 2
    assert rows[-1].fields.get("lot") == "FF0042" or rows[-1].problem is not None


# --- nonsense ------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(), st.datetimes()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)
surrogates = st.text(st.characters(), max_size=20)


@pytest.mark.parametrize(
    ("kind", "base"),
    [(VaccinationRecord, VACCINATION), (TestRecord, TEST), (RecoveryRecord, RECOVERY)],
    ids=["v", "t", "r"],
)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_mapping_is_a_record_or_names_its_fields(
    kind: Any, base: Mapping[str, object], data: st.DataObject
) -> None:
    known = [field.name for field in FIELDS_OF[kind.certificate_type]]
    names = st.one_of(st.sampled_from(known), st.text())
    changes = data.draw(st.dictionaries(names, st.one_of(values, surrogates), min_size=1, max_size=4))
    try:
        record = kind.from_mapping({**base, **changes})
    except SchemaError as error:
        assert error.problems  # noqa: PT017 - the only error there may be
        for problem in error.problems:
            assert problem.field.isprintable()
            assert problem.code.isidentifier()
    else:
        assert record.is_ahead_of(AT) or MAKER.issue(record, at=AT)


@given(product=st.one_of(st.none(), st.text(), st.sampled_from(PRODUCTS)), number=st.integers(), total=st.integers())
def test_doses_are_judged_whatever_they_are(product: str | None, number: int, total: int) -> None:
    problems = checks.dose_problems(product, number, total)
    if not (1 <= number <= 9 and 1 <= total <= 9):
        assert problems
    if number == total and 1 <= number <= 9:
        assert problems == ()
    if number > total > 1:
        assert problems


def test_the_signer_here_is_the_one_that_signs() -> None:
    assert MAKER.signer.kid == signer().kid

"""A worker signs the good rows, names what is wrong with the others, and keeps nothing."""

from __future__ import annotations

import json
import pickle
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.authority import AT, BORN, RECOVERY, TEST, VACCINATION, opened
from tests.batches import bench, chunk, make_place, plan, row, secret
from vaxcert.errors import FieldProblem, QrError, SecretMissingError, SignerUsageError
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch import seat
from vaxcert.service.batch.chunk import Chunk, Issued
from vaxcert.service.batch.engines import local_engine
from vaxcert.service.batch.identity import Marks, marks_of
from vaxcert.service.batch.seat import take_seat, work_at_seat
from vaxcert.service.batch.stored import PARSERS
from vaxcert.service.batch.workbench import Recipe
from vaxcert.service.row import Row
from vaxcert.service.signers import ISSUER_SECRET, SignerSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vaxcert.service.batch.chunk import ChunkResult


def problems(result: ChunkResult) -> list[tuple[int, str, str]]:
    return [(place, reject.problem.field, reject.problem.code) for place, reject in result.rejects]


def dcc_of(issued: Issued) -> dict[str, object]:
    return opened(json.loads(issued.outputs[0] + b"}")["text"]).dcc


def test_good_rows_are_issued_and_bad_ones_named() -> None:
    result = bench().work(chunk(row(1), row(2, birth_date="31/02/1970", lot=""), row(3, vaccination_date="2022-01-01")))
    assert problems(result) == [
        (1, "birth_date", "invalid_date"),
        (1, "lot", "missing"),
        (2, "vaccination_date", "in_the_future"),
    ]
    assert result.rejected == 2
    assert [issued.place for issued in result.issued] == [0]
    assert {(reject.line, reject.record_id) for _, reject in result.rejects} == {(3, "VN-2"), (4, "VN-3")}


def test_a_row_that_could_not_be_read_is_named() -> None:
    bad = Row(7, row(1), FieldProblem("lot", "duplicate_field", "is there twice"))
    result = bench().work(chunk(bad, Row(8, problem=FieldProblem("", "invalid_csv", "is no CSV")), row(3)))
    assert problems(result) == [(0, "lot", "duplicate_field"), (1, "", "invalid_csv")]
    assert [issued.place for issued in result.issued] == [2]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (CertificateType.VACCINATION, VACCINATION),
        (CertificateType.TEST, TEST),
        (CertificateType.RECOVERY, RECOVERY),
    ],
)
def test_every_kind_is_issued_as_what_it_is(kind: CertificateType, fields: Mapping[str, object]) -> None:
    (issued,) = bench(kind).work(chunk(fields)).issued
    assert set(dcc_of(issued)) == {kind.value, "dob", "nam", "ver"}
    for other in set(CertificateType) - {kind}:
        assert bench(other).work(chunk(fields)).rejected == 1


def test_an_id_follows_from_the_record_and_a_signature_does_not() -> None:
    one, other = (bench().work(chunk(row(1))).issued[0] for _ in range(2))
    assert one.row.id == other.row.id
    assert one.row.digest == other.row.digest  # the same claims are signed
    assert one.row.cose != other.row.cose
    assert one.marks == marks_of(PARSERS[CertificateType.VACCINATION](row(1)), secret())
    assert one.row.id == bench().id_of(one.marks.identity, 1)
    assert bench().work(chunk(row(2))).issued[0].row.id != one.row.id


def test_what_is_stored_is_sealed_about_its_own_id() -> None:
    (issued,) = bench().work(chunk(row(1))).issued
    stored = parse_stored(secret().open(issued.row.cose, about=issued.row.id.encode()))
    assert stored.cose == opened(json.loads(issued.outputs[0] + b"}")["text"]).cose
    assert (stored.identity, stored.content, stored.version) == issued.marks
    assert (issued.row.issued_at, issued.row.expires_at) == (AT.timestamp(), (AT + timedelta(days=365)).timestamp())


def test_a_renewal_has_the_marks_that_it_is_given() -> None:
    marks = [Marks(bytes([number]) * 32, bytes(16), number) for number in (1, 2, 3)]
    result = bench().work(chunk(row(1), row(2, lot=""), row(3), marks=marks))
    assert [issued.marks for issued in result.issued] == [marks[0], marks[2]]
    assert [issued.row.id for issued in result.issued] == [bench().id_of(bytes([n]) * 32, n) for n in (1, 3)]


def test_one_row_is_issued_under_given_marks_or_named() -> None:
    marks = Marks(bytes(32), bytes(16), 4)
    issued = bench().issue(9, Row(2, row(1)), AT, marks)
    assert isinstance(issued, Issued)
    assert (issued.place, issued.marks) == (9, marks)
    rejects = bench().issue(9, Row(2, row(1, lot="")), AT, marks)
    assert not isinstance(rejects, Issued)
    assert [reject.problem.code for reject in rejects] == ["missing"]


def test_a_text_that_does_not_fit_is_a_bad_row() -> None:
    result = bench(formats=("jsonl", "png"), max_version=8).work(chunk(row(1), row(2)))
    assert problems(result) == [(0, "", "qr_overflow"), (1, "", "qr_overflow")]
    assert result.issued == []


def test_a_text_that_cannot_be_printed_is_a_bad_row() -> None:
    result = bench(formats=("pdf",)).work(chunk(row(1, site="Trạm \N{GRINNING FACE}"), row(2)))
    assert [(place, field) for place, field, _ in problems(result)] == [(0, "site")]
    assert [issued.outputs for issued in result.issued] == [(b"",)]


def test_a_certificate_comes_again_in_other_formats() -> None:
    (issued,) = bench().work(chunk(row(1))).issued
    stored = parse_stored(secret().open(issued.row.cose, about=issued.row.id.encode()))
    again = bench(formats=("jsonl", "txt", "svg")).again(5, issued.row, stored)
    assert again._replace(outputs=again.outputs[:1]) == issued._replace(place=5)
    assert again.outputs[1].startswith(b"HC1:")
    with pytest.raises(QrError):
        bench(formats=("png",), max_version=8).again(5, issued.row, stored)


def test_a_signer_that_may_not_ends_it_all() -> None:
    with pytest.raises(SignerUsageError):
        bench().work(Chunk(1, [Row(2, row(1))], BORN - timedelta(days=1)))


def test_an_empty_chunk_is_nothing() -> None:
    assert bench().work(Chunk(1, [], BORN - timedelta(days=1))) == ([], [], 0)


@pytest.mark.parametrize("change", [{"country": "Viet Nam"}, {"level": 0}, {"validity": timedelta(0)}, {"issuer": ""}])
def test_a_plan_that_cannot_be_is_a_mistake_of_the_caller(change: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"country|level|validity|issuer"):
        bench(**change)


# --- in other processes ----------------------------------------------------------------------------------------------


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    make_place(tmp_path)
    keys = tmp_path / "keys"
    source = SignerSource(keys=keys, unsafe_unencrypted=True)
    return Recipe(plan=plan(), source=source, secret=keys / ISSUER_SECRET, at=AT)


def test_a_recipe_travels_and_holds_no_key(recipe: Recipe) -> None:
    pickled = pickle.dumps(recipe)
    assert b"PRIVATE" not in pickled
    assert pickle.loads(pickled) == recipe
    for keeper in (bench(), secret()):
        with pytest.raises(TypeError):
            pickle.dumps(keeper)


def test_a_recipe_makes_the_same_bench_everywhere(recipe: Recipe) -> None:
    with ExitStack() as stack:
        made = recipe.make(stack)
        assert made.work(chunk(row(1))).issued[0].row.id == bench().work(chunk(row(1))).issued[0].row.id


def test_a_recipe_without_its_secret_makes_none(recipe: Recipe) -> None:
    recipe.secret.unlink()
    with ExitStack() as stack, pytest.raises(SecretMissingError):
        recipe.make(stack)


def test_a_seat_is_taken_once_for_a_process(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat, "_seat", seat._Seat())
    monkeypatch.setattr(seat, "calm_collector", lambda: None)
    take_seat(recipe)
    assert len(work_at_seat(chunk(row(1), row(2))).issued) == 2
    seat._seat.stack.close()


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")  # the test runner's threads
@pytest.mark.parametrize("workers", [1, 2])
def test_an_engine_gives_results_in_the_order_of_the_chunks(recipe: Recipe, workers: int) -> None:
    with ExitStack() as stack:
        made = recipe.make(stack)
        results = list(local_engine(made, recipe, workers=workers)(chunk(row(number)) for number in range(5)))
    assert [result.issued[0].row.id for result in results] == [
        bench().work(chunk(row(number))).issued[0].row.id for number in range(5)
    ]

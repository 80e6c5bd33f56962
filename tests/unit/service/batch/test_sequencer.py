"""What becomes of a certificate that a worker has made: in every mode, with a log and without."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.authority import AT
from tests.batches import bench, chunk, row, secret
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.service.batch.journal_rows import IDENTITY_BYTES, RecordRow, Tally
from vaxcert.service.batch.sequencer import Mode, Sequencer, Settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from vaxcert.service.batch.workbench import Workbench

LATER = AT + timedelta(days=9)


@dataclass
class Place:
    """What an output has, in memory."""

    records: dict[bytes, list[RecordRow]] = field(default_factory=dict)

    def versions(self, identity: bytes) -> Sequence[RecordRow]:
        return self.records.get(identity[:IDENTITY_BYTES], ())

    def add(self, settled: Settled, segment: int) -> None:
        for marks in settled.marks():
            record = RecordRow.of_marks(marks, segment)
            self.records.setdefault(record.identity, []).append(record)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TransparencyLog]:
    key = LogKey.create("ledger.example/vn")
    with TransparencyLog.create(tmp_path / "ledger", origin=key.name, vkey=key.vkey, at=AT) as created:
        yield created


def settle(
    place: Place,
    log: TransparencyLog | None,
    *rows: Mapping[str, object],
    mode: Mode = Mode.ISSUE,
    segment: int = 1,
    first_segment: int | None = None,
    log_first: int | None = None,
    by: Workbench | None = None,
) -> Settled:
    """Settle *rows* as a segment, which is the first of its run unless another one is named."""
    maker = by or bench()
    work = chunk(*rows, segment=segment)
    sequencer = Sequencer(
        bench=maker, known=place, log=log, mode=mode, first_segment=segment if first_segment is None else first_segment
    )
    settled = sequencer.settle([(work, bench().work(work))], signed_at=LATER, log_first=log_first)
    place.add(settled, segment)
    return settled


def codes(settled: Settled) -> list[str]:
    return [reject.problem.code for reject in settled.rejects]


def version_of(log: TransparencyLog, index: int) -> int:
    found = list(log.certificates())[index]
    return parse_stored(secret().open(found.cose, about=found.id.encode())).version


@pytest.fixture(params=[False, True], ids=["without a log", "with a log"])
def maybe_log(request: pytest.FixtureRequest, log: TransparencyLog) -> TransparencyLog | None:
    return log if request.param else None


def test_what_is_new_goes_out_in_its_order(maybe_log: TransparencyLog | None) -> None:
    settled = settle(Place(), maybe_log, row(1), row(2, lot=""), row(3))
    assert settled.tally == Tally(issued=2, rejected=1)
    assert [leaf for _, leaf in settled.entries] == ([None, None] if maybe_log is None else [0, 1])
    assert codes(settled) == ["missing"]


def test_a_second_row_of_a_run_is_refused_in_its_segment_and_in_a_later_one(maybe_log: TransparencyLog | None) -> None:
    place = Place()
    settled = settle(place, maybe_log, row(1), row(1, lot="other"))
    assert codes(settled) == ["duplicate_record"]
    settled = settle(place, maybe_log, row(1, lot="third"), row(2), segment=2, first_segment=1)
    assert codes(settled) == ["duplicate_record"]
    assert settled.tally == Tally(issued=1, rejected=1)


@pytest.mark.parametrize("mode", [Mode.ISSUE, Mode.CORRECT])
def test_what_is_there_is_left(maybe_log: TransparencyLog | None, mode: Mode) -> None:
    place = Place()
    settle(place, maybe_log, row(1))
    settled = settle(place, maybe_log, row(1), mode=mode, segment=2)
    assert settled.tally == Tally(same=1)
    assert settled.entries == []


@pytest.mark.parametrize("mode", [Mode.ISSUE, Mode.CORRECT])
def test_what_says_something_else_supersedes(maybe_log: TransparencyLog | None, mode: Mode) -> None:
    place = Place()
    (old, _), *_ = settle(place, maybe_log, row(1)).entries
    settled = settle(place, maybe_log, row(1, lot="other"), mode=mode, segment=2)
    (new, _), *_ = settled.entries
    assert settled.tally == Tally(issued=1, superseding=1)
    assert new.marks.version == 2
    assert settled.supersessions == [(old.row.id, new.row.id, int(LATER.timestamp()))]


def test_an_older_version_is_refused_unless_it_is_a_correction(maybe_log: TransparencyLog | None) -> None:
    place = Place()
    settle(place, maybe_log, row(1))
    settle(place, maybe_log, row(1, lot="other"), segment=2)
    assert codes(settle(place, maybe_log, row(1), segment=3)) == ["superseded_record"]
    settled = settle(place, maybe_log, row(1), mode=Mode.CORRECT, segment=4)
    assert settled.entries[0][0].marks.version == 3


def test_a_correction_of_nothing_is_refused(maybe_log: TransparencyLog | None) -> None:
    assert codes(settle(Place(), maybe_log, row(1), mode=Mode.CORRECT)) == ["unknown_record"]


def test_a_correction_that_cannot_be_issued_is_refused(maybe_log: TransparencyLog | None) -> None:
    """Only its second signature fails, as when the DSC's rules are those of another bench."""
    place = Place()
    settle(place, maybe_log, row(1))
    small = bench(formats=("png",), max_version=8)
    settled = settle(place, maybe_log, row(1, lot="other"), segment=2, by=small)
    assert codes(settled) == ["qr_overflow"]
    assert settled.tally == Tally(rejected=1)


# --- the log is the memory of all places -----------------------------------------------------------------------------


def test_another_place_gets_the_same_certificate(log: TransparencyLog) -> None:
    first = settle(Place(), log, row(1), row(2)).entries
    settled = settle(Place(), log, row(2), row(1))
    assert settled.tally == Tally(same=2)
    assert [(issued.row, leaf) for issued, leaf in settled.entries] == [
        (issued.row, leaf) for issued, leaf in first[::-1]
    ]
    assert log.size == 2


def test_a_certificate_that_does_not_fit_another_output_is_refused(log: TransparencyLog) -> None:
    settle(Place(), log, row(1))
    settled = settle(Place(), log, row(1), by=bench(formats=("png",), max_version=8))
    assert codes(settled) == ["qr_overflow"]
    assert settled.entries == []


def test_a_certificate_that_another_output_cannot_print_is_refused(log: TransparencyLog) -> None:
    fields = row(1, site="Trạm \N{GRINNING FACE}")
    settle(Place(), log, fields)
    settled = settle(Place(), log, fields, by=bench(formats=("pdf",)))
    assert [(reject.problem.field, reject.problem.code) for reject in settled.rejects] == [("site", "unprintable_text")]


def test_a_place_that_has_missed_a_correction_learns_of_it(log: TransparencyLog) -> None:
    place = Place()
    settle(place, log, row(1))
    settle(Place(), log, row(1, lot="elsewhere"))
    assert codes(settle(place, log, row(1), segment=2)) == ["superseded_record"]
    settled = settle(place, log, row(1, lot="elsewhere"), segment=3)
    assert settled.tally == Tally(same=1)
    assert [issued.marks.version for issued, _ in settled.entries] == [2]
    settled = settle(place, log, row(1, lot="third"), segment=4)
    assert [issued.marks.version for issued, _ in settled.entries] == [3]
    assert log.size == 5


def test_a_place_from_before_there_was_a_log_goes_on(log: TransparencyLog) -> None:
    place = Place()
    settle(place, None, row(1))
    settle(place, None, row(1, lot="other"), segment=2)
    assert settle(place, log, row(1, lot="other"), segment=3).tally == Tally(same=1)
    assert codes(settle(place, log, row(1), segment=3)) == ["superseded_record"]
    settled = settle(place, log, row(1, lot="third"), segment=4)
    assert settled.entries[0][0].marks.version == 3
    assert log.size == 1  # of the one before it the log knows nothing, and says nothing
    settled = settle(place, log, row(1, lot="fourth"), segment=5)
    assert [statement.kind.name for statement in log.statements()] == ["SUPERSESSION"]
    assert settled.entries[0][0].marks.version == 4


def test_an_erased_certificate_is_no_version_any_more(log: TransparencyLog) -> None:
    place = Place()
    settle(place, log, row(1))
    settle(place, log, row(1, lot="other"), segment=2)
    log.erase(0, at=LATER)
    settled = settle(place, log, row(1, lot="third"), segment=3)
    assert settled.entries[0][0].marks.version == 3


def test_a_correction_is_revoked_in_the_log_too(log: TransparencyLog) -> None:
    place = Place()
    settle(place, log, row(1))
    settle(place, log, row(1, lot="other"), mode=Mode.CORRECT, segment=2)
    kinds = [(statement.kind.name, statement.detail) for statement in log.statements()]
    assert kinds[1] == ("REVOCATION", "corrected")
    assert kinds[0][0] == "SUPERSESSION"


# --- a run that was cut off ------------------------------------------------------------------------------------------


def test_what_a_run_has_logged_and_not_written_counts_as_issued(log: TransparencyLog) -> None:
    settle(Place(), log, row(1), row(2))
    settled = settle(Place(), log, row(1), row(2), row(3), log_first=0)
    assert settled.tally == Tally(issued=3)
    assert log.size == 3


def test_what_a_run_has_corrected_and_not_written_is_told_again(log: TransparencyLog) -> None:
    settle(Place(), log, row(1))
    first = settle(Place(), log, row(1, lot="other"), mode=Mode.CORRECT)
    settled = settle(Place(), log, row(1, lot="other"), mode=Mode.CORRECT, log_first=1)
    assert settled.tally == Tally(issued=1, superseding=1)
    assert [each[:2] for each in settled.supersessions] == [each[:2] for each in first.supersessions]
    assert log.size == 4


# --- renewals --------------------------------------------------------------------------------------------------------


def renew(
    place: Place, log: TransparencyLog | None, settled: Settled, *, segment: int, log_first: int | None = None
) -> Settled:
    marks = [issued.marks._replace(version=issued.marks.version + 1) for issued, _ in settled.entries]
    work = chunk(*(row(number + 1) for number in range(len(marks))), marks=marks)
    sequencer = Sequencer(bench=bench(), known=place, log=log, mode=Mode.RENEW, first_segment=segment)
    found = sequencer.settle([(work, bench().work(work))], signed_at=LATER, log_first=log_first)
    place.add(found, segment)
    return found


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_renewal_supersedes_once(maybe_log: TransparencyLog | None, elsewhere: bool) -> None:  # noqa: FBT001 - a case
    if elsewhere and maybe_log is None:
        return  # another place knows of nothing without a log
    place = Place()
    first = settle(place, maybe_log, row(1), row(2))
    target = Place() if elsewhere else place
    renewed = renew(target, maybe_log, first, segment=2)
    assert renewed.tally == Tally(issued=2, superseding=2)
    again = renew(target, maybe_log, first, segment=3)
    assert again.tally == Tally(same=2)
    assert again.entries == []


def test_a_renewal_that_was_logged_and_not_written_goes_out(log: TransparencyLog) -> None:
    place = Place()
    first = settle(place, log, row(1))
    renew(Place(), log, first, segment=2)
    own = renew(Place(), log, first, segment=2, log_first=1)
    assert own.tally == Tally(issued=1, superseding=1)
    assert len(own.entries) == 1
    of_another_run = renew(place, log, first, segment=2, log_first=3)
    assert of_another_run.tally == Tally(same=1)
    assert version_of(log, -1) == 2

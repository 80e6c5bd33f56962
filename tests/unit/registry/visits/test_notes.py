"""What a visit keeps sealed: the flags that follow from it, and what shows of it in a log."""

from datetime import UTC, datetime

import pytest

from vaxcert.registry.doses.plan import DoseFlag
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.visits.notes import EndingNote, IdentityCheck, ReceptionNote, ScreeningNote, VitalsNote
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.registry.visits.vitals import Vitals

AT = datetime(2026, 3, 2, tzinfo=UTC)


def screening(answers: dict[str, Answer], local_decision: str = "") -> ScreeningNote:
    return ScreeningNote(
        at=AT,
        account="screener",
        product="EU/1/20/1528",
        birth_date="1984-03-18",
        form="5785/QĐ-BYT",
        answers=answers,
        vitals=Vitals(temperature=36.6),
        conclusion=Conclusion.ELIGIBLE,
        reasons=(),
        note="penicillin",
        local_decision=local_decision,
    )


@pytest.mark.parametrize(
    ("answer", "local_decision", "flags"),
    [
        (Answer.NO, "", set()),
        (Answer.UNKNOWN, "", set()),
        (Answer.YES, "", {DoseFlag.IMMUNOCOMPROMISED}),
        (Answer.NO, "12/QĐ-UBND", {DoseFlag.LOCAL_DECISION}),
        (Answer.YES, "12/QĐ-UBND", {DoseFlag.IMMUNOCOMPROMISED, DoseFlag.LOCAL_DECISION}),
    ],
)
def test_what_changes_the_rules_of_the_doses(answer: Answer, local_decision: str, flags: set[DoseFlag]) -> None:
    assert screening({"immunodeficiency": answer}, local_decision).flags == flags


def test_nothing_of_it_shows_in_a_log() -> None:
    notes = (
        screening({"allergy": Answer.YES}),
        ReceptionNote(identity=IdentityCheck.DOCUMENT, declaration=None, consents=True, guardian_name="Trần"),
        VitalsNote(at=AT, account="observer", vitals=Vitals(temperature=38.2)),
        EndingNote(reason="went home", follow_up="well"),
    )
    assert [repr(note) for note in notes] == [
        "ScreeningNote(...)",
        "ReceptionNote(...)",
        "VitalsNote(...)",
        "EndingNote(...)",
    ]

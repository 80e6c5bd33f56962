"""E7: a misspelt name is corrected: a second certificate stands in the place of the first, and both are anchored."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from tests.scenario_issuing import Issuing
from vaxcert.errors import CorrectionNeededError, NotAllowedError, SeparationError
from vaxcert.service.registry.certificates.listed import certificates_of_person
from vaxcert.service.registry.certificates.shown import show_certificate
from vaxcert.service.registry.corrections.asked import ask_identity_correction
from vaxcert.service.registry.corrections.decided import accept_identity_correction
from vaxcert.service.registry.corrections.shown import list_corrections, show_correction
from vaxcert.service.registry.people.register import change_person
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    import pytest

    from tests.scenario_doors import Door

PHOTO = b64encode(b"\xff\xd8\xff\xe0 an invented photograph of a card \xff\xd9").decode()


def test_e7_a_misspelt_name_is_corrected_and_certified_anew(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    issuing, ask = Issuing(door, capsys), door.ask
    person, first = issuing.vaccinated(family_name="Nguyễn", given_name="Thi Anh", birth_date="1984-03-18")
    issuing.sign(first)
    assert issuing.run()["issued"] == 1
    v1 = ask(show_certificate, person, certificate=first)
    assert issuing.verdict(v1["text"])["outcome"] == "valid"

    # What a certificate says is not simply changed.
    change = {"person": person, "version": 1, "reason": "my name is misspelt", "given_name": "Thị Ánh"}
    door.refused(CorrectionNeededError, change_person, person, **change)

    door.registry.later(days=1)
    asked = ask(ask_identity_correction, person, person=person, given_name="Thị Ánh", evidence=[PHOTO])
    assert (asked["lane"], asked["state"]) == ("identity", "open")
    assert [each["id"] for each in ask(list_corrections, Role.DISTRICT, lane="identity")["items"]] == [asked["id"]]
    (change,) = ask(show_correction, Role.DISTRICT, correction=asked["id"])["changes"]
    assert change == {"field": "given_name", "now": "Thi Anh", "wished": "Thị Ánh"}
    decision = {"correction": asked["id"], "reason": "evidence_conclusive", "note": "as on the card"}
    door.refused(NotAllowedError, accept_identity_correction, Role.RECEPTIONIST, **decision)
    (second,) = ask(accept_identity_correction, Role.DISTRICT, **decision)["certificates"]

    # Until the second is issued the first counts; then it does not, and the log says so.
    assert ask(show_certificate, person, certificate=first)["card"]["is_in_force"]
    issuing.sign(second)
    done = issuing.run()
    assert (done["issued"], done["anchored"], issuing.log_size) == (1, 1, 4)
    v2 = ask(show_certificate, person, certificate=second)
    assert (v2["record"]["given_name"], v2["card"]["replaces"]) == ("Thị Ánh", str(first))
    assert issuing.verdict(v2["text"])["certificate"]["holder"]["given_name"] == "Thị Ánh"
    verdict = issuing.verdict(v1["text"])
    assert (verdict["outcome"], verdict["code"]) == ("rejected", "superseded")

    held = {each["id"]: each for each in ask(certificates_of_person, person, person=person)["certificates"]}
    assert (held[str(first)]["state"], held[second]["state"]) == ("superseded", "anchored")
    assert held[str(first)]["is_anchored"]
    assert held[second]["is_anchored"]
    assert issuing.told("audit", str(issuing.ledger), "--json")["outcome"] == "clean"


def test_e7_nobody_decides_about_their_own_word(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    issuing, ask = Issuing(door, capsys), door.ask
    person, _ = issuing.vaccinated(family_name="Nguyễn", given_name="Thi Anh", birth_date="1984-03-18")
    asked = ask(ask_identity_correction, Role.DISTRICT, person=person, given_name="Thị Ánh")
    decision = {"correction": asked["id"], "reason": "slip_of_the_pen"}
    door.refused(SeparationError, accept_identity_correction, Role.DISTRICT, **decision)
    assert ask(accept_identity_correction, Role.PROVINCE, **decision)["correction"]["state"] == "accepted"

"""E13: before the code of a certificate lapses after twelve months, a new one is there for the same dose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.scenario_issuing import Issuing
from vaxcert.service.registry.certificates.listed import certificates_of_person
from vaxcert.service.registry.certificates.shown import show_certificate

if TYPE_CHECKING:
    import pytest

    from tests.scenario_doors import Door


def test_e13_a_code_is_renewed_before_it_lapses(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    door.registry.at = datetime(2025, 7, 7, 1, tzinfo=UTC)  # no verifier takes a list of a day that is to come
    issuing, ask = Issuing(door, capsys), door.ask
    person, first = issuing.vaccinated(family_name="Trần", given_name="Minh Quân", birth_date="1990-07-01")
    issuing.sign(first)
    issuing.run()
    old = ask(show_certificate, person, certificate=first)
    expires = datetime.fromisoformat(old["card"]["expires_at"])
    assert expires - door.registry.at == timedelta(days=365)

    door.registry.later(days=300)
    issuing.rotate()
    assert issuing.run()["renewed"] == 0
    door.registry.later(days=40)
    done = issuing.run()
    assert (done["renewed"], done["issued"]) == (1, 1)

    certificates = ask(certificates_of_person, person, person=person)["certificates"]
    (new,) = [each for each in certificates if each["is_in_force"]]
    assert (new["origin"], new["replaces"], new["dose"]) == ("renewal", str(first), old["card"]["dose"])
    shown = ask(show_certificate, person, certificate=new["uvci"])
    assert shown["record"] == old["record"]
    verdict = issuing.verdict(old["text"])
    assert (verdict["outcome"], verdict["code"]) == ("rejected", "superseded")
    door.registry.later(days=60)  # the old one would have lapsed
    assert issuing.verdict(shown["text"])["outcome"] == "valid"
    assert issuing.run()["renewed"] == 0

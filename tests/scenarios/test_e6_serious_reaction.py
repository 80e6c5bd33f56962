"""E6: a serious reaction alerts the offices at once, is reported within 24 hours, and its lot is held everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.cli import run
from vaxcert.errors import LotNotUsableError, NotAllowedError, ReactionStateError, RequestError
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.service.registry.notifications.contacts import add_contact
from vaxcert.service.registry.notifications.kept import list_notifications, show_delivery
from vaxcert.service.registry.people.register import register_person
from vaxcert.service.registry.reactions.form import amend_reaction
from vaxcert.service.registry.reactions.review import forward_reaction, hold_lot_of_reaction, review_reaction
from vaxcert.service.registry.reactions.shown import list_reactions, reveal_reaction, show_reaction
from vaxcert.service.registry.reactions.told import ask_advice, tell_reaction
from vaxcert.service.registry.reactions.upkeep import call_in_reports
from vaxcert.service.registry.registrations.declarations import declare_health
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import open_site
from vaxcert.service.registry.stock.lots import register_lot
from vaxcert.service.registry.stock.moves import receive_stock
from vaxcert.service.registry.visits.injection import inject
from vaxcert.service.registry.visits.reception import receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor

if TYPE_CHECKING:
    import pytest

    from tests.scenario_doors import Door

AZ = "EU/1/21/1529"
WELL = {"temperature": 36.6, "pulse": 72, "systolic": 120, "diastolic": 75, "respiration": 16}
SITE = {
    "code": "51001",
    "name": "Trạm y tế phường Cẩm Thành",
    "kind": "health_station",
    "area": "51",
    "address": "12 Hùng Vương",
    "phone": "0255 3 822 222",
    "hours": ["1-7 07:00-17:00"],
    "tables": 2,
    "per_table_hour": 12,
}
FORM = {
    "events": ["anaphylaxis_3"],
    "reasons": ["life_threatening", "hospitalisation"],
    "outcome": "recovering",
    "reporter_name": "Bùi Thị Hạnh",
    "reporter_role": "bác sĩ, Trạm y tế phường Cẩm Thành",
    "reporter_phone": "0255 3 822 222",
    "description": "khó thở, mạch 120, huyết áp 80/50 sau tiêm 40 phút; adrenalin hai lần",
}


class Place:
    """A site with one lot, through a door."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.site = door.ask(open_site, Role.CENTRE, **SITE)["id"]
        lot = {"number": "ABX1234", "product": AZ, "doses_per_vial": 10, "expires_on": "2026-06-30"}
        self.lot = door.ask(register_lot, Role.CENTRE, **lot)["id"]
        door.ask(receive_stock, Role.CENTRE, site=self.site, lot=self.lot, doses=100, cold="fridge")

    def screened(self, given_name: str) -> tuple[UUID, UUID]:
        """Bring somebody as far as the needle; return them and the visit."""
        ask, day = self.door.ask, self.door.registry.at.date()
        told = {"family_name": "Trần", "birth_date": "1984-03-18", "sex": "female", "area": "51"}
        person = UUID(
            ask(register_person, Role.RECEPTIONIST, given_name=given_name, phones=["0912345678"], **told)["id"]
        )
        answers = {question.id: "no" for question in declaration_form_on(day).questions}
        ask(declare_health, Role.RECEPTIONIST, person=person, answers=answers, agreed=True)
        received = ask(
            receive_visitor, Role.RECEPTIONIST, person=person, site=self.site, identity="document", consents=True
        )
        ask(screen_visitor, Role.SCREENER, visit=received["id"], product=AZ, other_answers="no", **WELL)
        return person, UUID(received["id"])

    def injected(self, given_name: str) -> tuple[UUID, str]:
        """Inject somebody; return them and the dose."""
        person, visit = self.screened(given_name)
        done = self.door.ask(inject, Role.VACCINATOR, visit=visit, lot=self.lot)
        return person, str(done["dose"]["id"])


def test_e6_a_serious_reaction_alerts_is_reported_in_a_day_and_its_lot_is_held(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(door)
    for contact in (
        {"channel": "sms", "address": "0935111222", "area": "51"},
        {"channel": "mail", "address": "truc@soyte.example.vn", "area": "51", "language": "en"},
        {"channel": "sms", "address": "0935111333", "site": place.site},
    ):
        door.ask(add_contact, Role.PROVINCE, **contact)
    reaction = _told_by_the_citizen(door, place)
    code = _reported_by_the_doctor(door, reaction)
    _sent_with_the_next_look(door, code, capsys)
    _held_before_the_next_needle(door, place, reaction)
    _forwarded_within_a_day(door, reaction)
    _reviewed_and_read(door, reaction)


def _told_by_the_citizen(door: Door, place: Place) -> str:
    person, dose = place.injected("Thị Hoa")
    door.registry.later(minutes=40)
    assert door.ask(ask_advice, person, ticks=["itch"])["level"] == "ordinary"
    advice = door.ask(tell_reaction, person, dose=dose, ticks=["breathing", "pulse"], words="khó thở quá")
    assert advice["level"] == "urgent"
    assert advice["call"] == ["115", "+842553822222", "19009095"]
    assert "115" in advice["say_vi"]
    assert advice["offices_told"] == 3
    return str(advice["id"])


def _reported_by_the_doctor(door: Door, reaction: str) -> str:
    """Fill in the form: serious, so the offices are alerted with the same commit."""
    door.registry.later(minutes=20)
    onset = door.registry.at.isoformat()
    wrong = {**FORM, "events": ["swoon"], "outcome": "died"}
    said = door.refused(RequestError, amend_reaction, Role.SCREENER, reaction=reaction, onset_at=onset, **wrong)
    assert "khó thở" not in said
    report = door.ask(amend_reaction, Role.SCREENER, reaction=reaction, onset_at=onset, **FORM)
    assert (report["reaction"]["level"], report["reasons"]) == ("serious", ["life_threatening", "hospitalisation"])
    assert (report["offices_told"], report["missing"]) == (3, [])
    alerts = door.ask(list_notifications, Role.SUPPORT, about=reaction)["items"]
    serious = [each for each in alerts if each["template"] == "serious-reaction"]
    assert {each["created_at"] for each in serious} == {report["reaction"]["learned_at"]}
    assert all(each["state"] == "queued" and each["due_at"] == each["created_at"] for each in serious)
    return str(report["reaction"]["code"])


def _sent_with_the_next_look(door: Door, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = door.registry.folder.path
    told = '[notifications]\nsms = "file"\nmail = "file"\n[notifications.file]\nfolder = "outgoing"\n'
    with (folder / "registry.toml").open("a") as settings:
        settings.write(told)
    common = ("--registry", str(folder), "--passphrase-file", str(door.registry.passphrase_file))
    capsys.readouterr()
    assert run(["registry", "deliver", "--once", "--json", "--as", "sysadmin", *common]) == 0
    assert json.loads(capsys.readouterr().out)["sent"] == 6
    texts = [json.loads(path.read_text()) for path in (folder / "outgoing").iterdir()]
    assert sorted(each["to"] for each in texts if "Phan ung nang" in each["text"]) == ["+84935111222", "+84935111333"]
    letters = [each for each in texts if each["channel"] == "mail"]
    assert f"Serious reaction: case {code}, lot ABX1234" in " ".join(each["text"] for each in letters)
    assert door.ask(show_delivery, Role.SYSADMIN)["counts"]["queued"] == 0


def _held_before_the_next_needle(door: Door, place: Place, reaction: str) -> None:
    _next, visit = place.screened("Thị Cúc")
    door.refused(NotAllowedError, hold_lot_of_reaction, Role.SCREENER, reaction=reaction, why="chờ kết luận")
    assert door.ask(hold_lot_of_reaction, Role.PROVINCE, reaction=reaction, why="chờ kết luận")["was_released"]
    door.refused(LotNotUsableError, inject, Role.VACCINATOR, visit=visit, lot=place.lot)


def _forwarded_within_a_day(door: Door, reaction: str) -> None:
    assert door.ask(list_reactions, Role.PROVINCE, overdue="true")["items"] == []
    door.registry.later(hours=23, minutes=30)
    assert not door.ask(forward_reaction, Role.PROVINCE, reaction=reaction, to="Bộ Y tế")["is_overdue"]
    door.registry.later(days=2)
    assert door.ask(call_in_reports, Role.SERVICE)["overdue"] == 0
    door.refused(ReactionStateError, forward_reaction, Role.PROVINCE, reaction=reaction, to="Bộ Y tế")


def _reviewed_and_read(door: Door, reaction: str) -> None:
    why = "phản vệ trong vòng một giờ, không có lý do khác"
    reviewed = door.ask(review_reaction, Role.PROVINCE, reaction=reaction, cause="product", why=why)
    assert (reviewed["state"], reviewed["cause"]) == ("reviewed", "product")
    shown = door.ask(show_reaction, Role.PROVINCE, reaction=reaction)
    assert [step["act"] for step in shown["steps"]] == ["tell", "report", "hold_lot", "forward", "review"]
    assert shown["ticks"] == ["breathing", "pulse"]
    assert "khó thở" not in json.dumps(shown, ensure_ascii=False)
    revealed = door.ask(reveal_reaction, Role.PROVINCE, reaction=reaction, reason="hội đồng tư vấn chuyên môn")
    assert revealed["steps"][0]["told"]["words"] == "khó thở quá"

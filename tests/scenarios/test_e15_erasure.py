"""E15, the people's half: an erased person is found by nothing and opened by nobody, and the trail stays whole."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from vaxcert.errors import NotAllowedError, PersonErasedError, StaleVersionError
from vaxcert.registry.people.tables import people, person_index, person_versions
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.registry.trail.store import chain_some, check_chain
from vaxcert.service.registry.people.erasure import erase_person
from vaxcert.service.registry.people.look_up import look_up_people, read_person, reveal_person, search_people
from vaxcert.service.registry.people.qr import show_personal_qr
from vaxcert.service.registry.people.register import change_person, register_person
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from tests.scenario_doors import Door

PERSON = {
    "family_name": "Nguyễn",
    "given_name": "Thị Ánh",
    "birth_date": "1984-03-18",
    "sex": "female",
    "numbers": ["051184000123", "271234567"],
    "phones": ["0912345678"],
    "area": "51",
}
BIRTH = {"family_name": "Nguyễn Thị Ánh", "birth_date": "1984-03-18"}


def test_e15_an_erased_person_leads_nowhere_and_stays_counted(door: Door) -> None:
    person = UUID(door.ask(register_person, Role.RECEPTIONIST, **PERSON)["id"])
    other = UUID(door.ask(register_person, Role.RECEPTIONIST, **{**PERSON, "numbers": [], "phones": []})["id"])
    code = door.ask(show_personal_qr, Role.RECEPTIONIST, person=person)["text"]
    door.ask(change_person, Role.RECEPTIONIST, person=person, version=1, reason="moved house", address="12 Lê Lợi")
    door.ask(reveal_person, Role.SCREENER, person=person, reason="called the person at home")

    door.refused(NotAllowedError, erase_person, Role.RECEPTIONIST, person=person, version=2, reason="asked for it")
    door.refused(StaleVersionError, erase_person, Role.PROVINCE, person=person, version=1, reason="asked for it")
    assert door.ask(erase_person, Role.PROVINCE, person=person, version=2, reason="asked for it") == {
        "ids": [str(person)]
    }

    door.refused(PersonErasedError, read_person, Role.RECEPTIONIST, person=person)
    for text in (*PERSON["numbers"], "0912345678", code):
        assert door.ask(look_up_people, Role.RECEPTIONIST, text=text) == {"people": []}
    found = door.ask(search_people, Role.RECEPTIONIST, **BIRTH)["people"]
    assert [each["id"] for each in found] == [str(other)]

    engine = door.registry.folder.engine()
    with engine.begin() as connection:
        left = connection.execute(sa.select(people).where(people.c.id == person)).mappings().one()
        assert (left["state"], left["birth_year"], left["sex"], left["area"]) == (
            "erased",
            1984,
            "female",
            "51@2025-07-01",
        )
        assert left["sealed"] is None
        for table in (person_index, person_versions):
            assert connection.execute(sa.select(table).where(table.c.person == person)).all() == []
        assert connection.execute(sa.select(data_keys).where(data_keys.c.subject == person)).all() == []
        chain_some(connection)
        assert check_chain(connection).position >= 5
    engine.dispose()

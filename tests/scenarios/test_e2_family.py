"""E2: a mother registers her child, who has no number and no telephone, and follows it until it is of age."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.errors import GuardianshipError, NotRegisteredError
from vaxcert.service.registry.people.guardians import (
    declare_guardianship,
    read_family,
    register_dependant,
    revoke_guardianship,
)
from vaxcert.service.registry.people.look_up import look_up_people, read_person
from vaxcert.service.registry.people.qr import print_personal_qr, show_personal_qr
from vaxcert.service.registry.people.register import register_person
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from tests.scenario_doors import Door

MOTHER = {
    "family_name": "Nguyễn",
    "given_name": "Thị Ánh",
    "birth_date": "1984-03-18",
    "sex": "female",
    "numbers": ["051184000123"],
    "phones": ["0912345678"],
    "area": "51",
}
CHILD = {"family_name": "Trần", "given_name": "Minh Khôi", "birth_date": "2016-05-04", "sex": "male"}


def test_e2_a_mother_registers_her_child_without_a_number(door: Door) -> None:
    mother = UUID(door.ask(register_person, Role.RECEPTIONIST, **MOTHER)["id"])
    told = door.ask(register_dependant, mother, guardian=mother, relation="mother", **CHILD)
    child, link = UUID(told["person"]["id"]), told["guardianship"]
    assert (told["person"]["numbers"], told["person"]["declared_by"]) == ([], "other")
    assert link["ends_on"] == "2034-05-04"
    assert "91/2015/QH13" in link["source"]

    family = door.ask(read_family, mother, person=mother)
    assert [(each["relation"], each["person"]["given_name"]) for each in family["dependants"]] == [
        ("mother", "Minh Khôi")
    ]

    # At the site the child's code, which hides a number that is not there, leads to the child.
    code = door.ask(show_personal_qr, mother, person=child)["text"]
    assert code.startswith("******|TRAN MINH KHOI|2016-**-**|1|")
    printed = door.ask(print_personal_qr, Role.RECEPTIONIST, person=child, reason="has no telephone")["text"]
    assert printed.startswith("******|TRAN MINH KHOI|2016-05-04|1|")
    for text in (code, printed):
        found = door.ask(look_up_people, Role.RECEPTIONIST, text=text)["people"]
        assert [(each["id"], each["warnings"]) for each in found] == [(str(child), [])]

    # The father is entered at the site; the child is asked by nobody, the grandfather shows a paper.
    father = UUID(
        door.ask(register_person, Role.RECEPTIONIST, **{**MOTHER, "given_name": "Văn Bình", "numbers": []})["id"]
    )
    grandfather = UUID(
        door.ask(register_person, Role.RECEPTIONIST, given_name="Văn Tám", birth_date="1950", area="51")["id"]
    )
    parents = door.ask(declare_guardianship, Role.RECEPTIONIST, guardian=father, dependant=child, relation="father")
    assert parents["notes"] == []
    by_paper = door.ask(
        declare_guardianship, Role.RECEPTIONIST, guardian=grandfather, dependant=child, relation="grandparent"
    )
    assert by_paper["notes"] == ["no_legal_representative"]
    said = door.refused(
        GuardianshipError, declare_guardianship, Role.RECEPTIONIST, guardian=child, dependant=father, relation="child"
    )
    assert "younger than 18" in said

    # It is taken back, and is over on the eighteenth birthday.
    ended = door.ask(
        revoke_guardianship, Role.RECEPTIONIST, guardianship=parents["id"], version=1, reason="lives apart"
    )
    assert ended["state"] == "revoked"
    assert len(door.ask(read_family, Role.RECEPTIONIST, person=child)["guardians"]) == 2
    door.registry.later(days=365 * 9)
    assert door.ask(read_family, Role.RECEPTIONIST, person=child)["guardians"] == []


def test_e2_nobody_is_told_of_a_strangers_child(door: Door) -> None:
    mother = UUID(door.ask(register_person, Role.RECEPTIONIST, **MOTHER)["id"])
    child = UUID(door.ask(register_dependant, mother, guardian=mother, relation="mother", **CHILD)["person"]["id"])
    assert door.ask(read_person, mother, person=child)["birth_date"] == "2016-05-04"
    unknown = UUID(int=7)
    said = door.refused(NotRegisteredError, read_person, Role.RECEPTIONIST, person=unknown)
    assert "Minh" not in said
    door.refused(
        NotRegisteredError, register_dependant, Role.RECEPTIONIST, guardian=unknown, relation="mother", **CHILD
    )

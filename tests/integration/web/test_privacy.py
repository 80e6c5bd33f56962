"""No citizen reads or changes another's record, by any route: generated from the table."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient

from tests.booked_site import GROUP, BookedSite
from tests.registry_fixture import new_sqlite_registry
from tests.role_tokens import RoleTokens
from tests.visited_site import VisitedSite
from tests.web_office import Clock, card, new_office, valid_text
from vaxcert.registry.people.guardianship import Relation
from vaxcert.service.registry.corrections.asked import AskIdentityCorrection, ask_identity_correction
from vaxcert.service.registry.people.guardians import RegisterDependant, register_dependant
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.reactions.told import TellReaction, tell_reaction
from vaxcert.service.registry.rights import GRANTS, Role
from vaxcert.web.api.builder import API
from vaxcert.web.api.table import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import httpx
    from litestar.types import ASGIApp

    from vaxcert.web.api.route import Route

NAME = "Thị Tuyệt Mật"
PHONE = "0912399999"
PHOTO = card(valid_text())
PUBLIC = {"site", "campaign", "code", "number"}
OPEN = {"/sessions/current", "/sessions/ended", "/reactions/advice", "/reactions/ticks", "/people"}
"""Routes that take nothing of anybody."""

CITIZENS = [
    route
    for route in ROUTES
    if route.right is not None and Role.CITIZEN in GRANTS[route.right] and route.path not in OPEN
]


@dataclass(frozen=True)
class Stranger:
    """Somebody with a record, a citizen who is not them, and the way in."""

    client: TestClient[ASGIApp]
    ids: dict[str, str]
    bodies: dict[str, dict[str, Any]]
    secrets: tuple[str, ...]

    def ask(self, route: Route, who: str) -> httpx.Response:
        path = re.sub(r"\{(\w+)\}", lambda field: self.ids[field[1]], route.path)
        headers = {"Authorization": f"Bearer role.{who}", "Idempotency-Key": f"{who}-{route.call.name}"[:100]}
        headers["If-Match"] = '"1"'
        body = self.bodies.get(f"{route.method} {route.path}", {})
        asks = route.method == "GET"
        return self.client.request(
            route.method, API + path, headers=headers, params=body if asks else None, json=None if asks else body
        )


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    with new_sqlite_registry(tmp_path_factory.mktemp("registry")) as registry:
        booked, visited = BookedSite(registry), VisitedSite(registry, "51777")

        def register(given_name: str, phone: str) -> UUID:
            told = RegisterPerson(
                family_name="Lý", given_name=given_name, birth_date="1971-07-07", area="51", phones=(phone,)
            )
            return registry.run(register_person, told, role=Role.RECEPTIONIST).id

        victim, other = register(NAME, PHONE), register("Khác", "0987000111")
        registration = booked.approved(victim)
        slot = booked.slots()[0]
        appointment = booked.book(registration, slot).id
        waiting = booked.wait(booked.approved(victim, 2)).id
        completed = visited.vaccinate(victim)
        as_victim = partial(registry.desk.run, actor=registry.citizen(victim), at=registry.at)
        reaction = as_victim(tell_reaction, TellReaction(dose=completed.dose))
        correction = as_victim(
            ask_identity_correction, AskIdentityCorrection(person=victim, given_name="Thị Mật", evidence=(PHOTO,))
        )
        child = RegisterDependant(
            guardian=victim,
            family_name="Lý",
            given_name="Con",
            birth_date="2022-01-01",
            relation=Relation.MOTHER,
        )
        family = as_victim(register_dependant, child)
        day = (registry.at + timedelta(days=2)).date().isoformat()
        ids = {
            "person": victim,
            "guardian": victim,
            "registration": registration,
            "appointment": appointment,
            "entry": waiting,
            "dose": completed.dose,
            "visit": completed.visit.id,
            "site": booked.site,
            "campaign": booked.campaign,
            "correction": correction.id,
            "number": 1,
            "reaction": reaction.id,
            "guardianship": family.guardianship.id,
            "certificate": completed.certificate,
            "code": "0151",
        }
        why = {"reason": "tôi muốn thế"}
        bodies: dict[str, dict[str, Any]] = {
            "POST /people/look-ups": {"text": PHONE},
            "POST /people/searches": {"family_name": "Lý", "given_name": NAME, "birth_date": "1971-07-07"},
            "PATCH /people/{person}": {"occupation": "khác", **why},
            "POST /people/{person}/qr/replacements": why,
            "POST /people/{guardian}/dependants": {
                "family_name": "Lý",
                "given_name": "Em",
                "birth_date": "2023-01-01",
                "relation": "mother",
            },
            "POST /guardianships": {
                "guardian": str(other),
                "dependant": str(victim),
                "relation": "mother",
            },
            "POST /guardianships/{guardianship}/end": why,
            "POST /people/{person}/declarations": {"answers": {}, "agreed": True},
            "POST /people/{person}/registrations": {
                "dose_number": 3,
                "group": GROUP,
                "desired_on": day,
                "agreed": True,
            },
            "POST /appointments": {"registration": str(registration), "slot": str(slot)},
            "POST /appointments/holds": {"registration": str(registration), "slot": str(slot)},
            "POST /appointments/{appointment}/move": {"slot": str(booked.slots()[-1])},
            "POST /appointments/{appointment}/cancellation": {"reason": "bận"},
            "POST /waiting": {"registration": str(registration), "site": str(booked.site), "until_day": day},
            "POST /people/{person}/corrections": {"given_name": "Thị Mới", "evidence": [b64encode(PHOTO).decode()]},
            "POST /doses/{dose}/corrections": {"lot_number": "XX1", "evidence": [b64encode(PHOTO).decode()]},
            "POST /doses/{dose}/reactions": {"temperature": 38.0},
        }
        secrets = (NAME, PHONE[1:], *(str(ids[name]) for name in ("person", "dose", "visit", "reaction", "correction")))
        actors = {"other": registry.citizen(other), "victim": registry.citizen(victim)}
        with (
            new_office(registry.desk, clock=Clock(registry.at), readers=(RoleTokens(actors),)) as web,
            TestClient(web.app) as client,
        ):
            yield Stranger(client, {name: str(value) for name, value in ids.items()}, bodies, secrets)


@pytest.mark.parametrize("route", CITIZENS, ids=lambda route: f"{route.method} {route.path}")
def test_s34_a_citizen_gets_nothing_of_another(stranger: Stranger, route: Route) -> None:
    answer = stranger.ask(route, "other")
    assert answer.status_code < 500, answer.text
    told = answer.text.replace(f'"instance":"{answer.headers.get("x-request-id")}"', "")
    assert not [secret for secret in stranger.secrets if secret in told], told
    named = {stranger.ids[name] for name in route.path_fields if name in stranger.ids}
    named.update(map(str, stranger.bodies.get(f"{route.method} {route.path}", {}).values()))
    if named & {stranger.ids[name] for name in stranger.ids.keys() - PUBLIC}:
        assert answer.status_code in {403, 404}, f"{answer.status_code} {answer.text}"


@pytest.mark.parametrize(
    "path", ["/people/{person}", "/people/{person}/doses", "/people/{person}/registrations", "/visits/{visit}/slip"]
)
def test_they_themselves_get_it(stranger: Stranger, path: str) -> None:
    route = next(route for route in ROUTES if (route.method, route.path) == ("GET", path))
    assert stranger.ask(route, "victim").status_code == 200

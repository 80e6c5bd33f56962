"""Signing in: staff, citizens and services, over HTTP, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from tests.web_office import Clock, WebUnderTest, new_office
from vaxcert.errors import RequestError
from vaxcert.registry.accounts import credentials
from vaxcert.registry.accounts.tables import account_passwords, api_keys, one_time_codes, sessions
from vaxcert.registry.notifications.message import Content
from vaxcert.registry.notifications.tables import notifications
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.accounts.accounts import NamedAccount, OpenAccount, close_account, open_account
from vaxcert.service.registry.accounts.api_keys import (
    KeyMade,
    ListKeys,
    MakeKey,
    NamedKey,
    SetPassword,
    list_keys,
    make_key,
    set_password,
    withdraw_key,
)
from vaxcert.service.registry.accounts.sessions import forget_ended
from vaxcert.service.registry.notifications.outbox import CONTENT_PLACE
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.rights import Right, Role
from vaxcert.service.registry.work import NOBODY
from vaxcert.web.auth.doors import BELIEVED_FOR
from vaxcert.web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import httpx
    from litestar.types import ASGIApp

    from tests.registry_fixture import RegistryUnderTest

PASSWORD = "seven blue herons walk"
PHONE = "0912345678"
API = "/api/v1"


class Door:
    """The service, its registry and a client."""

    def __init__(self, registry: RegistryUnderTest, web: WebUnderTest, client: TestClient[ASGIApp]) -> None:
        self.registry, self.web, self.client = registry, web, client

    def post(self, path: str, token: str | None = None, /, **fields: Any) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.post(API + path, json=fields, headers=headers)

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.get(API + path, headers=headers)

    def account(self, name: str, *roles: Role, password: str | None = PASSWORD) -> None:
        opened = OpenAccount(name=name, roles=list(roles), area=COUNTRY)
        self.registry.run(open_account, opened, role=Role.SYSADMIN)
        if password is not None:
            self.registry.run(set_password, SetPassword(name=name, password=password), role=Role.SYSADMIN)

    def key(self, account: str, *scopes: Right, **more: Any) -> KeyMade:
        return self.registry.run(make_key, MakeKey(account=account, scopes=list(scopes), **more), role=Role.SYSADMIN)

    def person(self, given_name: str, birth_date: str = "1984-03-18") -> UUID:
        told = RegisterPerson(
            family_name="Nguyễn", given_name=given_name, birth_date=birth_date, area="51", phones=(PHONE,)
        )
        return self.registry.run(register_person, told, role=Role.RECEPTIONIST).id

    def code(self) -> str:
        """Return the newest code that was sent, as its receiver reads it."""
        with self.registry.desk.working(self.registry.actor(Role.SERVICE), self.registry.at) as work:
            row = work.connection.execute(
                sa.select(notifications.c.id, notifications.c.content).order_by(notifications.c.id.desc()).limit(1)
            ).one()
            content = work.unseal(Content, NOBODY, CONTENT_PLACE, row.id, row.content)
        found = re.search(r"\b\d{6}\b", content.text)
        assert found is not None
        return found[0]

    def later(self, **span: float) -> None:
        self.registry.later(**span)
        self.web.clock.at = self.registry.at

    def forget_tokens(self) -> None:
        """Let the seconds pass in which a token is believed without asking."""
        self.web.office.doors._known.clear()


@pytest.fixture
def door(registry: RegistryUnderTest) -> Iterator[Door]:
    with new_office(registry.desk, clock=Clock(registry.at)) as web, TestClient(web.app) as client:
        yield Door(registry, web, client)


def test_staff_sign_in_act_and_sign_out(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    opened = door.post("/sessions", name="lan", password=PASSWORD)
    assert opened.status_code == 200
    token = opened.json()["token"]
    who = door.get("/sessions/current", token).json()
    assert (who["account"], who["roles"]) == ("lan", ["receptionist"])
    assert Right.REGISTER_PEOPLE in who["rights"]
    assert door.post("/sessions/ended", token, token=token).json() == {"ended": True}
    assert door.get("/sessions/current", token).status_code == 401


def test_a_wrong_password_and_an_unknown_account_are_told_the_same(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    wrong = door.post("/sessions", name="lan", password="not the password")
    unknown = door.post("/sessions", name="nobody", password="not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() | {"instance": ""} == unknown.json() | {"instance": ""}
    assert wrong.json()["code"] == "wrong_credentials"
    assert wrong.headers["www-authenticate"] == "Bearer"


def test_after_some_wrong_passwords_not_even_the_right_one_opens(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    for _ in range(credentials.FREE_TRIES):
        assert door.post("/sessions", name="lan", password="wrong").status_code == 401
    locked = door.post("/sessions", name="lan", password=PASSWORD)
    assert locked.status_code == 429
    assert locked.json()["code"] == "locked_out"
    assert 0 < int(locked.headers["retry-after"]) <= 60
    door.later(minutes=1, seconds=1)
    assert door.post("/sessions", name="lan", password=PASSWORD).status_code == 200
    assert door.post("/sessions", name="lan", password="wrong").status_code == 401, "it starts anew"


def test_a_session_ends_by_itself(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    token = door.post("/sessions", name="lan", password=PASSWORD).json()["token"]
    door.later(hours=1, seconds=1)
    door.forget_tokens()
    assert door.get("/sessions/current", token).status_code == 401


def test_a_closed_account_acts_no_more(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    token = door.post("/sessions", name="lan", password=PASSWORD).json()["token"]
    door.registry.run(close_account, NamedAccount(name="lan"), role=Role.SYSADMIN)
    door.forget_tokens()
    assert door.get("/sessions/current", token).status_code == 401
    assert door.post("/sessions", name="lan", password=PASSWORD).status_code == 401


def test_a_new_password_ends_the_sessions(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    token = door.post("/sessions", name="lan", password=PASSWORD).json()["token"]
    again = SetPassword(name="lan", password="another one that is long")
    assert door.registry.run(set_password, again, role=Role.SYSADMIN).ended_sessions == 1
    door.forget_tokens()
    assert door.get("/sessions/current", token).status_code == 401


@pytest.mark.parametrize("password", ["short", "x" * 30, "lan-lan-lan-lan"])
def test_a_password_that_is_easily_guessed_is_refused(door: Door, password: str) -> None:
    door.account("lan", Role.RECEPTIONIST, password=None)
    with pytest.raises(RequestError):
        door.registry.run(set_password, SetPassword(name="lan", password=password), role=Role.SYSADMIN)


def test_s2_a_citizen_signs_in_by_a_code_to_their_phone(door: Door) -> None:
    person = door.person("Thị Mẫu")
    assert door.post("/sessions/codes", phone="+84 912 345 678").status_code == 200
    opened = door.post("/sessions/citizens", phone=PHONE, code=door.code())
    assert opened.status_code == 200, opened.text
    assert opened.json()["person"] == str(person)
    token = opened.json()["token"]
    assert door.get("/sessions/current", token).json()["roles"] == ["citizen"]
    assert door.get(f"/people/{person}", token).json()["given_name"] == "Thị Mẫu"


def test_a_code_opens_once(door: Door) -> None:
    door.person("Thị Mẫu")
    door.post("/sessions/codes", phone=PHONE)
    code = door.code()
    assert door.post("/sessions/citizens", phone=PHONE, code=code).status_code == 200
    assert door.post("/sessions/citizens", phone=PHONE, code=code).status_code == 401


def test_a_code_ends_and_takes_three_tries(door: Door) -> None:
    door.person("Thị Mẫu")
    door.post("/sessions/codes", phone=PHONE)
    code = door.code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(credentials.CODE_TRIES):
        assert door.post("/sessions/citizens", phone=PHONE, code=wrong).status_code == 401
    assert door.post("/sessions/citizens", phone=PHONE, code=code).status_code == 401, "tried too often"
    door.later(minutes=1)
    door.post("/sessions/codes", phone=PHONE)
    code = door.code()
    door.later(minutes=6)
    assert door.post("/sessions/citizens", phone=PHONE, code=code).status_code == 401, "it has ended"


def test_only_the_newest_code_counts(door: Door) -> None:
    door.person("Thị Mẫu")
    door.post("/sessions/codes", phone=PHONE)
    old = door.code()
    door.later(minutes=1)
    door.post("/sessions/codes", phone=PHONE)
    new = door.code()
    if old != new:
        assert door.post("/sessions/citizens", phone=PHONE, code=old).status_code == 401
    assert door.post("/sessions/citizens", phone=PHONE, code=new).status_code == 200


def test_whether_a_phone_is_known_is_not_told(door: Door) -> None:
    door.person("Thị Mẫu")
    known = door.post("/sessions/codes", phone=PHONE)
    unknown = door.post("/sessions/codes", phone="0987654321")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    wrong = [door.post("/sessions/citizens", phone=phone, code="000000") for phone in (PHONE, "0911111111")]
    assert wrong[0].json() | {"instance": ""} == wrong[1].json() | {"instance": ""}


def test_a_phone_gets_five_codes_an_hour_and_hears_nothing_of_the_sixth(door: Door) -> None:
    for _ in range(credentials.CODES_AN_HOUR + 2):
        assert door.post("/sessions/codes", phone=PHONE).status_code == 200
        door.later(minutes=1)
    with door.registry.desk.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(one_time_codes)) == credentials.CODES_AN_HOUR


def test_who_shares_a_phone_says_when_they_were_born(door: Door) -> None:
    mother, child = door.person("Thị Mẫu"), door.person("An", "2016-09-01")
    door.post("/sessions/codes", phone=PHONE)
    code = door.code()
    asked = door.post("/sessions/citizens", phone=PHONE, code=code)
    assert asked.status_code == 422
    assert asked.json()["fields"][0]["field"] == "birth_date"
    opened = door.post("/sessions/citizens", phone=PHONE, code=code, birth_date="1984-03-18").json()
    assert opened["person"] == str(mother)
    assert door.get(f"/people/{child}", opened["token"]).status_code == 404


def test_somebody_new_signs_in_and_registers_themselves(door: Door) -> None:
    door.post("/sessions/codes", phone=PHONE)
    opened = door.post("/sessions/citizens", phone=PHONE, code=door.code()).json()
    assert opened["person"] is None
    headers = {"Authorization": f"Bearer {opened['token']}", "Idempotency-Key": "register-1"}
    fields = {
        "family_name": "Trần",
        "given_name": "Văn Bình",
        "birth_date": "1990-05-05",
        "area": "51",
        "phones": [PHONE],
    }
    made = door.client.post(f"{API}/people", json=fields, headers=headers)
    assert made.status_code == 201, made.text
    again = door.client.post(f"{API}/people", json=fields, headers=headers)
    assert again.json()["id"] == made.json()["id"], "the same request is carried out once"


@pytest.mark.parametrize(("phone", "code"), [("1900 9095", "not_mobile"), ("12", "invalid_phone")])
def test_what_gets_no_messages_is_told(door: Door, phone: str, code: str) -> None:
    refused = door.post("/sessions/codes", phone=phone)
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["code"] in {code, "invalid_phone"}


def test_a_service_acts_by_its_key_within_its_scopes(door: Door) -> None:
    door.account("hospital", Role.SERVICE, password=None)
    key = door.key("hospital", Right.REGISTER_PEOPLE)
    listed = door.get("/sites", key.token)
    assert listed.status_code == 403, "not among its scopes, though every role may"
    asked = door.client.post(f"{API}/people", headers={"Authorization": f"Bearer {key.token}"}, json={})
    assert asked.status_code == 400
    assert asked.json()["code"] == "idempotency_key_missing"
    door.registry.run(withdraw_key, NamedKey(id=key.id), role=Role.SYSADMIN)
    door.forget_tokens()
    assert door.get("/sites", key.token).status_code == 401


def test_a_key_ends(door: Door) -> None:
    door.account("hospital", Role.SERVICE, password=None)
    key = door.key("hospital", Right.READ_SITES, ends_at=door.registry.at + timedelta(days=1))
    assert door.get("/sites", key.token).status_code == 200
    door.later(days=1)
    door.forget_tokens()
    assert door.get("/sites", key.token).status_code == 401
    (shown,) = door.registry.run(list_keys, ListKeys(), role=Role.SYSADMIN).items
    assert (shown.id, shown.account) == (key.id, "hospital")


@pytest.mark.parametrize(
    ("roles", "scopes", "field"),
    [
        ([Role.RECEPTIONIST], [Right.READ_SITES], "account"),
        ([Role.SERVICE], [Right.KEEP_ACCOUNTS], "scopes"),
    ],
)
def test_no_key_opens_more_than_its_account(door: Door, roles: list[Role], scopes: list[Right], field: str) -> None:
    door.account("hospital", *roles, password=None)
    with pytest.raises(RequestError) as refused:
        door.key("hospital", *scopes)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_one_address_tries_to_sign_in_only_so_often(registry: RegistryUnderTest) -> None:
    limits = Limits(client_rate=1000, client_burst=1000)
    with new_office(registry.desk, clock=Clock(registry.at), limits=limits) as web, TestClient(web.app) as client:
        door = Door(registry, web, client)
        answers = [door.post("/sessions/citizens", phone=PHONE, code="000000") for _ in range(35)]
    codes = [answer.status_code for answer in answers]
    assert codes[:30] == [401] * 30
    assert codes[-1] == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_what_ended_long_ago_is_forgotten(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    door.post("/sessions", name="lan", password=PASSWORD)
    door.post("/sessions/codes", phone=PHONE)
    assert forget_ended(door.registry.desk, at=door.registry.at) == 0
    door.later(days=2)
    assert forget_ended(door.registry.desk, at=door.registry.at) == 1, "the code"
    door.later(days=7)
    assert forget_ended(door.registry.desk, at=door.registry.at) == 1, "the session"


def test_no_secret_lies_in_the_database_in_the_clear(door: Door) -> None:
    door.account("lan", Role.RECEPTIONIST)
    door.account("hospital", Role.SERVICE, password=None)
    token = door.post("/sessions", name="lan", password=PASSWORD).json()["token"]
    key = door.key("hospital", Right.READ_SITES).token
    door.post("/sessions/codes", phone=PHONE)
    code = door.code()
    kept = ""
    with door.registry.desk.reading() as connection:
        for table in (account_passwords, sessions, one_time_codes, api_keys):
            kept += str(connection.execute(sa.select(table)).all())
    for secret in (PASSWORD, token, token[4:], key, key[4:], f"'{code}'", "912345678"):
        assert secret not in kept
    assert "$argon2id$" in kept


def test_the_log_has_no_personal_data(door: Door) -> None:
    person = door.person("Thị Mẫu")
    door.post("/sessions/codes", phone=PHONE)
    token = door.post("/sessions/citizens", phone=PHONE, code=door.code()).json()["token"]
    door.get(f"/people/{person}?secret=1", token)
    log = door.web.lines
    assert f"{API}/people/{{person}}" in log
    for secret in (str(person), "912345678", token, "secret", "Mẫu", "testclient"):
        assert secret not in log


def test_a_token_is_believed_for_some_seconds_only() -> None:
    assert timedelta() < BELIEVED_FOR <= timedelta(seconds=10)

"""The routes that need no registry: verification, the ledger, issuing and revocation; and what is common to all."""

from __future__ import annotations

from base64 import b64decode
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from litestar.testing import TestClient

from tests.faults.encoders import AT, signer
from tests.role_tokens import RoleTokens
from tests.web_office import (
    UNLIMITED,
    Clock,
    WebUnderTest,
    card,
    expired_text,
    new_office,
    tampered_text,
    valid_text,
)
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.note_key import NoteVerifier
from vaxcert.ledger.log.proof import verify_consistency
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.workbench import Plan, Recipe
from vaxcert.service.ledgers import create_ledger, sign_checkpoint
from vaxcert.service.online_issuing import IssuingPlace
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.rights import Role
from vaxcert.service.revocation_book import BOOK_NAME
from vaxcert.service.signers import ISSUER_SECRET, SignerSource
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.verifier import Verifier
from vaxcert.web.api.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.types import ASGIApp

API = "/api/v1"
KEYS = Path(__file__).parents[3] / "keys" / "sample"
PASSPHRASE = b"correct horse battery"
SERVICE = Actor(account="hospital", roles=frozenset({Role.SERVICE}), kind=ActorKind.SERVICE, area=COUNTRY)
RECORD = {
    "record_id": "A-1",
    "family_name": "Nguyễn",
    "given_name": "Thị Mẫu",
    "birth_date": "1983-10-10",
    "product": "EU/1/20/1528",
    "lot": "NJ0342",
    "dose_number": 1,
    "total_doses": 2,
    "vaccination_date": "2026-05-04",
}


@pytest.fixture
def web() -> Iterator[WebUnderTest]:
    with new_office() as web:
        yield web


@pytest.fixture
def client(web: WebUnderTest) -> Iterator[TestClient[ASGIApp]]:
    with TestClient(web.app) as client:
        yield client


class Issuing:
    """A service that issues into a ledger of its own."""

    def __init__(self, client: TestClient[ASGIApp], ledger: Path, clock: Clock) -> None:
        self.client, self.ledger, self.clock = client, ledger, clock
        self.sent = 0

    def post(self, path: str, **fields: Any) -> Any:
        self.sent += 1
        headers = {"Authorization": "Bearer role.service", "Idempotency-Key": f"issuing-{self.sent}"}
        return self.client.post(API + path, json=fields, headers=headers)

    def issue(self, *records: dict[str, Any]) -> Any:
        return self.post("/issued", records=list(records))

    def checkpoint(self) -> None:
        sign_checkpoint(self.ledger, passphrase=lambda: PASSPHRASE, at=self.clock())


@pytest.fixture
def issuing(tmp_path: Path) -> Iterator[Issuing]:
    clock = Clock(datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
    ledger = tmp_path / "ledger"
    create_ledger(ledger, origin="ledger.example/vn", passphrase=lambda: PASSPHRASE, at=clock())
    plan = Plan(
        kind=CertificateType.VACCINATION,
        country="VN",
        issuer="Ministry of Health of Viet Nam",
        validity=timedelta(days=365),
        level=9,
        formats=("jsonl",),
    )
    source = SignerSource(keys=KEYS, passphrase_file=KEYS / "passphrase.txt")
    recipe = Recipe(plan=plan, source=source, secret=KEYS / ISSUER_SECRET, at=clock())
    with ExitStack() as stack:
        place = stack.enter_context(IssuingPlace.open(recipe, ledger))
        web = stack.enter_context(
            new_office(
                clock=clock,
                readers=(RoleTokens({"service": SERVICE}),),
                issuing=place,
                ledger=ledger,
                book=ledger / BOOK_NAME,
                revocation_list=tmp_path / "list.cose",
            )
        )
        client = stack.enter_context(TestClient(web.app))
        yield Issuing(client, ledger, clock)


# --- verification ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [valid_text(), expired_text(), tampered_text(), "HC1:", "hello"])
def test_s41_a_verdict_is_the_json_of_the_command_line(client: TestClient[ASGIApp], text: str) -> None:
    answer = client.post(f"{API}/verifications", json={"text": text})
    assert answer.status_code == 200
    report = Verifier(TrustList.of_certificates([signer().der])).examine(text, at=AT)
    assert answer.json() == report.to_dict()
    msgspec.json.decode(answer.content, type=Verdict)


def test_a_verdict_is_said_in_the_language_that_was_asked_for(client: TestClient[ASGIApp]) -> None:
    asked = {"json": {"text": expired_text()}}
    for header, start in (("vi-VN,vi;q=0.9,en;q=0.5", "chứng nhận đã hết hiệu lực"), ("fr,en", "expired at")):
        answer = client.post(f"{API}/verifications", headers={"Accept-Language": header}, **asked)  # type: ignore[arg-type] # a table
        assert answer.json()["message"].startswith(start)


def test_a_batch_has_a_verdict_for_each_in_their_order(client: TestClient[ASGIApp]) -> None:
    texts = [valid_text(), expired_text(), tampered_text(), "hello"] * 12
    answer = client.post(f"{API}/verifications/batch", json={"texts": texts})
    verdicts = answer.json()["verdicts"]
    assert [verdict["code"] for verdict in verdicts] == [None, "expired", "bad_signature", "unknown_prefix"] * 12
    assert [verdict["outcome"] for verdict in verdicts[:2]] == ["valid", "rejected"]
    assert verdicts[0]["id"].startswith("URN:UVCI:01:VN:")
    assert verdicts[1]["id"] is not None, "its signature holds"
    assert verdicts[2]["id"] is None, "an id that nobody vouches for is not told"
    assert "Nguyễn" not in answer.text


@pytest.mark.parametrize("texts", [[], ["HC1:"] * 501, ["x" * 8193], "HC1:", [3]])
def test_a_batch_past_a_bound_is_refused(client: TestClient[ASGIApp], texts: object) -> None:
    refused = client.post(f"{API}/verifications/batch", json={"texts": texts})
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"].startswith("texts")


def test_a_picture_is_verified_and_one_without_a_code_says_so(client: TestClient[ASGIApp]) -> None:
    for path in ("/scans", "/scans/frames"):
        answer = client.post(API + path, content=card(valid_text()), headers={"Content-Type": "image/png"})
        (verdict,) = answer.json()["verdicts"]
        assert (verdict["outcome"], verdict["steps"][0]) == ("valid", {"name": "scan", "status": "passed"})
    answer = client.post(f"{API}/scans", content=b"no picture", headers={"Content-Type": "image/png"})
    assert answer.json()["verdicts"][0]["code"] == "unreadable_image"


def test_what_was_verified_is_counted_and_not_kept(client: TestClient[ASGIApp], web: WebUnderTest) -> None:
    client.post(f"{API}/verifications", json={"text": valid_text()})
    client.post(f"{API}/verifications/batch", json={"texts": [expired_text()]})
    counts = client.get("/metrics").text
    assert 'vaxcert_verifications_total{outcome="valid"} 1.0' in counts
    assert 'vaxcert_verifications_total{outcome="rejected"} 1.0' in counts
    log = web.lines
    assert f'"route":"{API}/verifications/batch"' in log
    assert "HC1" not in log
    assert "Nguyễn" not in log


# --- the ledger --------------------------------------------------------------------------------------------------


def test_without_a_ledger_its_routes_say_so(client: TestClient[ASGIApp]) -> None:
    for path in ("/ledger", "/ledger/checkpoint", "/revocations/list", "/revocations/URN:UVCI:01:VN:A"):
        refused = client.get(API + path)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_set_up")


def test_s38_what_is_issued_stands_in_the_log_and_is_proved(issuing: Issuing) -> None:
    issued = issuing.issue(RECORD, RECORD | {"record_id": "A-2"})
    assert issued.status_code == 201, issued.text
    first, second = issued.json()["certificates"]
    assert (first["leaf_index"], second["leaf_index"]) == (0, 1)
    refused = issuing.client.get(f"{API}/ledger")
    assert (refused.status_code, refused.json()["code"]) == (409, "ledger_state"), "nothing is signed yet"
    issuing.checkpoint()
    issuing.issue(RECORD | {"record_id": "A-3"})
    issuing.checkpoint()
    head = issuing.client.get(f"{API}/ledger").json()
    checkpoint = open_checkpoint(head["checkpoint"], verifier=NoteVerifier.of_vkey(head["vkey"]))
    assert (checkpoint.size, checkpoint.root) == (3, b64decode(head["root"]))
    assert issuing.client.get(f"{API}/ledger/checkpoint").text == head["checkpoint"]
    leaves = issuing.client.get(f"{API}/ledger/tiles/0/0?width=3").content
    assert len(leaves) == 96
    older = sha256(b"\x01" + leaves[:64]).digest()
    proof = issuing.client.get(f"{API}/ledger/consistency?first=2").json()
    path = [b64decode(each) for each in proof["path"]]
    verify_consistency(smaller=2, larger=3, path=path, smaller_root=older, larger_root=checkpoint.root)
    receipt = issuing.client.get(f"{API}/ledger/receipts/{first['id']}")
    assert receipt.headers["content-type"] == "application/cbor"


@pytest.mark.parametrize(
    "path",
    [
        "/ledger/tiles/0/0?width=200",
        "/ledger/tiles/1/0?width=1",
        "/ledger/tiles/0/9",
        "/ledger/consistency?first=5",
        "/ledger/receipts/URN:UVCI:01:VN:00000000000000000000000000000000",
    ],
)
def test_what_no_checkpoint_covers_is_not_there(issuing: Issuing, path: str) -> None:
    issuing.issue(RECORD)
    issuing.checkpoint()
    assert issuing.client.get(API + path).status_code == 404


# --- issuing and revoking ----------------------------------------------------------------------------------------


def test_s37_a_record_sent_again_keeps_its_certificate(issuing: Issuing) -> None:
    (first,) = issuing.issue(RECORD).json()["certificates"]
    (again,) = issuing.issue(RECORD).json()["certificates"]
    assert (again["id"], again["text"], again["leaf_index"]) == (first["id"], first["text"], 0)
    (changed,) = issuing.issue(RECORD | {"lot": "NJ0343"}).json()["certificates"]
    assert changed["id"] != first["id"]
    state = issuing.client.get(f"{API}/revocations/{first['id']}").json()
    assert state["state"] == "superseded"


def test_a_wrong_record_does_not_keep_the_others_waiting(issuing: Issuing) -> None:
    answer = issuing.issue(RECORD, {"record_id": "A-2", "family_name": "Trần"}, RECORD | {"record_id": "A-3"}).json()
    assert [each["record_id"] for each in answer["certificates"]] == ["A-1", "A-3"]
    assert {(each["number"], each["record_id"]) for each in answer["rejects"]} == {(2, "A-2")}
    assert {"birth_date", "product"} <= {each["field"] for each in answer["rejects"]}


def test_a_certificate_is_revoked_once(issuing: Issuing) -> None:
    (issued,) = issuing.issue(RECORD).json()["certificates"]
    told = issuing.client.get(f"{API}/revocations/{issued['id']}").json()
    assert (told["state"], told["since"]) == ("not_revoked", None)
    unknown = "URN:UVCI:01:VN:00000000000000000000000000000000"
    done = issuing.post("/revocations", certificates=[issued["id"], unknown, "nonsense"], word="fraud").json()
    assert (done["revoked"], done["revoked_before"]) == (1, 0)
    assert [(each["number"], each["code"]) for each in done["refused"]] == [
        (2, "certificate_unknown"),
        (3, "invalid_uvci"),
    ]
    assert issuing.post("/revocations", certificates=[issued["text"]]).json()["revoked_before"] == 1
    state = issuing.client.get(f"{API}/revocations/{issued['id']}").json()
    assert (state["state"], state["since"]) == ("revoked", "2026-12-01T08:00:00Z")


def test_the_list_is_given_out_as_it_was_exported(issuing: Issuing, tmp_path: Path) -> None:
    assert issuing.client.get(f"{API}/revocations/list").status_code == 404
    (tmp_path / "list.cose").write_bytes(b"a list")
    answer = issuing.client.get(f"{API}/revocations/list")
    assert (answer.content, answer.headers["content-type"]) == (b"a list", "application/cose")


def test_nobody_issues_without_a_key(issuing: Issuing) -> None:
    refused = issuing.client.post(f"{API}/issued", json={"records": [RECORD]})
    assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")


# --- what is common ----------------------------------------------------------------------------------------------


def test_every_answer_has_the_headers_that_protect(client: TestClient[ASGIApp]) -> None:
    for path in ("/", "/health", "/nothing", f"{API}/openapi.json"):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["x-request-id"]) == 16
    assert client.get("/health").headers["cache-control"] == "no-store"
    page = client.get("/")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert client.get("/", headers={"If-None-Match": page.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("method", "path", "content", "media", "status", "code"),
    [
        ("GET", "/nothing", b"", None, 404, "no_such_route"),
        ("DELETE", f"{API}/verifications", b"", None, 405, "method_not_allowed"),
        ("POST", f"{API}/verifications", b"{}", "text/plain", 415, "unsupported_media_type"),
        ("POST", f"{API}/verifications", b"{", "application/json", 422, "invalid_request"),
        ("POST", f"{API}/verifications", b"[]", "application/json", 422, "invalid_request"),
        ("POST", f"{API}/verifications", b'{"text": "\xff"}', "application/json", 422, "invalid_request"),
        ("POST", f"{API}/verifications", b"[" * 100_000, "application/json", 422, "invalid_request"),
        ("POST", f"{API}/verifications", b'{"text": 3, "more": 1}', "application/json", 422, "invalid_request"),
        ("POST", f"{API}/verifications", b" " * 1_048_577, "application/json", 413, "body_too_large"),
        ("GET", f"{API}/ledger/consistency", b"", None, 422, "invalid_request"),
        ("GET", f"{API}/ledger/consistency?first=1&first=2", b"", None, 422, "invalid_request"),
        ("GET", f"{API}/ledger/tiles/x/0", b"", None, 422, "invalid_request"),
        ("GET", f"{API}/ledger/tiles/0/0?level=1", b"", None, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    client: TestClient[ASGIApp], *, method: str, path: str, content: bytes, media: str | None, status: int, code: str
) -> None:
    headers = {} if media is None else {"Content-Type": media}
    answer = client.request(method, path, content=content or None, headers=headers)
    assert answer.status_code == status
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["type"], problem["status"]) == (code, f"urn:vaxcert:{code}", status)
    assert problem["instance"].endswith(answer.headers["x-request-id"])


def test_all_wrong_fields_are_told_at_once(client: TestClient[ASGIApp]) -> None:
    fields = client.post(f"{API}/verifications", json={"text": 3, "receipt": 4, "more": 1}).json()["fields"]
    assert {each["field"] for each in fields} == {"text", "receipt", "more"}


def test_one_address_asks_only_so_often() -> None:
    with new_office(limits=replace(UNLIMITED, client_rate=0.01, client_burst=3)) as web, TestClient(web.app) as client:
        answers = [client.post(f"{API}/verifications", json={"text": "x"}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[-1].json()["code"] == "too_many_requests"
        assert 90 <= int(answers[-1].headers["retry-after"]) <= 100
        assert client.get("/health").status_code == 200, "who watches is not counted"


def test_a_stale_trust_list_makes_the_service_not_ready() -> None:
    with new_office() as web:
        trust_list = TrustList.of_certificates([signer().der])
        web.office.verifying.current = Verifier(trust_list, policy=Policy(max_age=timedelta(days=1)))
        with TestClient(web.app) as client:
            refused = client.get("/ready")
            assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
            assert client.get("/health").status_code == 200

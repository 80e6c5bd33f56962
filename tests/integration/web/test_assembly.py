"""A service put together from what an operator names: a registry, a ledger, keys and a provider."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from joserfc.jwk import ECKey

from vaxcert.errors import AuthenticationError, PassphraseError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.workbench import Plan, Recipe
from vaxcert.service.kept_verifier import TrustSources
from vaxcert.service.ledgers import create_ledger
from vaxcert.service.registry.registry_folder import create_registry
from vaxcert.service.signers import ISSUER_SECRET, SignerSource
from vaxcert.web.assembly import Assembly
from vaxcert.web.auth.oidc import Provider, _fetched
from vaxcert.web.server import serve
from vaxcert.web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = Path(__file__).parents[3] / "keys" / "sample"
PASSPHRASE = b"correct horse battery"


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    now = datetime.now(UTC)
    create_ledger(tmp_path / "ledger", origin="ledger.example/vn", passphrase=lambda: PASSPHRASE, at=now)
    create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=now.date())
    passphrase = tmp_path / "passphrase"
    passphrase.write_bytes(PASSPHRASE + b"\n")
    plan = Plan(
        kind=CertificateType.VACCINATION,
        country="VN",
        issuer="Ministry of Health",
        validity=timedelta(days=365),
        level=9,
        formats=("jsonl",),
    )
    source = SignerSource(keys=KEYS, passphrase_file=KEYS / "passphrase.txt")
    return Assembly(
        trust=TrustSources(trust=(KEYS / "trust.json",)),
        ledger=tmp_path / "ledger",
        registry=tmp_path / "registry",
        registry_passphrase=passphrase,
        recipe=Recipe(plan=plan, source=source, secret=KEYS / ISSUER_SECRET, at=now),
        provider=Provider(issuer="https://id.example", audience="vaxcert", jwks=str(tmp_path / "jwks.json")),
        limits=Limits(client_rate=100, client_burst=400),
        workers=4,
    )


def test_each_process_has_its_part_of_what_a_client_may_ask(assembly: Assembly) -> None:
    with ExitStack() as stack:
        office = assembly.office(stack)
        assert (office.limits.client_rate, office.limits.client_burst) == (25, 100)
        assert len(office.doors.readers) == 3
        assert office.desk is not None
        assert office.issuing is not None
        assert office.book is not None
        assert office.book.parent == assembly.ledger


def test_a_wrong_passphrase_is_told_before_anything_is_served(assembly: Assembly) -> None:
    assert assembly.registry_passphrase is not None
    assembly.registry_passphrase.write_bytes(b"wrong passphrase\n")
    with pytest.raises(PassphraseError):
        serve(assembly, host="127.0.0.1", port=0, started=lambda _where: pytest.fail("it must not start"))


def test_it_serves_until_it_is_told_to_stop(assembly: Assembly, capfd: pytest.CaptureFixture[str]) -> None:
    answers: list[httpx.Response] = []

    def visit(where: str) -> None:
        with httpx.Client(base_url=where, timeout=60) as client:
            answers.append(client.get("/ready"))
            answers.append(client.get("/api/v1/sites"))
            answers.append(client.get("/api/v1/accounts", headers={"Authorization": "Bearer a.b.c"}))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    # The server gives the signal on when it has stopped: here to nobody.
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    visitors: list[threading.Thread] = []

    def started(where: str) -> None:
        visitors.append(threading.Thread(target=visit, args=(where,)))
        visitors[0].start()

    try:
        serve(replace(assembly, workers=1, provider=None), host="127.0.0.1", port=0, started=started)
    finally:
        signal.signal(signal.SIGTERM, before)
        visitors[0].join()
    assert [answer.status_code for answer in answers] == [200, 200, 401]
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["route"] for line in lines if line["event"] == "request"] == [
        "/ready",
        "/api/v1/sites",
        "/api/v1/accounts",
    ]


@pytest.fixture
def key_server() -> Iterator[tuple[str, dict[str, bytes]]]:
    answers: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answers.get(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_arguments: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", answers
        server.shutdown()
        thread.join()


def test_keys_are_asked_for_over_http_within_bounds(key_server: tuple[str, dict[str, bytes]]) -> None:
    where, answers = key_server
    answers["/keys"] = json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}).encode()
    answers["/huge"] = b" " * 300_000
    assert _fetched(f"{where}/keys") == answers["/keys"]
    with pytest.raises(AuthenticationError, match="larger"):
        _fetched(f"{where}/huge")
    with pytest.raises(AuthenticationError, match="does not tell"):
        _fetched(f"{where}/missing")

"""What carries messages away: over real HTTP and SMTP on the loopback interface, into files, onto a stream."""

from __future__ import annotations

import fcntl
import hmac
import io
import json
import socket
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import pytest

from tests.simulator.gateway import Behaviour, Gateway, running_gateway
from tests.simulator.mail_server import MailServer, running_mail_server
from tests.simulator.tls import loopback_tls
from vaxcert.errors import SettingsError, StorageError
from vaxcert.registry.notifications.message import Channel, Content, Parcel
from vaxcert.registry.notifications.schedule import Attempt, Outcome
from vaxcert.service.registry.notifications.delivery_channels import carriers_of, parse_settings
from vaxcert.service.registry.notifications.delivery_http import SignedWebhooks, SmsGateway, Webhook
from vaxcert.service.registry.notifications.delivery_local import ConsoleCarrier, FolderCarrier
from vaxcert.service.registry.notifications.delivery_mail import SmtpCarrier, SmtpServer
from vaxcert.service.registry.notifications.delivery_post import MAX_ANSWER_BYTES, parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ID = UUID("019cac0f-2680-7588-b015-bf14009930de")
SECRET = b"invented secret of a webhook"
SOON = timedelta(seconds=5)


def parcel(channel: Channel = Channel.SMS, address: str = "+84912345678") -> Parcel:
    content = Content(address=address, subject="Lịch hẹn", text="Lịch hẹn: 08:30.", sms="Lich hen: 08:30.")
    return Parcel(
        id=ID, template="appointment-confirmed", language="vi", channel=channel, created_at=AT, content=content
    )


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway() as running:
        yield running


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with running_mail_server() as running:
        yield running


def sms(gateway: Gateway, **more: str) -> SmsGateway:
    return SmsGateway(parse_url(gateway.url), within=SOON, **more)


def smtp(mail: MailServer, **more: str) -> SmtpCarrier:
    server = SmtpServer(
        host="127.0.0.1",
        port=mail.port,
        security="none",
        sender="so@example.vn",
        within=SOON,
        **more,
    )
    return SmtpCarrier(server)


# -- SMS


def test_s5_a_gateway_gets_the_text_and_the_key(gateway: Gateway) -> None:
    carrier = sms(gateway, token="t0ken", sender="SYT")
    assert carrier.carry(parcel(), AT) == Attempt(outcome=Outcome.ACCEPTED, receipt="gw-1")
    (arrival,) = gateway.arrivals
    assert arrival.told == {"id": str(ID), "to": "+84912345678", "text": "Lich hen: 08:30.", "sender": "SYT"}
    assert arrival.headers["idempotency-key"] == str(ID)
    assert arrival.headers["authorization"] == "Bearer t0ken"


def test_s5_each_try_has_the_same_key_so_the_message_is_one(gateway: Gateway) -> None:
    gateway.to_come.extend([Behaviour(is_silent=True), Behaviour(is_silent=True)])
    outcomes = [sms(gateway).carry(parcel(), AT + timedelta(minutes=each)).outcome for each in range(3)]
    assert outcomes == [Outcome.FAILED, Outcome.FAILED, Outcome.ACCEPTED]
    assert len(gateway.arrivals) == 3
    assert len(gateway.messages) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_message_that_is_refused_is_not_tried_again(gateway: Gateway, status: int) -> None:
    gateway.to_come.append(Behaviour(status=status))
    assert sms(gateway).carry(parcel(), AT) == Attempt(outcome=Outcome.REFUSED, code=f"http_{status}")


@pytest.mark.parametrize("status", [301, 401, 403, 404, 409, 429, 500, 503])
def test_what_speaks_of_the_gateway_costs_no_message(gateway: Gateway, status: int) -> None:
    gateway.to_come.append(Behaviour(status=status, headers=(("Location", "http://127.0.0.1:1/"),)))
    attempt = sms(gateway).carry(parcel(), AT)
    assert (attempt.outcome, attempt.code) == (Outcome.FAILED, f"http_{status}")
    assert len(gateway.arrivals) == 1


@pytest.mark.parametrize(("asked", "seconds"), [("120", 120), ("soon", 0), ("999999", 0), ("-1", 0)])
def test_a_gateway_may_ask_to_wait(gateway: Gateway, asked: str, seconds: int) -> None:
    gateway.to_come.append(Behaviour(status=429, headers=(("Retry-After", asked),)))
    assert sms(gateway).carry(parcel(), AT).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "body",
    [b"", b"ok", b"[]", b'{"id": null}', b'{"id": ""}', b'{"id": "%s"}' % (b"x" * 81), b'{"id": "a\\u0000"}', b"\xff"],
)
def test_a_receipt_that_cannot_be_read_is_none(gateway: Gateway, body: bytes) -> None:
    gateway.to_come.append(Behaviour(body=body))
    assert sms(gateway).carry(parcel(), AT) == Attempt(outcome=Outcome.ACCEPTED, receipt=None)


def test_an_answer_without_end_is_not_read_on(gateway: Gateway) -> None:
    gateway.to_come.append(Behaviour(body=b'{"id": "x"}' + b" " * MAX_ANSWER_BYTES))
    assert sms(gateway).carry(parcel(), AT) == Attempt(outcome=Outcome.ACCEPTED, receipt=None)


def test_a_gateway_that_says_nothing_is_left_after_the_time(gateway: Gateway) -> None:
    gateway.gate.clear()
    carrier = SmsGateway(parse_url(gateway.url), within=timedelta(milliseconds=50))
    attempt = carrier.carry(parcel(), AT)
    assert attempt.outcome is Outcome.FAILED
    assert attempt.code in {"timeout", "no_answer"}


def test_a_gateway_that_is_not_there_fails() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = parse_url(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert SmsGateway(url).carry(parcel(), AT) == Attempt(outcome=Outcome.FAILED, code="no_connection")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b"])
def test_a_name_that_nobody_has_fails(host: str) -> None:
    attempt = SmsGateway(parse_url(f"https://{host}/")).carry(parcel(), AT)
    assert attempt.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example/send",
        "http://192.168.1.5/",
        "ftp://sms.example/",
        "https://user:password@sms.example/",
        "https://sms.example/#part",
        "https:///send",
        "https://sms.example:port/",
        "https://sms.example/a b",
        "https://sms.example/" + "x" * 2048,
        "//sms.example",
        "",
    ],
)
def test_messages_go_out_over_https_alone(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_url(url)
    assert "password" not in refused.value.message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/a", "http://localhost/", "http://[::1]/", "https://sms.example"]
)
def test_http_is_for_this_machine_itself(url: str) -> None:
    assert parse_url(url).target.startswith("/")


def test_a_query_goes_along() -> None:
    assert parse_url("https://sms.example/a?b=c").target == "/a?b=c"


def test_a_gateway_with_a_stranger_s_certificate_gets_nothing(gateway: Gateway) -> None:
    attempt = SmsGateway(parse_url(f"https://127.0.0.1:{gateway.port}/"), within=SOON).carry(parcel(), AT)
    assert attempt.outcome is Outcome.FAILED
    assert gateway.arrivals == []


def test_s5_a_gateway_that_is_known_is_told_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = loopback_tls(tmp_path)
    with running_gateway(context) as gateway:
        assert sms(gateway).carry(parcel(), AT) == Attempt(outcome=Outcome.FAILED, code="tls_certificate")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert sms(gateway).carry(parcel(), AT).outcome is Outcome.ACCEPTED
    assert len(gateway.arrivals) == 1


# -- webhooks


def hooks(gateway: Gateway) -> SignedWebhooks:
    return SignedWebhooks({"ministry": Webhook(parse_url(gateway.url), SECRET)}, within=SOON)


def test_s5_a_webhook_is_signed_with_its_time(gateway: Gateway) -> None:
    assert hooks(gateway).carry(parcel(Channel.WEBHOOK, "ministry"), AT).outcome is Outcome.ACCEPTED
    (arrival,) = gateway.arrivals
    signed = f"{ID}.{int(AT.timestamp())}.".encode() + arrival.body
    expected = b64encode(hmac.new(SECRET, signed, sha256).digest()).decode()
    assert arrival.headers["webhook-signature"] == f"v1,{expected}"
    assert arrival.headers["webhook-id"] == str(ID)
    assert arrival.headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert arrival.told["type"] == "appointment-confirmed"
    assert arrival.told["data"]["text"] == "Lịch hẹn: 08:30."


def test_a_second_try_of_a_webhook_has_its_own_time_and_the_same_id(gateway: Gateway) -> None:
    gateway.to_come.append(Behaviour(is_silent=True))
    later = AT + timedelta(minutes=9)
    for at in (AT, later):
        hooks(gateway).carry(parcel(Channel.WEBHOOK, "ministry"), at)
    first, second = gateway.arrivals
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.headers["webhook-timestamp"] == str(int(later.timestamp()))
    assert first.body == second.body
    assert len(gateway.messages) == 1


def test_a_webhook_that_the_settings_do_not_have_is_tried_later(gateway: Gateway) -> None:
    attempt = hooks(gateway).carry(parcel(Channel.WEBHOOK, "somebody"), AT)
    assert attempt == Attempt(outcome=Outcome.FAILED, code="unknown_webhook")


# -- mail


def letter_to(carrier: SmtpCarrier, at: datetime = AT) -> Attempt:
    return carrier.carry(parcel(Channel.MAIL, "truc@example.vn"), at)


def test_s5_a_letter_arrives_with_its_accents(mail: MailServer) -> None:
    assert letter_to(smtp(mail)) == Attempt(outcome=Outcome.ACCEPTED, receipt=f"<{ID}@example.vn>")
    (letter,) = mail.letters
    assert letter["Subject"] == "Lịch hẹn"
    assert letter.get_content().splitlines() == ["Lịch hẹn: 08:30."]
    assert letter["To"] == "truc@example.vn"
    assert letter["From"] == "so@example.vn"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"] == "Mon, 02 Mar 2026 01:00:00 +0000"
    assert mail.recipients == ["TO:<truc@example.vn>"]


def test_s5_a_letter_that_is_sent_again_has_the_same_message_id(mail: MailServer) -> None:
    mail.answers["LETTER"] = ""  # it has the letter, and we never learn
    assert letter_to(smtp(mail)).outcome is Outcome.FAILED
    mail.answers.clear()
    assert letter_to(smtp(mail), AT + timedelta(minutes=1)).outcome is Outcome.ACCEPTED
    assert len({letter["Message-ID"] for letter in mail.letters}) == 1
    assert len(mail.letters) == 2


def test_a_login_is_sent_where_there_is_one(mail: MailServer) -> None:
    letter_to(smtp(mail, user="registry", password="geheim"))
    assert b64decode(mail.logins[0].removeprefix("PLAIN ")) == b"\0registry\0geheim"


@pytest.mark.parametrize(
    ("answers", "outcome", "code"),
    [
        ({"RCPT": "550 no such mailbox"}, Outcome.REFUSED, "smtp_550"),
        ({"RCPT": "450 busy"}, Outcome.FAILED, "smtp_450"),
        ({"MAIL": "553 not you"}, Outcome.REFUSED, "smtp_553"),
        ({"MAIL": "530 log in first"}, Outcome.FAILED, "smtp_530"),
        ({"LETTER": "554 no"}, Outcome.REFUSED, "smtp_554"),
        ({"LETTER": "452 full"}, Outcome.FAILED, "smtp_452"),
        ({"AUTH": "535 wrong"}, Outcome.FAILED, "smtp_login_535"),
        ({"CONNECT": "421 away"}, Outcome.FAILED, "smtp_421"),
        ({"CONNECT": ""}, Outcome.FAILED, "smtp_no_answer"),
        ({"DATA": ""}, Outcome.FAILED, "smtp_no_answer"),
        ({"QUIT": "500 what"}, Outcome.ACCEPTED, ""),
        ({"QUIT": ""}, Outcome.ACCEPTED, ""),
    ],
)
def test_what_a_mail_server_says_is_understood(
    mail: MailServer, answers: dict[str, str], outcome: Outcome, code: str
) -> None:
    mail.answers.update(answers)
    attempt = letter_to(smtp(mail, user="registry", password="geheim"))
    assert (attempt.outcome, attempt.code) == (outcome, code)


def test_a_mail_server_that_is_not_there_fails() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = SmtpServer(host="127.0.0.1", port=port, security="none", sender="so@example.vn")
    assert letter_to(SmtpCarrier(server)).outcome is Outcome.FAILED


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_without_encryption_gets_nothing(mail: MailServer, security: Literal["starttls", "tls"]) -> None:
    server = SmtpServer(
        host="127.0.0.1",
        port=mail.port,
        security=security,
        sender="so@example.vn",
        within=timedelta(seconds=1),
    )
    assert letter_to(SmtpCarrier(server)).outcome is Outcome.FAILED
    assert mail.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_s5_a_letter_goes_over_tls_to_who_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: Literal["starttls", "tls"]
) -> None:
    context, trusted = loopback_tls(tmp_path)
    with running_mail_server(context, at_once=security == "tls") as mail:
        server = SmtpServer(host="127.0.0.1", port=mail.port, security=security, sender="so@example.vn", within=SOON)
        assert letter_to(SmtpCarrier(server)).outcome is Outcome.FAILED
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert letter_to(SmtpCarrier(server)).outcome is Outcome.ACCEPTED
    assert len(mail.letters) == 1


def test_mail_in_the_clear_stays_on_this_machine() -> None:
    with pytest.raises(SettingsError, match="TLS"):
        SmtpServer(host="mail.example", security="none", sender="so@example.vn")


@pytest.mark.parametrize("sender", ["", "nobody", "a@b@c", "a@example.vn\r\nBcc: b@example.vn"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(SettingsError, match="sender"):
        SmtpServer(host="mail.example", sender=sender)


# -- files and the console


def test_s5_a_message_is_one_file_however_often_it_is_tried(tmp_path: Path) -> None:
    carrier = FolderCarrier(tmp_path / "outgoing")
    outcomes = [carrier.carry(parcel(), AT + timedelta(minutes=each)) for each in range(3)]
    assert outcomes == [Attempt(outcome=Outcome.ACCEPTED, receipt=f"{ID}.json")] * 3
    (written,) = (tmp_path / "outgoing").iterdir()
    told = json.loads(written.read_text())
    assert told["to"] == "+84912345678"
    assert told["text"] == "Lich hen: 08:30."
    assert written.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_of_a_message_is_removed_and_no_other_s(tmp_path: Path) -> None:
    abandoned, being_written = tmp_path / ".1.part", tmp_path / ".2.part"
    abandoned.write_bytes(b"half of a")
    with being_written.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        FolderCarrier(tmp_path)
        assert list(tmp_path.iterdir()) == [being_written]


def test_a_letter_in_a_file_keeps_its_accents(tmp_path: Path) -> None:
    FolderCarrier(tmp_path).carry(parcel(Channel.MAIL, "truc@example.vn"), AT)
    assert json.loads((tmp_path / f"{ID}.json").read_text())["text"] == "Lịch hẹn: 08:30."


def test_a_folder_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "outgoing").write_text("")
    attempt = FolderCarrier(tmp_path / "outgoing").carry(parcel(), AT)
    assert (attempt.outcome, attempt.code) == (Outcome.FAILED, "file_fileexistserror")


def test_a_draft_is_not_left_behind(tmp_path: Path) -> None:
    for _ in range(2):
        FolderCarrier(tmp_path).carry(parcel(), AT)
    assert [each.name for each in tmp_path.iterdir()] == [f"{ID}.json"]


def test_the_console_hides_most_of_the_address() -> None:
    stream = io.StringIO()
    ConsoleCarrier(stream).carry(parcel(), AT)
    ConsoleCarrier(stream).carry(parcel(Channel.MAIL, "truc@example.vn"), AT)
    assert stream.getvalue().splitlines() == [
        "2026-03-02T01:00:00Z sms *********678 Lich hen: 08:30.",
        "2026-03-02T01:00:00Z mail ************.vn Lịch hẹn: Lịch hẹn: 08:30.",
    ]


# -- settings


def test_without_settings_everything_is_printed(tmp_path: Path) -> None:
    stream = io.StringIO()
    carriers = carriers_of(parse_settings({}), tmp_path, stream)
    for channel in Channel:
        carriers[channel].carry(parcel(channel), AT)
    assert len(stream.getvalue().splitlines()) == 3


def test_the_settings_name_the_carriers(tmp_path: Path, gateway: Gateway, mail: MailServer) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    (tmp_path / "hook").write_text(f"whsec_{b64encode(SECRET).decode()}\n")
    (tmp_path / "password").write_text("geheim\n")
    settings = parse_settings(
        {
            "sms": "gateway",
            "mail": "smtp",
            "webhook": "signed",
            "gateway": {"url": gateway.url, "token_file": "token", "sender": "SYT"},
            "smtp": {
                "host": "127.0.0.1",
                "port": mail.port,
                "security": "none",
                "sender": "so@example.vn",
                "user": "registry",
                "password_file": "password",
            },
            "webhooks": {"ministry": {"url": gateway.url, "secret_file": "hook"}},
        }
    )
    carriers = carriers_of(settings, tmp_path, io.StringIO())
    assert carriers[Channel.SMS].carry(parcel(), AT).outcome is Outcome.ACCEPTED
    assert carriers[Channel.WEBHOOK].carry(parcel(Channel.WEBHOOK, "ministry"), AT).outcome is Outcome.ACCEPTED
    assert letter_to(carriers[Channel.MAIL]).outcome is Outcome.ACCEPTED  # type: ignore[arg-type] # an SmtpCarrier
    assert gateway.arrivals[0].headers["authorization"] == "Bearer t0ken"
    assert mail.logins


def test_all_channels_may_share_a_folder(tmp_path: Path) -> None:
    settings = parse_settings({"sms": "file", "mail": "file", "webhook": "file", "file": {"folder": "out"}})
    carriers = carriers_of(settings, tmp_path, io.StringIO())
    assert len(set(map(id, carriers.values()))) == 1
    carriers[Channel.SMS].carry(parcel(), AT)
    assert (tmp_path / "out" / f"{ID}.json").exists()


@pytest.mark.parametrize(
    "table",
    [
        {"sms": "pigeon"},
        {"sms": "smtp"},
        {"gateway": {"url": 5}},
        {"gateway": {"url": "https://a.example", "password": "x"}},
        {"smtp": {"host": "h", "sender": "s", "port": 0}},
        {"phone": "console"},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="notifications"):
        parse_settings(table)


@pytest.mark.parametrize(
    "table",
    [
        {"sms": "gateway"},
        {"mail": "smtp"},
        {"webhook": "file"},
        {"sms": "gateway", "gateway": {"url": "http://sms.example"}},
        {"mail": "smtp", "smtp": {"host": "h", "sender": "a@b.vn", "user": "me"}},
        {"webhook": "signed", "webhooks": {"a": {"url": "https://a.example", "secret_file": "short"}}},
        {"webhook": "signed", "webhooks": {"a": {"url": "https://a.example", "secret_file": "binary"}}},
        {"webhook": "signed", "webhooks": {"a": {"url": "https://a.example", "secret_file": "empty"}}},
    ],
)
def test_a_carrier_that_is_not_described_is_refused(tmp_path: Path, table: dict[str, object]) -> None:
    (tmp_path / "short").write_text("whsec_AAAA")
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError):
        carriers_of(parse_settings(table), tmp_path, io.StringIO())


def test_a_secret_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = parse_settings({"sms": "gateway", "gateway": {"url": "https://a.example", "token_file": "none"}})
    with pytest.raises(StorageError):
        carriers_of(settings, tmp_path, io.StringIO())

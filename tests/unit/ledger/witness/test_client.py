"""A witness is asked in its protocol; whatever it answers, what comes back is a cosignature by its key or an error."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.small_log import witness_key
from vaxcert.errors import LedgerUnavailableError, NoteError, SettingsError, WitnessRefusedError
from vaxcert.ledger.log.cosignature import Cosignature, verify_cosignatures
from vaxcert.ledger.witness.client import MAX_ANSWER_BYTES, request_cosignature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.small_log import SmallLog
    from tests.unit.ledger.witness.conftest import Serving
    from vaxcert.ledger.log.cosignature import WitnessKey
    from vaxcert.ledger.witness.server import WitnessServer

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Asking:
    """One log that asks one witness, and counts the proofs that it is asked for."""

    def __init__(self, log: SmallLog, key: WitnessKey) -> None:
        self.log, self.key = log, key
        self.proofs: list[tuple[int, int]] = []

    def prove(self, smaller: int, larger: int) -> Sequence[bytes]:
        self.proofs.append((smaller, larger))
        return self.log.tree.consistency(smaller, larger)

    def __call__(self, url: str, size: int, *, old_size: int = 0, seconds: float = 10) -> str:
        return request_cosignature(
            url,
            self.log.note(size),
            witness=self.key.verifier,
            prove=self.prove,
            old_size=old_size,
            time_limit=timedelta(seconds=seconds),
        )


@pytest.fixture
def ask(log: SmallLog, key: WitnessKey) -> Asking:
    return Asking(log, key)


def url_of(server: WitnessServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/"


@contextmanager
def answering(*answers: bytes, hold: bool = False) -> Iterator[str]:
    """Give the address of a server that sends *answers*, one for each connection, whatever is asked."""
    done = threading.Event()

    def serve(listening: socket.socket) -> None:
        for answer in answers:
            line, _ = listening.accept()
            with line:
                line.recv(65536)
                line.sendall(answer)
                if hold:
                    done.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        done.set()
        thread.join(10)


def http(status: int, content: bytes, headers: str = "Content-Type: text/x.tlog.size\r\n") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(content)}\r\n\r\n".encode() + content


# --- what is cosigned -----------------------------------------------------------------------------------------------


def test_a_checkpoint_comes_back_cosigned(serving: Serving, ask: Asking) -> None:
    note = ask(url_of(serving()), 7)
    assert note.startswith(ask.log.note(7))
    assert verify_cosignatures(note, [ask.key.verifier]) == (Cosignature("witness.example/1", AT),)
    assert ask.proofs == []


def test_the_size_that_is_believed_is_tried_first(serving: Serving, ask: Asking) -> None:
    url = url_of(serving())
    ask(url, 7)
    ask(url, 20, old_size=7)
    assert ask.proofs == [(7, 20)]


def test_a_witness_that_knows_another_size_is_asked_again(serving: Serving, ask: Asking) -> None:
    url = url_of(serving())
    ask(url, 7)
    assert verify_cosignatures(ask(url, 20), [ask.key.verifier])
    assert verify_cosignatures(ask(url, 20), [ask.key.verifier])
    assert verify_cosignatures(ask(url, 40, old_size=7), [ask.key.verifier])
    assert ask.proofs == [(7, 20), (7, 40), (20, 40)]


def test_a_witness_with_an_empty_memory_is_asked_again(serving: Serving, ask: Asking) -> None:
    assert verify_cosignatures(ask(url_of(serving()), 20, old_size=7), [ask.key.verifier])


# --- what is not ----------------------------------------------------------------------------------------------------


def test_a_checkpoint_behind_the_witness_is_refused(serving: Serving, ask: Asking) -> None:
    url = url_of(serving())
    ask(url, 20)
    for believed in (0, 7, 20):
        with pytest.raises(WitnessRefusedError, match="has cosigned size 20") as caught:
            ask(url, 7, old_size=believed)
        assert (caught.value.status, caught.value.size) == (409, 20)
    assert ask.proofs == []


def test_another_path_on_the_witness_is_refused(serving: Serving, ask: Asking) -> None:
    with pytest.raises(WitnessRefusedError, match=r"status 404") as caught:
        ask(url_of(serving()) + "elsewhere", 7)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("status", "match"),
    [
        (403, "does not know the key"),
        (404, "does not watch this log"),
        (409, "another tree"),
        (422, "does not extend"),
        (302, "did not cosign"),
        (500, "did not cosign"),
        (204, "did not cosign"),
    ],
)
def test_a_refusal_is_told_with_its_reason(ask: Asking, status: int, match: str) -> None:
    headers = "Content-Type: text/plain\r\nLocation: http://127.0.0.1:1/\r\n"
    with answering(http(status, b"7\n", headers)) as url, pytest.raises(WitnessRefusedError, match=match) as caught:
        ask(url, 7)
    assert (caught.value.status, caught.value.size) == (status, None)


def test_a_witness_that_never_agrees_is_asked_twice_only(ask: Asking) -> None:
    with (
        answering(http(409, b"3\n"), http(409, b"5\n")) as url,
        pytest.raises(WitnessRefusedError, match="another tree") as caught,
    ):
        ask(url, 7)
    assert caught.value.size == 5
    assert ask.proofs == [(3, 7)]


def test_a_witness_that_contradicts_itself_is_not_asked_again(ask: Asking) -> None:
    with answering(http(409, b"0\n")) as url, pytest.raises(WitnessRefusedError) as caught:
        ask(url, 7)
    assert caught.value.size == 0


@pytest.mark.parametrize("content", [b"", b"7", b"07\n", b"-7\n", b"7\n\n", b"7 \n", b"\xff\n", b"9" * 30 + b"\n"])
def test_a_size_that_cannot_be_read_is_no_answer(ask: Asking, content: bytes) -> None:
    with answering(http(409, content)) as url, pytest.raises(LedgerUnavailableError, match="cannot be read"):
        ask(url, 20)


def test_another_witness_in_its_place_is_noticed(ask: Asking) -> None:
    other = witness_key("witness.example/1", seed="another").cosign(ask.log.checkpoint(7).text, at=AT).to_line()
    with answering(http(200, other.encode())) as url, pytest.raises(NoteError, match="no known witness"):
        ask(url, 7)


def test_a_cosignature_of_another_checkpoint_is_noticed(ask: Asking) -> None:
    line = ask.key.cosign(ask.log.checkpoint(8).text, at=AT).to_line()
    with answering(http(200, line.encode())) as url, pytest.raises(NoteError, match="does not hold"):
        ask(url, 7)


@pytest.mark.parametrize("content", [b"", b"OK\n", b"\xff\xfe"])
def test_an_answer_that_is_no_cosignature_is_refused(ask: Asking, content: bytes) -> None:
    with answering(http(200, content)) as url, pytest.raises(NoteError):
        ask(url, 7)


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort",
        b"HTTP/1.1 409 X\r\nContent-Type: text/x.tlog.size\r\n\r\n5\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        http(200, b"x" * (MAX_ANSWER_BYTES + 1)),
    ],
)
def test_an_answer_that_is_cut_off_or_too_long_is_none(ask: Asking, answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(LedgerUnavailableError):
        ask(url, 7)


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\nX: y", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_witness_that_dawdles_is_not_waited_for(ask: Asking, beginning: bytes) -> None:
    with answering(beginning, hold=True) as url, pytest.raises(LedgerUnavailableError):
        ask(url, 7, seconds=0.1)


def test_a_witness_that_drips_is_not_waited_for(ask: Asking) -> None:
    """Each byte comes within the time-out of a read; the limit is for the whole."""
    stop = threading.Event()

    def drip(listening: socket.socket) -> None:
        line, _ = listening.accept()
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            try:
                while not stop.wait(0.02):
                    line.sendall(b"y")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        try:
            with pytest.raises(LedgerUnavailableError):
                ask(f"http://127.0.0.1:{listening.getsockname()[1]}", 7, seconds=0.2)
        finally:
            stop.set()
            thread.join(10)


def test_a_witness_that_is_away_is_told(ask: Asking) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(LedgerUnavailableError, match="did not answer"):
        ask(f"http://127.0.0.1:{port}", 7)


def test_a_witness_without_tls_is_none_behind_https(serving: Serving, ask: Asking) -> None:
    with pytest.raises(LedgerUnavailableError):
        ask(f"https://127.0.0.1:{serving().server_port}", 7)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "witness.example",
        "file:///etc/hostname",
        "ftp://witness.example",
        "http://",
        "http://:80",
        "http://[::1",
        "http://witness.example:port",
        "http://witness.example:99999",
        "http://user@witness.example",
        "http://witness.example/?q",
        "http://witness.example/#f",
        "http://witness.example/ệ",
        "http://witness.example/\n",
    ],
)
def test_what_is_no_address_is_a_wrong_setting(ask: Asking, url: str) -> None:
    with pytest.raises(SettingsError):
        ask(url, 7)


# --- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a certificate of this machine and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "witness")])
    start = datetime.now(UTC) - timedelta(hours=1)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=start,
        not_valid_after=start + timedelta(days=1),
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    pem = builder.add_extension(names, critical=False).sign(key, SHA256()).public_bytes(Encoding.PEM)
    path = tmp_path / "tls.pem"
    path.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.fixture
def secure_url(serving: Serving, certificate: Path) -> str:
    server = serving()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return f"https://127.0.0.1:{server.server_port}"


def test_a_witness_is_asked_over_tls(
    secure_url: str, certificate: Path, ask: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert verify_cosignatures(ask(secure_url, 7), [ask.key.verifier])


def test_a_certificate_that_nobody_vouches_for_is_not_believed(secure_url: str, ask: Asking) -> None:
    with pytest.raises(LedgerUnavailableError) as caught:
        ask(secure_url, 7)
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from tests.simulator import faulty_rpc
from tests.simulator.faulty_rpc import Exchange, FaultyRpc
from vaxcert.errors import ChainUnavailableError, NodeRefusedError, SettingsError
from vaxcert.ledger.evm.bounded_http import MAX_ANSWER_BYTES
from vaxcert.ledger.evm.rpc import HttpNode, refusal_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHORT = timedelta(seconds=0.2)
AT_MOST = 3.0
"""Seconds that any of these may take on a busy machine; without the deadline they would take for ever."""


@pytest.fixture
def server() -> Iterator[FaultyRpc]:
    """A node behind which there is another one, that has one answer to everything."""
    with FaultyRpc("http://127.0.0.1:9") as real, FaultyRpc(real.url) as proxy:
        real.on("*", faulty_rpc.result({"is": "0x10"}))
        yield proxy


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def node(server: FaultyRpc, pauses: list[float]) -> HttpNode:
    return HttpNode(server.url, pause=pauses.append)


def answer(fields: str) -> faulty_rpc.Fault:
    return faulty_rpc.body(fields.encode())


def test_a_result_is_what_the_node_says(server: FaultyRpc, node: HttpNode) -> None:
    assert node.request("eth_test", "0x1", [True, None]) == {"is": "0x10"}
    assert server.calls == [("eth_test", ["0x1", [True, None]])]


def test_brackets_in_a_text_are_no_nesting(server: FaultyRpc, node: HttpNode) -> None:
    text = '\\"[{' * 5000 + "\\"
    server.on("*", faulty_rpc.result([text, [[[[{text: text}]]]]]))
    assert node.request("eth_test") == [text, [[[[{text: text}]]]]]


def test_asking_a_chain_leaves_the_interpreters_recursion_limit() -> None:
    """A library that comes with web3 lifts it for everybody, to where nested input overflows the stack."""
    script = "import sys; before = sys.getrecursionlimit(); import vaxcert.ledger.evm.transaction_signer; "
    script += "assert sys.getrecursionlimit() == before"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_null_is_a_result(server: FaultyRpc, node: HttpNode) -> None:
    server.on("*", faulty_rpc.result(None))
    assert node.request("eth_test") is None


# --- Time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [faulty_rpc.hang, faulty_rpc.drip_headers, faulty_rpc.drip_body])
def test_a_node_that_takes_its_time_is_left_at_the_deadline(server: FaultyRpc, fault: faulty_rpc.Fault) -> None:
    server.on("*", fault)
    started = time.monotonic()
    with pytest.raises(ChainUnavailableError, match="did not answer in time"):
        HttpNode(server.url, deadline=SHORT).request("eth_test")
    assert SHORT.total_seconds() <= time.monotonic() - started < AT_MOST


def test_no_time_is_no_answer(server: FaultyRpc) -> None:
    with pytest.raises(ChainUnavailableError, match="did not answer in time"):
        HttpNode(server.url, deadline=timedelta()).request("eth_test")
    assert not server.calls


# --- Size -------------------------------------------------------------------------------------------------------------


def test_a_gzip_bomb_is_not_inflated(server: FaultyRpc, node: HttpNode) -> None:
    server.on("*", faulty_rpc.gzip_bomb)
    with pytest.raises(ChainUnavailableError, match="compressed"):
        node.request("eth_test")


def test_a_hundred_megabytes_are_refused_before_they_are_read(server: FaultyRpc) -> None:
    server.on("*", faulty_rpc.huge)
    with pytest.raises(ChainUnavailableError, match=f"has 104857600 bytes, over {MAX_ANSWER_BYTES}"):
        HttpNode(server.url, deadline=timedelta(seconds=30)).request("eth_test")


def test_an_answer_without_end_is_left_at_the_bound(server: FaultyRpc, node: HttpNode) -> None:
    server.on("*", faulty_rpc.huge_unannounced)
    with pytest.raises(ChainUnavailableError, match=f"has over {MAX_ANSWER_BYTES} bytes"):
        node.request("eth_test")


def test_an_answer_of_the_largest_size_is_read(server: FaultyRpc, node: HttpNode) -> None:
    def largest(exchange: Exchange) -> None:
        start = f'{{"jsonrpc":"2.0","id":{exchange.identifier},"result":"'.encode()
        exchange.write(start + b"x" * (MAX_ANSWER_BYTES - len(start) - 2) + b'"}')

    server.on("*", largest)
    assert len(str(node.request("eth_test"))) > MAX_ANSWER_BYTES - 100


# --- What is no answer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faulty_rpc.drop, "does not answer"),
        (faulty_rpc.truncate, "is cut off after"),
        (faulty_rpc.cut_json, "is not JSON"),
        (answer(""), "is not JSON"),
        (answer("<html>Bad gateway</html>"), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":NaN}'), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":' + "9" * 5000 + "}"), "is not JSON"),
        (answer("[" * 100_000), "is not JSON"),
        (answer('{"a":' * 100_000), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":' + "[" * 100_000 + "]" * 100_000 + "}"), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":' + "[1," * 65 + "1" + "]" * 65 + "}"), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":[' + "[]," * 500_001 + "1]}"), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":[}'), "is not JSON"),
        (answer('{"jsonrpc":"2.0","id":1,"result":"[}'), "is not JSON"),
        (faulty_rpc.body(b'{"jsonrpc":"2.0","id":1,"result":"\xff"}'), "is not JSON"),
        (answer("[]"), "is not the JSON-RPC answer"),
        (answer("null"), "is not the JSON-RPC answer"),
        (answer('{"jsonrpc":"2.0","id":2,"result":1}'), "is not the JSON-RPC answer"),
        (answer('{"jsonrpc":"2.0","id":"1","result":1}'), "is not the JSON-RPC answer"),
        (answer('{"jsonrpc":"1.0","id":1,"result":1}'), "is not the JSON-RPC answer"),
        (answer('{"id":1,"result":1}'), "is not the JSON-RPC answer"),
        (answer('{"jsonrpc":"2.0","id":1}'), "neither a result nor an error"),
        (answer('{"jsonrpc":"2.0","id":1,"error":null}'), "neither a result nor an error"),
    ],
)
def test_what_is_no_answer_is_refused(server: FaultyRpc, node: HttpNode, fault: faulty_rpc.Fault, said: str) -> None:
    server.on("*", fault)
    with pytest.raises(ChainUnavailableError, match=said) as caught:
        node.request("eth_test")
    assert not isinstance(caught.value, NodeRefusedError)
    assert server.count("eth_test") == 1, "nothing is sent twice"


@pytest.mark.parametrize(
    "content",
    [
        b'"' * 8_000_000,
        b'"' + b'\\"' * 4_000_000,
        b"\\" * 8_000_000,
        b"[" * 8_000_000,
        b"[{" * 4_000_000,
        b"{}[" * 2_000_000,
        b'"a\\' * 2_600_000,
    ],
    ids=["quotes", "escaped quotes", "backslashes", "open", "open pairs", "open beside closed", "mixed"],
)
def test_hostile_content_is_refused_in_no_time(server: FaultyRpc, node: HttpNode, content: bytes) -> None:
    server.on("*", faulty_rpc.body(content))
    started = time.monotonic()
    with pytest.raises(ChainUnavailableError, match="is not JSON"):
        node.request("eth_test")
    assert time.monotonic() - started < AT_MOST


def test_where_nobody_listens_there_is_no_answer(server: FaultyRpc) -> None:
    server.close()
    with pytest.raises(ChainUnavailableError, match="does not answer"):
        HttpNode(server.url).request("eth_test")


def test_a_name_that_cannot_be_looked_up_is_no_answer() -> None:
    with pytest.raises(ChainUnavailableError, match="does not answer"):
        HttpNode(f"http://{'a' * 64}.invalid").request("eth_test")


# --- HTTP status ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [500, 502, 504, 301, 302, 204, 408])
def test_another_status_is_no_answer(server: FaultyRpc, node: HttpNode, code: int) -> None:
    server.on("*", faulty_rpc.status(code, Location="/elsewhere"))
    with pytest.raises(ChainUnavailableError, match=f"HTTP status {code}") as caught:
        node.request("eth_test")
    assert not isinstance(caught.value, NodeRefusedError)
    assert server.count("eth_test") == 1, "not followed, and not tried again"


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405])
def test_a_client_error_is_a_refusal(server: FaultyRpc, node: HttpNode, code: int) -> None:
    server.on("*", faulty_rpc.status(code))
    with pytest.raises(NodeRefusedError, match=f"HTTP status {code}") as caught:
        node.request("eth_test")
    assert caught.value.number == code


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_node_is_asked_three_times(server: FaultyRpc, node: HttpNode, pauses: list[float], code: int) -> None:
    server.on("*", faulty_rpc.status(code))
    with pytest.raises(ChainUnavailableError, match=f"HTTP status {code}"):
        node.request("eth_test")
    assert server.count("eth_test") == 3
    assert pauses == [0.25, 1.0]


def test_a_node_that_was_busy_is_heard(server: FaultyRpc, node: HttpNode, pauses: list[float]) -> None:
    server.on("*", faulty_rpc.status(429, Retry_After="2"), times=1)
    assert node.request("eth_test") == {"is": "0x10"}
    assert pauses == [2], "as long as the node asks for"


@pytest.mark.parametrize("wanted", ["99999", "999999999999", "-1", "soon"])
def test_what_the_node_asks_for_never_outlasts_the_deadline(
    server: FaultyRpc, node: HttpNode, pauses: list[float], wanted: str
) -> None:
    server.on("*", faulty_rpc.status(429, Retry_After=wanted))
    with pytest.raises(ChainUnavailableError, match="HTTP status 429"):
        node.request("eth_test")
    assert all(pause <= 1 for pause in pauses)


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "revert"),
    [
        ("0x0badc0de", "0badc0de"),
        ("0x", ""),
        ("Reverted 0x0badc0de", "0badc0de"),
        ({"data": "0x0badc0de"}, "0badc0de"),
        ({"other": "0x0badc0de"}, ""),
        ({"data": {"data": "0x0badc0de"}}, ""),
        ("0x0badc0d", "0badc0"),
        ("revert", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_the_revert_bytes_are_found_where_nodes_put_them(data: object, revert: str) -> None:
    error = refusal_of({"code": 3, "message": "execution reverted", "data": data}, node="n")  # type: ignore[dict-item]
    assert (error.reason, error.number, error.revert.hex()) == ("execution reverted", 3, revert)


@pytest.mark.parametrize("error", ["no", [], 1, True])
def test_an_error_that_is_no_object_says_nothing(server: FaultyRpc, node: HttpNode, error: object) -> None:
    server.on("*", lambda exchange: exchange.refuse(error))  # type: ignore[arg-type] # that is the fault
    with pytest.raises(NodeRefusedError, match="without saying why"):
        node.request("eth_test")


def test_what_a_stranger_writes_does_not_reach_a_terminal(server: FaultyRpc, node: HttpNode) -> None:
    server.on("*", faulty_rpc.rpc_error(-32000, "\x1b[31mred\n" + "x" * 1000))
    with pytest.raises(NodeRefusedError) as caught:
        node.request("eth_test")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300
    assert caught.value.number == -32000


def test_an_error_without_words_is_an_error(server: FaultyRpc, node: HttpNode) -> None:
    server.on("*", lambda exchange: exchange.refuse({"code": "x", "message": 5}))
    with pytest.raises(NodeRefusedError, match="no reason given") as caught:
        node.request("eth_test")
    assert (caught.value.number, caught.value.reason) == (0, "")


# --- Addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node.example",
        "ftp://node.example",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://node.example:port",
        "http://node.example:70000",
        "http://[::1",
        "http://node.example/a b",
        "http://node.example/\nx",
        "http://n\u00f6de.example",
        "http://node.example/" + "a" * 2048,
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        HttpNode(url)
    assert "node.example" not in caught.value.message


def test_keys_in_an_address_are_used_and_not_shown(server: FaultyRpc) -> None:
    seen: list[tuple[str, str]] = []

    def look(exchange: Exchange) -> None:
        seen.append((exchange.handler.path, str(exchange.handler.headers["Authorization"])))
        exchange.answer("0x1")

    server.on("*", look)
    host = server.url.removeprefix("http://")
    node = HttpNode(f"http://us%65r:p%40ss@{host}/v3/secret?key=also")
    assert node.request("eth_test") == "0x1"
    assert seen == [("/v3/secret?key=also", "Basic dXNlcjpwQHNz")]
    assert node.name == host
    assert "secret" not in repr(node)


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "node.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def tls_url(server: FaultyRpc, certificate: Path) -> str:
    server.encrypt(certificate)
    return server.url.replace("http:", "https:")


def test_a_node_behind_tls_is_heard(tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert HttpNode(tls_url).request("eth_test") == {"is": "0x10"}


@pytest.mark.usefixtures("server")
def test_a_certificate_that_nobody_knows_is_refused(tls_url: str) -> None:
    with pytest.raises(ChainUnavailableError) as caught:
        HttpNode(tls_url).request("eth_test")
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


def test_a_node_without_tls_does_not_pass_for_one_with(server: FaultyRpc) -> None:
    with pytest.raises(ChainUnavailableError, match="does not answer"):
        HttpNode(server.url.replace("http:", "https:")).request("eth_test")


def test_a_tls_handshake_that_hangs_is_left_at_the_deadline(server: FaultyRpc) -> None:
    server.pause_accepting()
    with pytest.raises(ChainUnavailableError, match="did not answer in time"):
        HttpNode(server.url.replace("http:", "https:"), deadline=SHORT).request("eth_test")

"""What a stranger sends is bounded in length, number and time, and answered with the protocol's status."""

from __future__ import annotations

import _thread
import logging
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import StorageError
from vaxcert.ledger.log.cosignature import Cosignature, verify_cosignatures
from vaxcert.ledger.witness.request import MAX_REQUEST_BYTES, format_request
from vaxcert.ledger.witness.server import MAX_CONNECTIONS, WitnessServer, serve_witness

if TYPE_CHECKING:
    from tests.small_log import SmallLog
    from tests.unit.ledger.witness.conftest import Serving
    from vaxcert.ledger.log.cosignature import WitnessKey
    from vaxcert.ledger.store.witness_state import WitnessState
    from vaxcert.ledger.witness.witness import Witness

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CALL = "/add-checkpoint"


def body_of(log: SmallLog, old: int, new: int) -> bytes:
    path = log.tree.consistency(old, new) if 0 < old < new else []
    return format_request(log.note(new), old_size=old, path=path)


def post(server: WitnessServer, body: bytes, path: str = CALL) -> tuple[int, str, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request("POST", path, body)
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def answer_of(response: HTTPResponse) -> tuple[int, str, bytes]:
    return response.status, response.getheader("Content-Type", ""), response.read()


def raw(server: WitnessServer, content: bytes) -> bytes:
    """Return all that comes back for *content*, until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as line:
        line.sendall(content)
        answer = b""
        while received := line.recv(65536):
            answer += received
        return answer


# --- the protocol ---------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_cosigned_over_http(serving: Serving, log: SmallLog, key: WitnessKey) -> None:
    status, _, content = post(serving(), body_of(log, 0, 7))
    assert status == 200
    cosigned = log.note(7) + content.decode()
    assert verify_cosignatures(cosigned, [key.verifier]) == (Cosignature("witness.example/1", AT),)


def test_the_last_size_is_told_in_its_own_type(serving: Serving, log: SmallLog) -> None:
    server = serving()
    post(server, body_of(log, 0, 20))
    assert post(server, body_of(log, 7, 40)) == (409, "text/x.tlog.size", b"20\n")


def test_one_connection_takes_several_requests(serving: Serving, log: SmallLog) -> None:
    connection = HTTPConnection("127.0.0.1", serving().server_port, timeout=10)
    try:
        for old, new, expected in ((0, 7, 200), (0, 20, 409), (7, 20, 200), (20, 20, 200)):
            connection.request("POST", CALL, body_of(log, old, new))
            assert answer_of(connection.getresponse())[0] == expected
            assert connection.sock is not None
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/add-checkpoint/", "/add-checkpoint?x=1", "/other", "//add-checkpoint/.."])
def test_there_is_nothing_elsewhere(serving: Serving, log: SmallLog, path: str) -> None:
    assert post(serving(), body_of(log, 0, 7), path)[0] == 404


def test_other_methods_are_refused(serving: Serving) -> None:
    server = serving()
    assert raw(server, b"GET /add-checkpoint HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 405 ")
    assert raw(server, b"DELETE /add-checkpoint HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 501 ")


def test_the_status_of_a_refusal_is_that_of_the_rule(serving: Serving, log: SmallLog) -> None:
    server = serving()
    assert post(server, b"")[0] == 400
    assert post(server, body_of(log, 20, 7))[0] == 400
    assert post(server, format_request(log.note(7), old_size=0, path=[bytes(32)]))[0] == 422


# --- bounds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"", b"411"),
        (b"Content-Length: \r\n", b"411"),
        (b"Content-Length: -1\r\n", b"411"),
        (b"Content-Length: +5\r\n", b"411"),
        (b"Content-Length: 5, 5\r\n", b"411"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"411"),
        (b"Content-Length: %d\r\n" % (MAX_REQUEST_BYTES + 1), b"413"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n", b"413"),
        (b"X: y\r\n" * 101, b"431"),
        (b"X: " + b"y" * 70000 + b"\r\n", b"431"),
    ],
)
def test_a_request_past_the_bounds_is_not_read(serving: Serving, headers: bytes, status: bytes) -> None:
    answer = raw(serving(), b"POST /add-checkpoint HTTP/1.1\r\n" + headers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_request_that_is_cut_off_is_refused(serving: Serving, state: WitnessState) -> None:
    with socket.create_connection(("127.0.0.1", serving().server_port), timeout=10) as line:
        line.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 50\r\n\r\nold 0\n")
        line.shutdown(socket.SHUT_WR)
        assert line.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert state.seen("log.example/vn") is None


@pytest.mark.parametrize("beginning", [b"", b"POST", b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 50\r\n\r\nold"])
def test_whoever_dawdles_is_hung_up_on(serving: Serving, beginning: bytes) -> None:
    server = serving(connection_time=timedelta(seconds=0.1))
    raw(server, beginning)  # returns only because the server ends the connection


def test_more_connections_than_there_are_places_are_hung_up_on(serving: Serving) -> None:
    server = serving()
    address = ("127.0.0.1", server.server_port)
    waiting = [socket.create_connection(address, timeout=10) for _ in range(MAX_CONNECTIONS)]
    try:
        with socket.create_connection(address, timeout=10) as one_more:
            assert one_more.recv(1) == b""
    finally:
        for line in waiting:
            line.close()


def test_a_place_is_free_again_after_its_connection(serving: Serving, log: SmallLog) -> None:
    server = serving()
    for _ in range(MAX_CONNECTIONS + 5):
        raw(server, b"GET / HTTP/1.1\r\n\r\n")
    assert post(server, body_of(log, 0, 7))[0] == 200


def test_a_place_is_free_again_where_no_thread_could_be_had(
    serving: Serving, log: SmallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving()

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    one, other = socket.socketpair()
    with one, other, monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        for _ in range(MAX_CONNECTIONS + 1):
            with pytest.raises(RuntimeError):
                server.process_request(one, ("127.0.0.1", 0))
    assert post(server, body_of(log, 0, 7))[0] == 200


# --- what goes wrong here -------------------------------------------------------------------------------------------


def test_a_state_that_cannot_be_written_cosigns_nothing(
    serving: Serving, log: SmallLog, state: WitnessState, caplog: pytest.LogCaptureFixture
) -> None:
    server = serving()
    state.path.unlink()
    with caplog.at_level(logging.ERROR, "vaxcert.ledger.witness.server"):
        status, _, content = post(server, body_of(log, 0, 7))
    assert status == 500
    assert "witness.example" not in content.decode()
    assert "nothing was cosigned" in caplog.text


def test_a_fault_of_ours_ends_the_connection_and_is_logged(
    serving: Serving, log: SmallLog, caplog: pytest.LogCaptureFixture
) -> None:
    server = serving()
    server.clock = lambda: AT.replace(tzinfo=None)
    request = body_of(log, 0, 7)
    with caplog.at_level(logging.WARNING, "vaxcert.ledger.witness.server"):
        answer = raw(server, b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(request) + request)
    assert answer == b""
    assert "a connection broke" in caplog.text


def test_the_record_of_requests_obeys_no_stranger(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "vaxcert.ledger.witness.server"):
        raw(serving(), b"GET /\x1b[31m" + b"x" * 1000 + b" HTTP/1.1\r\n\r\n")
    (record,) = [found for found in caplog.records if "GET" in found.getMessage()]
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) <= 200


# --- starting and ending --------------------------------------------------------------------------------------------


def test_a_witness_is_served_until_it_is_shut_down(witness: Witness, log: SmallLog) -> None:
    found: list[WitnessServer] = []
    started = threading.Event()

    def keep(server: WitnessServer) -> None:
        found.append(server)
        started.set()

    thread = threading.Thread(
        target=serve_witness,
        args=(witness,),
        kwargs={"host": "127.0.0.1", "port": 0, "clock": lambda: AT, "started": keep},
    )
    thread.start()
    assert started.wait(10)
    try:
        assert post(found[0], body_of(log, 0, 7))[0] == 200
    finally:
        found[0].shutdown()
        thread.join(10)
    assert not thread.is_alive()


def test_an_interrupt_ends_the_service(witness: Witness) -> None:
    timer = threading.Timer(0.05, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        serve_witness(witness, host="127.0.0.1", port=0, clock=lambda: AT)
    timer.join()


def test_an_address_that_is_taken_is_told(serving: Serving, witness: Witness) -> None:
    port = serving().server_port
    with pytest.raises(StorageError, match=f"port {port}"):
        serve_witness(witness, host="127.0.0.1", port=port, clock=lambda: AT)


def test_an_address_of_the_newer_internet_protocol_is_taken(witness: Witness) -> None:
    try:
        server = WitnessServer(witness, address=("::1", 0), clock=lambda: AT)
    except OSError:
        pytest.skip("not run: this machine has no IPv6 address")
    with server:
        assert server.socket.family == socket.AF_INET6

"""Where a cluster may be."""

import pytest

from vaxcert.errors import ClusterError
from vaxcert.service.batch.cluster_address import parse_address


@pytest.mark.parametrize(
    ("address", "parsed"),
    [
        ("tls://scheduler.example:8786", "tls://scheduler.example:8786"),
        ("tls://192.0.2.7:8786", "tls://192.0.2.7:8786"),
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("tcp://127.9.9.9:1", "tcp://127.9.9.9:1"),
        ("tcp://localhost:8786", "tcp://localhost:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
    ],
)
def test_tls_and_this_machine_are_taken(address: str, parsed: str) -> None:
    assert str(parse_address(address)) == parsed


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.7:8786",
        "tcp://192.0.2.7:8786",
        "tcp://scheduler.example:8786",
        "tcp://localhost.example:8786",
        "tcp://127.0.0.1@scheduler.example:8786",
        "tcp://[2001:db8::1]:8786",
        "tcp://0.0.0.0:8786",
    ],
)
def test_network_in_the_clear_is_refused(address: str) -> None:
    with pytest.raises(ClusterError, match="in the clear") as caught:
        parse_address(address)
    assert "tls://" in str(caught.value.hint)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "tls://",
        "tls://scheduler.example",
        "tls://scheduler.example:",
        "tls://scheduler.example:port",
        "tls://scheduler.example:70000",
        "tls://scheduler.example:8786/",
        "tls://scheduler.example:8786?x",
        "tls://[::1:8786",
        "://127.0.0.1:8786",
        "ws://127.0.0.1:8786",
        "ucx://127.0.0.1:8786",
        "inproc://127.0.0.1:8786",
        "scheduler.json",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ClusterError, match="is no address of a scheduler"):
        parse_address(address)

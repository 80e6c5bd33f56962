"""Where a cluster may be: records go there, and whoever reaches it may have its workers sign."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from vaxcert.errors import ClusterError


class SchedulerAddress(NamedTuple):
    """Where a scheduler listens."""

    host: str
    port: int
    is_tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls' if self.is_tls else 'tcp'}://{host}:{self.port}"


def parse_address(address: str) -> SchedulerAddress:
    """Return what *address* says: by TLS, or on this machine.

    Raises:
        ClusterError: It is no address, or what goes there could be read on the way.
    """
    scheme, separator, place = address.rpartition("://")
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if scheme not in ({"tcp", "tls"} if separator else {""}) or host is None or port is None or place != parts.netloc:
        raise ClusterError(f"{address!r} is no address of a scheduler", hint="write it as tls://HOST:PORT")
    if scheme != "tls" and not _is_this_machine(host):
        raise ClusterError(
            f"records would go to {host} in the clear, and whoever reaches that cluster could have it sign",
            hint="start it with TLS and say tls://, or make a tunnel and say tcp://127.0.0.1:PORT",
        )
    return SchedulerAddress(host, port, is_tls=scheme == "tls")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""A real EVM node for the tests: anvil, on a port of its own, one for the whole run.

A test takes a log id of its own, or `Anvil.rolled_back`, rather than a new node. Where anvil is absent, what needs it
is skipped with one line; where `CI` is true it fails.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import http.client
import json
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.not_run import not_run

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULES = Path(__file__).parents[2] / "contracts" / "node_modules" / "@foundry-rs"
_MISSING = "what needs an EVM node (anvil is not installed: npm ci in contracts/, or put it on PATH)"
_LISTENING = re.compile(r"Listening on (127\.0\.0\.1:\d+)")

ETHER = 10**18


class RpcFailure(Exception):  # noqa: N818 - it carries the node's answer, which is not always an error of the test
    """The node answered with an error object."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.error = error


def rpc(url: str, method: str, *params: object) -> Any:
    """Return the result of one JSON-RPC call; nothing here is bounded, since the node is ours."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.load(connection.getresponse())
    finally:
        connection.close()
    if "error" in answer:
        raise RpcFailure(answer["error"])
    return answer["result"]


class Anvil:
    """A running node. `latest`, `safe` and `finalized` are n, n-1 and n-2; each transaction is mined at once."""

    def __init__(self, binary: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [binary, "--host", "127.0.0.1", "--port", "0", "--accounts", "0", "--slots-in-an-epoch", "1", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        seen = []
        for line in self._process.stdout:
            seen.append(line)
            if found := _LISTENING.search(line):
                self.url = f"http://{found[1]}"
                break
        else:
            pytest.fail(f"anvil ended: {''.join(seen)[-500:]}")
        # It goes on to write a line a call: unread, they would fill the pipe and stop it.
        self._reader = threading.Thread(target=deque, args=(self._process.stdout, 0), daemon=True)
        self._reader.start()

    def rpc(self, method: str, *params: object) -> Any:
        return rpc(self.url, method, *params)

    def fund(self, address: str, wei: int = 10 * ETHER) -> None:
        """Give *address* this much, out of nothing.

        That changes the state of the newest block under its hash, so that nothing in that block can be proved any more:
        it is done to a block in which there is nothing.
        """
        self.mine()
        self.rpc("anvil_setBalance", address, hex(wei))

    def mine(self, blocks: int = 1) -> None:
        self.rpc("anvil_mine", hex(blocks))

    def finalize(self) -> None:
        """Mine until what is latest now is final."""
        self.mine(2)

    def wait_for(self, transaction_hash: bytes) -> dict[str, Any]:
        """Return the receipt of a transaction that was sent: it is mined at once, and yet a moment later."""
        for _ in range(10_000):
            receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", f"0x{transaction_hash.hex()}")
            if receipt is not None:
                return receipt
        pytest.fail("the node does not mine")

    def height(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    @contextlib.contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Put the chain back afterwards to how it was before, and mine at once again."""
        snapshot = self.rpc("evm_snapshot")
        try:
            yield
        finally:
            self.rpc("evm_setAutomine", True)
            self.rpc("anvil_dropAllTransactions")
            assert self.rpc("evm_revert", snapshot)

    @contextlib.contextmanager
    def not_mining(self) -> Iterator[None]:
        """Keep transactions in the pool; what is there at the end is dropped."""
        self.rpc("evm_setAutomine", False)
        try:
            yield
        finally:
            self.rpc("anvil_dropAllTransactions")
            self.rpc("evm_setAutomine", True)

    def stop(self) -> None:
        """End the node in order, so that it writes its state where it was asked to."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(timeout=10)
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()


@functools.cache
def anvil_binary() -> Path | None:
    """Return the program itself: npm's wrapper would be a second process to end."""
    packed = sorted(_MODULES.glob("anvil-*/bin/anvil"))
    if packed:
        return packed[0]
    found = shutil.which("anvil")
    return Path(found) if found else None


def start_anvil(*options: str) -> Anvil:
    """Return a node of one's own, to be stopped by the caller: only for what a shared node cannot show."""
    binary = anvil_binary()
    if binary is None:
        not_run(_MISSING)
    return Anvil(binary, *options)


@functools.cache
def _started() -> Anvil:
    node = start_anvil()
    atexit.register(node.kill)
    return node


def shared_anvil() -> Anvil:
    """Return the node of this test run; it starts with the first test that asks for it."""
    return _started()

"""Which chain a log is anchored to, which nodes are asked, what may be paid: the values of `anchor.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.anchor.identity import ChainIdentity

MAX_NODES = 16
MAX_CONFIRMATIONS = 100_000
"""A day on a chain with a block a second."""
GWEI = 10**9
DEFAULT_FEE_CAP = 100 * GWEI
"""In wei per gas: an anchor then costs 0.0046 ether at most."""

_DRIVERS = ("file", "tester", "evm")
MAX_TEXT = 2048
MAX_FEE = 10**24


@dataclass(frozen=True, slots=True)
class Finality:
    """When a block is taken to be there for good: by the chain's own word, or by so many blocks.

    The chain's own word is the tag `finalized`. Confirmations count the block itself, so that 1 is right for a chain
    whose blocks are final at once, such as QBFT.
    """

    confirmations: int | None = None
    """None for the chain's own word."""

    def __post_init__(self) -> None:
        """Refuse numbers that wait for nothing or for ever."""
        if self.confirmations is not None and not 1 <= self.confirmations <= MAX_CONFIRMATIONS:
            raise ValueError(f"confirmations are 1 to {MAX_CONFIRMATIONS}")


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node is: its address, or the file that holds it."""

    url: str = field(default="", repr=False)
    file: str = ""

    def resolve(self, folder: Path) -> str:
        """Return the address.

        Raises:
            SettingsError: The file cannot be read, or has none.
        """
        if self.url:
            return self.url
        try:
            with (folder / self.file).open("rb") as file:
                text = file.read(MAX_TEXT).decode("ascii").split("\n", 1)[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the node's address cannot be read from {self.file}") from error
        if not text:
            raise SettingsError(f"there is no node's address in {self.file}")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorConfig:
    """What `anchor.json` says."""

    identity: ChainIdentity
    nodes: tuple[NodeAddress, ...] = ()
    agreeing: int = 0
    """How many nodes have to give the same block: more than half of them, so that no two answers can both win."""
    finality: Finality = Finality()
    fee_cap: int = DEFAULT_FEE_CAP
    """The most paid per gas, in wei."""
    keystore: str | None = None
    """The anchoring account's key, encrypted, in a file."""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: It cannot.
        """
        check_setting(self.identity.driver in _DRIVERS, f"the driver is {', '.join(_DRIVERS[:-1])} or {_DRIVERS[-1]}")
        check_setting(
            bool(self.nodes) == (self.identity.driver == "evm"), "nodes are for the driver evm, which needs one"
        )
        check_setting(len(self.nodes) <= MAX_NODES, f"there are at most {MAX_NODES} nodes")
        check_setting(len(set(self.nodes)) == len(self.nodes), "a node is named twice: it cannot agree with itself")
        majority = len(self.nodes) // 2 + 1 if self.nodes else 0
        check_setting(
            majority <= self.agreeing <= len(self.nodes),
            "agreeing is more than half of the nodes, at most all",
        )
        check_setting(0 <= self.fee_cap <= MAX_FEE, "the fee cap is out of range")


def check_setting(holds: bool, message: str) -> None:  # noqa: FBT001 - it reads as what has to hold
    """Raise `SettingsError` with *message* unless it *holds*."""
    if not holds:
        raise SettingsError(f"anchor.json: {message}")

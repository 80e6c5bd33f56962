"""Keccak-256, the hash of the EVM (not SHA3-256, which pads differently)."""

from __future__ import annotations

from vaxcert.errors import MissingDependencyError

try:
    from eth_hash.auto import keccak as _keccak
except ImportError as _error:
    raise MissingDependencyError("a chain needs web3", hint="install vaxcert[anchor]") from _error


def keccak(content: bytes) -> bytes:
    """Return the Keccak-256 of *content*, 32 bytes."""
    return _keccak(content)

"""What is told of a log to those who verify and audit: its name, its public key, and the chain it is anchored to.

An auditor who has this from the authority itself, and not together with what is to be audited, cannot be shown another
log, or another chain, in its place.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self

from vaxcert.errors import KeyFileError, LedgerFormatError
from vaxcert.ledger.anchor.identity import ChainIdentity
from vaxcert.ledger.log.log_key import log_id
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.service.files import read_file

if TYPE_CHECKING:
    from pathlib import Path

MAX_DESCRIPTION_BYTES: Final = 16 * 1024
"""One has under a kilobyte."""

_VERSION: Final = 1
_MEMBERS: Final = {"version", "origin", "vkey", "chain"}
_BYTES: Final = {"genesis_hash", "contract", "code_hash", "log_id"}
_KINDS: Final = {"driver": str, "chain_id": int, "deploy_block": int} | dict.fromkeys(_BYTES, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDescription:
    """A log as those know it who believe its signatures."""

    verifier: NoteVerifier
    """Its public key, of which the name is the log's."""
    chain: ChainIdentity | None = None
    """The chain and contract to which it is anchored, where that is known."""

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """Its public key as text."""
        return self.verifier.vkey

    @property
    def log_id(self) -> bytes:
        """The log's name on a chain."""
        return log_id(self.origin, self.vkey)

    @classmethod
    def of_vkey(cls, vkey: str) -> Self:
        """Return the log with the public key *vkey*.

        Raises:
            KeyFileError: It is malformed, or a witness's.
        """
        verifier = NoteVerifier.of_vkey(vkey)
        if verifier.key_type is not KeyType.LOG:
            raise KeyFileError("the verifier key is a witness's, not a log's")
        return cls(verifier=verifier)

    @classmethod
    def of_json(cls, content: bytes) -> Self:
        """Return the log that the JSON in *content* describes.

        Raises:
            KeyFileError: Its public key is malformed.
            LedgerFormatError: It is no description of a log.
        """
        try:
            members = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise LedgerFormatError("the description of the log is not JSON") from error
        if not isinstance(members, dict) or members.get("version") != _VERSION or not members.keys() <= _MEMBERS:
            raise LedgerFormatError("the description of the log has other members than are known here")
        vkey, chain = members.get("vkey"), members.get("chain")
        if not isinstance(vkey, str):
            raise LedgerFormatError("the description of the log lacks its public key (vkey)")
        described = cls.of_vkey(vkey)
        if members.get("origin") != described.origin:
            raise LedgerFormatError("the description's origin is not the name of its public key")
        identity = None if chain is None else _chain_of(chain)
        if identity is not None and identity.log_id != described.log_id:
            raise LedgerFormatError("the description's chain is another log's")
        return cls(verifier=described.verifier, chain=identity)

    def to_json(self) -> bytes:
        """Return the description as JSON, for `log.json`."""
        members: dict[str, object] = {"version": _VERSION, "origin": self.origin, "vkey": self.vkey}
        if self.chain is not None:
            members["chain"] = _chain_members(self.chain)
        return json.dumps(members, ensure_ascii=False, indent=2).encode() + b"\n"


def read_description(path: Path) -> LogDescription:
    """Return the log that the file *path* describes: a `log.json`, or a `log.vkey` with the public key alone.

    Raises:
        KeyFileError: Its public key is malformed.
        LedgerFormatError: It is no description of a log.
        StorageError: It cannot be read.
    """
    content = read_file(path, limit=MAX_DESCRIPTION_BYTES)
    try:
        if content.lstrip()[:1] == b"{":
            return LogDescription.of_json(content)
        return LogDescription.of_vkey(read_vkey(content))
    except (KeyFileError, LedgerFormatError) as error:
        raise type(error)(f"{path}: {error.message}") from error


def read_vkey(content: bytes) -> str:
    """Return the public key that is the only line of *content*.

    Raises:
        KeyFileError: It is no text of one line.
    """
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise KeyFileError("the verifier key is not text in UTF-8") from error
    if lines[1:] not in ([], [""]):
        raise KeyFileError("a verifier key is one line of text")
    return lines[0].removesuffix("\r")


def _chain_members(chain: ChainIdentity) -> dict[str, object]:
    """Return *chain* as `anchor.json` has it too; bytes are hexadecimal."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(chain).items()}


def _chain_of(members: object) -> ChainIdentity:
    if (
        not isinstance(members, dict)
        or members.keys() != _KINDS.keys()
        or any(type(members[name]) is not kind for name, kind in _KINDS.items())
    ):
        raise LedgerFormatError("the description's chain has other members than are known here")
    try:
        hashes = {name: bytes.fromhex(members[name]) for name in _BYTES}
        return ChainIdentity(**members | hashes)
    except ValueError as error:
        raise LedgerFormatError(f"the description's chain is malformed: {error}") from error

"""The keys that sign notes (C2SP signed-note): what a signer does, and the public half that verifies.

Two kinds are known: those of logs (0x01), and those of witnesses, whose cosignatures carry a time (0x04, C2SP
tlog-cosignature).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vaxcert.errors import KeyFileError, NoteError
from vaxcert.ledger.log.text import decode_base64, encode_base64

KEY_ID_BYTES = 4
MAX_NAME_BYTES = 255
"""What a cosigned message of the newer kind can hold (tlog-cosignature, cosigned_message)."""

_KEY_BYTES, _TIME_BYTES = 32, 8
_MAX_TIME = 2**63 - 1
_VKEY_PARTS = 3


class KeyType(IntEnum):
    """What a key's signatures are over (signed-note, Signature types)."""

    LOG = 0x01
    """Ed25519 over the text."""
    WITNESS = 0x04
    """Ed25519 over the text and a time (tlog-cosignature, cosignature/v1)."""


class NoteSigner(Protocol):
    """Whatever signs notes with one key."""

    @property
    def name(self) -> str:
        """The key's name."""
        ...

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that tell the key from others of that name."""
        ...

    def sign(self, text: str) -> bytes:
        """Return the signature over *text*, which ends in a newline."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteVerifier:
    """The public half of a log's or a witness's key.

    Raises:
        ValueError: The name cannot stand in a note, or the key has not 32 bytes.
    """

    name: str
    key_type: KeyType
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != _KEY_BYTES:
            raise ValueError(f"an Ed25519 public key has {_KEY_BYTES} bytes, not {len(self.public_key)}")

    @classmethod
    def of_vkey(cls, vkey: str) -> Self:
        """Return the key in *vkey*, the text form in which logs and witnesses publish it.

        Raises:
            KeyFileError: It is malformed, of another kind, or its key id is not that of its name and key.
        """
        name, *rest = vkey.split("+", _VKEY_PARTS - 1)  # base64 may have a plus of its own
        key = decode_base64(rest[-1]) if len(rest) == _VKEY_PARTS - 1 else None
        if key is None or len(key) != 1 + _KEY_BYTES:
            raise KeyFileError("the verifier key is not NAME+KEY_ID+BASE64 with a key of 32 bytes")
        if key[0] not in set(KeyType):
            raise KeyFileError(f"the verifier key is of the kind 0x{key[0]:02x}, not Ed25519 of a log or a witness")
        try:
            verifier = cls(name=name, key_type=KeyType(key[0]), public_key=key[1:])
        except ValueError as error:
            raise KeyFileError(str(error)) from error
        if verifier.vkey != vkey:
            raise KeyFileError("the verifier key's id does not belong to its name and key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature line names this key (signed-note, Signatures)."""
        return sha256(b"%s\n%c%s" % (self.name.encode(), self.key_type, self.public_key)).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: ``NAME+KEY_ID+BASE64`` (signed-note, Verifier keys)."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes((self.key_type,)) + self.public_key)}"

    def verify(self, text: str, signature: bytes) -> None:
        """Check that this key made *signature*, as it stands in a signature line, over *text*.

        Raises:
            NoteError: Another key or another text, or a signature of another length.
        """
        if self.key_type is KeyType.WITNESS:
            text, signature = cosigned_text(text, cosignature_time(signature)), signature[_TIME_BYTES:]
        self.verify_bytes(text.encode(), signature)

    def verify_bytes(self, to_be_signed: bytes, signature: bytes) -> None:
        """Check that this key made *signature* over *to_be_signed*, which need not be a note.

        Raises:
            NoteError: It did not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, to_be_signed)
        except (InvalidSignature, ValueError) as error:
            raise NoteError(f"the signature by {self.name} does not hold") from error


def is_name(text: str) -> bool:
    """Whether *text* may be the name of a key in a note (signed-note, Format)."""
    return bool(text) and not any(letter == "+" or letter < " " or letter.isspace() for letter in text)


def check_name(name: str) -> None:
    """Check that *name* may be the name of one of our own keys.

    Raises:
        ValueError: It is empty or too long, or has a space, a plus or a control character.
    """
    if not is_name(name) or len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"a key's name is one word of at most {MAX_NAME_BYTES} bytes, without plus")


def cosigned_text(text: str, time: int) -> str:
    """Return what a witness signs of the note *text* at *time* (tlog-cosignature, Ed25519 signed message)."""
    return f"cosignature/v1\ntime {time}\n{text}"


def timestamped(time: int, signature: bytes) -> bytes:
    """Return *signature* as it stands in a cosignature, after its *time* (tlog-cosignature, timestamped_signature)."""
    return time.to_bytes(_TIME_BYTES, "big") + signature


def cosignature_time(signature: bytes) -> int:
    """Return the time in a witness's *signature*, in seconds since 1970: true only where the signature holds.

    Raises:
        NoteError: The signature is too short to have one, or it is later than the format allows.
    """
    time = int.from_bytes(signature[:_TIME_BYTES], "big")
    if len(signature) < _TIME_BYTES or time > _MAX_TIME:
        raise NoteError("a cosignature carries no time")
    return time

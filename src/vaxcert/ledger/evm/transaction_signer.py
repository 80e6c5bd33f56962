"""The anchoring account: whoever holds its key signs EIP-1559 transactions, here from an encrypted keystore.

The account is no document signer and not the log's key: it pays, and all it may do is anchor.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from vaxcert.errors import AnchorError, ChainProofError, KeyFileError, MissingDependencyError, PassphraseError
from vaxcert.ledger.evm.recursion_limit import kept_recursion_limit
from vaxcert.ledger.evm.rlp_items import decode_list, encode_integer
from vaxcert.signing.private_key import MIN_PASSPHRASE_BYTES

try:
    with kept_recursion_limit():
        from eth_account import Account
        from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
        from eth_keys.exceptions import BadSignature
        from eth_utils.exceptions import ValidationError
except ImportError as _error:
    raise MissingDependencyError("a chain needs web3", hint="install vaxcert[anchor]") from _error

if TYPE_CHECKING:
    from vaxcert.ledger.evm.rlp_items import Item

TRANSACTION_TYPE = 2
"""EIP-1559."""
MAX_KEYSTORE_BYTES = 64 * 1024
SCRYPT_COST = 2**18
"""What wallets use for keystores; with blocks of 1 kB that is 256 MB and about a second."""

_MAX_SCRYPT_WORK = 4 * SCRYPT_COST * 8
"""Cost times block size times passes: four times what wallets use; 1 GB where all of it is cost."""
_MAX_SCRYPT_BLOCK, _MAX_SCRYPT_PASSES = 32, 16
_MAX_PBKDF2_ROUNDS = 10_000_000
_SIGNATURE_ITEMS = 3
_MAX_TRANSACTION_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedTransaction:
    """A transaction to be signed; it sends no ether."""

    chain_id: int
    nonce: int
    to: bytes
    """The contract; empty where the transaction makes one."""
    data: bytes
    gas: int
    max_fee: int
    """The most paid per gas, in wei."""
    priority_fee: int
    """Of it, at most this to whoever makes the block."""

    def items(self) -> list[Item]:
        """Return the fields in the order in which they are signed (EIP-1559)."""
        numbers = (self.chain_id, self.nonce, self.priority_fee, self.max_fee, self.gas)
        return [*map(encode_integer, numbers), self.to, encode_integer(0), self.data, []]


class TransactionSigner(Protocol):
    """Holds the key of an account, in whatever way: a keystore, a hardware module, a remote service."""

    @property
    def address(self) -> bytes:
        """The account, 20 bytes."""
        ...

    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """Return the signed transaction as it is sent: its type, then the RLP of its fields and the signature.

        Raises:
            SigningError: The key could not be used.
        """
        ...


class KeystoreSigner:
    """An account whose key is in a keystore file (Web3 Secret Storage, version 3)."""

    def __init__(self, private_key: bytes) -> None:
        """Take the 32 bytes of a key that is nowhere on a disk in the clear."""
        self._account = Account.from_key(private_key)

    @classmethod
    def of_keystore(cls, content: bytes, passphrase: bytes) -> Self:
        """Return the signer whose key is in the keystore *content*.

        Raises:
            PassphraseError: It is another passphrase.
            KeyFileError: It is no keystore, or one that would take too much time or memory to open.
        """
        keystore = _parsed(content)
        try:
            private_key = decode_keyfile_json(keystore, passphrase)
        except ValueError as error:
            if "MAC" in str(error):
                raise PassphraseError("the keystore does not open with this passphrase") from None
            raise KeyFileError("the keystore is malformed") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise KeyFileError("the keystore is malformed") from error
        try:
            signer = cls(private_key)
        except (ValueError, ValidationError) as error:
            raise KeyFileError("the keystore holds no key of an account") from error
        named = keystore.get("address")
        if named is not None and str(named).lower().removeprefix("0x") != signer.address.hex():
            raise KeyFileError("the keystore holds the key of another account than it says")
        return signer

    @property
    def address(self) -> bytes:
        """The account, 20 bytes."""
        return bytes.fromhex(self._account.address[2:])

    def __repr__(self) -> str:
        return f"KeystoreSigner({self._account.address})"

    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """Return the signed transaction; the same for the same fields (RFC 6979)."""
        fields: dict[str, object] = {
            "type": TRANSACTION_TYPE,
            "chainId": transaction.chain_id,
            "nonce": transaction.nonce,
            "maxPriorityFeePerGas": transaction.priority_fee,
            "maxFeePerGas": transaction.max_fee,
            "gas": transaction.gas,
            "to": transaction.to,
            "value": 0,
            "data": transaction.data,
        }
        return bytes(self._account.sign_transaction(fields).raw_transaction)


def create_keystore(passphrase: bytes, *, cost: int = SCRYPT_COST) -> bytes:
    """Return a keystore with a new key, under scrypt.

    Raises:
        PassphraseError: The passphrase is too short.
    """
    if len(passphrase) < MIN_PASSPHRASE_BYTES:
        raise PassphraseError(f"the passphrase has fewer than {MIN_PASSPHRASE_BYTES} bytes")
    private_key = (1 + secrets.randbelow(_ORDER - 1)).to_bytes(32)
    keystore = create_keyfile_json(private_key, passphrase, kdf="scrypt", iterations=cost)
    return f"{json.dumps(keystore, indent=2)}\n".encode()


def signed_by(signer: TransactionSigner, transaction: UnsignedTransaction) -> bytes:
    """Return *transaction* as *signer* signed it, checked to be that one and nothing else.

    Raises:
        AnchorError: It is another one: a signer elsewhere is not believed more than any other stranger.
        SigningError: The key could not be used.
    """
    raw = signer.sign(transaction)
    expected = transaction.items()
    try:
        items = decode_list(raw[1:], "signed transaction", limit=_MAX_TRANSACTION_BYTES)
        if raw[:1] != bytes([TRANSACTION_TYPE]) or len(items) != len(expected) + _SIGNATURE_ITEMS:
            raise AnchorError("the signer gave no EIP-1559 transaction")
        if items[: len(expected)] != expected:
            raise AnchorError("the signer gave another transaction than it was asked for")
        address = bytes.fromhex(Account.recover_transaction(raw)[2:])
    except (ChainProofError, BadSignature, ValidationError, ValueError, TypeError) as error:
        raise AnchorError("the signer gave no EIP-1559 transaction") from error
    if address != signer.address:
        raise AnchorError("the signer used the key of another account")
    return raw


_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Of the curve secp256k1 (SEC 2 §2.4.1): keys are 1 to this, exclusive."""


def _parsed(content: bytes) -> dict[str, object]:
    """Return the keystore's JSON, once the work that it asks for is known to be bounded."""
    try:
        if len(content) > MAX_KEYSTORE_BYTES:
            raise KeyFileError(f"the keystore has over {MAX_KEYSTORE_BYTES} bytes")
        keystore = json.loads(content)
        crypto = keystore.get("crypto") or keystore["Crypto"]
        parameters = crypto["kdfparams"]
        if keystore["version"] != 3 or not isinstance(parameters, Mapping):  # noqa: PLR2004 - the format's version
            raise KeyFileError("the keystore is not of version 3")
        if crypto["kdf"] == "scrypt":
            cost, block, passes = (int(parameters[name]) for name in ("n", "r", "p"))
            bounded = cost * block * passes <= _MAX_SCRYPT_WORK
            bounded &= block <= _MAX_SCRYPT_BLOCK and passes <= _MAX_SCRYPT_PASSES
        else:
            bounded = int(parameters["c"]) <= _MAX_PBKDF2_ROUNDS
        bounded &= int(parameters["dklen"]) == 32  # noqa: PLR2004 - the format has no other length
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise KeyFileError("the keystore is malformed") from error
    if not bounded:
        raise KeyFileError("the keystore asks for too much memory or time to be opened")
    return dict(keystore)

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from vaxcert.errors import AnchorError, KeyFileError, PassphraseError
from vaxcert.ledger.evm.rlp_items import decode_list, encode_rlp
from vaxcert.ledger.evm.transaction_signer import (
    MAX_KEYSTORE_BYTES,
    KeystoreSigner,
    UnsignedTransaction,
    create_keystore,
    signed_by,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PASSPHRASE = b"correct horse battery"
KEY = bytes(range(1, 33))
COST = 4
"""So little that opening takes a millisecond."""
TRANSACTION = UnsignedTransaction(
    chain_id=31337,
    nonce=7,
    to=bytes(range(20)),
    data=b"\xab\xcd" * 40,
    gas=150_000,
    max_fee=10**11,
    priority_fee=10**9,
)


class Elsewhere:
    """A signer that is not ours: it gives what it was told to give."""

    def __init__(self, raw: bytes, address: bytes | None = None) -> None:
        self.address = KeystoreSigner(KEY).address if address is None else address
        self._raw = raw

    def sign(self, _transaction: UnsignedTransaction) -> bytes:
        return self._raw


def create_keyfile_json(*parameters: Any, **named: Any) -> dict[str, Any]:
    """Return a keystore as wallets write it, by the library: imported late, since it lifts the recursion limit."""
    from eth_keyfile import keyfile  # noqa: PLC0415 - see above

    made: dict[str, Any] = keyfile.create_keyfile_json(*parameters, **named)
    return made


@pytest.fixture(scope="module")
def keystore() -> dict[str, Any]:
    return create_keyfile_json(KEY, PASSPHRASE, kdf="scrypt", iterations=COST)


def opened(keystore: object, passphrase: bytes = PASSPHRASE) -> KeystoreSigner:
    return KeystoreSigner.of_keystore(json.dumps(keystore).encode(), passphrase)


def changed(keystore: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    other = copy.deepcopy(keystore)
    change(other)
    return other


# --- The keystore -----------------------------------------------------------------------------------------------------


def test_a_new_keystore_opens_with_its_passphrase() -> None:
    made = create_keystore(PASSPHRASE, cost=COST)
    signer = KeystoreSigner.of_keystore(made, PASSPHRASE)
    assert json.loads(made)["address"].lower() == signer.address.hex()
    assert json.loads(made)["crypto"]["kdf"] == "scrypt"


def test_two_new_keystores_have_two_accounts() -> None:
    first, second = (KeystoreSigner.of_keystore(create_keystore(PASSPHRASE, cost=COST), PASSPHRASE) for _ in range(2))
    assert first.address != second.address


def test_a_wallets_keystore_opens(keystore: dict[str, Any]) -> None:
    assert opened(keystore).address.hex() == keystore["address"].lower()


def test_a_keystore_under_pbkdf2_opens() -> None:
    assert opened(create_keyfile_json(KEY, PASSPHRASE, kdf="pbkdf2", iterations=8)).address


def test_a_keystore_without_its_address_opens(keystore: dict[str, Any]) -> None:
    assert opened(changed(keystore, lambda record: record.pop("address"))).address


def test_another_passphrase_does_not_open_it(keystore: dict[str, Any]) -> None:
    with pytest.raises(PassphraseError) as caught:
        opened(keystore, PASSPHRASE[:-1])
    assert caught.value.__cause__ is None, "the library's error may tell more than it should"


def test_a_short_passphrase_makes_no_keystore() -> None:
    with pytest.raises(PassphraseError, match="fewer than 8 bytes"):
        create_keystore(b"1234567", cost=COST)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 2**21},
        {"n": 2**60},
        {"n": 2**20, "p": 2},
        {"r": 33},
        {"r": 2**20},
        {"p": 17},
        {"dklen": 2**31},
    ],
)
def test_a_keystore_that_asks_for_too_much_is_not_opened(keystore: dict[str, Any], parameters: dict[str, int]) -> None:
    greedy = changed(keystore, lambda record: record["crypto"]["kdfparams"].update(parameters))
    with pytest.raises(KeyFileError, match="too much memory or time"):
        opened(greedy)


def test_a_keystore_with_endless_rounds_is_not_opened() -> None:
    made = create_keyfile_json(KEY, PASSPHRASE, kdf="pbkdf2", iterations=8)
    with pytest.raises(KeyFileError, match="too much memory or time"):
        opened(changed(made, lambda record: record["crypto"]["kdfparams"].update(c=10**9)))


def test_a_keystore_of_another_account_than_it_says_is_refused(keystore: dict[str, Any]) -> None:
    with pytest.raises(KeyFileError, match="another account"):
        opened(changed(keystore, lambda record: record.update(address="00" * 20)))


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("crypto"),
        lambda record: record.pop("version"),
        lambda record: record.update(version=4),
        lambda record: record.update(version="3"),
        lambda record: record.update(crypto=None),
        lambda record: record.update(crypto=[]),
        lambda record: record["crypto"].pop("kdf"),
        lambda record: record["crypto"].update(kdf="argon2"),
        lambda record: record["crypto"].update(kdfparams=[]),
        lambda record: record["crypto"]["kdfparams"].pop("n"),
        lambda record: record["crypto"]["kdfparams"].update(n="many"),
        lambda record: record["crypto"]["kdfparams"].update(n=3),
        lambda record: record["crypto"]["kdfparams"].update(salt="zz"),
        lambda record: record["crypto"].update(mac=5),
        lambda record: record["crypto"].pop("ciphertext"),
        lambda record: record["crypto"].pop("cipherparams"),
    ],
)
def test_a_malformed_keystore_is_refused(keystore: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(KeyFileError) as caught:
        opened(changed(keystore, change))
    assert not isinstance(caught.value, PassphraseError)


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"3", b"{}", b"\xff", b"[" * 50_000, b"-----BEGIN PRIVATE KEY-----"]
)
def test_what_is_no_keystore_is_refused(content: bytes) -> None:
    with pytest.raises(KeyFileError, match="malformed"):
        KeystoreSigner.of_keystore(content, PASSPHRASE)


def test_a_huge_keystore_is_not_read() -> None:
    with pytest.raises(KeyFileError, match=f"over {MAX_KEYSTORE_BYTES} bytes"):
        KeystoreSigner.of_keystore(b" " * (MAX_KEYSTORE_BYTES + 1), PASSPHRASE)


@pytest.mark.parametrize("plain", [bytes(32), b"\xff" * 32])
def test_a_keystore_with_no_key_of_the_curve_is_refused(keystore: dict[str, Any], plain: bytes) -> None:
    with pytest.raises(KeyFileError, match="holds no key"):
        opened(_with_plain_key(keystore, plain))


def _with_plain_key(keystore: dict[str, Any], plain: bytes) -> dict[str, Any]:
    """Return *keystore* with another key in it, rightly encrypted: the cipher is a stream, so the two cancel out."""
    from hashlib import scrypt  # noqa: PLC0415 - for this one forgery

    from vaxcert.ledger.evm.keccak import keccak  # noqa: PLC0415 - for this one forgery

    crypto = copy.deepcopy(keystore["crypto"])
    old = bytes.fromhex(crypto["ciphertext"])
    new = bytes(cipher ^ was ^ wanted for cipher, was, wanted in zip(old, KEY, plain, strict=True))
    derived = scrypt(PASSPHRASE, salt=bytes.fromhex(crypto["kdfparams"]["salt"]), n=COST, r=8, p=1, dklen=32)
    crypto |= {"ciphertext": new.hex(), "mac": keccak(derived[16:] + new).hex()}
    return {"version": 3, "crypto": crypto}


def test_the_key_is_not_shown() -> None:
    assert KEY.hex() not in repr(KeystoreSigner(KEY))
    assert KeystoreSigner(KEY).address.hex() in repr(KeystoreSigner(KEY)).lower()


# --- Signing ----------------------------------------------------------------------------------------------------------


def test_the_same_fields_give_the_same_bytes() -> None:
    assert signed_by(KeystoreSigner(KEY), TRANSACTION) == signed_by(KeystoreSigner(KEY), TRANSACTION)


def test_a_transaction_may_make_a_contract() -> None:
    raw = signed_by(KeystoreSigner(KEY), replace(TRANSACTION, to=b""))
    assert decode_list(raw[1:], "transaction", limit=10**5)[5] == b""


@pytest.mark.parametrize(
    "other",
    [
        replace(TRANSACTION, chain_id=1),
        replace(TRANSACTION, nonce=8),
        replace(TRANSACTION, to=bytes(20)),
        replace(TRANSACTION, data=b""),
        replace(TRANSACTION, gas=21_000),
        replace(TRANSACTION, max_fee=10**12),
        replace(TRANSACTION, priority_fee=10**10),
    ],
)
def test_another_transaction_than_was_asked_for_is_refused(other: UnsignedTransaction) -> None:
    signer = Elsewhere(KeystoreSigner(KEY).sign(other))
    with pytest.raises(AnchorError, match="another transaction"):
        signed_by(signer, TRANSACTION)


def test_a_transaction_that_sends_ether_is_refused() -> None:
    raw = KeystoreSigner(KEY).sign(TRANSACTION)
    items = decode_list(raw[1:], "transaction", limit=10**5)
    items[6] = b"\x01"
    with pytest.raises(AnchorError, match="another transaction"):
        signed_by(Elsewhere(b"\x02" + encode_rlp(items)), TRANSACTION)


def test_a_signature_by_another_key_is_refused() -> None:
    with pytest.raises(AnchorError, match="another account"):
        signed_by(Elsewhere(KeystoreSigner(bytes(31) + b"\x01").sign(TRANSACTION)), TRANSACTION)


@pytest.mark.parametrize("position", [9, 10, 11])
def test_a_spoilt_signature_is_refused(position: int) -> None:
    items = decode_list(KeystoreSigner(KEY).sign(TRANSACTION)[1:], "transaction", limit=10**5)
    items[position] = b"\x05"
    with pytest.raises(AnchorError):
        signed_by(Elsewhere(b"\x02" + encode_rlp(items)), TRANSACTION)


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\x02\xc0", b"\x01\xc0", b"\xf8", b"\x02" + b"\xff" * 40])
def test_what_is_no_transaction_is_refused(raw: bytes) -> None:
    with pytest.raises(AnchorError, match="no EIP-1559 transaction"):
        signed_by(Elsewhere(raw), TRANSACTION)


def test_a_transaction_of_another_type_is_refused() -> None:
    raw = KeystoreSigner(KEY).sign(TRANSACTION)
    with pytest.raises(AnchorError, match="no EIP-1559 transaction"):
        signed_by(Elsewhere(b"\x04" + raw[1:]), TRANSACTION)

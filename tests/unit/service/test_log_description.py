"""What is told of a log to those who verify and audit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from vaxcert.errors import KeyFileError, LedgerFormatError, StorageError
from vaxcert.ledger.anchor.identity import ChainIdentity
from vaxcert.ledger.log.cosignature import WitnessKey
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.service.log_description import LogDescription, read_description

if TYPE_CHECKING:
    from pathlib import Path

KEY = LogKey.create("ledger.example/vn")
CHAIN = ChainIdentity(
    driver="evm",
    chain_id=2026,
    genesis_hash=b"g" * 32,
    contract=b"c" * 20,
    code_hash=b"h" * 32,
    deploy_block=7,
    log_id=KEY.log_id,
)
LOG = LogDescription(verifier=KEY.verifier, chain=CHAIN)


def changed(**members: Any) -> bytes:
    """Return the description with other members; None leaves one out."""
    whole = json.loads(LOG.to_json()) | members
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def changed_chain(**members: Any) -> bytes:
    return changed(chain=json.loads(LOG.to_json())["chain"] | members)


def test_a_log_comes_back_from_its_description() -> None:
    assert LogDescription.of_json(LOG.to_json()) == LOG
    assert LogDescription.of_json(changed(chain=None)) == LogDescription(verifier=KEY.verifier)
    assert (LOG.origin, LOG.vkey, LOG.log_id) == (KEY.name, KEY.vkey, KEY.log_id)


def test_a_verifier_key_alone_describes_a_log_without_a_chain(tmp_path: Path) -> None:
    for end in ("", "\n", "\r\n"):
        (tmp_path / "log.vkey").write_bytes(f"{KEY.vkey}{end}".encode())
        assert read_description(tmp_path / "log.vkey") == LogDescription(verifier=KEY.verifier)


def test_either_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(b"\n " + LOG.to_json())
    assert read_description(tmp_path / "log.json") == LOG


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        changed(version=2),
        changed(version=None),
        changed(vkey=None),
        changed(vkey=5),
        changed(origin=None),
        changed(origin="other.example"),
        changed(more=1),
        changed(chain="evm"),
        changed(chain={"driver": "evm"}),
        changed_chain(more=1),
        changed_chain(chain_id="1"),
        changed_chain(chain_id=True),
        changed_chain(chain_id=-1),
        changed_chain(deploy_block=2**64),
        changed_chain(contract="00"),
        changed_chain(contract="0x" + "cc" * 20),
        changed_chain(genesis_hash="zz" * 32),
        changed_chain(log_id="00" * 32),
    ],
)
def test_what_describes_no_log_is_refused(content: bytes) -> None:
    with pytest.raises(LedgerFormatError):
        LogDescription.of_json(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\n",
        b"two\nlines\n",
        KEY.vkey.replace("+", "-").encode(),
        f"other{KEY.vkey}".encode(),
        WitnessKey.create("witness.example").vkey.encode(),
    ],
    ids=["empty", "not UTF-8", "two lines", "not a key", "another id", "a witness's"],
)
def test_a_file_without_the_key_of_a_log_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "log.vkey").write_bytes(content)
    with pytest.raises(KeyFileError, match=r"log\.vkey: "):
        read_description(tmp_path / "log.vkey")


def test_a_key_inside_a_description_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(changed(vkey="none"))
    with pytest.raises(KeyFileError, match=r"log\.json: "):
        read_description(tmp_path / "log.json")


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(LOG.to_json() + b" " * 20_000)
    for name in ("log.json", "none.json"):
        with pytest.raises(StorageError):
            read_description(tmp_path / name)

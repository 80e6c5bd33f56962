"""Signers of batches, and `openssl` to compare with."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.not_run import not_run
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc

OpenSsl = Callable[..., bytes]


@pytest.fixture(scope="session")
def signer(pair: KeyPair, dsc: Dsc) -> PemSigner:
    return PemSigner(pair.private_key, dsc)


@pytest.fixture(scope="session")
def rsa_signer(rsa_pair: KeyPair, rsa_dsc: Dsc) -> PemSigner:
    return PemSigner(rsa_pair.private_key, rsa_dsc)


@pytest.fixture(scope="session")
def openssl(tmp_path_factory: pytest.TempPathFactory, pair: KeyPair, rsa_pair: KeyPair) -> OpenSsl:
    """Return `openssl cms`, run in a folder with ``ec.key``, ``ec.pem``, ``rsa.key`` and ``rsa.pem``."""
    program = shutil.which("openssl")
    if program is None:
        not_run("openssl, which is not installed")
    folder = tmp_path_factory.mktemp("openssl")
    for name, each in (("ec", pair), ("rsa", rsa_pair)):
        key = each.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(key)
        (folder / f"{name}.pem").write_bytes(each.certificate_pem)

    def cms(content: bytes, *arguments: str) -> bytes:
        (folder / "in").write_bytes(content)
        command = [program, "cms", *arguments, "-in", "in", "-out", "out"]
        done = run(command, cwd=Path(folder), check=False, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return (folder / "out").read_bytes()

    return cms

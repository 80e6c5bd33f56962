"""The keys of a demo: those of an authority that does not exist."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_BEFORE: Final = timedelta(days=30)


def make_demo_keys(folder: Path, *, at: datetime) -> bytes:
    """Put a CSCA, a DSC and their passphrase into ``keys`` of *folder* and the DSC into ``trust``.

    Returns:
        The passphrase.
    """
    passphrase = secrets.token_urlsafe(24).encode()
    keys, trust = folder / "keys", folder / "trust"
    keys.mkdir()
    trust.mkdir()
    # A real passphrase never lies beside its key; here the folder is thrown away as a whole.
    (keys / "passphrase.txt").write_bytes(passphrase + b"\n")
    born = at - _BEFORE
    csca = create_csca(country="VN", common_name="Sample CSCA", organization="Sample, not real", at=born)
    pair = create_dsc(csca, common_name="Sample DSC", usages=tuple(CertificateType), at=born)
    keystore = Keystore(keys)
    keystore.add(csca, passphrase)
    (trust / "dsc.pem").write_bytes(keystore.add(pair, passphrase).read_bytes())
    return passphrase

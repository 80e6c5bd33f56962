"""Throw-away keys for trials, guides and tests: everything in them is public, the passphrase too."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.files import whole_folder
from vaxcert.service.issuer_secrets import create_secret
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.signing.authority import KeyKind, Term, create_csca, create_dsc
from vaxcert.signing.keystore import Keystore
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import format_trust_list

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

TRUST_FILE, PASSPHRASE_FILE, README_FILE = "trust.json", "passphrase.txt", "README.md"
PASSPHRASE = b"throw-away sample, never for production"
"""Public on purpose."""

_COUNTRY, _ORGANIZATION = "VN", "SAMPLE, not a real authority"
_EVERY_TYPE = frozenset(CertificateType)
_PLANS = (
    ("SAMPLE DSC RSA", _EVERY_TYPE, KeyKind.RSA_3072),
    ("SAMPLE DSC vaccination only", frozenset({CertificateType.VACCINATION}), KeyKind.EC_P256),
    ("SAMPLE DSC", _EVERY_TYPE, KeyKind.EC_P256),
)
"""Each a minute newer than the one before: `issue --keys` takes the newest that may sign, so the last."""
_EARLIER, _LATER = timedelta(days=365), timedelta(days=3653)
"""From a year ago, so that examples may be dated back, for ten years from now, so that they last."""

_README = """\
# Sample keys: public, never for production

Everything here is invented and known to everybody, the private keys and their passphrase included: what these keys
sign proves nothing, and a verifier that trusts `trust.json` believes anybody. They are for trials, guides and tests.

| file | what |
|---|---|
| `csca.pem`, `csca.key.pem` | the CSCA of an authority that does not exist, and its private key |
| `dsc-<kid>.pem`, `dsc-<kid>.key.pem` | its DSCs: ES256 for all types, ES256 for vaccinations only, PS256 |
| `issuer-secret.key.pem` | the issuer's secret, from which the ids of certificates follow |
| `passphrase.txt` | opens each of the keys |
| `trust.json` | the trust list with the DSCs |

Issue and verify with them:

    vaxcert issue records.csv -o issued.jsonl --keys keys/sample --passphrase-file keys/sample/passphrase.txt
    vaxcert verify issued.jsonl --trust keys/sample/trust.json

They are remade, with new keys, by

    rm -r keys/sample && vaxcert keys sample keys/sample

and hold for ten years from then on.
"""


def make_sample_keys(folder: Path, *, at: datetime) -> None:
    """Fill the new *folder* with a CSCA, three DSCs, an issuer's secret, their passphrase and trust list, and a README.

    Args:
        folder: A new or empty folder; it is filled whole or not at all.
        at: The present instant (aware), as of which the trust list is.

    Raises:
        StorageError: There is something in *folder*, or it cannot be written.
    """
    start = at - _EARLIER
    lifetime = at + _LATER - start
    term = Term(lifetime=lifetime, key_use=lifetime)
    csca = create_csca(
        country=_COUNTRY, common_name="SAMPLE CSCA", organization=_ORGANIZATION, at=start, term=_longer(term)
    )
    with whole_folder(folder) as work:
        keystore = Keystore(work)
        keystore.add(csca, PASSPHRASE)
        for number, (name, usages, kind) in enumerate(_PLANS):
            pair = create_dsc(
                csca,
                common_name=name,
                organization=_ORGANIZATION,
                usages=usages,
                key_kind=kind,
                at=start + timedelta(minutes=number),
                term=term,
            )
            keystore.add(pair, PASSPHRASE)
        create_secret(work / ISSUER_SECRET, PASSPHRASE)
        trust_list = TrustList(entries=keystore.dscs(), as_of=at)
        (work / TRUST_FILE).write_bytes(format_trust_list(trust_list))
        (work / PASSPHRASE_FILE).write_bytes(PASSPHRASE + b"\n")
        (work / README_FILE).write_text(_README, encoding="utf-8")


def _longer(term: Term) -> Term:
    """Return the term of a CSCA that outlives its DSCs, each of which starts some minutes later."""
    margin = timedelta(days=1)
    return Term(lifetime=term.lifetime + margin, key_use=term.key_use + margin)

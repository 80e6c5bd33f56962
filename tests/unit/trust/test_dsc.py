import pickle
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from vaxcert.errors import TrustEntryError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.dsc import MAX_PEM_BYTES, Dsc


def test_a_dsc_is_known_by_its_certificate(dsc: Dsc, pair: KeyPair, at: datetime) -> None:
    der = pair.certificate.der
    assert dsc.kid.value == sha256(der).digest()[:8]
    assert dsc.fingerprint == sha256(der).digest()
    assert dsc.der == der
    assert dsc.subject == "C=XA, CN=DSC 1"
    assert dsc.country == "XA"
    assert dsc.key_kind == "EC-P256"
    assert (dsc.not_before, dsc.not_after) == (at, at + timedelta(days=730))
    assert Dsc.of_pem(pair.certificate_pem) == Dsc.of_der(der) == dsc


def test_validity_holds_to_the_second(dsc: Dsc, at: datetime) -> None:
    first = int(at.timestamp())
    last = first + 730 * 86400
    assert (dsc.not_before_seconds, dsc.not_after_seconds) == (first, last)
    assert dsc.is_valid_at(first)
    assert dsc.is_valid_at(last)


@pytest.mark.parametrize("offset", [-1, 730 * 86400 + 1])
def test_a_dsc_is_not_valid_outside_its_dates(dsc: Dsc, at: datetime, offset: int) -> None:
    assert not dsc.is_valid_at(at.timestamp() + offset)


def test_a_named_usage_excludes_the_others(dsc: Dsc) -> None:
    assert dsc.may_sign(CertificateType.VACCINATION)
    assert not dsc.may_sign(CertificateType.TEST)
    assert not dsc.may_sign(CertificateType.RECOVERY)


def test_no_usage_means_any(rsa_dsc: Dsc) -> None:
    assert rsa_dsc.usages == frozenset()
    assert all(map(rsa_dsc.may_sign, CertificateType))


def test_a_bare_key_has_no_dates_and_is_never_out_of_them(bare: Dsc) -> None:
    assert bare.der is None
    assert bare.subject is None
    assert bare.not_before is None
    assert bare.not_after is None
    assert bare.is_valid_at(0)
    assert bare.is_valid_at(4_000_000_000)
    assert bare.fingerprint == sha256(bare.spki).digest()
    assert bare.country == "XB"
    assert bare.usages == {CertificateType.TEST}


def test_a_list_may_give_another_kid(dsc: Dsc, pair: KeyPair) -> None:
    other = Dsc.of_der(pair.certificate.der, kid=Kid(b"another!"))
    assert other.kid == Kid(b"another!")
    assert other != dsc


@pytest.mark.parametrize("name", ["dsc", "rsa_dsc", "bare"])
def test_a_signer_comes_back_from_a_pickle(request: pytest.FixtureRequest, name: str) -> None:
    signer: Dsc = request.getfixturevalue(name)
    back = pickle.loads(pickle.dumps(signer))
    assert back == signer
    assert back.public_key == signer.public_key
    assert hash(back) == hash(signer)


def test_a_kid_of_a_list_survives_a_pickle(pair: KeyPair) -> None:
    other = Dsc.of_der(pair.certificate.der, kid=Kid(b"another!"))
    assert pickle.loads(pickle.dumps(other)).kid == Kid(b"another!")


def test_signers_of_the_same_key_differ_by_what_their_lists_say(bare: Dsc) -> None:
    assert Dsc.of_spki(bare.spki, kid=bare.kid, country="XB") != bare


def test_a_pem_has_exactly_one_certificate(pair: KeyPair, rsa_pair: KeyPair) -> None:
    with pytest.raises(TrustEntryError, match="found 2"):
        Dsc.of_pem(pair.certificate_pem + rsa_pair.certificate_pem)
    with pytest.raises(TrustEntryError, match="found 0"):
        Dsc.of_pem(b"no certificate at all")


def test_a_pem_past_the_bound_is_not_even_parsed(pair: KeyPair) -> None:
    with pytest.raises(TrustEntryError, match="over 65536 bytes"):
        Dsc.of_pem(pair.certificate_pem + b"#" * MAX_PEM_BYTES)


def test_a_damaged_pem_is_refused(pair: KeyPair) -> None:
    with pytest.raises(TrustEntryError):
        Dsc.of_pem(pair.certificate_pem.replace(b"M", b"?", 1))
    with pytest.raises(TrustEntryError):
        Dsc.of_pem(pair.certificate_pem[:-30])


@pytest.mark.parametrize("spki", [b"", b"\x30\x00"])
def test_a_bare_key_that_is_none_is_refused(spki: bytes) -> None:
    with pytest.raises(TrustEntryError):
        Dsc.of_spki(spki, kid=Kid(b"x"))

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from vaxcert.errors import TrustEntryError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.certificate import MAX_CERTIFICATE_BYTES, Certificate
from vaxcert.trust.der import SEQUENCE, encode_element, encode_oid, read_element, read_elements

TEST, VACCINATION, RECOVERY = CertificateType.TEST, CertificateType.VACCINATION, CertificateType.RECOVERY
BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
KEY_USE_PERIOD = "2.5.29.16"


def usages(*oids: str) -> dict[str, bytes]:
    return {EXTENDED_KEY_USAGE: encode_element(SEQUENCE, *(encode_element(6, encode_oid(oid)) for oid in oids))}


def rebuilt(der: bytes, change: Callable[[list[bytes]], object]) -> bytes:
    """Return *der* with the fields of its TBSCertificate changed; its signature no longer holds."""
    signed, algorithm, signature = read_elements(read_element(der, SEQUENCE).content)
    fields = [element.encoded for element in read_elements(signed.content)]
    change(fields)
    return encode_element(SEQUENCE, encode_element(SEQUENCE, *fields), algorithm.encoded, signature.encoded)


def test_a_dsc_says_who_it_is_and_until_when(pair: KeyPair, at: datetime) -> None:
    certificate = pair.certificate
    assert certificate.subject == "C=XA, CN=DSC 1"
    assert certificate.country == "XA"
    assert certificate.not_before == at
    assert certificate.not_after == at + timedelta(days=730)
    assert certificate.key_use_ends == at + timedelta(days=183)
    assert certificate.usages == {VACCINATION}
    assert certificate.signs_payloads
    assert not certificate.signs_certificates
    assert not certificate.is_ca
    assert not certificate.is_evident_csca


def test_a_csca_is_evident(csca: KeyPair) -> None:
    assert csca.certificate.is_evident_csca
    assert csca.certificate.signs_certificates
    assert not csca.certificate.signs_payloads


def test_a_certificate_comes_back_from_a_pickle(pair: KeyPair) -> None:
    back = pickle.loads(pickle.dumps(pair.certificate))
    assert back == pair.certificate
    assert back.subject == pair.certificate.subject
    assert copy.deepcopy(pair.certificate) == pair.certificate


@pytest.mark.parametrize(
    ("oids", "expected"),
    [
        (("1.3.6.1.4.1.1847.2021.1.1",), {TEST}),
        (("1.3.6.1.4.1.1847.2021.1.2",), {VACCINATION}),
        (("1.3.6.1.4.1.1847.2021.1.3",), {RECOVERY}),
        (("1.3.6.1.4.1.0.1847.2021.1.1",), {TEST}),
        (("1.3.6.1.4.1.0.1847.2021.1.2", "1.3.6.1.4.1.1847.2021.1.3"), {VACCINATION, RECOVERY}),
        (("1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.1847.2021.1.1"), {TEST}),
        (("1.3.6.1.5.5.7.3.2",), set()),
        (("1.3.6.1.4.1.1847.2021.1.4",), set()),
        ((), set()),
    ],
)
def test_both_families_of_usages_count_and_unknown_ones_do_not(
    odd_certificate: Callable[..., bytes], oids: tuple[str, ...], expected: set[CertificateType]
) -> None:
    assert Certificate.of_der(odd_certificate(usages(*oids))).usages == expected


def test_without_an_extension_anything_may_be_signed(odd_certificate: Callable[..., bytes]) -> None:
    certificate = Certificate.of_der(odd_certificate())
    assert certificate.usages == frozenset()
    assert certificate.signs_payloads
    assert certificate.signs_certificates
    assert not certificate.is_ca
    assert certificate.key_use_ends is None


@pytest.mark.parametrize(
    ("value", "is_ca"),
    [
        ("3000", False),
        ("3003010100", False),  # an explicit DEFAULT, which DER forbids and Finland's DSCs have
        ("3003020100", False),  # a path length without a CA, which a Spanish region's DSCs have
        ("30030101ff", True),
        ("30060101ff020100", True),
        ("3003010101", True),  # BER's other TRUE
    ],
)
def test_basic_constraints_are_read_as_they_are_in_use(
    odd_certificate: Callable[..., bytes], value: str, *, is_ca: bool
) -> None:
    assert Certificate.of_der(odd_certificate({BASIC_CONSTRAINTS: bytes.fromhex(value)})).is_ca is is_ca


@pytest.mark.parametrize("value", ["030100", "03020520", "0303074080"])
def test_a_key_usage_without_the_bit_allows_neither(odd_certificate: Callable[..., bytes], value: str) -> None:
    certificate = Certificate.of_der(odd_certificate({KEY_USAGE: bytes.fromhex(value)}))
    assert not certificate.signs_payloads
    assert not certificate.signs_certificates


def test_a_key_use_period_may_have_no_end(odd_certificate: Callable[..., bytes]) -> None:
    value = encode_element(SEQUENCE, encode_element(0x80, b"20260101000000Z"))
    assert Certificate.of_der(odd_certificate({KEY_USE_PERIOD: value})).key_use_ends is None


def test_a_key_use_period_ends_at_its_second_instant(odd_certificate: Callable[..., bytes]) -> None:
    value = encode_element(SEQUENCE, encode_element(0x81, b"20260601000000Z"))
    assert Certificate.of_der(odd_certificate({KEY_USE_PERIOD: value})).key_use_ends == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("oid", "attribute"),
    [
        (EXTENDED_KEY_USAGE, "usages"),
        (BASIC_CONSTRAINTS, "is_ca"),
        (KEY_USAGE, "signs_payloads"),
        (KEY_USE_PERIOD, "key_use_ends"),
    ],
)
@pytest.mark.parametrize("value", [b"", b"\x30\x05\x00", b"\x02\x01\x00", b"\x30\x00\x00\x00"])
def test_a_malformed_extension_is_no_licence(
    odd_certificate: Callable[..., bytes], oid: str, attribute: str, value: bytes
) -> None:
    certificate = Certificate.of_der(odd_certificate({oid: value}))
    with pytest.raises(TrustEntryError):
        getattr(certificate, attribute)


def test_the_country_is_the_issuers_where_the_subject_has_none(csca: KeyPair, pair: KeyPair) -> None:
    nameless = rebuilt(pair.certificate.der, lambda fields: fields.__setitem__(5, encode_element(SEQUENCE)))
    assert Certificate.of_der(nameless).country == csca.certificate.country == "XA"
    assert not Certificate.of_der(nameless).subject


def test_a_certificate_may_name_no_country(odd_certificate: Callable[..., bytes]) -> None:
    assert Certificate.of_der(odd_certificate(country=None)).country is None


def test_an_old_certificate_without_version_or_extensions_is_read(pair: KeyPair) -> None:
    first_version = rebuilt(pair.certificate.der, lambda fields: (fields.pop(0), fields.pop()))
    certificate = Certificate.of_der(first_version)
    assert certificate.subject == pair.certificate.subject
    assert certificate.extensions == {}


def test_unique_identifiers_are_passed_over(pair: KeyPair) -> None:
    der = rebuilt(pair.certificate.der, lambda fields: fields.insert(7, b"\x81\x02\x00\x01"))
    assert Certificate.of_der(der).usages == {VACCINATION}


@pytest.mark.parametrize("serial", [b"\x02\x01\x00", b"\x02\x01\x85"], ids=["zero", "negative"])
def test_an_odd_serial_number_does_not_matter(pair: KeyPair, serial: bytes) -> None:
    certificate = Certificate.of_der(rebuilt(pair.certificate.der, lambda fields: fields.__setitem__(1, serial)))
    assert certificate.public_key == pair.certificate.public_key


def extensions(*values: bytes) -> Callable[[list[bytes]], object]:
    field = encode_element(0xA3, encode_element(SEQUENCE, *values))
    return lambda fields: fields.__setitem__(-1, field)


EKU = encode_element(6, encode_oid(EXTENDED_KEY_USAGE))
EMPTY = encode_element(4, b"\x30\x00")


def test_an_explicit_uncritical_flag_is_read(pair: KeyPair) -> None:
    der = rebuilt(pair.certificate.der, extensions(encode_element(SEQUENCE, EKU, b"\x01\x01\x00", EMPTY)))
    assert Certificate.of_der(der).usages == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.clear(),
        lambda fields: fields.__delitem__(slice(4, None)),
        lambda fields: fields.__setitem__(4, encode_element(SEQUENCE, b"\x17\x0d261122080910Z")),
        lambda fields: fields.__setitem__(4, encode_element(SEQUENCE, b"\x17\x03abc\x17\x03abc")),
        lambda fields: fields.__setitem__(6, encode_element(SEQUENCE)),
        extensions(encode_element(SEQUENCE, EKU, EMPTY), encode_element(SEQUENCE, EKU, EMPTY)),
        extensions(encode_element(SEQUENCE)),
        extensions(b"\x04\x00"),
    ],
    ids=["empty", "no key", "one date", "no dates", "empty key", "extension twice", "nameless", "no extension"],
)
def test_a_certificate_that_lacks_something_is_refused(pair: KeyPair, change: Callable[[list[bytes]], object]) -> None:
    with pytest.raises(TrustEntryError) as caught:
        Certificate.of_der(rebuilt(pair.certificate.der, change))
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize("tail", [b"\x00", b"\x30\x00", b"\n"])
def test_bytes_after_the_certificate_are_refused(pair: KeyPair, tail: bytes) -> None:
    with pytest.raises(TrustEntryError):
        Certificate.of_der(pair.certificate.der + tail)


@pytest.mark.parametrize("der", [b"", b"HC1:", b"\x30\x00", b"\x30\x03\x30\x01\x00"])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(TrustEntryError):
        Certificate.of_der(der)


def test_a_certificate_past_the_bound_is_not_even_parsed() -> None:
    with pytest.raises(TrustEntryError) as caught:
        Certificate.of_der(bytes(MAX_CERTIFICATE_BYTES + 1))
    assert caught.value.reason == "too_large"


def test_a_key_that_cannot_sign_certificates_is_refused(odd_certificate: Callable[..., bytes]) -> None:
    der = odd_certificate(public_key=ed25519.Ed25519PrivateKey.generate().public_key())
    with pytest.raises(TrustEntryError) as caught:
        Certificate.of_der(der)
    assert caught.value.reason == "unsupported_key"

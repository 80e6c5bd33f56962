from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509 import load_der_x509_certificate

from vaxcert.errors import RevocationBatchError, UntrustedRevocationListError
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode_element,
    encode_integer,
    encode_oid,
    read_element,
    read_sequence,
)
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.revocation.cms import open_envelope
from vaxcert.trust.revocation.cms_writer import make_envelope

CONTENT = b'{"content": "which is no batch"}'

OpenSsl = Callable[..., bytes]

DATA, SIGNED_DATA = encode_oid("1.2.840.113549.1.7.1"), encode_oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST = encode_oid("1.2.840.113549.1.9.3"), encode_oid("1.2.840.113549.1.9.4")
SHA_256 = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, encode_oid("2.16.840.1.101.3.4.2.1")))
SHA_1 = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, encode_oid("1.3.14.3.2.26")))
ECDSA = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, encode_oid("1.2.840.10045.4.3.2")))


def attribute(kind: bytes, *values: bytes) -> bytes:
    return encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, kind), encode_element(SET, *values))


TYPE_IS_DATA = attribute(CONTENT_TYPE, encode_element(OBJECT_IDENTIFIER, DATA))
DIGEST = attribute(MESSAGE_DIGEST, encode_element(OCTET_STRING, sha256(CONTENT).digest()))
PLAIN = encode_element(
    SEQUENCE,
    encode_element(OBJECT_IDENTIFIER, DATA),
    encode_element(0xA0, encode_element(OCTET_STRING, CONTENT)),
)


def name_of(pair: KeyPair) -> bytes:
    fields = read_sequence(read_sequence(pair.certificate.der)[0].encoded)
    return encode_element(SEQUENCE, pair.certificate.raw_issuer, fields[1].encoded)


def signer_info(
    pair: KeyPair,
    attributes: Iterable[bytes] | None = (TYPE_IS_DATA, DIGEST),
    *,
    digest: bytes = SHA_256,
    algorithm: bytes = ECDSA,
    name: bytes | None = None,
) -> bytes:
    """Return a SignerInfo with a good signature over whatever *attributes* there are."""
    key = pair.private_key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    joined = None if attributes is None else b"".join(attributes)
    covered = CONTENT if joined is None else encode_element(SET, joined)
    signature = key.sign(covered, ec.ECDSA(SHA256()))
    tagged = b"" if joined is None else encode_element(0xA0, joined)
    parts = (digest, tagged, algorithm, encode_element(OCTET_STRING, signature))
    return encode_element(SEQUENCE, encode_integer(1), name or name_of(pair), *parts)


def envelope(*signers: bytes, plain: bytes = PLAIN, kind: bytes = SIGNED_DATA) -> bytes:
    fields = (encode_integer(1), encode_element(SET, SHA_256), plain, encode_element(SET, *signers))
    return encode_element(
        SEQUENCE,
        encode_element(OBJECT_IDENTIFIER, kind),
        encode_element(0xA0, encode_element(SEQUENCE, *fields)),
    )


def opened(encoded: bytes, *trusted: Certificate, at: datetime) -> bytes:
    return open_envelope(encoded, trusted, at=at).content


def test_an_envelope_gives_its_content_signer_and_time(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    made = make_envelope(CONTENT, signer, at=at)
    found = open_envelope(made, [pair.certificate], at=at)
    assert (found.content, found.signer, found.signed_at) == (CONTENT, pair.certificate, at)


def test_an_envelope_of_an_rsa_key_is_opened(rsa_signer: PemSigner, rsa_pair: KeyPair, at: datetime) -> None:
    assert opened(make_envelope(CONTENT, rsa_signer, at=at), rsa_pair.certificate, at=at) == CONTENT


def test_later_than_2049_the_time_has_four_digits_of_year(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    late = at.replace(year=2050)
    assert open_envelope(make_envelope(CONTENT, signer, at=late), [pair.certificate], at=at).signed_at == late


@pytest.mark.parametrize("name", ["ec", "rsa"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="plain"),
        pytest.param(("-stream",), id="indefinite-lengths"),
        pytest.param(("-keyid",), id="by-key-identifier"),
        pytest.param(("-noattr",), id="without-attributes"),
        pytest.param(("-nocerts",), id="without-certificates"),
        pytest.param(("-md", "sha512"), id="sha512"),
    ],
)
def test_what_openssl_signs_is_opened(  # noqa: PLR0917  fixtures and parameters
    openssl: OpenSsl, pair: KeyPair, rsa_pair: KeyPair, name: str, options: tuple[str, ...], at: datetime
) -> None:
    keys = ("-signer", f"{name}.pem", "-inkey", f"{name}.key")
    made = openssl(CONTENT, "-sign", "-binary", "-nodetach", "-outform", "DER", *keys, *options)
    found = open_envelope(made, [pair.certificate, rsa_pair.certificate], at=at)
    assert (found.content, found.signer) == (CONTENT, (pair if name == "ec" else rsa_pair).certificate)
    assert (found.signed_at is None) == ("-noattr" in options)


def test_an_rsa_pss_envelope_of_openssl_is_opened(openssl: OpenSsl, rsa_pair: KeyPair, at: datetime) -> None:
    pss = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1")  # as long as the digest
    keys = ("-signer", "rsa.pem", "-inkey", "rsa.key", *pss)
    made = openssl(CONTENT, "-sign", "-binary", "-nodetach", "-outform", "DER", *keys)
    assert opened(made, rsa_pair.certificate, at=at) == CONTENT


def test_openssl_verifies_what_is_made_here(
    openssl: OpenSsl, signer: PemSigner, rsa_signer: PemSigner, at: datetime
) -> None:
    for each in (signer, rsa_signer):
        made = make_envelope(CONTENT, each, at=at)
        assert openssl(made, "-verify", "-binary", "-inform", "DER", "-noverify") == CONTENT


def test_what_cryptography_signs_is_opened(pair: KeyPair, at: datetime) -> None:
    certificate = load_der_x509_certificate(pair.certificate.der)
    assert isinstance(pair.private_key, ec.EllipticCurvePrivateKey)
    builder = PKCS7SignatureBuilder().set_data(CONTENT).add_signer(certificate, pair.private_key, SHA256())
    made = builder.sign(Encoding.DER, [PKCS7Options.Binary])
    assert opened(made, pair.certificate, at=at) == CONTENT


def test_an_envelope_made_by_hand_is_opened(pair: KeyPair, at: datetime) -> None:
    assert opened(envelope(signer_info(pair)), pair.certificate, at=at) == CONTENT
    assert opened(envelope(signer_info(pair, None)), pair.certificate, at=at) == CONTENT


def test_a_signer_that_is_not_trusted_is_refused(
    signer: PemSigner, rsa_pair: KeyPair, csca: KeyPair, at: datetime
) -> None:
    made = make_envelope(CONTENT, signer, at=at)
    for trusted in ((), (rsa_pair.certificate, csca.certificate)):
        with pytest.raises(UntrustedRevocationListError, match="none of those that are trusted"):
            opened(made, *trusted, at=at)


def test_a_signer_is_not_believed_by_his_name(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    made = bytearray(make_envelope(CONTENT, signer, at=at))
    made[-3] ^= 1  # in the signature
    with pytest.raises(UntrustedRevocationListError, match="signature on the envelope does not hold"):
        opened(bytes(made), pair.certificate, at=at)


def test_another_content_under_a_good_signature_is_refused(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    made = make_envelope(CONTENT, signer, at=at).replace(b"no batch", b"NO batch")
    with pytest.raises(UntrustedRevocationListError, match="not the one that was signed"):
        opened(made, pair.certificate, at=at)


def test_the_signer_has_to_be_valid_at_the_time(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    made = make_envelope(CONTENT, signer, at=at)
    for when in (at - timedelta(days=1), at + timedelta(days=1000)):
        with pytest.raises(UntrustedRevocationListError, match="not valid at this time"):
            opened(made, pair.certificate, at=when)


def test_a_csca_signs_no_contents(csca: KeyPair, at: datetime) -> None:
    made = envelope(signer_info(csca))
    with pytest.raises(UntrustedRevocationListError, match="no digitalSignature"):
        opened(made, csca.certificate, at=at)


WRONG_DIGEST = attribute(MESSAGE_DIGEST, encode_element(OCTET_STRING, bytes(32)))
OTHER_TYPE = attribute(CONTENT_TYPE, encode_element(OBJECT_IDENTIFIER, SIGNED_DATA))
TWO_VALUES = attribute(MESSAGE_DIGEST, *2 * [encode_element(OCTET_STRING, sha256(CONTENT).digest())])
NO_TIME = attribute(encode_oid("1.2.840.113549.1.9.5"), encode_element(0x17, b"yesterday"))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        pytest.param((), "lack the content's type", id="none"),
        pytest.param((DIGEST,), "lack the content's type", id="no-type"),
        pytest.param((TYPE_IS_DATA,), "lack the content's type", id="no-digest"),
        pytest.param((OTHER_TYPE, DIGEST), "lack the content's type", id="other-type"),
        pytest.param((TYPE_IS_DATA, DIGEST, WRONG_DIGEST), "stands twice", id="two-digests"),
        pytest.param((TYPE_IS_DATA, TWO_VALUES), "has not one value", id="two-values"),
        pytest.param((TYPE_IS_DATA, attribute(MESSAGE_DIGEST)), "has not one value", id="no-value"),
        pytest.param((TYPE_IS_DATA, DIGEST, NO_TIME), "cannot be read", id="broken-time"),
    ],
)
def test_broken_attributes_are_refused_under_a_good_signature(
    pair: KeyPair, attributes: tuple[bytes, ...], message: str, at: datetime
) -> None:
    with pytest.raises(RevocationBatchError, match=message):
        opened(envelope(signer_info(pair, attributes)), pair.certificate, at=at)


def test_attributes_of_another_content_are_refused(pair: KeyPair, at: datetime) -> None:
    with pytest.raises(UntrustedRevocationListError, match="not the one that was signed"):
        opened(envelope(signer_info(pair, (TYPE_IS_DATA, WRONG_DIGEST))), pair.certificate, at=at)


def test_sha_1_counts_for_nothing(pair: KeyPair, at: datetime) -> None:
    with pytest.raises(RevocationBatchError, match="digest is none of SHA-256"):
        opened(envelope(signer_info(pair, digest=SHA_1)), pair.certificate, at=at)
    ecdsa_sha1 = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, encode_oid("1.2.840.10045.4.1")))
    with pytest.raises(UntrustedRevocationListError, match="does not hold"):
        opened(envelope(signer_info(pair, algorithm=ecdsa_sha1)), pair.certificate, at=at)


NESTED = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, SIGNED_DATA), PLAIN)
DETACHED = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, DATA))


EMPTY = encode_element(SEQUENCE)


def without_signature(pair: KeyPair) -> bytes:
    return encode_element(SEQUENCE, encode_integer(1), name_of(pair), SHA_256, ECDSA)


def without_signers(_pair: KeyPair) -> bytes:
    fields = encode_element(SEQUENCE, encode_integer(1), encode_element(SET, SHA_256), PLAIN, EMPTY)
    return encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, SIGNED_DATA), encode_element(0xA0, fields))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda pair: envelope(signer_info(pair), kind=DATA), "is no SignedData", id="kind"),
        pytest.param(lambda pair: envelope(signer_info(pair), plain=NESTED), "no plain content", id="nested"),
        pytest.param(lambda pair: envelope(signer_info(pair), plain=DETACHED), "no plain content", id="detached"),
        pytest.param(lambda _pair: envelope(), "has 0 signers", id="no-signer"),
        pytest.param(lambda pair: envelope(*2 * [signer_info(pair)]), "has 2 signers", id="two-signers"),
        pytest.param(lambda pair: envelope(without_signature(pair)), "envelope are missing", id="no-signature"),
        pytest.param(without_signers, "envelope are missing", id="no-signers"),
        pytest.param(lambda pair: envelope(signer_info(pair), plain=EMPTY), "envelope are missing", id="no-content"),
        pytest.param(lambda _pair: envelope(EMPTY), "envelope are missing", id="empty-signer"),
        pytest.param(lambda pair: envelope(signer_info(pair, digest=EMPTY)), "envelope are missing", id="no-digest"),
        pytest.param(
            lambda pair: envelope(signer_info(pair, algorithm=EMPTY)), "envelope are missing", id="no-algorithm"
        ),
        pytest.param(
            lambda pair: envelope(signer_info(pair, algorithm=encode_integer(1))), "are missing", id="odd-algorithm"
        ),
        pytest.param(lambda _pair: encode_element(SEQUENCE, encode_integer(1)), "cannot be read", id="other"),
        pytest.param(lambda pair: envelope(signer_info(pair))[:-1], "is cut", id="cut"),
        pytest.param(lambda pair: envelope(signer_info(pair)) + b"\0", "bytes after", id="tail"),
    ],
)
def test_a_broken_envelope_is_refused(
    pair: KeyPair, make: Callable[[KeyPair], bytes], message: str, at: datetime
) -> None:
    with pytest.raises(RevocationBatchError, match=message):
        opened(make(pair), pair.certificate, at=at)


@pytest.mark.parametrize(
    ("oid", "message"), [("2.5.29.14", None), ("2.5.29.15", "no digitalSignature")], ids=["key-identifier", "key-usage"]
)
def test_a_trusted_certificate_with_an_odd_extension_stops_no_other(  # noqa: PLR0917  fixtures and parameters
    odd_certificate: Callable[..., bytes], signer: PemSigner, pair: KeyPair, oid: str, message: str | None, at: datetime
) -> None:
    odd = Certificate.of_der(odd_certificate({oid: b"\x04\x7f"}, public_key=pair.certificate.public_key))
    assert opened(make_envelope(CONTENT, signer, at=at), odd, pair.certificate, at=at) == CONTENT
    of_odd = make_envelope(CONTENT, PemSigner(pair.private_key, Dsc.of_certificate(unread(odd))), at=at)
    if message is None:
        assert opened(of_odd, odd, at=at) == CONTENT
        return
    with pytest.raises(UntrustedRevocationListError, match=message):
        opened(of_odd, odd, at=at)


def unread(certificate: Certificate) -> Certificate:
    """Return *certificate* as a signer takes it who does not look at its extensions."""
    return replace(certificate, extensions={})


def test_every_certificate_of_the_name_is_tried(pair: KeyPair, at: datetime) -> None:
    # Two certificates of one CSCA's name with one serial number: nobody should, and nobody keeps them from it.
    other_csca = create_csca(country="XA", common_name="CSCA of Testland", at=at)
    other = create_dsc(other_csca, common_name="DSC 1", usages=(), at=at)
    made = envelope(signer_info(pair, name=name_of(other)))
    with pytest.raises(UntrustedRevocationListError, match="does not hold"):
        opened(made, other.certificate, at=at)


def test_only_a_signer_with_a_certificate_makes_envelopes(dsc: Dsc, bare: Dsc, at: datetime) -> None:
    class Other:
        def __init__(self, certificate: Dsc | None, algorithm: int) -> None:
            self.certificate = certificate
            self.algorithm = algorithm

        def sign(self, to_be_signed: bytes) -> bytes:
            raise AssertionError(to_be_signed)

    for certificate, algorithm in ((None, -7), (bare, -7), (dsc, -8)):
        with pytest.raises(ValueError, match="needs a signer with a certificate"):
            make_envelope(CONTENT, Other(certificate, algorithm), at=at)


def test_a_signature_on_a_certificate_does_not_pass_for_one_on_attributes(
    signer: PemSigner, pair: KeyPair, at: datetime
) -> None:
    # What the signer signs for an envelope begins with a SET, what it signs for a certificate with an array.
    made = make_envelope(CONTENT, signer, at=at)
    info = read_sequence(read_sequence(read_sequence(made)[1].content)[-1].content)
    attributes, signature = info[3], info[5]
    assert encode_element(SET, attributes.content)[0] == SET
    r, s = utils.decode_dss_signature(read_element(signature.encoded, OCTET_STRING).content)
    assert r
    assert s
    assert pair.certificate.der in made

import json
from base64 import b64encode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from vaxcert.errors import TrustEntryError, TrustListError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.jwks import format_key_set, read_jwk, read_key_set
from vaxcert.trust.public_key import spki_of


def url(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def jwk_of(dsc: Dsc, **changes: object) -> dict[str, object]:
    """Return the JWK of *dsc*; a change to None takes the field away."""
    whole: dict[str, object] = json.loads(format_key_set((dsc,)))["keys"][0]
    return {name: value for name, value in (whole | changes).items() if value is not None}


def reason(jwk: dict[str, object]) -> str:
    with pytest.raises(TrustEntryError) as caught:
        read_jwk(jwk)
    return caught.value.reason


@pytest.mark.parametrize("name", ["dsc", "rsa_dsc"])
def test_a_key_with_its_certificate_comes_back(request: pytest.FixtureRequest, name: str) -> None:
    dsc: Dsc = request.getfixturevalue(name)
    assert read_jwk(jwk_of(dsc)) == dsc


@pytest.mark.parametrize("name", ["dsc", "rsa_dsc"])
def test_a_key_without_a_certificate_is_a_bare_key(request: pytest.FixtureRequest, name: str) -> None:
    dsc: Dsc = request.getfixturevalue(name)
    bare = read_jwk(jwk_of(dsc, x5c=None))
    assert (bare.kid, bare.spki, bare.certificate) == (dsc.kid, dsc.spki, None)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()])
def test_other_curves_are_read_for_the_policy_to_judge(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve).public_key()
    dsc = Dsc.of_spki(spki_of(key), kid=Kid(b"12345678"))
    assert read_jwk(jwk_of(dsc)) == dsc


@pytest.mark.parametrize("encode", [url, lambda kid: b64encode(kid).decode()], ids=["url", "standard"])
def test_a_kid_is_read_in_either_alphabet(dsc: Dsc, encode: object) -> None:
    assert callable(encode)
    kid = bytes.fromhex("fbeffe0011223344")
    assert read_jwk(jwk_of(dsc, kid=encode(kid))).kid == Kid(kid)


def test_a_certificate_needs_no_kid_beside_it(dsc: Dsc) -> None:
    assert read_jwk(jwk_of(dsc, kid=None)) == dsc


def test_coordinates_may_be_as_long_as_java_makes_them() -> None:
    # A key whose x begins with a zero byte, and the same key with one zero too many.
    key = ec.derive_private_key(69, ec.SECP256R1()).public_key()
    while key.public_numbers().x >> 248:
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_numbers()
    for x, y in (
        (point.x.to_bytes(31), point.y.to_bytes(32)),
        (point.x.to_bytes(33), point.y.to_bytes(33)),
    ):
        jwk = {"kty": "EC", "crv": "P-256", "kid": "AAAA", "x": url(x), "y": url(y)}
        assert read_jwk(jwk).spki == spki_of(key)


def test_an_unknown_curve_beside_a_certificate_does_not_matter(dsc: Dsc) -> None:
    assert read_jwk(jwk_of(dsc, crv="UNKNOWN CURVE", x="AA", y="AA")) == dsc


def test_an_empty_chain_is_none(dsc: Dsc) -> None:
    assert read_jwk(jwk_of(dsc, x5c=[])).certificate is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"d": "AAAA"}, "private_key"),
        ({"k": "AAAA"}, "private_key"),
        ({"use": "enc"}, "not_for_signatures"),
        ({"use": 1}, "malformed"),
        ({"kty": "OKP", "x5c": None}, "malformed"),
        ({"kty": None, "x5c": None}, "malformed"),
        ({"kid": None, "x5c": None}, "malformed"),
        ({"crv": "P-257", "x5c": None}, "malformed"),
        ({"x": None, "x5c": None}, "malformed"),
        ({"x": "AA" * 5000, "x5c": None}, "malformed"),
        ({"x": "AA", "x5c": None}, "unreadable"),
        ({"x": "AA" * 99, "x5c": None}, "unreadable"),
        ({"x5c": "MIIB"}, "malformed"),
        ({"x5c": [7]}, "malformed"),
        ({"x5c": ["*"]}, "malformed"),
        ({"x5c": ["MIIB"]}, "unreadable"),
        ({"kid": "not base64!"}, "malformed"),
    ],
)
def test_a_key_that_is_wrong_is_left_out(dsc: Dsc, changes: dict[str, object], expected: str) -> None:
    assert reason(jwk_of(dsc, **changes)) == expected


@pytest.mark.parametrize("changes", [{"n": None}, {"e": "Ag"}, {"e": "AA"}])
def test_an_rsa_key_that_is_none_is_left_out(rsa_dsc: Dsc, changes: dict[str, object]) -> None:
    assert reason(jwk_of(rsa_dsc, x5c=None, **changes)) in {"malformed", "unreadable"}


def test_a_key_that_is_not_its_certificates_is_left_out(dsc: Dsc, rsa_dsc: Dsc) -> None:
    assert reason(jwk_of(dsc, x5c=jwk_of(rsa_dsc)["x5c"])) == "key_mismatch"


def test_a_bad_key_does_not_harm_the_others(dsc: Dsc) -> None:
    material = read_key_set({"keys": [None, jwk_of(dsc), jwk_of(dsc, use="enc")]})
    assert material.dscs == (dsc,)
    assert [(rejected.source, rejected.reason) for rejected in material.rejected] == [
        ("key 1", "malformed"),
        ("key 3", "not_for_signatures"),
    ]


@pytest.mark.parametrize("keys", [None, {}, "text"])
def test_the_keys_of_a_set_are_a_list(keys: object) -> None:
    with pytest.raises(TrustListError, match="not a list"):
        read_key_set({"keys": keys})


def test_what_a_key_set_cannot_say_is_not_left_unsaid(dsc: Dsc) -> None:
    narrow = Dsc.of_spki(dsc.spki, kid=dsc.kid, usages=frozenset({CertificateType.TEST}))
    with pytest.raises(TrustListError, match="which types"):
        format_key_set((narrow,))


def test_a_curve_without_a_name_cannot_be_written() -> None:
    key = ec.generate_private_key(ec.BrainpoolP256R1()).public_key()
    with pytest.raises(TrustListError, match="brainpool"):
        format_key_set((Dsc.of_spki(spki_of(key), kid=Kid(b"12345678")),))

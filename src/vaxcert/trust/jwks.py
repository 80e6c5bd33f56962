"""JSON Web Key Sets (RFC 7517) of document signers, read and written.

A key's certificate (``x5c``) is preferred to its numbers, which some publishers write with a byte too many or too
few; where both stand they have to be the same key. One JWK is read by itself for formats that embed it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from vaxcert.errors import TrustEntryError, TrustListError
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.fields import bytes_field, decode_base64, encode_base64, entry_of, kid_field, text_field
from vaxcert.trust.material import RejectedEntry, TrustMaterial
from vaxcert.trust.public_key import MAX_SPKI_BYTES, spki_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaxcert.trust.public_key import PublicKey

_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
_CURVE_NAMES = {curve.name: name for name, curve in _CURVES.items()}
_PRIVATE_FIELDS = ("d", "k")
"""Fields of private and of symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4): no trust list has business with them."""


def read_key_set(document: Mapping[str, object]) -> TrustMaterial:
    """Return the signers in the key set *document*; what cannot be read is among the rejected.

    Raises:
        TrustListError: Its field keys is not a list.
    """
    keys = document["keys"]
    if not isinstance(keys, list):
        raise TrustListError("the field keys is not a list")
    dscs, rejected = [], []
    for number, value in enumerate(keys, start=1):
        try:
            dscs.append(read_jwk(entry_of(value)))
        except TrustEntryError as error:
            rejected.append(RejectedEntry.of_error(f"key {number}", error))
    return TrustMaterial(dscs=tuple(dscs), rejected=tuple(rejected))


def read_jwk(jwk: Mapping[str, object]) -> Dsc:
    """Return the signer that *jwk* describes.

    Raises:
        TrustEntryError: It is malformed, private, not for signatures, or of a kind that signs no certificate.
    """
    if any(name in jwk for name in _PRIVATE_FIELDS):
        raise TrustEntryError(
            "the entry holds a private key", reason="private_key", hint="replace that key: it is no longer secret"
        )
    if text_field(jwk, "use") not in {None, "sig"}:
        raise TrustEntryError("the key is not for signatures", reason="not_for_signatures")
    kid = kid_field(jwk)
    der = _first_certificate(jwk)
    if der is not None:
        dsc = Dsc.of_der(der, kid=kid)
        # RFC 7517 §4.7: the first certificate's key is the key of the other fields.
        stated = _stated_key(jwk)
        if stated is not None and spki_of(stated) != dsc.spki:
            raise TrustEntryError("the key is not the one of its certificate", reason="key_mismatch")
        return dsc
    key = _stated_key(jwk)
    if key is None or kid is None:
        raise TrustEntryError("the entry has neither a certificate nor a known key with its kid", reason="malformed")
    return Dsc.of_spki(spki_of(key), kid=kid)


def _first_certificate(jwk: Mapping[str, object]) -> bytes | None:
    chain = jwk.get("x5c")
    if chain is None or chain == []:
        return None
    if not isinstance(chain, list) or not isinstance(chain[0], str):
        raise TrustEntryError("the field x5c is not a list of certificates", reason="malformed")
    return decode_base64(chain[0], "x5c")


def _stated_key(jwk: Mapping[str, object]) -> PublicKey | None:
    """Return the key in the fields of *jwk*, or None where they name none that is known."""
    try:
        match text_field(jwk, "kty"):
            case "EC" if (curve := _CURVES.get(text_field(jwk, "crv") or "")) is not None:
                return ec.EllipticCurvePublicNumbers(_number(jwk, "x"), _number(jwk, "y"), curve).public_key()
            case "RSA":
                return rsa.RSAPublicNumbers(e=_number(jwk, "e"), n=_number(jwk, "n")).public_key()
            case _:
                return None
    except ValueError as error:
        raise TrustEntryError("the key's numbers are no key", reason="unreadable") from error


def _number(jwk: Mapping[str, object], name: str) -> int:
    content = bytes_field(jwk, name)
    if content is None or len(content) > MAX_SPKI_BYTES:
        raise TrustEntryError(f"the field {name} is missing or too long", reason="malformed")
    return int.from_bytes(content)


def format_key_set(dscs: Iterable[Dsc]) -> bytes:
    """Return *dscs* as a key set, one key a line.

    Raises:
        TrustListError: A key set cannot say what is known of one of them.
    """
    keys = ",\n".join(json.dumps(_jwk_of(dsc)) for dsc in dscs)
    return f'{{"keys": [\n{keys}\n]}}\n'.encode()


def _jwk_of(dsc: Dsc) -> dict[str, object]:
    jwk: dict[str, object] = {"kid": str(dsc.kid), "use": "sig", **_numbers_of(dsc)}
    if dsc.certificate is not None:
        return jwk | {"x5c": [encode_base64(dsc.certificate.der)]}
    if dsc.usages:
        raise TrustListError(f"a key set cannot say which types the bare key {dsc.kid} may sign")
    return jwk


def _numbers_of(dsc: Dsc) -> dict[str, object]:
    key = dsc.public_key
    if isinstance(key, rsa.RSAPublicKey):
        modulus = key.public_numbers()
        return {"kty": "RSA", "n": _url_base64(modulus.n), "e": _url_base64(modulus.e)}
    name = _CURVE_NAMES.get(key.curve.name)
    if name is None:
        raise TrustListError(f"a key set has no name for the key of {dsc.kid} ({dsc.key_kind})")
    size = (key.key_size + 7) // 8  # RFC 7518 §6.2.1.2: coordinates have the curve's full length
    point = key.public_numbers()
    return {"kty": "EC", "crv": name, "x": _url_base64(point.x, size), "y": _url_base64(point.y, size)}


def _url_base64(number: int, size: int | None = None) -> str:
    content = number.to_bytes(size or (number.bit_length() + 7) // 8)
    return encode_base64(content).rstrip("=").replace("+", "-").replace("/", "_")

"""A signer whose key never leaves its token: an HSM or smart card behind PKCS#11 (extra ``pkcs11``).

Importing this module without the extra raises `MissingDependencyError`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Never, Self, cast

try:
    import pkcs11
except ImportError as _error:
    from vaxcert.errors import MissingDependencyError

    raise MissingDependencyError("signing with a token needs python-pkcs11", hint="install vaxcert[pkcs11]") from _error
from pkcs11 import MGF, Attribute, Mechanism, ObjectClass, PKCS11Error

from vaxcert.codec.cose import ES256
from vaxcert.errors import KeyFileError, PassphraseError, SignatureError, SignerUnavailableError
from vaxcert.signing.signer import algorithm_for, check_signer_certificate
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from pkcs11.types import Session, SignMixin, Token

    from vaxcert.model.kid import Kid
    from vaxcert.trust.dsc import Dsc

_PSS_SHA256 = (Mechanism.SHA256, MGF.SHA256, 32)
"""PS256: MGF1 with SHA-256 and a salt as long as the digest (RFC 8230 §2)."""
_PROBE = b"vaxcert: does this key belong to its certificate?"


class Pkcs11Signer:
    """Signs with a private key in a token. Safe to share between threads, which wait for one another.

    A session does not survive a fork and cannot be pickled: each worker process opens its own. A process is logged in
    to a token as a whole, so of several signers on one token the first to be opened is the last to be closed.
    """

    __slots__ = ("_key", "_session", "algorithm", "certificate", "kid")

    def __init__(self, session: Session, key: SignMixin, certificate: Dsc) -> None:
        """Sign with *key*, found in *session*; the usual way here is `open`.

        Raises:
            KeyFileError: The key is not that of *certificate*, or of a kind that may not sign.
            SignerUnavailableError: The token refuses to sign.
            SignerUsageError: The DSC's key usage allows no signatures.
        """
        check_signer_certificate(certificate)
        self._session = session
        self._key = key
        self.algorithm: int = algorithm_for(certificate.public_key)
        self.certificate: Dsc = certificate
        self.kid: Kid = certificate.kid
        # A token need not hold the public half, so only a signature shows whether the two belong together.
        try:
            verify_signature(
                certificate.public_key,
                certificate.key_kind,
                algorithm=self.algorithm,
                to_be_signed=_PROBE,
                signature=self.sign(_PROBE),
            )
        except SignatureError as error:
            raise KeyFileError("the key in the token and the certificate do not belong together") from error

    @classmethod
    def open(
        cls,
        *,
        module: str | os.PathLike[str],
        token_label: str,
        key_label: str,
        pin: bytes,
        certificate: Dsc,
    ) -> Self:
        """Return the signer with the private key *key_label* in the token *token_label*.

        Args:
            module: The token's PKCS#11 library, a shared object.
            token_label: The token's label, which no other token has.
            key_label: The private key's label.
            pin: The user's PIN, UTF-8.
            certificate: The DSC of the key.

        Raises:
            SignerUnavailableError: The library, token or key is missing, or refuses to work.
            PassphraseError: The PIN is wrong or locked.
            KeyFileError: The key is not that of *certificate*, or of a kind that may not sign.
            SignerUsageError: The DSC's key usage allows no signatures.
        """
        try:
            token = pkcs11.lib(str(module)).get_token(token_label=token_label)
            session = _log_in(token, pin)
        except pkcs11.NoSuchToken as error:
            raise SignerUnavailableError(f"there is no token with the label {token_label}") from error
        except pkcs11.MultipleTokensReturned as error:
            raise SignerUnavailableError(f"several tokens have the label {token_label}") from error
        except PKCS11Error as error:
            raise SignerUnavailableError(
                f"the token cannot be used: {type(error).__name__}", hint="check the path of the token's library"
            ) from error
        try:
            return cls(session, _find_key(session, key_label), certificate)
        except BaseException:
            session.close()
            raise

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature over *to_be_signed* in COSE form: for ES256 r and s, 32 bytes each.

        Raises:
            SignerUnavailableError: The token is gone, or refuses.
        """
        try:
            if self.algorithm == ES256:
                # Tokens return r and s as COSE wants them, and not all of them hash by themselves.
                return self._key.sign(sha256(to_be_signed).digest(), mechanism=Mechanism.ECDSA)
            return self._key.sign(to_be_signed, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=_PSS_SHA256)
        except PKCS11Error as error:
            raise SignerUnavailableError(f"the token did not sign: {type(error).__name__}") from error

    def close(self) -> None:
        """End the session; a token that is gone already is no error."""
        try:
            self._session.close()
        except PKCS11Error:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Pkcs11Signer(kid={self.kid}, algorithm={self.algorithm})"

    def __reduce__(self) -> Never:
        raise TypeError("a signer holds a session with its token and cannot be pickled or copied")


def _log_in(token: Token, pin: bytes) -> Session:
    try:
        return token.open(user_pin=pin.decode("utf-8"))
    except pkcs11.UserAlreadyLoggedIn:
        return token.open()  # by another signer of this process, which its login covers
    except (
        pkcs11.PinIncorrect,
        pkcs11.PinInvalid,
        pkcs11.PinLenRange,
        pkcs11.PinExpired,
        pkcs11.PinLocked,
        UnicodeDecodeError,
    ) as error:
        # Without the cause: what cannot be decoded is quoted in it, and that is the PIN.
        raise PassphraseError(
            f"the token refuses the PIN: {type(error).__name__}", hint="give the token's PIN in a file"
        ) from None


def _find_key(session: Session, label: str) -> SignMixin:
    # The library's own look-up leaves its search open where it finds two, and fails when that is collected.
    attributes = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label}
    found = list(session.get_objects(attributes))
    if len(found) != 1:
        how_many = "several private keys" if found else "no private key"
        raise SignerUnavailableError(f"the token has {how_many} with the label {label}")
    return cast("SignMixin", found[0])

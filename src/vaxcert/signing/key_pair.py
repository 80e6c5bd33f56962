"""A private key together with the certificate of its public half."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Never

from vaxcert.signing.private_key import check_belongs
from vaxcert.trust.pem import CERTIFICATE_LABEL, format_block
from vaxcert.trust.public_key import spki_of

if TYPE_CHECKING:
    from vaxcert.signing.private_key import PrivateKey
    from vaxcert.trust.certificate import Certificate


@dataclass(frozen=True, slots=True, eq=False)
class KeyPair:
    """A CSCA or DSC with its private key. It shows the key nowhere and cannot be pickled.

    Raises:
        KeyFileError: The two do not belong together.
    """

    private_key: PrivateKey = field(repr=False)
    certificate: Certificate

    def __post_init__(self) -> None:
        check_belongs(self.private_key, spki_of(self.certificate.public_key))

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return format_block(CERTIFICATE_LABEL, self.certificate.der)

    def __reduce__(self) -> Never:
        raise TypeError("a key pair holds a private key and cannot be pickled or copied")

"""`vaxcert registry certificates`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.certificates.listed import certificates_of_person, family_certificates, list_certificates
from vaxcert.service.registry.certificates.renewal import renew_certificates
from vaxcert.service.registry.certificates.revoked import revoke_certificate
from vaxcert.service.registry.certificates.shown import certificate_document, show_certificate
from vaxcert.service.registry.certificates.signing import (
    centre_sign_certificates,
    refuse_certificate,
    return_certificate,
    site_sign_certificates,
    verify_certificates,
)

command = noun(
    "Verify, sign, show and revoke certificates.",
    {
        "list": list_certificates,
        "of": Verb(certificates_of_person, ("person",)),
        "family": Verb(family_certificates, ("person",)),
        "verify": Verb(verify_certificates, ("certificates",)),
        "site-sign": Verb(site_sign_certificates, ("certificates",)),
        "centre-sign": Verb(centre_sign_certificates, ("certificates",)),
        "return": Verb(return_certificate, ("certificate",)),
        "refuse": Verb(refuse_certificate, ("certificate",)),
        "show": Verb(show_certificate, ("certificate",)),
        "print": Verb(certificate_document, ("certificate",)),
        "revoke": Verb(revoke_certificate, ("certificate",)),
        "renew": renew_certificates,
    },
)

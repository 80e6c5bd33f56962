from collections.abc import Callable
from datetime import datetime

import pytest

from vaxcert.errors import TrustListError
from vaxcert.model.kid import Kid
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.readers import read_trust
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import TrustListForm, format_trust_list


@pytest.mark.parametrize("form", TrustListForm)
def test_every_form_reads_back_as_the_same_signers(form: TrustListForm, dsc: Dsc, rsa_dsc: Dsc, at: datetime) -> None:
    trust_list = TrustList(entries=(dsc, rsa_dsc), as_of=at)
    material = read_trust(format_trust_list(trust_list, form))
    assert material.dscs == trust_list.entries
    assert material.rejected == ()
    assert material.as_of == (at if form is TrustListForm.SAVED else None)


def test_the_form_for_keeping_is_the_one_that_holds_all(bare: Dsc, at: datetime) -> None:
    trust_list = TrustList(entries=(bare,), as_of=at)
    assert TrustList.of_material(read_trust(format_trust_list(trust_list))) == trust_list


def test_pem_holds_no_bare_key(bare: Dsc) -> None:
    with pytest.raises(TrustListError, match="PEM cannot hold"):
        format_trust_list(TrustList(entries=(bare,)), TrustListForm.PEM)


def test_pem_holds_no_kid_of_its_own(pair: KeyPair) -> None:
    renamed = Dsc.of_der(pair.certificate.der, kid=Kid(b"another!"))
    with pytest.raises(TrustListError, match="PEM cannot hold"):
        format_trust_list(TrustList(entries=(renamed,)), TrustListForm.PEM)


def test_a_dsc_that_would_pass_for_a_csca_is_not_written_as_pem(odd_certificate: Callable[..., bytes]) -> None:
    ca = Dsc.of_der(odd_certificate({"2.5.29.19": b"\x30\x03\x01\x01\xff"}))
    with pytest.raises(TrustListError, match="pass for a CSCA"):
        format_trust_list(TrustList(entries=(ca,)), TrustListForm.PEM)
    assert read_trust(format_trust_list(TrustList(entries=(ca,)), TrustListForm.JWKS)).dscs == (ca,)

"""Trust material from anywhere: whatever comes in, only our own errors come out, and what goes out comes back."""

import contextlib
import json
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaxcert.errors import ChainError, TrustEntryError, TrustListError, UnknownSignerError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.signing.authority import KeyKind, create_csca, create_dsc
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.chain import verify_chain
from vaxcert.trust.der import encode_element, encode_oid, format_oid, read_element, read_elements
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.gateway import read_entries, read_saved_list
from vaxcert.trust.jwks import read_key_set
from vaxcert.trust.names import country_of_name, format_name
from vaxcert.trust.pem import format_block, read_blocks
from vaxcert.trust.readers import read_trust
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import TrustListForm, format_trust_list

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CSCA = create_csca(country="XA", common_name="CSCA of Testland", at=AT)
DER = create_dsc(CSCA, common_name="DSC 1", usages=frozenset(CertificateType), at=AT).certificate.der
RSA_DER = create_dsc(CSCA, common_name="DSC 2", usages=(), at=AT, key_kind=KeyKind.RSA_2048).certificate.der
SPKI = Dsc.of_der(DER).spki

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["DSC", "AAAA"]),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=9), children, max_size=4),
    max_leaves=12,
)

SIGNERS = st.builds(
    lambda der, kid: Dsc.of_der(der, kid=kid),
    st.sampled_from([DER, RSA_DER]),
    st.none() | st.binary(min_size=1, max_size=2).map(Kid),
)
BARE_KEYS = st.builds(
    lambda kid, usages: Dsc.of_spki(SPKI, kid=kid, country="XB", usages=usages),
    st.binary(min_size=1, max_size=2).map(Kid),
    st.frozensets(st.sampled_from(CertificateType)),
)


def all_of(certificate: Certificate) -> None:
    """Read every property, of which each may refuse."""
    for name in ("subject", "country", "usages", "is_ca", "signs_payloads", "signs_certificates", "key_use_ends"):
        with contextlib.suppress(TrustEntryError):
            getattr(certificate, name)


@given(st.binary(max_size=300))
def test_bytes_are_a_trust_list_or_refused(content: bytes) -> None:
    with contextlib.suppress(TrustListError):
        read_trust(content)


@given(st.binary(max_size=60))
def test_bytes_are_a_name_or_refused(content: bytes) -> None:
    for wrapped in (content, encode_element(0x30, content), encode_element(0x30, encode_element(0x31, content))):
        with contextlib.suppress(TrustEntryError):
            format_name(wrapped)
        with contextlib.suppress(TrustEntryError):
            country_of_name(wrapped)


def test_a_certificate_with_one_byte_changed_does_not_chain() -> None:
    for position, change in product(range(len(DER)), (0x01, 0x80, 0xFF)):
        changed = bytearray(DER)
        changed[position] ^= change
        try:
            certificate = Certificate.of_der(bytes(changed))
        except TrustEntryError:
            continue
        all_of(certificate)
        with pytest.raises(TrustEntryError):
            verify_chain(certificate, [CSCA.certificate], at=AT)


def test_a_certificate_cut_short_is_refused() -> None:
    for end in range(len(DER)):
        with pytest.raises(TrustEntryError):
            Certificate.of_der(DER[:end])


@given(st.binary(min_size=1, max_size=20))
def test_a_certificate_with_a_tail_is_refused(tail: bytes) -> None:
    with pytest.raises(TrustEntryError):
        Certificate.of_der(DER + tail)


@given(JSON)
def test_json_is_a_trust_list_or_refused(value: object) -> None:
    with contextlib.suppress(TrustListError):
        read_trust(json.dumps(value).encode())
    with contextlib.suppress(TrustListError):
        read_saved_list({"certificates": value, "as_of": value})
    with contextlib.suppress(TrustListError):
        read_key_set({"keys": value})


@given(st.lists(JSON, max_size=5))
def test_every_entry_is_taken_rejected_or_passed_over(entries: list[object]) -> None:
    material = read_entries(entries)
    assert len(material.dscs) + len(material.cscas) + len(material.rejected) <= len(entries)


@given(
    st.dictionaries(
        st.sampled_from(["kid", "certificateType", "rawData", "thumbprint", "publicKey", "usages", "country"]), JSON
    )
)
def test_an_entry_of_known_fields_is_taken_or_rejected(entry: dict[str, object]) -> None:
    material = read_entries([entry])
    assert material.dscs == ()


@given(st.dictionaries(st.sampled_from(["kid", "kty", "crv", "x", "y", "n", "e", "d", "use", "x5c"]), JSON))
def test_a_key_of_known_fields_is_taken_or_rejected(jwk: dict[str, object]) -> None:
    material = read_key_set({"keys": [jwk]})
    assert len(material.dscs) + len(material.rejected) == 1


@given(st.lists(SIGNERS | BARE_KEYS, max_size=6), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_a_saved_list_comes_back_whole(entries: list[Dsc], as_of: datetime | None) -> None:
    whole_second = as_of and as_of.replace(microsecond=0)
    trust_list = TrustList(entries=tuple(entries), as_of=whole_second)
    assert TrustList.of_material(read_trust(format_trust_list(trust_list))) == trust_list


@given(st.lists(SIGNERS, max_size=6), st.sampled_from(TrustListForm))
def test_a_form_loses_no_signer_or_refuses(entries: list[Dsc], form: TrustListForm) -> None:
    trust_list = TrustList(entries=tuple(entries))
    try:
        written = format_trust_list(trust_list, form)
    except TrustListError:
        assert form is TrustListForm.PEM
        return
    if entries or form is not TrustListForm.PEM:
        assert read_trust(written).dscs == trust_list.entries


@given(st.lists(SIGNERS | BARE_KEYS, max_size=8), st.binary(max_size=2))
def test_candidates_are_the_signers_with_the_kid(entries: list[Dsc], kid: bytes) -> None:
    trust_list = TrustList(entries=tuple(entries))
    expected = tuple(dsc for dsc in dict.fromkeys(entries) if dsc.kid.value == kid)
    if expected:
        assert trust_list.candidates(kid) == expected
    else:
        with pytest.raises(UnknownSignerError):
            trust_list.candidates(kid)


@given(st.lists(SIGNERS | BARE_KEYS, max_size=4), st.lists(SIGNERS | BARE_KEYS, max_size=4))
def test_merging_loses_nobody_and_doubles_nobody(first: list[Dsc], second: list[Dsc]) -> None:
    merged = TrustList(entries=tuple(first)).merge(TrustList(entries=tuple(second)))
    assert len(merged.entries) == len(set(merged.entries))
    assert set(merged.entries) == {*first, *second}


@given(BARE_KEYS)
def test_where_a_csca_is_named_a_bare_key_is_not_trusted(bare: Dsc) -> None:
    with pytest.raises(ChainError):
        verify_chain(bare.certificate, [CSCA.certificate], at=None)


@given(st.integers(0, 0x1E).filter(lambda tag: tag), st.binary(max_size=400))
def test_an_element_comes_back(tag: int, content: bytes) -> None:
    assert read_element(encode_element(tag, content), tag).content == content


@given(st.binary(max_size=100))
def test_elements_are_the_whole_input_or_refused(encoded: bytes) -> None:
    with contextlib.suppress(TrustEntryError):
        assert b"".join(element.encoded for element in read_elements(encoded)) == encoded


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=8))
def test_an_object_identifier_comes_back(first: int, second: int, others: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *others)))
    assert format_oid(encode_oid(dotted)) == dotted


@given(st.text("ABC ", min_size=1).map(str.strip).filter(bool), st.binary(max_size=200))
@settings(max_examples=50)
def test_a_pem_block_comes_back(label: str, content: bytes) -> None:
    assert list(read_blocks(format_block(label, content))) == [(label, content)]

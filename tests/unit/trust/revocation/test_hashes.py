from hashlib import sha256

import pytest

from vaxcert.codec.cose import ES256, PS256
from vaxcert.trust.revocation.hashes import HashType, revocation_hashes

R, S = bytes(range(32)), bytes(range(32, 64))
UVCI = "URN:UVCI:01:XA:4F2A"


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def hashes(uvci: str = UVCI, countries: tuple[str, ...] = ("XA",), algorithm: int = ES256) -> dict[HashType, object]:
    return dict(revocation_hashes(uvci=uvci, countries=countries, signature=R + S, algorithm=algorithm))


def test_an_identifier_is_hashed_as_it_stands() -> None:
    assert hashes()[HashType.UCI] == (digest(UVCI),)
    assert hashes()[HashType.COUNTRYCODEUCI] == (digest("XA" + UVCI),)


@pytest.mark.parametrize("uvci", [UVCI + "#B", "01:XA:4F2A", UVCI.lower(), "urn:uvci:01:xa:4f2a#b"])
def test_another_spelling_is_hashed_as_it_stands_and_as_registered(uvci: str) -> None:
    assert hashes(uvci)[HashType.UCI] == (digest(uvci), digest(UVCI))
    assert hashes(uvci)[HashType.COUNTRYCODEUCI] == (digest("XA" + uvci), digest("XA" + UVCI))


@pytest.mark.parametrize("uvci", ["", "an identifier of its own", "01:VN:ĐĐ", "URN:UVCI:01:XA:4F2A#"])
def test_what_is_no_uvci_is_hashed_as_it_stands_alone(uvci: str) -> None:
    assert hashes(uvci)[HashType.UCI] == (digest(uvci),)


def test_both_countries_are_looked_for_once_each() -> None:
    assert hashes(countries=("XA", "XB", "XA"))[HashType.COUNTRYCODEUCI] == (digest("XA" + UVCI), digest("XB" + UVCI))


def test_only_r_counts_of_an_es256_signature() -> None:
    turned = revocation_hashes(uvci=UVCI, countries=(), signature=R + bytes(32), algorithm=ES256)
    assert hashes()[HashType.SIGNATURE] == (sha256(R).digest(),) == turned[HashType.SIGNATURE]


def test_all_of_a_ps256_signature_counts() -> None:
    assert hashes(algorithm=PS256)[HashType.SIGNATURE] == (sha256(R + S).digest(),)


def test_another_algorithm_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="-8 is not the algorithm"):
        hashes(algorithm=-8)

from datetime import datetime, timedelta

import pytest

from vaxcert.errors import RevocationListError
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.revocation.batch import RevocationBatch, VerifiedBatch
from vaxcert.trust.revocation.eu_batches import EuBatches
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.revocation_list import CertificateMarks, Revocation

KID, OTHER_KID = b"kid of 1", b"kid of 2"
REVOKED, NOT_REVOKED = bytes((1,)) * 32, bytes((2,)) * 32


def marks(value: bytes = REVOKED, kid: bytes = KID, hash_type: HashType = HashType.SIGNATURE) -> CertificateMarks:
    return CertificateMarks(kid, 0, {HashType.UCI: (NOT_REVOKED,), hash_type: (NOT_REVOKED, value)})


@pytest.fixture
def batch(pair: KeyPair, at: datetime) -> VerifiedBatch:
    return verified(pair, at, at + timedelta(days=90))


def verified(pair: KeyPair, signed_at: datetime | None, expires: datetime, kid: bytes | None = KID) -> VerifiedBatch:
    batch = RevocationBatch(
        country="XA", expires=expires, kid=kid, hash_type=HashType.SIGNATURE, entries=(REVOKED[:16], bytes(16))
    )
    return VerifiedBatch(batch=batch, signer=pair.certificate, signed_at=signed_at)


def test_a_certificate_in_a_batch_is_found_with_neither_reason_nor_time(batch: VerifiedBatch, at: datetime) -> None:
    assert EuBatches.of([batch], at=at).find(marks()) == Revocation(reason=None, at=None)


def test_another_hash_signer_or_hash_type_is_not_found(batch: VerifiedBatch, at: datetime) -> None:
    found = EuBatches.of([batch], at=at)
    others = (marks(NOT_REVOKED), marks(kid=OTHER_KID), marks(hash_type=HashType.COUNTRYCODEUCI))
    assert [found.find(other) for other in others] == [None] * 3
    assert found.find(CertificateMarks(KID, 0, {})) is None


def test_a_batch_of_unknown_signers_speaks_of_every_certificate(pair: KeyPair, at: datetime) -> None:
    found = EuBatches.of([verified(pair, at, at + timedelta(days=1), None)], at=at)
    assert found.find(marks(kid=OTHER_KID)) is not None
    assert found.find(marks(NOT_REVOKED)) is None


def test_an_expired_batch_is_left_out_but_dates_the_list(pair: KeyPair, at: datetime) -> None:
    found = EuBatches.of([verified(pair, at, at)], at=at)
    assert found.find(marks()) is None
    assert (found.as_of, len(found)) == (at, 0)


def test_the_list_is_as_old_as_its_newest_batch(batch: VerifiedBatch, pair: KeyPair, at: datetime) -> None:
    older = verified(pair, at - timedelta(days=3), at + timedelta(days=9))
    undated = verified(pair, None, at + timedelta(days=9))
    found = EuBatches.of([older, batch, undated], at=at)
    assert found.as_of == at
    assert len(found) == 2  # what stands in several batches counts once
    assert EuBatches.of([batch], at=at, as_of=at + timedelta(hours=1)).as_of == at + timedelta(hours=1)


def test_a_list_without_a_date_is_refused(pair: KeyPair, at: datetime) -> None:
    for batches in ([], [verified(pair, None, at + timedelta(days=9))]):
        with pytest.raises(RevocationListError, match="age is not known"):
            EuBatches.of(batches, at=at)
    assert EuBatches.of([], at=at, as_of=at).find(marks()) is None

"""Revocation lists: nothing that was put in gets lost, and what comes in is read or refused with an error of ours."""

import gzip
import json
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import authority
from vaxcert.errors import RevocationListError, UntrustedRevocationListError
from vaxcert.trust.revocation.archive import pack_slices, unpack_slices
from vaxcert.trust.revocation.batch import RevocationBatch, VerifiedBatch, sign_batch, verify_batch
from vaxcert.trust.revocation.ber import to_der
from vaxcert.trust.revocation.bloom import BloomFilter
from vaxcert.trust.revocation.eu_batches import EuBatches
from vaxcert.trust.revocation.eu_partitions import EuPartitions
from vaxcert.trust.revocation.folder import write_partitions
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.packed import PackedEntries
from vaxcert.trust.revocation.partition import KidList, Partition, SliceType
from vaxcert.trust.revocation.revocation_list import CertificateMarks
from vaxcert.trust.revocation.revoked import RevokedEntry, batches_of, end_of_period
from vaxcert.trust.revocation.varhash import VarHashList

AT = authority.AT
ENTRIES = st.binary(min_size=16, max_size=16)
SETS = st.sets(ENTRIES, min_size=1, max_size=60)
RATES = st.floats(1e-14, 1e-4)
KIDS = st.one_of(st.none(), st.binary(min_size=1, max_size=8))
INSTANTS = st.datetimes(datetime(2021, 12, 2), datetime(2023, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001  as hypothesis wants bounds
REVOKED = st.builds(RevokedEntry, KIDS, st.sampled_from(HashType), st.binary(min_size=32, max_size=32), INSTANTS)


@given(SETS, RATES)
def test_a_bloom_filter_loses_nothing_and_is_read_back(entries: set[bytes], rate: float) -> None:
    made = BloomFilter.of(entries, rate=rate)
    read = BloomFilter.parse(made.to_bytes())
    assert read == made
    assert all(entry in read for entry in entries)


@given(SETS, RATES, st.sampled_from((0, 4, 8, 12)))
def test_a_list_of_hashes_loses_nothing_and_is_read_back(entries: set[bytes], rate: float, known_bits: int) -> None:
    made = VarHashList.of(entries, rate=rate, known_bits=known_bits)
    read = VarHashList.parse(made.to_bytes(), known_bits=known_bits)
    assert read == made
    assert all(entry in read for entry in entries)


@given(SETS, SETS)
def test_packed_entries_are_a_set(entries: set[bytes], others: set[bytes]) -> None:
    packed = PackedEntries.of(entries, 16)
    assert len(packed) == len(entries)
    assert {entry for entry in entries | others if entry in packed} == entries


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    header = BloomFilter.of([bytes(16)]).to_bytes()[:4]
    for read, text in (
        (BloomFilter.parse, content),
        (BloomFilter.parse, header + content),
        (VarHashList.parse, content),
        (VarHashList.parse, b"\0\1" + content),
        (unpack_slices, content),
        (unpack_slices, gzip.compress(content)),
        (to_der, content),
        (to_der, b"\x30\x80" + content),
        (RevocationBatch.parse, content),
        (Partition.parse, content),
    ):
        with suppress(RevocationListError):
            read(text)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("kid", "mode", "hashTypes", "hashType", "expires", "lastUpdated", "chunks", "entries", "country", "id")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_json_is_read_or_refused(members: dict[str, object]) -> None:
    document = json.dumps(members).encode()
    for read in (RevocationBatch.parse, Partition.parse):
        with suppress(RevocationListError):
            read(document)
    with suppress(RevocationListError):
        KidList.of_json(members)


@given(st.lists(st.binary(max_size=600), max_size=5, unique=True))
def test_an_archive_gives_back_its_slices(slices: list[bytes]) -> None:
    assert sorted(unpack_slices(pack_slices("kid/null/0", slices)).values()) == sorted(slices)


@given(st.lists(REVOKED, max_size=30))
def test_batches_lose_nothing_and_are_one_list(entries: list[RevokedEntry]) -> None:
    certificate = authority.pair().certificate
    batches = [
        VerifiedBatch(batch=RevocationBatch.parse(batch.to_json()), signer=certificate, signed_at=AT)
        for batch in batches_of(entries, country="VN")
    ]
    assert sum(len(each.batch.entries) for each in batches) == len(entries)
    found = EuBatches.of(batches, at=AT, as_of=AT)
    for kid, hash_type, value, expires in entries:
        assert expires < end_of_period(expires) <= expires + timedelta(days=92)
        assert found.find(CertificateMarks(kid or b"any", 0, {hash_type: (value,)}))


@settings(max_examples=40)  # each one writes and reads a folder of files
@given(st.lists(REVOKED, max_size=12), st.sampled_from(SliceType))
def test_a_partitioned_list_loses_nothing(entries: list[RevokedEntry], kind: SliceType) -> None:
    with tempfile.TemporaryDirectory() as name:
        write_partitions(Path(name), entries, as_of=AT, kind=kind)
        found = EuPartitions.open(Path(name), at=AT)
        for kid, hash_type, value, _expires in entries:
            assert found.find(CertificateMarks(kid or b"any", 0, {hash_type: (value,)}))
            assert not found.find(CertificateMarks(kid or b"any", 0, {hash_type: (sha256(value).digest(),)}))


BATCH = RevocationBatch(country="VN", expires=AT, kid=None, hash_type=HashType.UCI, entries=(bytes(16),))


@cache
def signed_batch() -> bytes:
    return sign_batch(BATCH, authority.signer(), at=AT)


@given(st.data())
def test_no_changed_byte_of_a_signed_batch_changes_what_it_says(data: st.DataObject) -> None:
    signed = bytearray(signed_batch())
    position = data.draw(st.integers(0, len(signed) - 1))
    signed[position] ^= data.draw(st.integers(1, 255))
    with suppress(RevocationListError, UntrustedRevocationListError):
        assert verify_batch(bytes(signed), [authority.pair().certificate], at=AT).batch == BATCH


@given(st.data())
def test_no_cut_or_longer_batch_is_taken(data: st.DataObject) -> None:
    signed = signed_batch()
    cut = signed[: data.draw(st.integers(0, len(signed) - 1))]
    longer = signed + data.draw(st.binary(min_size=1, max_size=9))
    for damaged in (cut, longer):
        try:
            verify_batch(damaged, [authority.pair().certificate], at=AT)
        except RevocationListError:
            continue
        raise AssertionError

from vaxcert.trust.revocation.packed import PackedEntries

ENTRIES = (b"\x03\x01", b"\x01\x02", b"\x01\x01", b"\x03\x01")


def test_what_was_put_in_is_found_and_counts_once() -> None:
    packed = PackedEntries.of(ENTRIES, 2)
    assert all(entry in packed for entry in ENTRIES)
    assert len(packed) == 3
    assert packed.block == b"\x01\x01\x01\x02\x03\x01"


def test_what_was_not_put_in_is_not_found() -> None:
    packed = PackedEntries.of(ENTRIES, 2)
    # Two that stand across the border of two entries, one past the last, and two that are too short.
    assert not any(entry in packed for entry in (b"\x01\x03", b"\x02\x03", b"\xff\xff", b"\x01", b""))
    assert b"\x01\x01" not in PackedEntries.of((), 2)


def test_only_the_first_bytes_are_compared() -> None:
    assert b"\x01\x02\x99" in PackedEntries.of((b"\x01\x02\x03",), 2)


def test_entries_below_a_bound_are_counted() -> None:
    packed = PackedEntries.of((b"\x10", b"\x7f", b"\x80", b"\xff"), 1)
    assert [packed.count_below(bound) for bound in (b"\x00", b"\x80", b"\xff\xff")] == [0, 2, 4]

"""Between which instants a leaf came into the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vaxcert.ledger.audit.anchor import Anchor
from vaxcert.ledger.audit.policy import AuditPolicy
from vaxcert.ledger.audit.times import AnchorTimes

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE, HOUR = 60, 3600
NOON = int(AT.timestamp())
POLICY = AuditPolicy(clock_skew=timedelta(minutes=5), anchor_delay=timedelta(hours=1))


def anchor(seq: int, size: int, time: int) -> Anchor:
    return Anchor(
        seq=seq,
        size=size,
        root=bytes(32),
        metadata_hash=bytes(32),
        time=time,
        chain_hash=bytes(32),
        source="chain",
        is_recorded=True,
    )


ANCHORS = (anchor(1, 100, NOON - 4 * HOUR), anchor(2, 200, NOON - 2 * HOUR))


def times(signed: dict[int, int] | None = None, anchors: tuple[Anchor, ...] = ANCHORS) -> AnchorTimes:
    return AnchorTimes(anchors, signed_at=signed or {}, policy=POLICY, at=AT)


@pytest.mark.parametrize(
    ("index", "before", "covering"),
    [(0, None, 1), (99, None, 1), (100, 1, 2), (199, 1, 2), (200, 2, None), (10**9, 2, None)],
)
def test_a_leaf_lies_between_the_anchor_without_it_and_the_first_with_it(
    index: int, before: int | None, covering: int | None
) -> None:
    window = times().window(index)
    assert (window.before.seq if window.before else None) == before
    assert (window.covering.seq if window.covering else None) == covering


def test_the_first_leaves_have_no_earliest_time() -> None:
    window = times().window(0)
    assert window.signed_after == window.believed_after == float("-inf")
    assert window.until == NOON - 4 * HOUR + 5 * MINUTE


def test_leaves_without_an_anchor_are_held_to_the_time_of_the_audit() -> None:
    assert times().window(200).until == NOON + 5 * MINUTE
    assert times(anchors=()).window(7).until == NOON + 5 * MINUTE


def test_where_the_log_does_not_say_when_it_signed_the_anchor_s_time_holds() -> None:
    window = times().window(150)
    assert window.signed_after == window.believed_after == NOON - 4 * HOUR - 5 * MINUTE


def test_a_head_that_waited_a_little_counts_from_its_signature() -> None:
    window = times({100: NOON - 4 * HOUR - 30 * MINUTE}).window(150)
    assert window.signed_after == window.believed_after == NOON - 4 * HOUR - 35 * MINUTE


def test_a_head_that_waited_long_is_believed_for_the_allowed_time_alone() -> None:
    window = times({100: NOON - 9 * HOUR}).window(150)
    assert window.signed_after == NOON - 9 * HOUR - 5 * MINUTE
    assert window.believed_after == NOON - 5 * HOUR - 5 * MINUTE


def test_a_signature_said_to_be_made_after_its_anchor_gains_nothing() -> None:
    window = times({100: NOON}).window(150)
    assert window.signed_after == window.believed_after == NOON - 4 * HOUR - 5 * MINUTE


def test_a_larger_head_was_not_signed_before_a_smaller_one() -> None:
    window = times({100: NOON - 4 * HOUR, 200: 0}).window(250)
    assert window.signed_after == NOON - 4 * HOUR - 5 * MINUTE
    assert window.believed_after == NOON - 3 * HOUR - 5 * MINUTE


def test_anchors_may_come_in_any_order() -> None:
    assert times(anchors=ANCHORS[::-1]).window(150) == times().window(150)


def test_leaves_may_be_asked_for_in_any_order() -> None:
    asked = times()
    order = [150, 20, 250, 100, 99, 199, 200, 0]
    assert [asked.window(index).start for index in order] == [100, 0, 200, 100, 0, 100, 200, 0]

"""The peers benchmark: which verdicts a run gets, and what a peer with the schema check refuses."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import ValidationError

from benchmarks.peers.client import OPERATIONS
from benchmarks.peers.environments import NODE_PEER
from benchmarks.peers.measure import Turn
from benchmarks.peers.report import TARGETS, Comparison, Conditions, compare, table, to_json
from benchmarks.peers.worker import Peer
from benchmarks.peers.workers.schema_checked_worker import schema_checked

CONDITIONS = Conditions(at="2026-11-23T00:00:00+00:00", python="3.11", core=0, records=500, rounds=1, versions={})

ENTRY = {
    "tg": "840539006",
    "vp": "1119349007",
    "mp": "EU/1/20/1528",
    "ma": "ORG-100030215",
    "dn": 2,
    "sd": 2,
    "dt": "2021-09-14",
    "co": "VN",
    "is": "Bộ Y tế",
    "ci": "URN:UVCI:01:VN:0A1B2C3D4E5F60718293A4B5C6D7E8F9",
}
DCC = {"ver": "1.3.0", "nam": {"fn": "Trần", "fnt": "TRAN"}, "dob": "1968-04-05", "v": [ENTRY]}


def compared(**times: float) -> tuple[Comparison, ...]:
    """Return the comparison where each peer takes so many times as long as vaxcert; `_schema` stands for +schema."""
    names = {"vaxcert": 1.0} | {name.replace("_schema", "+schema"): factor for name, factor in times.items()}
    return compare(
        [
            Turn(operation=operation, worker=name, ns=factor * 1000, raw_ns=500)
            for operation in OPERATIONS
            for name, factor in names.items()
        ]
    )


def enveloped() -> Peer[Mapping[str, object]]:
    """Return a peer that signs and checks nothing."""
    return Peer(versions={"enveloped": "1"}, inputs=[], issue=json.dumps, verify=json.loads)


def test_both_verdicts_name_their_fastest_peer() -> None:
    for comparison in compared(slow=9.0, quick=2.0, quick_schema=7.0, slow_schema=14.0):
        assert (comparison.bare.peer, comparison.bare.speedup) == ("quick", 2.0)
        assert comparison.same_job is not None
        assert (comparison.same_job.peer, comparison.same_job.speedup) == ("quick+schema", 7.0)


def test_a_schema_checked_peer_never_meets_the_bare_target() -> None:
    for comparison in compared(quick=2.0, quick_schema=7.0):
        assert not comparison.bare.is_met
        assert comparison.same_job is not None
        assert comparison.same_job.is_met


def test_both_verdicts_have_the_target_of_their_operation() -> None:
    for comparison in compared(quick=2.0, quick_schema=7.0):
        assert comparison.same_job is not None
        assert comparison.bare.target == comparison.same_job.target == TARGETS[comparison.operation]


def test_the_table_has_every_row_and_both_verdicts() -> None:
    issue, _ = compared(quick=2.0, quick_schema=7.0)
    rows = table(issue).splitlines()
    assert [row.split()[0] for row in rows[1:4]] == ["vaxcert", "quick", "quick+schema"]
    assert rows[4:] == [
        "target 3.0 times the fastest bare peer (quick), measured 2.00: NOT met",
        "target 3.0 times the fastest schema-checked peer (quick+schema), measured 7.00: met",
    ]


def test_json_has_both_verdicts() -> None:
    run = to_json(CONDITIONS, compared(quick=2.0, quick_schema=7.0))
    verify: Any = run["verify"]
    assert verify["bare"] == {"peer": "quick", "speedup": 2.0, "target": 2.5, "met": False}
    assert verify["same_job"] == {"peer": "quick+schema", "speedup": 7.0, "target": 2.5, "met": True}


def test_without_a_schema_checked_peer_there_is_no_verdict_of_that_kind() -> None:
    comparisons = compared(**{NODE_PEER: 9.0})
    issue: Any = to_json(CONDITIONS, comparisons)["issue"]
    assert issue["same_job"] is None
    assert table(comparisons[0]).endswith("\nno schema-checked peer was measured")


def test_a_sound_dcc_passes_a_schema_checked_peer() -> None:
    peer = schema_checked(enveloped())
    assert peer.verify(peer.issue(DCC)) == DCC
    assert set(peer.versions) == {"enveloped", "jsonschema"}


def test_a_schema_checked_peer_issues_no_dcc_that_breaks_its_schema() -> None:
    bad = DCC | {"dob": "long ago"}
    assert enveloped().issue(bad)
    with pytest.raises(ValidationError, match="long ago"):
        schema_checked(enveloped()).issue(bad)


def test_a_schema_checked_peer_reads_no_dcc_that_breaks_its_schema() -> None:
    text = enveloped().issue(DCC | {"dob": "long ago"})
    with pytest.raises(ValidationError, match="long ago"):
        schema_checked(enveloped()).verify(text)


def test_a_schema_checked_peer_refuses_a_version_without_a_schema() -> None:
    with pytest.raises(KeyError, match=r"9\.9\.9"):
        schema_checked(enveloped()).issue(DCC | {"ver": "9.9.9"})

"""The benchmark of revocation lists runs and tells its figures; how fast it is, is not for a test to say."""

from pathlib import Path

import pytest

from benchmarks.revocation import AT, entries, lookups, marks, measure
from vaxcert.trust.revocation.eu_partitions import EuPartitions
from vaxcert.trust.revocation.folder import write_partitions
from vaxcert.trust.revocation.partition import SliceType


@pytest.mark.parametrize("kind", list(SliceType))
def test_it_tells_lengths_and_lookups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: SliceType
) -> None:
    monkeypatch.setattr("benchmarks.revocation.SAMPLE", 200)
    measure(tmp_path, 300, kind)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0].split(":")[0] for line in lines] == [
        f"{kind.value} of 300",
        "filters / promise of a bloom filter",
        "all files / promise of a bloom filter",
        "lookup of a revoked certificate",
        "lookup of one that is not",
    ]


def test_a_lookup_with_the_wrong_answer_ends_it(tmp_path: Path) -> None:
    write_partitions(tmp_path, entries(3), as_of=AT)
    found = EuPartitions.open(tmp_path, at=AT)
    for number, revoked in ((1, False), (4, True)):
        with pytest.raises(SystemExit, match="went wrong"):
            lookups(found, [marks(number)], revoked=revoked)

"""A site's day is killed at random, also between the commits of registry and log: it comes to what it would have.

No dose is lost and none is twice, the stock tallies, each certificate is one leaf, each message is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.registry_blows import PLACES_OF_CERTIFICATES
from tests.faults.registry_day import NOT_KILLED, campaign
from tests.registry_fixture import new_sqlite_registry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registry_fixture import RegistryUnderTest

PEOPLE, KILLS = 16, 8


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return what comes of a day that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with new_sqlite_registry(folder) as registry:
        return campaign(registry, folder, people=PEOPLE, kills=0, seed=0).outcome


def test_a_day_that_is_killed_at_random_comes_to_what_it_would_have(
    registry: RegistryUnderTest, tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    happened = campaign(registry, tmp_path, people=PEOPLE, kills=KILLS, seed=11)
    assert happened.outcome == undisturbed
    # So that it was tested: it may come to the end before the last of them.
    assert happened.kills.total() - happened.kills[NOT_KILLED] >= KILLS - 2
    assert happened.kills.keys() & PLACES_OF_CERTIFICATES.keys()

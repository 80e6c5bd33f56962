from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import AT, Encoder, make_signer, signer
from vaxcert.errors import StorageError
from vaxcert.service.kept_verifier import KeptVerifier, TrustSources
from vaxcert.verify.report import Outcome

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "trust"
    place.mkdir()
    (place / "other.der").write_bytes(make_signer().der)
    return place


def outcome(kept: KeptVerifier) -> Outcome:
    return kept.current.examine(Encoder().text(), at=AT).outcome


def test_a_new_signer_is_believed_when_the_files_are_looked_at_again(folder: Path) -> None:
    kept = KeptVerifier.of(TrustSources(trust=(folder,), max_age=timedelta(days=9000)), at=AT)
    assert outcome(kept) is Outcome.UNDETERMINED
    assert not kept.refresh(at=AT), "nothing has changed"
    (folder / "ours.der").write_bytes(signer().der)
    assert outcome(kept) is Outcome.UNDETERMINED
    assert kept.refresh(at=AT)
    assert outcome(kept) in {Outcome.VALID, Outcome.UNDETERMINED}
    assert len(kept.current.trust_list.entries) == 2


def test_what_cannot_be_read_any_more_leaves_the_verifier_as_it_was(folder: Path) -> None:
    (folder / "ours.der").write_bytes(signer().der)
    kept = KeptVerifier.of(TrustSources(trust=(folder,)), at=AT)
    before = kept.current
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    with pytest.raises(StorageError, match="cannot be read"):
        kept.refresh(at=AT)
    assert kept.current is before
    assert outcome(kept) is Outcome.VALID


def test_a_folder_of_kept_lists_may_be_empty_of_them_only_if_it_is_a_list_itself(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "revocations"
    empty.mkdir()
    with pytest.raises(Exception, match="no folder of revocation lists"):
        KeptVerifier.of(TrustSources(trust=(folder,), revocations=(empty,)), at=AT)

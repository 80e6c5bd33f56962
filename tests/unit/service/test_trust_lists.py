from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import StorageError, TrustListError
from vaxcert.model.kid import Kid
from vaxcert.service import trust_lists
from vaxcert.service.trust_lists import add_signers, export_list, remove_signers, replace_signers, with_kid
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.trust.writers import TrustListForm, format_trust_list

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CSCA = create_csca(country="XA", common_name="CSCA", at=AT)
PAIRS = [create_dsc(CSCA, common_name=f"DSC {number}", usages=(), at=AT) for number in range(3)]
A, B, C = (Dsc.of_certificate(pair.certificate) for pair in PAIRS)
STRANGER = create_dsc(create_csca(country="XA", common_name="CSCA 2", at=AT), common_name="DSC", usages=(), at=AT)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "mine" / "trust.json"


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a list of some signers: saved where it has a date, PEM where it has none."""

    def write(*dscs: Dsc, as_of: datetime | None = None) -> Path:
        form = TrustListForm.PEM if as_of is None else TrustListForm.SAVED
        path = tmp_path / f"source-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(format_trust_list(TrustList(entries=dscs, as_of=as_of), form))
        return path

    return write


def kept(target: Path) -> tuple[tuple[Dsc, ...], datetime | None]:
    trust_list = TrustList.load(target)
    assert trust_list.rejected == ()
    return trust_list.entries, trust_list.as_of


def test_a_new_list_is_as_old_as_the_import(target: Path, source: Callable[..., Path]) -> None:
    change = add_signers(target, [source(A, B)], at=AT)
    assert (change.added, change.removed, change.found, change.rejected) == ((A, B), (), 2, ())
    assert kept(target) == ((A, B), AT)
    assert change.trust_list.entries == (A, B)
    assert target.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in target.parent.iterdir()] == ["trust.json"]


def test_a_list_keeps_the_date_that_it_states(target: Path, source: Callable[..., Path]) -> None:
    add_signers(target, [source(A, as_of=AT - DAY)], at=AT)
    assert kept(target) == ((A,), AT - DAY)


def test_a_date_to_come_keeps_no_list_fresh(target: Path, source: Callable[..., Path]) -> None:
    add_signers(target, [source(A, as_of=AT + 9 * DAY)], at=AT)
    assert kept(target) == ((A,), AT)


@pytest.mark.parametrize(
    ("first", "second", "as_of"),
    [
        pytest.param((A, B), (C,), AT - 5 * DAY, id="the others were not confirmed"),
        pytest.param((A, B), (A,), AT - 5 * DAY, id="one of them was not confirmed"),
        pytest.param((A, B), (C, B, A), AT, id="all were confirmed"),
        pytest.param((A,), (A,), AT, id="the one was confirmed"),
    ],
)
def test_a_list_is_as_old_as_its_least_fresh_signer(
    target: Path, source: Callable[..., Path], first: tuple[Dsc, ...], second: tuple[Dsc, ...], as_of: datetime
) -> None:
    add_signers(target, [source(*first)], at=AT - 5 * DAY)
    add_signers(target, [source(*second)], at=AT)
    assert kept(target) == (tuple(dict.fromkeys(first + second)), as_of)


def test_an_older_list_makes_no_signer_older(target: Path, source: Callable[..., Path]) -> None:
    add_signers(target, [source(A, B)], at=AT)
    change = add_signers(target, [source(A, as_of=AT - 30 * DAY)], at=AT + DAY)
    assert kept(target) == ((A, B), AT)
    assert (change.added, change.found) == ((), 1)


def test_several_sources_are_added_together(target: Path, source: Callable[..., Path]) -> None:
    change = add_signers(target, [source(A, as_of=AT - DAY), source(B, A)], at=AT)
    assert change.added == (A, B)
    assert kept(target) == ((A, B), AT)


def test_a_replaced_list_forgets_what_the_new_one_leaves_out(target: Path, source: Callable[..., Path]) -> None:
    add_signers(target, [source(A, B)], at=AT - 9 * DAY)
    change = replace_signers(target, [source(B, C)], at=AT)
    assert (change.added, change.removed) == ((C,), (A,))
    assert kept(target) == ((B, C), AT)


@pytest.mark.parametrize("change", [add_signers, replace_signers])
def test_a_source_without_signers_changes_nothing(
    target: Path, source: Callable[..., Path], change: Callable[..., trust_lists.Change]
) -> None:
    add_signers(target, [source(A)], at=AT)
    before = target.read_bytes()
    csca = target.parent / "csca.pem"
    csca.write_bytes(CSCA.certificate_pem)
    done = change(target, [csca], at=AT + DAY)
    assert (done.found, done.added, done.removed) == (0, (), ())
    assert target.read_bytes() == before


def test_no_list_is_made_of_nothing(target: Path, source: Callable[..., Path]) -> None:
    assert add_signers(target, [source(as_of=AT)], at=AT).found == 0
    assert not target.exists()


def test_what_does_not_chain_is_left_out_with_its_reason(
    target: Path, source: Callable[..., Path], tmp_path: Path
) -> None:
    csca = tmp_path / "csca.pem"
    csca.write_bytes(CSCA.certificate_pem)
    stranger = Dsc.of_certificate(STRANGER.certificate)
    change = add_signers(target, [source(A, stranger)], cscas=[csca], at=AT)
    assert change.added == (A,)
    assert [(entry.source, entry.reason) for entry in change.rejected] == [(f"kid {stranger.kid}", "unknown_issuer")]
    assert kept(target) == ((A,), AT)


def test_a_csca_that_has_ended_vouches_for_nobody(target: Path, source: Callable[..., Path], tmp_path: Path) -> None:
    csca = tmp_path / "csca.pem"
    csca.write_bytes(CSCA.certificate_pem)
    change = add_signers(target, [source(A)], cscas=[csca], at=AT + 3000 * DAY)
    assert [entry.reason for entry in change.rejected] == ["csca_not_valid"]
    assert not target.exists()


def test_a_rejected_entry_says_in_which_source_it_stood(target: Path, source: Callable[..., Path]) -> None:
    bad = source(A)
    bad.write_bytes(bad.read_bytes() + b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    change = add_signers(target, [source(B), bad], at=AT)
    assert change.added == (B, A)
    assert [(entry.source, entry.reason) for entry in change.rejected] == [(f"{bad}: block 2", "private_key")]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1", b"words"])
def test_a_source_of_no_known_form_changes_nothing(target: Path, source: Callable[..., Path], content: bytes) -> None:
    bad = source(A)
    bad.write_bytes(content)
    with pytest.raises(TrustListError):
        add_signers(target, [source(B), bad], at=AT)
    assert not target.exists()


def entries(*dscs: Dsc) -> list[dict[str, object]]:
    document = json.loads(format_trust_list(TrustList(entries=dscs, as_of=AT)))
    found = document["certificates"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PAIRS[0].certificate_pem, id="pem"),
        pytest.param(json.dumps(entries(A)).encode(), id="without a date"),
        pytest.param(json.dumps({"as_of": AT.isoformat(), "certificates": [*entries(A), {}]}).encode(), id="damaged"),
        pytest.param(
            json.dumps({"as_of": AT.isoformat(), "certificates": [{"certificateType": "CSCA"}]}).encode(),
            id="with a csca",
        ),
        pytest.param(b"words", id="words"),
    ],
)
def test_a_file_of_another_kind_is_not_written_over(target: Path, source: Callable[..., Path], content: bytes) -> None:
    target.parent.mkdir()
    target.write_bytes(content)
    with pytest.raises(TrustListError):
        add_signers(target, [source(B)], at=AT)
    with pytest.raises(TrustListError):
        replace_signers(target, [source(B)], at=AT)
    with pytest.raises(TrustListError):
        remove_signers(target, [str(A.kid)])
    assert target.read_bytes() == content


def test_a_signer_is_removed_by_its_kid_in_either_form(target: Path, source: Callable[..., Path]) -> None:
    add_signers(target, [source(A, B, C)], at=AT)
    change = remove_signers(target, [str(A.kid), C.kid.value.hex().upper(), C.kid.value.hex()])
    assert change.removed == (A, C)
    assert kept(target) == ((B,), AT)
    remove_signers(target, [str(B.kid)])
    assert kept(target) == ((), None)
    add_signers(target, [source(C)], at=AT + DAY)
    assert kept(target) == ((C,), AT + DAY)


def test_an_unknown_kid_removes_nothing(target: Path, source: Callable[..., Path]) -> None:
    add_signers(target, [source(A)], at=AT)
    with pytest.raises(TrustListError, match="no signer with kid AAAA"):
        remove_signers(target, [str(A.kid), "AAAA"])
    assert kept(target) == ((A,), AT)


def test_all_signers_of_a_kid_are_meant() -> None:
    twin = Dsc.of_der(PAIRS[1].certificate.der, kid=A.kid)
    assert with_kid([A, B, twin], str(A.kid)) == (A, twin)
    assert with_kid([A, B], "") == ()
    assert with_kid([Dsc.of_der(PAIRS[0].certificate.der, kid=Kid(b""))], "x") == ()


def test_while_one_command_changes_a_list_another_is_refused(target: Path, source: Callable[..., Path]) -> None:
    target.parent.mkdir()
    lock = target.with_name(".trust.json.lock")
    lock.touch()
    with pytest.raises(StorageError, match="another command is changing") as caught:
        add_signers(target, [source(A)], at=AT)
    assert str(lock) in str(caught.value.hint)
    assert not target.exists()
    lock.unlink()
    add_signers(target, [source(A)], at=AT)
    assert kept(target) == ((A,), AT)


def test_a_command_that_fails_leaves_no_lock(target: Path, source: Callable[..., Path]) -> None:
    target.mkdir(parents=True)
    with pytest.raises(TrustListError):
        add_signers(target, [source(A)], at=AT)
    assert list(target.parent.iterdir()) == [target]


def test_a_list_that_cannot_be_written_is_an_error(tmp_path: Path, source: Callable[..., Path]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        add_signers(tmp_path / "file" / "trust.json", [source(A)], at=AT)


def test_a_list_larger_than_is_read_is_not_written(
    target: Path, source: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_signers(target, [source(A)], at=AT)
    monkeypatch.setattr(trust_lists, "MAX_ENTRIES", 1)
    with pytest.raises(TrustListError, match="2 signers"):
        add_signers(target, [source(B)], at=AT)
    assert kept(target) == ((A,), AT)


@pytest.mark.parametrize("form", list(TrustListForm))
def test_an_export_reads_as_the_same_signers(tmp_path: Path, form: TrustListForm) -> None:
    target = tmp_path / "out"
    target.write_text("an older export")
    export_list(TrustList(entries=(A, B), as_of=AT), form, target)
    assert TrustList.load(target).entries == (A, B)
    assert target.stat().st_mode & 0o777 == 0o644


def test_what_a_form_cannot_hold_is_not_written(tmp_path: Path) -> None:
    bare = Dsc.of_spki(A.spki, kid=A.kid)
    with pytest.raises(TrustListError, match="PEM cannot hold"):
        export_list(TrustList(entries=(bare,)), TrustListForm.PEM, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []

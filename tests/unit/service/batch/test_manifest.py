"""The manifest of a run: whoever has the signer's DSC sees whether the files are as they were written."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.authority import AT, BORN, dsc, signer
from vaxcert.codec import cbor, cose
from vaxcert.service.batch.journal_rows import WrittenFile
from vaxcert.service.batch.manifest import FILES, MANIFEST, SIGNATURE, is_manifest, verify_manifest, write_manifest
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vaxcert.verify.report import Report

NAMES = ("jsonl/000001.jsonl", "png/000001/00001.png")
TRUST = TrustList(entries=(dsc(),))


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Return a job folder with two files and their manifest."""
    files = []
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(name.encode())
        files.append(WrittenFile(name, len(name), sha256(name.encode()).digest()))
    write_manifest(tmp_path, {"run": 1, "finished_at": "2021-12-01T09:30:00Z"}, files, signer())
    return tmp_path


def verified(path: Path, *, trust: TrustList = TRUST, later: timedelta = timedelta(days=1)) -> Report:
    return verify_manifest(path, trust, at=AT + later)


def rewrite(job: Path, change: Callable[[dict[str, object]], object], *, again: bool = True) -> None:
    """Change the facts of the manifest, and sign them again unless that is what is missing."""
    facts = json.loads((job / MANIFEST).read_bytes())
    change(facts)
    content = json.dumps(facts).encode()
    (job / MANIFEST).write_bytes(content)
    if again:
        sign(job, content)


def sign(job: Path, content: bytes, *, kid: object = None, algorithm: object = -7, kind: str | None = None) -> None:
    content_type = "application/vnd.vaxcert.manifest+json" if kind is None else kind
    protected = cbor.encode({1: algorithm, 3: content_type, 4: signer().kid.value if kid is None else kid})
    signature = signer().sign(cose.document_structure(protected, content))
    (job / SIGNATURE).write_bytes(cbor.encode(cbor.Tag(18, [protected, {}, None, signature])))


def test_files_as_they_were_written_are_valid(job: Path) -> None:
    for path in (job, job / MANIFEST):
        report = verified(path)
        assert (report.outcome, report.code, report.format) == (Outcome.VALID, None, "manifest")
        assert report.message == "2 files as they were written"
        assert [step.status for step in report.steps] == [Status.PASSED] * 5
        assert report.signer is not None
        assert report.signer.country == "VN"


def test_the_list_of_files_is_what_sha256sum_reads(job: Path) -> None:
    assert (job / FILES).read_text() == "".join(f"{sha256(n.encode()).hexdigest()}  {n}\n" for n in NAMES)
    facts = json.loads((job / MANIFEST).read_bytes())
    assert facts["files"]["count"] == 2
    assert facts["files"]["bytes"] == sum(map(len, NAMES))


def test_a_second_manifest_takes_the_place_of_the_first(job: Path) -> None:
    write_manifest(job, {"finished_at": "2021-12-02T00:00:00Z"}, [], signer())
    assert verified(job, later=timedelta(days=3)).message == "0 files as they were written"


def _swap(job: Path) -> None:
    for name, other in (NAMES, NAMES[::-1]):
        (job / name).write_bytes(other.encode())


@pytest.mark.parametrize(
    "harm",
    [
        lambda job: (job / NAMES[0]).write_bytes(b"changed"),
        lambda job: (job / NAMES[1]).unlink(),
        _swap,
        lambda job: (job / FILES).write_bytes((job / FILES).read_bytes().splitlines(keepends=True)[0]),
        lambda job: (job / FILES).write_bytes((job / FILES).read_bytes() * 2),
        lambda job: (job / FILES).write_bytes(b"no line\n"),
        lambda job: (job / FILES).write_bytes(b"0" * 64 + b"  /etc/passwd\n"),
        lambda job: (job / FILES).write_bytes(b"0" * 64 + b"  ../x\n"),
        lambda job: (job / FILES).write_bytes(b"0" * 10_000),
        lambda job: (job / FILES).write_bytes(b""),
    ],
)
def test_other_files_are_rejected(job: Path, harm: Callable[[Path], object]) -> None:
    harm(job)
    report = verified(job)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "manifest_mismatch")
    assert report.steps[-1].status is Status.FAILED


def test_a_changed_manifest_is_rejected(job: Path) -> None:
    rewrite(job, lambda facts: facts.update(run=2), again=False)
    report = verified(job)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "bad_signature")
    assert report.steps[-1].status is Status.SKIPPED


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (b"", "invalid_cbor"),
        (b"\x80", "manifest_mismatch"),
        (cbor.encode(cbor.Tag(18, [b"", {}, b"attached", b""])), "manifest_mismatch"),
        (cbor.encode([b"\x80", {}, None, b""]), "manifest_mismatch"),
    ],
)
def test_a_signature_that_is_none_is_rejected(job: Path, signature: bytes, code: str) -> None:
    (job / SIGNATURE).write_bytes(signature)
    report = verified(job)
    assert report.outcome is Outcome.REJECTED
    assert report.code == code
    assert report.signer is None


@pytest.mark.parametrize("header", [{"kind": "text/plain"}, {"kid": "text"}, {"algorithm": "ES256"}])
def test_a_signature_over_something_else_is_rejected(job: Path, header: dict[str, str]) -> None:
    sign(job, (job / MANIFEST).read_bytes(), **header)
    assert verified(job).code == "manifest_mismatch"


@pytest.mark.parametrize(
    "content", [b"no JSON", b"[]", b'{"format": "another/1"}', b'{"format": "vaxcert-manifest/1"}']
)
def test_a_signed_text_that_is_no_manifest_is_rejected(job: Path, content: bytes) -> None:
    (job / MANIFEST).write_bytes(content)
    sign(job, content)
    assert verified(job).code == "manifest_mismatch"


@pytest.mark.parametrize("finished_at", ["yesterday", None, "2021-12-03T00:00:00Z", "2021-01-01T00:00:00Z"])
def test_a_run_finished_at_no_time_of_its_signer_is_rejected(job: Path, finished_at: object) -> None:
    rewrite(job, lambda facts: facts.update(finished_at=finished_at))
    report = verified(job)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "manifest_mismatch")
    assert report.steps[3].status is Status.FAILED


def test_a_manifest_outlives_its_signer(job: Path) -> None:
    assert verified(job, later=timedelta(days=5000)).outcome is Outcome.VALID
    assert BORN < AT


def test_an_unknown_signer_decides_nothing_but_a_changed_file_does(job: Path) -> None:
    nobody = TrustList()
    report = verified(job, trust=nobody)
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "unknown_signer")
    assert [step.status for step in report.steps[1:4]] == [Status.UNDETERMINED, Status.SKIPPED, Status.SKIPPED]
    (job / NAMES[0]).write_bytes(b"changed")
    assert verified(job, trust=nobody).code == "manifest_mismatch"


@pytest.mark.parametrize("name", ["", "nowhere", "x" * 5000, "a\0b"])
def test_what_is_no_manifest_is_none(tmp_path: Path, name: str) -> None:
    assert not is_manifest(str(tmp_path / name))


def test_a_folder_and_its_manifest_are_known(job: Path) -> None:
    assert is_manifest(str(job))
    assert is_manifest(str(job / MANIFEST))
    assert not is_manifest(str(job / FILES))
    (job / SIGNATURE).unlink()
    assert not is_manifest(str(job))

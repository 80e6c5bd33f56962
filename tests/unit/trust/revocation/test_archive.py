import gzip
import io
import tarfile
from hashlib import sha256

import pytest

from vaxcert.errors import RevocationSliceError
from vaxcert.trust.revocation.archive import MAX_ARCHIVE_BYTES, pack_slices, unpack_slices

SLICES = (b"one slice", bytes(512), bytes(range(256)) * 5)
NAMES = [sha256(content).hexdigest() for content in SLICES]


def tar(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.type = kind
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def tarfile_with_long_name() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x" * 120))
    return buffer.getvalue()


def renumbered(plain: bytes) -> bytes:
    """Return the archive *plain* with the checksum that its first header ought to have."""
    blanked = plain[:148] + b" " * 8 + plain[156:512]
    return plain[:148] + b"%06o\0 " % sum(blanked) + plain[156:]


def test_slices_are_packed_and_unpacked() -> None:
    assert unpack_slices(pack_slices("a+/=/0/f", SLICES)) == dict(zip(NAMES, SLICES, strict=True))


def test_other_programs_read_what_is_packed() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack_slices("kid/null/f", SLICES)), mode="r:gz") as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == [f"kid/null/f/{name}" for name in NAMES]
        found = [archive.extractfile(member) for member in members]
        assert [file.read() for file in found if file is not None] == list(SLICES)


@pytest.mark.parametrize("end", ["whole", "no-end-mark", "empty"])
def test_an_archive_of_another_program_is_unpacked_with_or_without_end_mark(end: str) -> None:
    plain = tar(f"AQ==/null/f/{NAMES[0]}", SLICES[0])
    cut = {"whole": plain, "no-end-mark": plain[:1024], "empty": b""}[end]
    assert unpack_slices(gzip.compress(cut)) == ({} if end == "empty" else {NAMES[0]: SLICES[0]})


PLAIN = tar(f"kid/null/f/{NAMES[0]}", SLICES[0])


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        pytest.param(b"", "cut or padded", id="nothing"),
        pytest.param(b"no gzip", "is not gzip", id="no-gzip"),
        pytest.param(gzip.compress(PLAIN)[:-1], "cut or padded", id="cut-gzip"),
        pytest.param(gzip.compress(PLAIN) + b"\0", "cut or padded", id="padded-gzip"),
        pytest.param(gzip.compress(PLAIN) * 2, "cut or padded", id="two-gzips"),
        pytest.param(gzip.compress(bytes(MAX_ARCHIVE_BYTES + 1)), "inflates to over", id="bomb"),
        pytest.param(gzip.compress(PLAIN[:515]), "is cut", id="cut-content"),
        pytest.param(gzip.compress(PLAIN[:200]), "damaged", id="cut-header"),
        pytest.param(gzip.compress(b"x" + PLAIN[1:]), "damaged", id="checksum"),
        pytest.param(gzip.compress(PLAIN[:512] + b"x" + PLAIN[513:]), "not the one that its name says", id="content"),
        pytest.param(gzip.compress(tar("slice", SLICES[0])), "not the one that its name says", id="name"),
        pytest.param(gzip.compress(tar("é", b"")), "not the one that its name says", id="odd-name"),
        pytest.param(gzip.compress(tar("link", b"", tarfile.SYMTYPE)), "something else than files", id="link"),
        pytest.param(gzip.compress(tar("folder", b"", tarfile.DIRTYPE)), "something else than files", id="folder"),
        pytest.param(gzip.compress(tarfile_with_long_name()), "something else than files", id="long-name"),
        pytest.param(gzip.compress(renumbered(PLAIN[:124] + b"9" * 12 + PLAIN[136:])), "malformed", id="size"),
        pytest.param(gzip.compress(renumbered(PLAIN[:124] + b"-1".ljust(12) + PLAIN[136:])), "damaged", id="minus"),
        pytest.param(gzip.compress(renumbered(PLAIN[:124] + b"7" * 12 + PLAIN[136:])), "is cut", id="huge"),
    ],
)
def test_a_broken_archive_is_refused(archive: bytes, message: str) -> None:
    with pytest.raises(RevocationSliceError, match=message):
        unpack_slices(archive)


def test_a_path_that_is_too_long_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="too long"):
        pack_slices("k" * 40, SLICES)

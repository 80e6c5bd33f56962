"""The compressed archives (gzip, tar) in which the EU's revocation service answers with slices."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.errors import RevocationSliceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_ARCHIVE_BYTES = 32 * 1024 * 1024
"""Of one chunk's slices: four of the largest; a list of a billion certificates has 2 MB in a chunk."""

_GZIP = 31  # the window bits by which zlib knows the format
_BLOCK = 512
_NAME, _SIZE, _CHECKSUM, _KIND = slice(0, 100), slice(124, 136), slice(148, 156), slice(156, 157)
"""Fields of a tar header (POSIX.1-1988, ustar)."""
_PLAIN_FILES = (b"0", b"\0")
_HEADER = b"%b0000644\x000000000\x000000000\x00%011o\x0000000000000\x00%b0%b"
_MAGIC = b"\0" * 100 + b"ustar\x0000"


def pack_slices(path: str, slices: Iterable[bytes]) -> bytes:
    """Return the archive of *slices*, each named by its SHA-256 under *path*.

    Raises:
        ValueError: The path is too long for a name in an archive.
    """
    parts = []
    for content in slices:
        name = f"{path}/{sha256(content).hexdigest()}".encode()
        if len(name) > _NAME.stop:
            raise ValueError("the path is too long for an archive")
        parts += [_header(name, len(content)), content, bytes(-len(content) % _BLOCK)]
    parts.append(bytes(2 * _BLOCK))
    compressor = zlib.compressobj(wbits=_GZIP)
    return compressor.compress(b"".join(parts)) + compressor.flush()


def _header(name: bytes, size: int) -> bytes:
    head = _HEADER % (name.ljust(_NAME.stop, b"\0"), size, b" " * 8, _MAGIC)
    head = head.ljust(_BLOCK, b"\0")
    return head[: _CHECKSUM.start] + b"%06o\0 " % sum(head) + head[_CHECKSUM.stop :]


def unpack_slices(archive: bytes) -> Mapping[str, bytes]:
    """Return the slices in *archive* by their names, the SHA-256 in hexadecimal, which is checked.

    What stands before the name is left aside: a kid in it may have slashes. The archive need not have an end mark,
    which the service leaves out.

    Raises:
        RevocationSliceError: It is cut or damaged, past the bound, or has something else in it than slices.
    """
    content = _inflated(archive)
    slices: dict[str, bytes] = {}
    at = 0
    while content[at : at + _BLOCK].strip(b"\0"):
        header = content[at : at + _BLOCK]
        start = at + _BLOCK
        end = start + _size(header)
        if len(header) != _BLOCK or end > len(content):
            raise RevocationSliceError("the archive of slices is cut")
        name = header[_NAME].partition(b"\0")[0].decode("ascii", "replace").rpartition("/")[2]
        slices[name] = content[start:end]
        if sha256(slices[name]).hexdigest() != name:
            raise RevocationSliceError("a slice is not the one that its name says")
        at = end + -end % _BLOCK
    return slices


def _inflated(archive: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=_GZIP)
    try:
        content = stream.decompress(archive, MAX_ARCHIVE_BYTES + 1)
    except zlib.error as error:
        raise RevocationSliceError("the archive of slices is not gzip") from error
    if len(content) > MAX_ARCHIVE_BYTES:
        raise RevocationSliceError(f"the archive of slices inflates to over {MAX_ARCHIVE_BYTES} bytes")
    if not stream.eof or stream.unused_data:
        raise RevocationSliceError("the archive of slices is cut or padded")
    return content


def _size(header: bytes) -> int:
    if header[_KIND] not in _PLAIN_FILES:
        raise RevocationSliceError("the archive of slices has something else than files")
    blanked = header[: _CHECKSUM.start] + b" " * 8 + header[_CHECKSUM.stop :]
    try:
        size, checksum = (int(header[field].strip(b" \0"), 8) for field in (_SIZE, _CHECKSUM))
    except ValueError as error:
        raise RevocationSliceError("a header of the archive of slices is malformed") from error
    if checksum != sum(blanked) or size < 0:
        raise RevocationSliceError("a header of the archive of slices is damaged")
    return size

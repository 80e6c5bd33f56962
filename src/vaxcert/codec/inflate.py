"""The zlib layer (RFC 1950), bounded on the way in."""

from __future__ import annotations

from zlib_ng import zlib_ng

from vaxcert.errors import InflateError, InflateLimitError

MAX_INFLATED_BYTES = 64 * 1024
"""The most that a body may inflate to: a hundred times the largest certificate seen, and harmless to hold."""

BEST_LEVEL = 9
"""For printed codes: one QR version smaller in one record of ten."""

FASTEST_LEVEL = 1
"""For bulk text: a fifth of the time for six more characters."""

_WINDOW_BITS = 12
"""A certificate is shorter than 4 KiB, and zlib clears less memory for a small window."""

# The header says 32 KiB all the same: there are readers that take nothing but 0x78 for zlib.
_HEADER, _HEADER_OF_BEST = b"\x78\x01", b"\x78\xda"


def deflate(content: bytes, *, level: int = BEST_LEVEL) -> bytes:
    """Return *content* as one zlib stream; an issuer SHALL compress (hcert-spec §4.2.1)."""
    header = _HEADER_OF_BEST if level == BEST_LEVEL else _HEADER
    return header + zlib_ng.compress(content, level, -_WINDOW_BITS) + zlib_ng.adler32(content).to_bytes(4, "big")


def inflate(stream: bytes, *, limit: int = MAX_INFLATED_BYTES) -> bytes:
    """Return what the zlib *stream* holds.

    Raises:
        InflateLimitError: It holds more than *limit* bytes; no more than that was inflated.
        InflateError: It is not a zlib stream, is cut, or has bytes after its end.
    """
    decompressor = zlib_ng.decompressobj()
    try:
        content = decompressor.decompress(stream, limit)
        # Full up to the bound, or out of input? Room for one more byte tells.
        if not decompressor.eof and decompressor.decompress(decompressor.unconsumed_tail, 1):
            raise InflateLimitError(f"the body inflates to more than {limit} bytes")
    except zlib_ng.error as error:  # type: ignore[misc] # its stub takes the class for an instance
        raise InflateError("the body is not a zlib stream") from error
    if not decompressor.eof:
        raise InflateError("the zlib stream is cut")
    if decompressor.unused_data:
        raise InflateError("there are bytes after the zlib stream")
    return content

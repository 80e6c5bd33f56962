"""A file in blocks of any size holds what its lines hold."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.service import line_blocks
from vaxcert.service.line_blocks import found_in, read_blocks
from vaxcert.service.sources import Found, read_source

LINES = st.lists(
    st.one_of(
        st.sampled_from([b"", b"HC1:A", b" HC1:B ", b'{"text": "HC1:C"}', b'{"text": 1}', b"\r", b"\xef\xbb\xbfHC1:D"]),
        st.binary(max_size=30).filter(lambda line: b"\n" not in line),
    ),
    max_size=30,
).map(b"\n".join)


def seen(found: Found) -> tuple[object, ...]:
    return found.source, found.text, found.error and str(found.error), found.trimmed


@given(content=LINES, size=st.integers(3, 200), is_packed=st.booleans())
def test_blocks_of_any_size_hold_what_the_lines_hold(content: bytes, size: int, is_packed: bool) -> None:  # noqa: FBT001 - drawn
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "lines"
        path.write_bytes(gzip.compress(content) if is_packed else content)
        patch.setattr(line_blocks, "BLOCK_BYTES", size)
        in_blocks = [seen(found) for block in read_blocks(str(path)) for found in found_in(block)]
        assert in_blocks == [seen(found) for found in read_source(str(path))]

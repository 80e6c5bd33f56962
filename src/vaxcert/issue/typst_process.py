"""One call of typst, in this process or, run as a script, in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import typst

TEMPLATE: Final = Path(__file__).with_name("print.typ")
FONTS: Final = Path(__file__).with_name("fonts")

_WORTH_KEEPING_BYTES: Final = 200_000
"""Up to so much input, some twenty pages, what typst remembers of a document is worth keeping for the next."""

_REMEMBERED_DOCUMENTS: Final = 11

_processes_with_typst: set[int] = set()
"""This process and its forebears, where they have called typst."""


def compiled(inputs: dict[str, str], *, timestamp: int) -> bytes:
    """Return the PDF of `print.typ` with *inputs*, dated *timestamp* in seconds since 1970.

    Typst works with threads, which a fork does not copy: a child of a process that has called it would wait for them
    for ever. Such a child has it called by a new process.
    """
    if _processes_with_typst - {os.getpid()}:
        return _compiled_elsewhere(inputs, timestamp)
    _processes_with_typst.add(os.getpid())
    pdf = _compiled_here(inputs, timestamp)
    if sum(map(len, inputs.values())) > _WORTH_KEEPING_BYTES:
        _forget()
    return pdf


def _compiled_here(inputs: dict[str, str], timestamp: int) -> bytes:
    import typst  # noqa: PLC0415 - 81 MB of library, for those who print

    pdf = typst.Compiler(TEMPLATE, font_paths=_fonts(), ignore_system_fonts=True).compile(
        format="pdf",
        sys_inputs=inputs,
        # For the archive (ISO 19005-2) and for screen readers (ISO 14289-1); both forbid text that the face lacks.
        pdf_standards=["a-2a", "ua-1"],
        timestamp=timestamp,
    )
    assert isinstance(pdf, bytes)  # a list is for formats with a file a page
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Return the bundled face and nothing else: no font of this system, and none of typst's own."""
    import typst  # noqa: PLC0415 - as above

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _compiled_elsewhere(inputs: dict[str, str], timestamp: int) -> bytes:
    request = json.dumps([inputs, timestamp]).encode()
    command = [sys.executable, "-I", __file__]
    return subprocess.run(command, input=request, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603 - our script


def _forget() -> None:
    """Let go of what typst remembers of the pages: it keeps the work of its last ten documents, and their texts."""
    import typst  # noqa: PLC0415 - as above

    for _ in range(_REMEMBERED_DOCUMENTS):
        typst.compile(b"", format="svg", font_paths=_fonts(), ignore_system_fonts=True)


if __name__ == "__main__":
    sys.stdout.buffer.write(_compiled_here(*json.load(sys.stdin)))

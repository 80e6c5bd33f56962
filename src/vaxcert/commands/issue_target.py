"""Where `vaxcert issue` writes to, by its options."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from vaxcert.errors import StorageError
from vaxcert.service.batch.rendering import FORMATS, PICTURE_FORMATS, STREAM_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_OUTPUT = "-"

SINGLE_FILES = {".jsonl": "jsonl", ".txt": "txt", ".pdf": "pdf", ".zip": "zip"}
"""What one file may hold, by its suffix."""

FOLDER_FORMATS = ("jsonl", "png")
"""What a folder or an archive holds when nothing else is asked for."""


class Formats(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """Formats separated by commas."""

    name = "formats"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the formats in *value*."""
        parts = value if isinstance(value, (list, tuple)) else str(value).split(",")  # settings may have a list
        formats = tuple(str(part).strip() for part in parts)
        for form in formats:
            if form not in FORMATS:
                self.fail(f"{form!r} is none of {', '.join(FORMATS)}", param, ctx)
        return tuple(dict.fromkeys(formats))


@dataclass(frozen=True, slots=True)
class Target:
    """Where the certificates go, and in which formats."""

    out: str
    formats: tuple[str, ...]
    single: str | None = None
    """The kind of the one file, where it is one."""

    @property
    def is_stream(self) -> bool:
        """Whether it is standard output."""
        return self.out == STANDARD_OUTPUT

    @property
    def path(self) -> Path:
        """The file or folder."""
        return Path(self.out)


def chosen_target(out: str, formats: tuple[str, ...] | None, max_version: int | None) -> Target:
    """Return the target that the options name.

    Raises:
        click.UsageError: The options do not go together.
    """
    single = SINGLE_FILES.get(Path(out).suffix.lower())
    if out == STANDARD_OUTPUT:
        target = Target(out, formats or ("jsonl",))
        _check_one(target.formats, STREAM_FORMATS, "standard output")
    elif single is not None and single != "zip":
        target = Target(out, formats or (single,), single)
        _check_one(target.formats, (single,), out)
    else:
        target = Target(out, formats or FOLDER_FORMATS, single)
        if "blocks" in target.formats:
            raise click.UsageError("blocks are for standard output")
    if max_version is not None and not set(target.formats) & set(PICTURE_FORMATS):
        raise click.UsageError("--max-version is for png and svg")
    return target


def _check_one(chosen: tuple[str, ...], allowed: tuple[str, ...], place: str) -> None:
    if len(chosen) > 1 or chosen[0] not in allowed:
        raise click.UsageError(f"{place} takes {' or '.join(allowed)}; name a folder for {','.join(chosen)}")


@contextmanager
def standard_output() -> Iterator[IO[bytes]]:
    """Give standard output for bytes; what goes wrong with it is told as a `StorageError`."""
    stream = sys.stdout.buffer
    # Without a buffer (PYTHONUNBUFFERED) a write may take a part only, and says so to nobody.
    buffer = io.BufferedWriter(stream) if isinstance(stream, io.RawIOBase) else None
    try:
        yield buffer or stream
        (buffer or stream).flush()
    except OSError as error:
        # What Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise StorageError("standard output was closed before all certificates were written") from error
        raise StorageError(f"standard output cannot be written: {error.strerror}") from error
    finally:
        if buffer is not None:
            buffer.detach()

"""Where `vaxcert issue` writes to, by its options."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.errors import StorageError
from vaxcert.service import outputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from vaxcert.service.outputs import Output

STANDARD_OUTPUT = "-"


class Formats(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """Formats separated by commas."""

    name = "formats"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the formats in *value*."""
        parts = value if isinstance(value, (list, tuple)) else str(value).split(",")  # settings may have a list
        formats = tuple(str(part).strip() for part in parts)
        for form in formats:
            if form not in outputs.FORMATS:
                self.fail(f"{form!r} is none of {', '.join(outputs.FORMATS)}", param, ctx)
        return tuple(dict.fromkeys(formats))


def chosen_target(
    out: str, formats: tuple[str, ...] | None, max_version: int | None, *, dry_run: bool
) -> AbstractContextManager[Output | None]:
    """Return the output that the options name, not yet opened."""
    path = Path(out)
    form = outputs.FILE_FORMATS.get(path.suffix.lower())
    if out == STANDARD_OUTPUT:
        chosen = formats or ("jsonl",)
        _check_one(chosen, outputs.STREAM_FORMATS, "standard output")
        target: AbstractContextManager[Output | None] = _standard_output(chosen[0])
    elif form is not None:
        chosen = formats or (form,)
        _check_one(chosen, (form,), out)
        target = outputs.file_output(path)
    else:
        chosen = formats or outputs.FOLDER_FORMATS
        if "blocks" in chosen:
            raise click.UsageError("blocks are for standard output")
        target = outputs.folder_output(path, chosen, max_version=max_version)
    if max_version is not None and not set(chosen) & set(outputs.PICTURE_FORMATS):
        raise click.UsageError("--max-version is for png and svg")
    return nullcontext() if dry_run else target


def _check_one(chosen: tuple[str, ...], allowed: tuple[str, ...], place: str) -> None:
    if len(chosen) > 1 or chosen[0] not in allowed:
        raise click.UsageError(f"{place} takes {' or '.join(allowed)}; name a folder for {','.join(chosen)}")


@contextmanager
def _standard_output(form: str) -> Iterator[Output]:
    stream = sys.stdout.buffer
    # Without a buffer (PYTHONUNBUFFERED) a write may take a part only, and says so to nobody.
    buffer = io.BufferedWriter(stream) if isinstance(stream, io.RawIOBase) else None
    try:
        with outputs.stream_output(buffer or stream, form) as output:
            yield output
    except OSError as error:
        # What Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise StorageError("standard output was closed before all certificates were written") from error
        raise StorageError(f"standard output cannot be written: {error.strerror}") from error
    finally:
        if buffer is not None:
            buffer.detach()


def default_rejects(out: str) -> Path | None:
    """Return where `vaxcert.service.outputs` puts the rejects beside *out*."""
    if out == STANDARD_OUTPUT:
        return None
    path = Path(out)
    return path.with_suffix(".rejects.csv") if path.suffix.lower() in outputs.FILE_FORMATS else path / "rejects.csv"

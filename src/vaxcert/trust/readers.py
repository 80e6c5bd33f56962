"""Trust lists of every known form, told apart by what they hold and never by a file's name.

Parsing is pure (`read_trust`); the one function that touches files is `read_path`. A new JSON form is one more row in
`_JSON_FORMS`; a form that is not JSON is one more branch in `read_trust`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vaxcert.errors import StorageError, TrustEntryError, TrustListError
from vaxcert.trust import gateway, jwks
from vaxcert.trust.certificate import Certificate, may_be_csca
from vaxcert.trust.der import SEQUENCE
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.material import RejectedEntry, TrustMaterial, joined
from vaxcert.trust.pem import CERTIFICATE_LABEL, is_pem, read_blocks

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

MAX_SOURCE_BYTES = 32 * 1024 * 1024
"""The largest public list, of WHO with 501 signers, has 2 MB."""
MAX_ENTRIES = 100_000
"""Two hundred times the signers in use; a bound on the work that one source can ask for."""
MAX_FILES = 10_000
"""A folder with more files is not a folder of certificates."""

_DER_STARTS = tuple(bytes((SEQUENCE, length)) for length in (0x81, 0x82, 0x83))
"""A certificate is longer than 127 bytes; so is no text taken for one that starts with a nought, which is 0x30."""
_JSON_STARTS = (b"{", b"[")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_JSON_FORMS: tuple[tuple[str, Callable[[Mapping[str, object]], TrustMaterial]], ...] = (
    ("certificates", gateway.read_saved_list),
    ("keys", jwks.read_key_set),
)
"""The field that tells a form, and its reader."""


def read_trust(content: bytes) -> TrustMaterial:
    """Return what the trust list *content* holds: DER, PEM, gateway entries, a saved list or a JWKS.

    Entries that cannot be read are among the rejected.

    Raises:
        TrustListError: It has no known form, or is past a bound.
    """
    if len(content) > MAX_SOURCE_BYTES:
        raise TrustListError(f"the trust list has over {MAX_SOURCE_BYTES} bytes")
    if content.startswith(_DER_STARTS):
        return _read_certificates([("certificate", CERTIFICATE_LABEL, content)])
    text = content.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if text.startswith(_JSON_STARTS):
        return _read_json(text)
    if is_pem(content):
        blocks = enumerate(read_blocks(content), start=1)
        return _read_certificates((f"block {number}", block.label, block.content) for number, block in blocks)
    raise TrustListError(
        "no known form of trust list",
        hint="known are PEM, DER, the EU gateway's JSON entries, JWKS and lists that `vaxcert trust` saved",
    )


def _read_json(text: bytes) -> TrustMaterial:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TrustListError("the trust list is not well-formed JSON") from error
    if isinstance(document, list):
        return gateway.read_entries(_bounded(document))
    for name, reader in _JSON_FORMS:
        if name in document:
            _bounded(document[name])
            return reader(document)
    raise TrustListError("no known form of JSON trust list", hint="known are the EU gateway's entries and JWKS")


def _bounded(entries: list[object]) -> list[object]:
    if isinstance(entries, list) and len(entries) > MAX_ENTRIES:
        raise TrustListError(f"the trust list has over {MAX_ENTRIES} entries")
    return entries


def _read_certificates(found: Iterable[tuple[str, str, bytes | None]]) -> TrustMaterial:
    """Return the certificates among *found* (place, label, DER), told apart by what they are.

    Private keys are refused by their label, unread. A certificate that cannot be read and may be a CSCA counts as one
    that nothing chains to: going on without it would trust whatever it was there to keep out.
    """
    dscs, cscas, rejected = [], [], []
    has_cscas = False
    for number, (source, label, der) in enumerate(found):
        if number >= MAX_ENTRIES:
            raise TrustListError(f"the trust list has over {MAX_ENTRIES} entries")
        try:
            certificate = _read_certificate(label, der)
            if certificate.is_evident_csca:
                has_cscas = True
                cscas.append(certificate)
            else:
                dscs.append(Dsc.of_certificate(certificate))
        except TrustEntryError as error:
            entry = RejectedEntry.of_error(source, error)
            # RFC 7468 §5.1: X509 CERTIFICATE is an old label of the same; OpenSSL also has TRUSTED CERTIFICATE.
            if label.endswith(CERTIFICATE_LABEL) and (der is None or may_be_csca(der)):
                has_cscas = True
                entry = replace(entry, message=f"{entry.message}; it may be a CSCA, so each DSC has to chain to one")
            rejected.append(entry)
    return TrustMaterial(dscs=tuple(dscs), cscas=tuple(cscas), rejected=tuple(rejected), has_cscas=has_cscas)


def _read_certificate(label: str, der: bytes | None) -> Certificate:
    if label.endswith("PRIVATE KEY"):
        raise TrustEntryError("the block holds a private key", reason="private_key")
    if label != CERTIFICATE_LABEL:
        raise TrustEntryError("the block holds no certificate", reason="unknown_type")
    if der is None:
        raise TrustEntryError("the block is not base64, or is cut short", reason="unreadable")
    return Certificate.of_der(der)


def read_path(path: str | os.PathLike[str], *, now: datetime | None = None) -> TrustMaterial:
    """Return what the file or folder *path* holds.

    A folder is read with all folders in it, in the order of names; names that begin with a dot are passed over and
    symbolic links to folders not followed. A file in it without a known form is one rejected entry.

    Args:
        path: The file or folder.
        now: The present (aware): a list dated in the future counts as undated. None believes any date.

    Raises:
        StorageError: The path, or a file in it, cannot be read.
        TrustListError: The file has no known form, or something is past a bound.
    """
    path = Path(path)
    try:
        if not path.is_dir():
            return read_trust(_read_file(path)).believed(now)
        return joined(part.believed(now) for part in _read_files(path))
    except OSError as error:
        raise StorageError(f"cannot read the trust list {path}: {error.strerror}") from error


def read_anchors(path: str | os.PathLike[str]) -> tuple[bytes, ...]:
    """Return the CSCAs (DER) in the file or folder *path*, which is trusted to hold nothing else.

    Raises:
        StorageError: The path, or a file in it, cannot be read.
        TrustListError: It holds no certificate, or something that cannot be read: a missing one would go unnoticed.
    """
    material = read_path(path)
    if material.rejected:
        entry = material.rejected[0]
        raise TrustListError(f"among the CSCAs in {path}, {entry.source}: {entry.message}")
    ders = (*(csca.der for csca in material.cscas), *(dsc.der for dsc in material.dscs))
    found = tuple(der for der in ders if der is not None)
    if not found:
        raise TrustListError(f"there is no CSCA in {path}")
    return found


def _read_files(folder: Path) -> Iterator[TrustMaterial]:
    files = sorted(found for found in folder.rglob("*") if found.is_file())
    if len(files) > MAX_FILES:
        raise TrustListError(f"the folder has over {MAX_FILES} files")
    for file in files:
        name = file.relative_to(folder)
        if any(part.startswith(".") for part in name.parts):
            continue
        try:
            yield read_trust(_read_file(file)).located(str(name))
        except TrustListError as error:
            yield TrustMaterial(rejected=(RejectedEntry(str(name), "unknown_form", error.message),))


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_SOURCE_BYTES + 1)  # one more than is taken, so that read_trust sees the excess

"""The signed manifest of a run: what was issued, from which input, into which log, and what every file holds.

manifest.json   what the run did, for people and programs
files.sha256    a line for each file, as `sha256sum --check` reads it; its digest stands in manifest.json
manifest.cose   the issuer's signature over manifest.json: a COSE_Sign1 with a detached payload (RFC 9052 §2)
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, cast

from vaxcert.codec import cbor, cose
from vaxcert.errors import CodecError, ManifestError, SignatureError, TrustError, VaxcertError, VerificationError
from vaxcert.service.files import read_file, storage_errors, whole_file
from vaxcert.trust.signature import verify_signature
from vaxcert.verify.report import Outcome, Report, SignerIdentity, Status, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaxcert.service.batch.journal_rows import WrittenFile
    from vaxcert.signing.signer import Signer
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.trust_list import TrustList

MANIFEST, FILES, SIGNATURE = "manifest.json", "files.sha256", "manifest.cose"
FORMAT: Final = "vaxcert-manifest/1"
NAME: Final = "manifest"
"""What a report calls the format."""

_CONTENT_TYPE: Final = "application/vnd.vaxcert.manifest+json"
_MAX_MANIFEST_BYTES: Final = 64 * 1024
_MAX_LINE_BYTES: Final = 4096
_LINE: Final = re.compile(rb"([0-9a-f]{64})  ([ -~]+)\n")
_STEPS: Final = ("manifest", "trust", "signature", "validity", "files")


def write_manifest(folder: Path, facts: Mapping[str, object], files: Iterable[WrittenFile], signer: Signer) -> None:
    """Write the manifest of the job in *folder*, in the place of an earlier one.

    Args:
        folder: The job folder.
        facts: What the run did; JSON, and nothing of any person.
        files: What it wrote.
        signer: Signs the manifest.

    Raises:
        SigningError: The key could not be used.
        StorageError: A file cannot be written.
    """
    digest, count, size = sha256(), 0, 0
    with whole_file(folder / FILES, replace=True) as stream:
        for file in files:
            line = f"{file.sha256.hex()}  {file.path}\n".encode()
            digest.update(line)
            stream.write(line)
            count += 1
            size += file.size
    listed = {"count": count, "bytes": size, "sha256": digest.hexdigest()}
    manifest = {"format": FORMAT, **facts, "files": listed}
    content = json.dumps(manifest, ensure_ascii=False, indent=2).encode() + b"\n"
    protected = cose.document_header(signer.algorithm, signer.kid.value, _CONTENT_TYPE)
    signature = signer.sign(cose.document_structure(protected, content))
    with whole_file(folder / MANIFEST, replace=True) as stream:
        stream.write(content)
    with whole_file(folder / SIGNATURE, replace=True) as stream:
        stream.write(cbor.encode(cbor.Tag(18, [protected, {}, None, signature])))


def is_manifest(source: str) -> bool:
    """Whether *source* is the name of a job folder with a manifest, or of the manifest itself."""
    try:
        path = Path(source)
        folder = path if path.is_dir() else path.parent if path.name == MANIFEST else None
        return folder is not None and (folder / MANIFEST).is_file() and (folder / SIGNATURE).is_file()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return False


def verify_manifest(path: Path, trust_list: TrustList, *, at: datetime) -> Report:
    """Return the report on the manifest at *path*, and on every file that it lists, as of *at* (aware).

    The certificates in the files are not verified by it.
    """
    folder = path if path.is_dir() else path.parent
    trial = _Trial(folder, trust_list, at)
    steps: list[Step] = []
    failure: VaxcertError | None = None
    undetermined: VaxcertError | None = None
    for name in _STEPS:
        if failure is not None or (undetermined is not None and name in {"signature", "validity"}):
            steps.append(Step(name, Status.SKIPPED))
            continue
        try:
            getattr(trial, name)()
        except TrustError as error:
            undetermined = undetermined or error
            steps.append(Step(name, Status.UNDETERMINED, error.code, error.message))
        except VaxcertError as error:
            failure = error
            steps.append(Step(name, Status.FAILED, error.code, error.message))
        else:
            steps.append(Step(name, Status.PASSED))
    return trial.report(str(path), steps, failure or undetermined)


class _Trial:
    """A manifest on trial: each step leaves what the next one needs."""

    def __init__(self, folder: Path, trust_list: TrustList, at: datetime) -> None:
        self._folder, self._trust_list, self._at = folder, trust_list, at
        self.facts: Mapping[str, object] = {}
        self._content = b""
        self._parts: tuple[bytes, bytes] = b"", b""
        self._algorithm = 0
        self._kid = b""
        self._candidates: tuple[Dsc, ...] = ()
        self._dsc: Dsc | None = None
        self._count = 0

    def manifest(self) -> None:
        self._content = read_file(self._folder / MANIFEST, limit=_MAX_MANIFEST_BYTES)
        message = cbor.decode(read_file(self._folder / SIGNATURE, limit=_MAX_MANIFEST_BYTES))
        parts = message.value if isinstance(message, cbor.Tag) else message
        match parts:
            case [bytes() as protected, _, None, bytes() as signature]:
                self._parts = protected, signature
            case _:
                raise ManifestError(f"{SIGNATURE} is no COSE_Sign1 with a detached payload")
        header = cbor.decode(protected)
        if not isinstance(header, cbor.MAPS) or header.get(3) != _CONTENT_TYPE:
            raise ManifestError(f"{SIGNATURE} signs something else than a manifest")
        algorithm, kid = header.get(1), header.get(4)
        if type(algorithm) is not int or not isinstance(kid, bytes):
            raise ManifestError(f"{SIGNATURE} names no algorithm or no signer")
        self._algorithm, self._kid = algorithm, kid
        try:
            facts = json.loads(self._content)
        except (ValueError, RecursionError) as error:
            raise ManifestError(f"{MANIFEST} is not JSON") from error
        if not isinstance(facts, dict) or facts.get("format") != FORMAT or not isinstance(facts.get("files"), dict):
            raise ManifestError(f"{MANIFEST} is no manifest of a known form")
        self.facts = facts

    def trust(self) -> None:
        self._candidates = self._trust_list.candidates(self._kid)

    def signature(self) -> None:
        protected, signature = self._parts
        covered = cose.document_structure(protected, self._content)
        for dsc in self._candidates:
            try:
                verify_signature(
                    dsc.public_key,
                    dsc.key_kind,
                    algorithm=self._algorithm,
                    to_be_signed=covered,
                    signature=signature,
                )
            except VerificationError:
                continue
            self._dsc = dsc
            return
        raise SignatureError("the signature does not match the manifest")

    def validity(self) -> None:
        assert self._dsc is not None  # the step before has found it
        try:
            made = datetime.fromisoformat(str(self.facts.get("finished_at")))
        except ValueError as error:
            raise ManifestError(f"{MANIFEST} does not say when the run was finished") from error
        if made > self._at or not self._dsc.is_valid_at(made.timestamp()):
            raise ManifestError("the run was finished when its signer's DSC was not valid, or is still to come")

    def files(self) -> None:
        listed = cast("Mapping[str, object]", self.facts["files"])
        digest = sha256()
        with storage_errors(self._folder / FILES, "read"), (self._folder / FILES).open("rb") as stream:
            while line := stream.readline(_MAX_LINE_BYTES):
                digest.update(line)
                self._check_file(line)
                self._count += 1
        if digest.hexdigest() != listed.get("sha256") or self._count != listed.get("count"):
            raise ManifestError(f"{FILES} is not the list that the manifest is about")

    def _check_file(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        name = PurePosixPath(match[2].decode()) if match else None
        if match is None or name is None or name.is_absolute() or ".." in name.parts:
            raise ManifestError(f"{FILES} has a line that names no file of the folder")
        path = self._folder / name
        if not path.is_file():
            raise ManifestError(f"{name} is missing")
        with storage_errors(path, "read"), path.open("rb") as stream:
            if file_digest(stream, "sha256").digest() != bytes.fromhex(match[1].decode()):
                raise ManifestError(f"{name} is not as it was written")

    def report(self, source: str, steps: list[Step], decisive: VaxcertError | None) -> Report:
        """Return the verdict."""
        outcome = Outcome.VALID
        if decisive is not None:
            rejected = isinstance(decisive, (CodecError, VerificationError))
            outcome = Outcome.REJECTED if rejected else Outcome.UNDETERMINED
        dsc = self._dsc
        kid = b64encode(self._kid).decode()
        return Report(
            outcome=outcome,
            code=None if decisive is None else decisive.code,
            message=f"{self._count:,} files as they were written" if decisive is None else decisive.message,
            hint=None if decisive is None else decisive.hint,
            format=NAME,
            source=source,
            steps=tuple(steps),
            signer=SignerIdentity(kid=kid, country=dsc.country if dsc else None, subject=dsc.subject if dsc else None)
            if kid
            else None,
            payload=self.facts or None,
        )

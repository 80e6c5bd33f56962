"""Take a certificate apart, layer by layer, without believing any of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.codec import cbor
from vaxcert.codec.cose import ALGORITHM_NAMES
from vaxcert.codec.cwt import Claims
from vaxcert.errors import CodecError, UvciError
from vaxcert.model.uvci import Uvci
from vaxcert.service.sources import read_source
from vaxcert.service.verification import examine
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.formats.hcert import layers
from vaxcert.verify.report import Report, Status
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


_FAULTY = (Status.FAILED, Status.UNDETERMINED)  # the signer is nobody's fault: no trust list was asked


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one text holds, as far as it can be decoded, and where decoding ended."""

    report: Report
    layers: Mapping[str, object] = field(default_factory=dict)
    """Sizes, headers and claims by layer, as far as there are any."""

    @property
    def source(self) -> str:
        """Where the text stood."""
        return self.report.source or ""

    def to_dict(self) -> dict[str, object]:
        """Return the inspection as JSON has it; `verified` is false, always."""
        shown = self.report.to_dict()
        return {
            "verified": False,
            "source": shown["source"],
            "format": shown["format"],
            "layers": self.layers,
            "faults": [step.to_dict() for step in self.report.steps if step.status in _FAULTY and step.name != "trust"],
            "warnings": shown["warnings"],
            "issued_at": shown["issued_at"],
            "expires_at": shown["expires_at"],
            "certificate": shown["certificate"],
            "payload": shown["payload"],
        }


def inspect_source(source: str, *, at: datetime) -> Iterator[Inspection]:
    """Yield what each certificate in *source* holds, decoded and not verified."""
    verifier = Verifier(TrustList())
    for found in read_source(source):
        report = examine(found, verifier, at=at)
        yield Inspection(report, {} if found.text is None else _layers(found.text, report))


def _layers(text: str, report: Report) -> dict[str, object]:
    shown: dict[str, object] = {"text": {"characters": len(text)}}
    try:
        stream, content, message = layers(text)
    except CodecError:
        return shown  # the report says which step ended it
    shown["zlib"] = {"bytes": len(stream), "inflated_bytes": len(content)}
    shown["cose"] = {
        "algorithm": ALGORITHM_NAMES[message.algorithm],
        "kid": report.signer.kid if report.signer else None,
        "signature_bytes": len(message.signature),
        "payload_bytes": len(message.payload),
    }
    try:
        shown["claims"] = {"issuer": Claims.from_map(cbor.decode(message.payload)).issuer}
    except CodecError:
        return shown
    uvci = (report.certificate or {}).get("id")
    if isinstance(uvci, str):
        shown["uvci"] = _uvci(uvci)
    return shown


def _uvci(text: str) -> dict[str, object]:
    try:
        uvci = Uvci.parse(text)
    except UvciError as error:
        return {"well_formed": False, "message": error.message}
    # The check character says nothing about validity: half of those in circulation are wrong.
    return {
        "well_formed": True,
        "country": uvci.country,
        "issuer": uvci.issuer,
        "opaque": uvci.opaque,
        "check_character": uvci.has_valid_check,
    }

"""What every worker is given: the same people, key and instants, in one JSON file (only the standard library)."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

Document = Mapping[str, object]
"""One JSON object: a record as an official has it, or the payload of an EU DCC."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """One throw-away key and what it signs; JSON keys are the field names."""

    at: int
    """When the certificates are issued and checked (NumericDate, RFC 8392 §2)."""
    expires_at: int
    country: str
    issuer: str
    key_pem: str
    certificate_pem: str
    records: list[Document]
    """What vaxcert issues from: flat records, nothing derived yet."""
    payloads: list[Document]
    """What the peers issue from: the EU DCC payloads of the same records, ready made."""
    texts: list[str]
    """What all of them verify."""

    @cached_property
    def kid(self) -> bytes:
        """Return the kid of the DSC (hcert-spec §A.1)."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate_pem)).digest()[:8]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the corpus in the file at *path*."""
        fields = json.loads(path.read_text("utf-8"))
        del fields["kid"]
        return cls(**fields)

    def save(self, path: Path) -> None:
        """Write the corpus to *path*, and the kid in base64 beside it, for a worker that is not in Python."""
        fields = asdict(self) | {"kid": base64.b64encode(self.kid).decode("ascii")}
        path.write_text(json.dumps(fields, ensure_ascii=False), "utf-8")

    def claims(self, payload: Document) -> dict[int, object]:
        """Return the CWT claims that carry *payload* (hcert-spec §3.3.1)."""
        return {1: self.country, 4: self.expires_at, 6: self.at, -260: {1: payload}}

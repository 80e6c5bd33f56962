"""The log over HTTP, for everybody: commitments and proofs, which say nothing of anybody."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from vaxcert.errors import NotSetUpError
from vaxcert.ledger.log.tile import MAX_TILE_LEVEL, TILE_WIDTH
from vaxcert.service import log_reading
from vaxcert.service.registry.request import Answer, Request
from vaxcert.web.api.route import Caller, office_call
from vaxcert.web.office import Office

if TYPE_CHECKING:
    from pathlib import Path


_MAX_SIZE = 2**53 - 1
"""What a number in JSON can be for every reader; no log gets there."""

TreeSize = Annotated[int, Meta(ge=1, le=_MAX_SIZE, description="the number of entries")]
CertificateId = Annotated[
    str, Meta(min_length=5, max_length=120, description="the identifier (UVCI), as the certificate writes it")
]


class AskNothing(Request, frozen=True, kw_only=True):
    """Takes no field."""


class LogHead(Answer, frozen=True, kw_only=True):
    """The log by its newest checkpoint."""

    origin: str
    vkey: str
    size: int
    root: str
    checkpoint: str


class AskConsistency(Request, frozen=True, kw_only=True):
    """Two trees of the log."""

    first: TreeSize
    second: Annotated[int, Meta(ge=1, le=_MAX_SIZE, description="by default the newest checkpoint's")] | None = None


class Consistency(Answer, frozen=True, kw_only=True):
    """The proof that the second tree begins with the first (RFC 9162 §2.1.4)."""

    first: int
    second: int
    path: list[str]


class AskTile(Request, frozen=True, kw_only=True):
    """A tile of the tree."""

    level: Annotated[int, Meta(ge=0, le=MAX_TILE_LEVEL)]
    n: Annotated[int, Meta(ge=0, le=_MAX_SIZE)]
    width: Annotated[int, Meta(ge=1, le=TILE_WIDTH, description="how many hashes of it")] = TILE_WIDTH


class AskReceipt(Request, frozen=True, kw_only=True):
    """A certificate in the log."""

    id: CertificateId


@office_call(waits=True)
def show_log(office: Office, request: AskNothing, caller: Caller) -> LogHead:
    """Tell which log this is, and its newest checkpoint."""
    del request, caller
    head = log_reading.public_head(_ledger(office))
    root = b64encode(head.root).decode()
    return LogHead(origin=head.origin, vkey=head.vkey, size=head.size, root=root, checkpoint=head.note)


@office_call(waits=True)
def show_checkpoint(office: Office, request: AskNothing, caller: Caller) -> bytes:
    """Return the newest checkpoint, a signed note (C2SP tlog-checkpoint)."""
    del request, caller
    return log_reading.public_head(_ledger(office)).note.encode()


@office_call(waits=True)
def prove_consistency(office: Office, request: AskConsistency, caller: Caller) -> Consistency:
    """Prove that the log has only grown from one size to another."""
    del caller
    second, path = log_reading.consistency_proof(_ledger(office), request.first, request.second)
    return Consistency(first=request.first, second=second, path=[b64encode(each).decode() for each in path])


@office_call(waits=True)
def show_tile(office: Office, request: AskTile, caller: Caller) -> bytes:
    """Return hashes of the tree, 32 bytes each (C2SP tlog-tiles)."""
    del caller
    return log_reading.public_tile(_ledger(office), request.level, request.n, request.width)


@office_call(waits=True)
def show_receipt(office: Office, request: AskReceipt, caller: Caller) -> bytes:
    """Return the receipt of a certificate, in CBOR.

    It proves that the certificate stands in the log; `POST /verifications` takes it. Who has the identifier, which is
    random, has the certificate.
    """
    del caller
    return log_reading.receipt_of_certificate(_ledger(office), request.id)


def _ledger(office: Office) -> Path:
    if office.ledger is None:
        raise NotSetUpError("this service has no ledger")
    return office.ledger

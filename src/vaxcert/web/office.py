"""What the routes work with: made once a process, and given to each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from vaxcert.web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.kept_verifier import KeptVerifier
    from vaxcert.service.online_issuing import IssuingPlace
    from vaxcert.service.registry.desk import Desk
    from vaxcert.web.auth.doors import Doors
    from vaxcert.web.journal import Journal
    from vaxcert.web.metrics import Metrics

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What a process of the service has in its hands; None stands for what was not set up."""

    clock: Callable[[], datetime]
    verifying: KeptVerifier
    journal: Journal
    metrics: Metrics
    threads: ThreadPoolExecutor
    """For what waits: databases, and pictures, whose reader lets others run."""
    doors: Doors
    limits: Limits = field(default_factory=Limits)
    ledger: Path | None = None
    """The ledger's folder."""
    book: Path | None = None
    """The book of revocations."""
    revocation_list: Path | None = None
    """The issuer's own list as it was exported last, for everybody."""
    issuing: IssuingPlace | None = None
    desk: Desk | None = None

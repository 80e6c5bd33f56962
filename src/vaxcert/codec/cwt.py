"""The claims of a certificate: a CWT (RFC 8392) with the HCERT claim (hcert-spec §3.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from vaxcert.codec import cbor
from vaxcert.errors import ClaimError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ISSUER, EXPIRES_AT, ISSUED_AT, HCERT = 1, 4, 6, -260
EU_DGC_V1 = 1
"""The key of the EU DCC inside the HCERT claim (hcert-spec §3.3.7)."""

MAX_NUMERIC_DATE = 253_402_300_799
"""The end of year 9999, the last instant a datetime can hold."""

_EMPTY_MAP = b"\xa0"
_NAMES = {ISSUER: "issuer (1)", EXPIRES_AT: "expiry (4)", ISSUED_AT: "issue time (6)", HCERT: "certificate (-260)"}


class Claims(NamedTuple):
    """The claims as signed; instants in whole seconds since 1970 (RFC 8392 §2, NumericDate).

    `dcc` is the certificate itself, still in its wire form. `inexact` names the instants that stood as a
    float, which real issuers write; a fraction is cut.
    """

    issuer: str | None
    issued_seconds: int
    expires_seconds: int
    dcc: Mapping[str, object]
    inexact: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # A log line must not tell whose certificate it was.
        return f"<Claims of {self.issuer}, {self.issued_seconds} to {self.expires_seconds}>"

    @property
    def issued_at(self) -> datetime:
        """The instant from which the certificate holds."""
        return datetime.fromtimestamp(self.issued_seconds, UTC)

    @property
    def expires_at(self) -> datetime:
        """The last instant at which the certificate holds."""
        return datetime.fromtimestamp(self.expires_seconds, UTC)

    @classmethod
    def from_map(cls, wire: object) -> Self:
        """Return the claims in the decoded CWT map *wire*.

        Raises:
            ClaimError: A claim is missing, of another type, or out of range.
        """
        if not isinstance(wire, cbor.MAPS):
            raise ClaimError("the payload is not a map of claims")
        issuer = wire.get(ISSUER)
        if issuer is not None and not isinstance(issuer, str):
            raise ClaimError("the claim issuer (1) is not text")
        issued, expires = wire.get(ISSUED_AT), wire.get(EXPIRES_AT)
        inexact: tuple[str, ...] = ()
        if type(issued) is not int or type(expires) is not int:
            inexact = tuple(_inexact(((ISSUED_AT, issued), (EXPIRES_AT, expires))))
            issued, expires = int(cast("float", issued)), int(cast("float", expires))
        if not (0 <= issued <= MAX_NUMERIC_DATE and 0 <= expires <= MAX_NUMERIC_DATE):
            raise ClaimError("an instant lies outside the years 1970 to 9999")
        hcert = wire.get(HCERT)
        dcc = hcert.get(EU_DGC_V1) if isinstance(hcert, cbor.MAPS) else None
        if not isinstance(dcc, cbor.MAPS):
            raise ClaimError("there is no EU DCC in the claim certificate (-260, 1)")
        return cls(issuer, issued, expires, dcc, inexact)

    def to_map(self) -> dict[int, object]:
        """Return the CWT map, its keys in deterministic order (RFC 8949 §4.2.1)."""
        wire = claims_map(self.issuer, self.issued_seconds, self.expires_seconds, self.dcc)
        if self.issuer is None:
            del wire[ISSUER]
        return wire


def claims_map(
    issuer: str | None, issued_seconds: int, expires_seconds: int, dcc: Mapping[str, object]
) -> dict[int, object]:
    """Return the CWT map of these claims, its keys in deterministic order (RFC 8949 §4.2.1)."""
    return {ISSUER: issuer, EXPIRES_AT: expires_seconds, ISSUED_AT: issued_seconds, HCERT: {EU_DGC_V1: dcc}}


def claims_head(issuer: str, issued_seconds: int, expires_seconds: int) -> bytes:
    """Return the CBOR of `claims_map` up to its end, which is the DCC: many certificates have it in common."""
    return cbor.encode(claims_map(issuer, issued_seconds, expires_seconds, {})).removesuffix(_EMPTY_MAP)


def _inexact(instants: Iterable[tuple[int, object]]) -> Iterable[str]:
    for key, instant in instants:
        if type(instant) is float:
            # Written so that NaN, which compares false with everything, is refused too.
            if not 0 <= instant <= MAX_NUMERIC_DATE:
                raise ClaimError("an instant lies outside the years 1970 to 9999")
            yield _NAMES[key]
        elif type(instant) is not int:
            raise ClaimError(f"the claim {_NAMES[key]} is missing or no number")

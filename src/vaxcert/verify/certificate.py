"""One shape for what a certificate says, whatever its format; here, from an EU DCC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaxcert.codec.schema import MAX_PROBLEMS
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.valuesets import value_set

_DISEASE = {"tg": ("disease", "disease")}
_DISPLAYED = {
    # member: (normalised name, value set)
    CertificateType.VACCINATION: _DISEASE
    | {
        "vp": ("vaccine", "vaccine"),
        "mp": ("product", "product"),
        "ma": ("manufacturer", "manufacturer"),
    },
    CertificateType.TEST: _DISEASE
    | {
        "tt": ("test_type", "test-type"),
        "tr": ("result", "test-result"),
        "ma": ("device", "test-manufacturer"),
    },
    CertificateType.RECOVERY: _DISEASE,
}
_PLAIN = {
    "dn": "dose_number",
    "sd": "total_doses",
    "dt": "date",
    "sc": "sampled_at",
    "nm": "test_name",
    "tc": "test_centre",
    "fr": "first_positive_date",
    "df": "valid_from",
    "du": "valid_until",
    "co": "country",
    "is": "issuer",
}
_GROUPS = {
    CertificateType.VACCINATION: "doses",
    CertificateType.TEST: "tests",
    CertificateType.RECOVERY: "recoveries",
}


def certificate_type_of(dcc: Mapping[str, object]) -> CertificateType | None:
    """Return which kind of certificate *dcc* is, or None where it does not say."""
    for kind in CertificateType:
        if dcc.get(kind.value):
            return kind
    return None


def normalise(dcc: Mapping[str, object]) -> dict[str, object]:
    """Return the holder, the events and the id that *dcc* states, in the shape of every format.

    It is lenient on purpose, since an inspector wants to see a wrong certificate too: what is absent is None,
    and what has another type is left out.
    """
    name = dcc.get("nam")
    name = name if isinstance(name, Mapping) else {}
    kind = certificate_type_of(dcc)
    entries = [entry for entry in _items(dcc.get(kind.value)) if isinstance(entry, Mapping)] if kind else []
    events: dict[str, list[dict[str, object]]] = {group: [] for group in _GROUPS.values()}
    if kind is not None:
        events[_GROUPS[kind]] = [_event(entry, kind) for entry in entries[:MAX_PROBLEMS]]
    return {
        "type": None if kind is None else kind.name.lower(),
        "holder": {
            "family_name": _text(name.get("fn")),
            "given_name": _text(name.get("gn")),
            "family_name_standardised": _text(name.get("fnt")),
            "given_name_standardised": _text(name.get("gnt")),
            "birth_date": _text(dcc.get("dob")),
        },
        **events,
        "id": _text(entries[0].get("ci")) if entries else None,
    }


def _event(entry: Mapping[str, object], kind: CertificateType) -> dict[str, object]:
    event: dict[str, object] = {}
    for key, (name, set_name) in _DISPLAYED[kind].items():
        if isinstance(code := entry.get(key), str):
            event[name] = {"code": code, "display": value_set(set_name).display(code)}
    for key, name in _PLAIN.items():
        if isinstance(value := entry.get(key), (str, int, float)):
            event[name] = value
    return event


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

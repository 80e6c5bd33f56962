"""The worker for a Python peer that validates the DCC as well; its arguments are the peer's name and the corpus."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from benchmarks.peers.environments import ROOT
from benchmarks.peers.worker import Peer, serve, versions_of

if TYPE_CHECKING:
    from benchmarks.peers.corpus import Document

SCHEMAS = ROOT / "schemas" / "dcc"


def schema_checked(peer: Peer[Document]) -> Peer[Document]:
    """Return *peer* as one that validates the DCC before it signs and after it has verified, and raises for a bad one.

    The validators are built here, one for each version of the DCC; a version without one is refused.
    """
    validators: dict[object, Draft202012Validator] = {
        path.stem: Draft202012Validator(json.loads(path.read_text("utf-8"))) for path in SCHEMAS.glob("*.json")
    }

    def checked(dcc: Document) -> Document:
        validators[dcc["ver"]].validate(dcc)
        return dcc

    def issue(payload: Document) -> str:
        return peer.issue(checked(payload))

    def verify(text: str) -> Document:
        return checked(peer.verify(text))

    return replace(peer, versions=peer.versions | versions_of("jsonschema"), issue=issue, verify=verify)


if __name__ == "__main__":
    bare = import_module(f"benchmarks.peers.workers.{sys.argv[1]}_worker")
    serve(lambda corpus: schema_checked(bare.open_peer(corpus)))
